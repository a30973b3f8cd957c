"""What a prognosis run is asked to do, by a form, a page or the API: all problems at once.

The rows are those of a frozen table, of a saved question, or of the question that the choice itself
makes; a table or a question that was asked before decides endpoint, Rad-Score and columns.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from modeling.methods.admissible_columns import (
    DictionaryColumn,
    check_beside_parts,
    refusal_of,
)
from modeling.methods.prognosis_plan import PrognosisPlan, lead_with_common
from modeling.methods.question import LATEST_LANDMARK
from modeling.models import DatasetSnapshot, ModelVersion, SavedQuestion, VersionKind
from modeling.selectors import newest_table, question_named, snapshot_named, speaking, version_named
from modeling.services.parameters import read_resamples, read_seed
from modeling.services.prognosis_columns import candidates_of, columns_of, usual_candidates
from modeling.services.prognosis_endpoints import endpoints_offered, landmark_of, landmark_told
from modeling.services.prognosis_question import PURPOSE, PrognosisQuestion, own_told
from modeling.services.prognosis_rows import ALWAYS, FACTORS, PrognosisRows
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import Cohort, CohortUse, Study

RESAMPLES = 1000
NONE = "none"  # no clinical column at all: an empty list stands for what is usual
NEWEST = "newest"  # the frozen table of the endpoint that was frozen last
USUAL_ENDPOINT = "overall_survival"
LONGEST_MONTHS = 600.0
# What is empty is as usual, or as the table or the saved question has it.
ASKED: dict[str, Any] = {
    "endpoint": "",
    "seed": 0,
    "resamples": RESAMPLES,
    "rad_score": "",
    "cohorts": "",
    "horizons": "",
    "headline": "",
    "landmark": "",
    "immunoscore": "",
    "candidates": "",
    "selection": "lasso",
    "splines": "",
    "penalty": "none",
    "snapshot": "",
    "question": "",
}


@dataclass(frozen=True)
class PrognosisChoice:
    """A run as it was decided, every default written out.

    ``cohorts`` are the validating ones it is judged in; none stands for all of its rows. ``table``
    holds the rows; where there is none, ``question`` is frozen first. ``own`` tells title, unit and
    levels of the columns that are the study's own.
    """

    endpoint: str
    seed: int
    rad_score: ModelVersion
    cohorts: tuple[str, ...]
    headline: float
    plan: PrognosisPlan
    question: Mapping[str, Any]
    table: DatasetSnapshot | None = None

    @property
    def landmark_days(self) -> int:
        return landmark_of(self.question)

    @property
    def columns(self) -> tuple[str, ...]:
        return (*self.plan.always, *self.plan.candidates)


@dataclass(frozen=True)
class Wanted:
    """What was given, beside what may be chosen from.

    ``before`` is the question that was asked before, as a frozen table keeps it; None where the
    choice makes its own.
    """

    study: Study
    given: Mapping[str, Any]
    before: Mapping[str, Any] | None

    @cached_property
    def candidates(self) -> dict[str, DictionaryColumn]:
        """Columns that may be offered, in their order."""
        if self.before is None:
            return candidates_of(self.study)
        own = self.before["own"]
        return {
            name: DictionaryColumn(
                name, own.get(name, {}).get("title", name),
                levels=tuple(own.get(name, {}).get("levels", FACTORS.get(name, ()))),
            )
            for name in self.before["columns"]
        }  # fmt: skip

    def said_before(self, name: str) -> str:
        return str(self.before[name]) if self.before else ""


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
    problems = _unknown(asked)
    table, saved = (
        _table(study, given),
        question_named(study, str(given["question"]).strip(), PURPOSE),
    )
    before = table.question if table else question_asked(study, saved).document() if saved else None
    wanted, found = Wanted(study, given, before), dict[str, Any]()
    for name, read in _READ.items():
        try:
            found[name] = read(wanted)
        except DataProblem as refusal:
            problems += [one for one in refusal.problems if one not in problems]
    if problems:
        raise DataProblem(problems)
    times, headline = found["times"]
    own = before["own"] if before else own_told(wanted.candidates, found["candidates"])
    plan = PrognosisPlan(
        found["candidates"], found["always"], FACTORS | _own_levels(own, found["candidates"]),
        times, resamples=found["resamples"], selection=found["selection"],
        splines=found["splines"], penalty=found["penalty"],
    )  # fmt: skip
    question = before or PrognosisQuestion(
        found["endpoint"], found["rad_score"], _written_out(study, found["cohorts"]),
        found["candidates"], "immunoscore" in found["always"], own,
        landmark_days=found["landmark"],
    ).document()  # fmt: skip
    return PrognosisChoice(
        found["endpoint"], found["seed"], found["rad_score"], found["cohorts"], headline, plan,
        question, table,
    )  # fmt: skip


def _written_out(study: Study, cohorts: tuple[str, ...]) -> tuple[str, ...]:
    """Names where nothing stands for all of them."""
    chosen = tuple(name for name in cohorts if name != NONE)
    return chosen if cohorts else tuple(validating_cohorts(study))


def _own_levels(
    own: Mapping[str, Mapping[str, Any]], names: Collection[str]
) -> dict[str, tuple[str, ...]]:
    return {
        name: tuple(told["levels"])
        for name, told in own.items()
        if name in names and "levels" in told
    }


def led_by_common_levels(plan: PrognosisPlan, rows: PrognosisRows) -> PrognosisPlan:
    """The plan with a reference that enough fitting patients have, for columns of the study's own.

    The dictionary orders levels for people; one that nobody has cannot be compared with.
    """
    table = rows.usable
    fitted = table[table["use"] == CohortUse.DEVELOPMENT]
    factors = dict(plan.factors)
    for name in set(plan.candidates) & (set(factors) - set(FACTORS)):
        factors[name] = lead_with_common(factors[name], fitted[name])
    return replace(plan, factors=factors)


def question_asked(study: Study, saved: SavedQuestion) -> PrognosisQuestion:
    """What a saved question asks today: what it leaves open is as usual.

    Raises
    ------
    DataProblem
        A column, cohort, endpoint or Rad-Score that cannot be used any more.
    """
    return question_checked(study, saved.document, saved)


def question_checked(
    study: Study, document: Mapping[str, Any], saved: SavedQuestion | None = None
) -> PrognosisQuestion:
    """What the document of a question asks of the study.

    Raises
    ------
    DataProblem
    """
    development = Cohort.objects.filter(study=study, use=CohortUse.DEVELOPMENT)
    always = set(development.values_list("name", flat=True))  # asked about, named or not
    asked = {
        "endpoint": document["endpoint"],
        "rad_score": document.get("rad_score", ""),
        "cohorts": [name for name in document["cohorts"] if name not in always]
        if "cohorts" in document else "",
        "candidates": document.get("columns", ""),
        "immunoscore": document.get("immunoscore", ""),
        "landmark": landmark_of(document),
    }  # fmt: skip
    made = choice_read(study, asked).question
    version = version_named(study, made["rad_score"], VersionKind.RAD_SCORE)
    return PrognosisQuestion(
        made["endpoint"], version, tuple(made["cohorts"]), tuple(made["columns"]),
        made["immunoscore"] == "yes", made["own"], tuple(document.get("filters", ())), saved,
        landmark_of(made),
    )  # fmt: skip


def question_document(study: Study, choice: PrognosisChoice, name: str) -> dict[str, Any]:
    """What a choice asks of the study, as a question to be saved."""
    development = Cohort.objects.filter(study=study, use=CohortUse.DEVELOPMENT)
    asked = choice.question
    return {
        "format": 1,
        "name": name.strip(),
        "purpose": PURPOSE,
        "endpoint": asked["endpoint"],
        "rad_score": asked["rad_score"],
        "cohorts": [*development.order_by("id").values_list("name", flat=True), *asked["cohorts"]],
        "columns": list(asked["columns"]),
        "immunoscore": asked["immunoscore"],
        **landmark_told(landmark_of(asked)),
        **({"filters": asked["filters"]} if asked["filters"] else {}),
    }


def listed_in(value: Any) -> tuple[str, ...]:
    """Names of a list, or of a text with commas or one number; each once, in their order."""
    several = isinstance(value, list | tuple)
    parts = value if several else str(value or "").replace(";", ",").split(",")
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


def _table(study: Study, given: Mapping[str, Any]) -> DatasetSnapshot | None:
    """The frozen table that is named, or the newest of the endpoint; none where none is."""
    uid = str(given["snapshot"]).strip()
    if not uid:
        return None
    if str(given["question"]).strip():
        raise refuse(say("Prognosis"), say("a frozen table and a question"), "one of them",
                     "A frozen table answers its own question.", column="snapshot")  # fmt: skip
    if uid != NEWEST:
        return snapshot_named(study, uid, PURPOSE)
    endpoint = str(given["endpoint"]).strip() or USUAL_ENDPOINT
    found = newest_table(study, PURPOSE, endpoint)
    if found is None:
        raise refuse("snapshot", NEWEST, say("a frozen table of {endpoint}", endpoint=endpoint),
                     "Freeze one first.", column="snapshot")  # fmt: skip
    return found


def _as_before(wanted: Wanted, name: str, where: str, value: str) -> str:
    """What the table or the question says; another wish is refused."""
    said = wanted.said_before(name)
    if said and value and value != said:
        raise refuse(where, value, say("{said}, as its rows were asked for", said=said),
                     "Leave it out, or ask another question.", column=name)  # fmt: skip
    return said or value


def _endpoint(wanted: Wanted) -> str:
    where, given = say("Endpoint"), str(wanted.given["endpoint"]).strip()
    value = _as_before(wanted, "endpoint", where, given) or USUAL_ENDPOINT
    if wanted.before:
        return value  # it may have been retired since
    return _one_of(
        {"endpoint": value}, "endpoint", where, tuple(endpoints_offered(wanted.study))
    )  # fmt: skip


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


def _rad_score(wanted: Wanted) -> ModelVersion:
    """The one named, or the one that speaks: released, or the newest while none is."""
    study, given = wanted.study, str(wanted.given["rad_score"]).strip()
    uid = _as_before(wanted, "rad_score", "Rad-Score", given)
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


def _times(wanted: Wanted) -> tuple[tuple[float, ...], float]:
    """Horizons in months in their order, and the one that counts most."""
    given, offered = wanted.given, endpoints_offered(wanted.study)
    endpoint = wanted.said_before("endpoint") or str(given["endpoint"]).strip()
    usual = offered.get(endpoint, offered[USUAL_ENDPOINT])
    asked = listed_in(given["horizons"])
    times = tuple(sorted({_months(text, "horizons") for text in asked})) or usual.times
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


def _landmark(wanted: Wanted) -> int:
    """Days after the start of treatment; 0 for none. A question that was asked has its own."""
    text, where = str(wanted.given["landmark"]).strip(), say("Landmark")
    said = landmark_of(wanted.before) if wanted.before is not None else 0
    if not text:
        return said
    if not text.isdecimal() or int(text) > LATEST_LANDMARK:
        raise refuse(
            where, text, say("whole days, 0 (no landmark) to {most}", most=LATEST_LANDMARK),
            "Give days after the start of treatment.", column="landmark",
        )  # fmt: skip
    if wanted.before is not None and int(text) != said:
        raise refuse(
            where, say("day {days}", days=int(text)),
            say("{said}, as its rows were asked for", said=say("day {days}", days=said)),
            "Leave it out, or ask another question.", column="landmark",
        )  # fmt: skip
    return int(text)


def _always(wanted: Wanted) -> tuple[str, ...]:
    said = wanted.said_before("immunoscore") or "yes"
    value = str(wanted.given["immunoscore"]).strip() or said
    known = ("yes", "no") if said == "yes" else ("no",)
    asked = _one_of({"immunoscore": value}, "immunoscore", say("Immunoscore"), known)
    return ALWAYS if asked == "yes" else ALWAYS[:1]


def _candidates(wanted: Wanted) -> tuple[str, ...]:
    """Columns known before treatment; of any other it is said why it is none."""
    asked, known = wanted.given["candidates"], wanted.candidates
    problems = [_no_candidate(wanted, name) for name in listed_in(asked)
                if name not in known and name != NONE]  # fmt: skip
    if problems:
        raise DataProblem(problems)
    usual = usual_candidates(wanted.study) if wanted.before is None else tuple(known)
    chosen = _some_of(wanted.given, "candidates", say("Covariates"), tuple(known), usual)
    if problems := check_beside_parts(chosen, known):
        raise DataProblem(problems)
    return chosen


def _no_candidate(wanted: Wanted, name: str) -> Problem:
    column = None if wanted.before else columns_of(wanted.study).get(name)
    if column is None:
        expected, remedy = ", ".join(wanted.candidates) or NONE, "Choose among them."
        return Problem(say("Covariates"), name, expected, remedy, column="candidates")
    return refusal_of(column, column.refused)


def _splines(wanted: Wanted) -> tuple[str, ...]:
    """Numeric columns of the model that may bend; a line is usual."""
    columns, known = (*_always(wanted), *_candidates(wanted)), wanted.candidates
    bent = tuple(
        name for name in columns
        if name != "immunoscore" and not (name in known and known[name].levels)
    )  # fmt: skip
    return _some_of(wanted.given, "splines", say("Splines"), bent, ())


def _cohorts(wanted: Wanted) -> tuple[str, ...]:
    before, given = wanted.before, wanted.given
    known = list(before["cohorts"]) if before else validating_cohorts(wanted.study)
    chosen = _some_of(given, "cohorts", say("Cohorts"), known, ())
    if listed_in(given["cohorts"]) == (NONE,) or given["cohorts"] in ([], ()):
        return (NONE,)
    return () if list(chosen) == known else chosen


_READ: dict[str, Any] = {
    "endpoint": _endpoint,
    "seed": lambda wanted: read_seed(wanted.given["seed"]),
    "resamples": lambda wanted: read_resamples(wanted.given["resamples"]),
    "rad_score": _rad_score,
    "times": _times,
    "landmark": _landmark,
    "always": _always,
    "candidates": _candidates,
    "selection": lambda wanted: _one_of(
        wanted.given, "selection", say("Selection"), ("lasso", "fixed")
    ),
    "splines": _splines,
    "penalty": lambda wanted: _one_of(wanted.given, "penalty", say("Penalty"), ("none", "firth")),
    "cohorts": _cohorts,
}
