"""What a prognosis run is asked to do, by a form, a page or the API: all problems at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modeling.methods.prognosis_plan import PrognosisPlan
from modeling.models import ModelVersion, VersionKind
from modeling.selectors import speaking, version_named
from modeling.services.parameters import read_resamples, read_seed
from modeling.services.prognosis_endpoints import endpoints_offered
from modeling.services.prognosis_rows import ALWAYS, CANDIDATES, FACTORS
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import Cohort, CohortUse, Study

RESAMPLES = 1000
NONE = "none"  # no clinical column at all: an empty list stands for what is usual
LONGEST_MONTHS = 600.0
ASKED: dict[str, Any] = {
    "endpoint": "overall_survival",
    "seed": 0,
    "resamples": RESAMPLES,
    "rad_score": "",
    "cohorts": "",
    "horizons": "",
    "headline": "",
    "immunoscore": "yes",
    "candidates": "",
    "selection": "lasso",
    "splines": "",
    "penalty": "none",
}


@dataclass(frozen=True)
class PrognosisChoice:
    """A run as it was decided, every default written out.

    ``cohorts`` are the validating ones it is judged in; none stands for all.
    """

    endpoint: str
    seed: int
    rad_score: ModelVersion
    cohorts: tuple[str, ...]
    headline: float
    plan: PrognosisPlan

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.plan.always, *self.plan.candidates)


def choice_read(study: Study, asked: Mapping[str, Any]) -> PrognosisChoice:
    """The run that ``asked`` describes; what it leaves out is as usual.

    Parameters
    ----------
    study : Study
    asked : mapping
        Keys of ``ASKED``; lists as lists or as text with commas.

    Raises
    ------
    DataProblem
        Everything that cannot be used, with its place.
    """
    given = {**ASKED, **asked}
    found: dict[str, Any] = {}
    problems = _unknown(asked)
    for name, read in _READ.items():
        try:
            found[name] = read(study, given)
        except DataProblem as refusal:
            problems += refusal.problems
    if problems:
        raise DataProblem(problems)
    times, headline = found["times"]
    plan = PrognosisPlan(
        found["candidates"], found["always"], FACTORS, times, resamples=found["resamples"],
        selection=found["selection"], splines=found["splines"], penalty=found["penalty"],
    )  # fmt: skip
    return PrognosisChoice(
        found["endpoint"], found["seed"], found["rad_score"], found["cohorts"], headline, plan
    )


def listed_in(value: Any) -> tuple[str, ...]:
    """Names of a list, or of a text with commas; each once, in their order."""
    parts = value.replace(";", ",").split(",") if isinstance(value, str) else value
    names = (str(part).strip() for part in parts)
    return tuple(dict.fromkeys(name for name in names if name))


def validating_cohorts(study: Study) -> list[str]:
    rows = Cohort.objects.filter(study=study, use=CohortUse.VALIDATION)
    return list(rows.order_by("id").values_list("name", flat=True))


def _unknown(asked: Mapping[str, Any]) -> list[Problem]:
    return [
        Problem(say("Prognosis"), name, ", ".join(ASKED), "Leave it out.", column=name)
        for name in sorted(set(asked) - set(ASKED))
    ]


def _endpoint(study: Study, given: Mapping[str, Any]) -> str:
    return _one_of(given, "endpoint", say("Endpoint"), tuple(endpoints_offered(study)))


def _one_of(given: Mapping[str, Any], name: str, where: str, known: Sequence[str]) -> str:
    value = str(given[name]).strip()
    if value not in known:
        raise refuse(where, value, ", ".join(known), "Choose one of them.", column=name)
    return value


def _some_of(given: Mapping[str, Any], name: str, where: str, known: Sequence[str],
             usual: Sequence[str]) -> tuple[str, ...]:  # fmt: skip
    wanted = listed_in(given[name])
    if wanted == (NONE,) or given[name] in ([], ()):
        return ()
    wrong = [value for value in wanted if value not in known]
    if wrong:
        raise refuse(
            where, ", ".join(wrong), ", ".join(known) or NONE, "Choose among them.", column=name
        )
    return tuple(value for value in known if value in wanted) if wanted else tuple(usual)


def _rad_score(study: Study, given: Mapping[str, Any]) -> ModelVersion:
    """The one named, or the one that speaks: released, or the newest while none is."""
    uid = str(given["rad_score"]).strip()
    if uid:
        return version_named(study, uid, VersionKind.RAD_SCORE)
    speaks = speaking(study, VersionKind.RAD_SCORE).first()
    if speaks is None:
        raise refuse(
            say("Prognosis"),
            say("no Rad-Score in this study"),
            "a Rad-Score",
            "Run the Rad-Score first.",
            column="rad_score",
        )
    return version_named(study, str(speaks.uid), VersionKind.RAD_SCORE)


def _times(study: Study, given: Mapping[str, Any]) -> tuple[tuple[float, ...], float]:
    """Horizons in months in their order, and the one that counts most."""
    offered = endpoints_offered(study)
    usual = offered.get(str(given["endpoint"]).strip(), offered["overall_survival"])
    wanted = listed_in(given["horizons"])
    times = tuple(sorted({_months(text, "horizons") for text in wanted})) or usual.times
    text = str(given["headline"]).strip()
    headline = _months(text, "headline") if text else usual.headline
    if not text and headline not in times:
        headline = times[len(times) // 2]
    if headline not in times:
        raise refuse(
            say("Headline horizon"), f"{headline:g}", ", ".join(f"{t:g}" for t in times),
            "Choose one of the horizons.", column="headline",
        )  # fmt: skip
    return times, headline


def _months(text: str, column: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = float("nan")
    if not 0 < value <= LONGEST_MONTHS:
        raise refuse(
            say("Horizons"), text, say("months, above 0 and up to {most:g}", most=LONGEST_MONTHS),
            "Give such numbers, with commas between them.", column=column,
        )  # fmt: skip
    return value


def _always(study: Study, given: Mapping[str, Any]) -> tuple[str, ...]:
    wanted = _one_of(given, "immunoscore", say("Immunoscore"), ("yes", "no"))
    return ALWAYS if wanted == "yes" else ("rad_score",)


def _candidates(study: Study, given: Mapping[str, Any]) -> tuple[str, ...]:
    return _some_of(given, "candidates", say("Covariates"), CANDIDATES, CANDIDATES)


def _splines(study: Study, given: Mapping[str, Any]) -> tuple[str, ...]:
    """Numeric columns of the model that may bend; a line is usual."""
    columns = (*_always(study, given), *_candidates(study, given))
    bent = tuple(name for name in columns if name not in FACTORS and name != "immunoscore")
    return _some_of(given, "splines", say("Splines"), bent, ())


def _cohorts(study: Study, given: Mapping[str, Any]) -> tuple[str, ...]:
    known = validating_cohorts(study)
    chosen = _some_of(given, "cohorts", say("Cohorts"), known, ())
    if listed_in(given["cohorts"]) == (NONE,) or given["cohorts"] in ([], ()):
        return (NONE,)
    return () if list(chosen) == known else chosen


_READ: dict[str, Any] = {
    "endpoint": _endpoint,
    "seed": lambda study, given: read_seed(given["seed"]),
    "resamples": lambda study, given: read_resamples(given["resamples"]),
    "rad_score": _rad_score,
    "times": _times,
    "always": _always,
    "candidates": _candidates,
    "selection": lambda study, given: _one_of(
        given, "selection", say("Selection"), ("lasso", "fixed")
    ),
    "splines": _splines,
    "penalty": lambda study, given: _one_of(given, "penalty", say("Penalty"), ("none", "firth")),
    "cohorts": _cohorts,
}
