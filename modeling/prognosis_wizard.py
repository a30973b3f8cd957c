"""What the four steps from cohorts to nomograms show, and what is usual where nothing is said."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from django.utils.translation import gettext as _

from modeling.methods.covariate_review import Covariate
from modeling.models import ModelVersion, VersionKind
from modeling.selectors import active_version, states_of
from modeling.services.nomogram_calculator import LOG
from modeling.services.plans import plan_in_force
from modeling.services.prognosis_check import Ahead, check_of, prognosis_ahead
from modeling.services.prognosis_choice import NONE, RESAMPLES, listed_in, validating_cohorts
from modeling.services.prognosis_endpoints import ENDPOINTS, endpoint_named, endpoints_offered
from modeling.services.prognosis_rows import (
    CANDIDATES,
    FACTORS,
    PLAIN_TITLES,
    TITLES,
)
from modeling.services.report_survival import column_title
from modeling.wizard_steps import Draft, Wizard
from studies.access import rights_of
from studies.languages import spoken
from studies.methods.problems import DataProblem
from studies.methods.wording import marked, say
from studies.models import CohortUse, Patient, Study

PLAIN = TITLES | {
    "log2_cea": PLAIN_TITLES[0], "log2_ca199": PLAIN_TITLES[1], "log2_ca125": PLAIN_TITLES[2],
    "log2_mtv": PLAIN_TITLES[3],
}  # fmt: skip
PER_ENDPOINT = ("horizons", "headline")
SHARED = ("cohorts", "rad_score", "immunoscore", "candidates", "selection", "splines", "penalty",
          "resamples", "seed")  # fmt: skip
VERSIONS_SHOWN = 12
WIZARD = Wizard(
    key="prognosis",
    title=say("Run the prognosis"),
    page="modeling:prognosis_step",
    steps=(
        ("cohorts", marked("Cohorts")), ("question", marked("Endpoints and Rad-Score")),
        ("covariates", marked("Covariates")), ("start", marked("Check and start")),
    ),
    fields=("endpoints", *SHARED),
    open_fields=tuple(f"{name}_" for name in PER_ENDPOINT),
)  # fmt: skip


def with_defaults(study: Study, draft: Draft) -> Draft:
    """What a run would do when nothing is changed: the locked plan, else the paper's analysis."""
    plan = plan_in_force(study)
    document = plan.document if plan else {}
    asked = (f"{name}_{key}" for key in endpoints_offered(study) for name in PER_ENDPOINT)
    names = dict.fromkeys([*draft, *asked])
    return {name: draft.get(name) or _usual(study, name, document) for name in names}


def _usual(study: Study, name: str, plan: Mapping[str, Any]) -> str:
    announced = plan.get("prognosis", {})
    if name in announced:
        return _as_text(announced[name])
    if name == "rad_score":
        version = usual_rad_score(study)
        return str(version.uid) if version else ""
    if name == "cohorts":
        return ",".join(validating_cohorts(study)) or NONE
    for endpoint, one in endpoints_offered(study).items():
        planned = plan.get("horizons_months", {}).get(endpoint, one.times)
        if name == f"horizons_{endpoint}":
            return _as_text(planned)
        if name == f"headline_{endpoint}":
            headline = one.headline if one.headline in planned else planned[len(planned) // 2]
            return _as_text(headline)
    usual = {
        "endpoints": ",".join(ENDPOINTS), "immunoscore": "yes",
        "candidates": ",".join(CANDIDATES), "selection": "lasso", "splines": NONE,
        "resamples": str(RESAMPLES), "seed": str(plan.get("seed", 0)),
    }  # fmt: skip
    return usual.get(name, "")


def _as_text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(f"{v:g}" if isinstance(v, int | float) else str(v) for v in value) or NONE
    return f"{value:g}" if isinstance(value, float) else str(value)


def usual_rad_score(study: Study) -> ModelVersion | None:
    """The released Rad-Score, else the newest."""
    released = active_version(study, VersionKind.RAD_SCORE)
    newest = ModelVersion.objects.filter(study=study, kind=VersionKind.RAD_SCORE)
    return released or newest.order_by("-number").first()


def endpoints_of(study: Study, draft: Mapping[str, str]) -> list[str]:
    chosen = listed_in(draft["endpoints"])
    return [name for name in endpoints_offered(study) if name in chosen]


def asked_of(draft: Mapping[str, str], endpoint: str) -> dict[str, str]:
    """The draft as the run of one endpoint takes it."""
    asked = {name: draft[name] for name in SHARED if draft[name]}
    asked |= {name: draft[f"{name}_{endpoint}"] for name in PER_ENDPOINT}
    return {**asked, "endpoint": endpoint}


def cohorts_context(study: Study, draft: Draft) -> dict[str, Any]:
    """Who is fitted to and judged on, with scores, follow-up and events; as records stand now."""
    chosen, found = listed_in(draft["cohorts"]), dict[str, dict[str, Any]]()
    asked = {name: value for name, value in draft.items() if name == "rad_score"}
    try:
        for endpoint in endpoints_offered(study):
            ahead = prognosis_ahead(study, {**asked, "endpoint": endpoint})
            for name, rows in ahead.rows.table.groupby("cohort", sort=False):
                _count_in(found, str(name), rows, endpoint)
    except DataProblem as refusal:
        return {"problems": refusal.as_list()}
    rows = sorted(found.values(), key=lambda row: not row["is_fitted"])
    for row in rows:
        row["chosen"] = row["cohort"] in chosen
    return {"cohorts": rows, "endpoints": [one.title for one in endpoints_offered(study).values()]}


def _count_in(found: dict[str, Any], name: str, rows: pd.DataFrame, endpoint: str) -> None:
    known = rows[rows["duration_months"].notna() & rows["event"].notna()]
    row = found.setdefault(
        name,
        {
            "cohort": name,
            "is_fitted": bool((rows["use"] == CohortUse.DEVELOPMENT).any()),
            "members": len(rows),
            "scored": int(rows["rad_score"].notna().sum()),
            "followed": [],
        },
    )
    row["followed"].append((len(known), int(known["event"].astype(bool).sum())))


def question_context(study: Study, draft: Draft) -> dict[str, Any]:
    """Endpoints with their horizons, and the Rad-Scores to choose from, the usual one first."""
    states, usual = states_of(study), usual_rad_score(study)
    rows = ModelVersion.objects.filter(study=study, kind=VersionKind.RAD_SCORE)
    versions = list(rows.order_by("-number").defer("content")[:VERSIONS_SHOWN])
    chosen = endpoints_of(study, draft)
    return {
        "plan": plan_in_force(study),
        "endpoints": [
            {
                "key": key, "title": one.title, "chosen": key in chosen,
                "horizons": draft[f"horizons_{key}"], "headline": draft[f"headline_{key}"],
            }
            for key, one in endpoints_offered(study).items()
        ],
        "versions": [
            {"row": row, "state": states.get(row.pk, "draft"), "usual": row == usual}
            for row in versions
        ],
    }  # fmt: skip


def covariates_context(study: Study, draft: Draft) -> dict[str, Any]:
    """Every column that may be offered: what it is, what it lacks, and whom it leaves out."""
    endpoint = next(iter(endpoints_of(study, draft)), next(iter(ENDPOINTS)))
    whole = {"endpoint": endpoint, "rad_score": draft["rad_score"]}
    try:
        ahead = prognosis_ahead(study, whole)
        penalty = draft["penalty"] or suggested_penalty(prognosis_ahead(
            study, asked_of({**draft, "penalty": "none"}, endpoint)))  # fmt: skip
    except DataProblem as refusal:
        return {"problems": refusal.as_list(), "penalty": draft["penalty"] or "none"}
    return {
        "penalty": penalty,
        "plan": plan_in_force(study),
        "endpoint": endpoint_named(study, endpoint).title,
        "fitting": len(ahead.fitting),
        "columns": list(_columns(ahead, draft)),
    }


def suggested_penalty(ahead: Ahead) -> str:
    """Firth's where a column without events on one side would stop the plain likelihood."""
    return "firth" if ahead.review.separated else "none"


def _columns(ahead: Ahead, draft: Draft) -> Iterator[dict[str, Any]]:
    gaps = ahead.fitting[list(ahead.choice.columns)].isna()
    single = gaps.sum(axis=1) == 1
    candidates, bent = listed_in(draft["candidates"]), listed_in(draft["splines"])
    for found in ahead.review.covariates:
        always = found.name in ahead.choice.plan.always
        offered = draft["immunoscore"] == "yes" if always else found.name in candidates
        yield {
            "found": found,
            "title": spoken(PLAIN[found.name]),
            "is_log": found.name.startswith(LOG),
            "range": _in_units(found),
            "is_rad_score": found.name == "rad_score",
            "always": always,
            "offered": offered,
            "may_bend": found.name not in FACTORS and found.name != "immunoscore",
            "bent": found.name in bent,
            "alone": int((gaps[found.name] & single).sum()),
            "share": found.missing / found.rows if found.rows else None,
        }


def check_context(study: Study, user: Any, draft: Draft) -> dict[str, Any]:
    """The whole check per endpoint; problems where a choice cannot be read."""
    chosen = endpoints_of(study, draft)
    if not chosen:
        return {"checks": [], "none_chosen": True, "passed": False}
    found = [_checked(study, user, draft, endpoint) for endpoint in chosen]
    return {"checks": found, "passed": all(one.get("passed") for one in found)}


def _checked(study: Study, user: Any, draft: Draft, endpoint: str) -> dict[str, Any]:
    title = endpoint_named(study, endpoint).title
    try:
        ahead = prognosis_ahead(study, asked_of(draft, endpoint))
    except DataProblem as refusal:
        return {"key": endpoint, "title": title, "problems": refusal.as_list(), "passed": False}
    checked = check_of(ahead)
    return {
        "key": endpoint,
        "title": title,
        "checked": checked,
        "passed": checked["passed"],
        "separated": [column_title(name, _terms()) for name in checked["separated"]],
        "left_out": _left_out(ahead, user) if "rows" in rights_of(user, study) else None,
    }


def _in_units(found: Covariate) -> tuple[float, float, float] | None:
    """Least, median and most, as people write the values."""
    if found.low is None or found.median is None or found.high is None:
        return None
    low, middle, high = found.low, found.median, found.high
    return (2**low, 2**middle, 2**high) if found.name.startswith(LOG) else (low, middle, high)


def _terms() -> list[dict[str, Any]]:
    return [{"name": name, "levels": levels} for name, levels in FACTORS.items()]


def _left_out(ahead: Ahead, user: Any) -> list[dict[str, Any]]:
    """Whom the user may see of those left out, with the reason."""
    out = ahead.split[1]
    seen = Patient.objects.visible_to(user).filter(pk__in=set(out["patient_id"]))
    patients = {patient.pk: patient for patient in seen}
    return [
        {"patient": patients[row.patient_id], "cohort": row.cohort, "reason": row.reason}
        for row in out.itertuples()
        if row.patient_id in patients
    ]


def started_words(titles: list[str]) -> str:
    return _("Under way: {endpoints}. Models lists both.").format(endpoints=", ".join(titles))
