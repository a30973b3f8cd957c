"""What the four steps from cohorts to nomograms show, and what is usual where nothing is said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import pandas as pd
from django.utils.translation import gettext as _

from modeling.methods.covariate_review import Covariate, describe_covariate
from modeling.methods.prognosis_plan import lead_with_common
from modeling.models import DatasetSnapshot, ModelVersion, SavedQuestion, VersionKind
from modeling.selectors import (
    active_version,
    question_named,
    snapshot_named,
    states_of,
    tables_of,
)
from modeling.services.plans import plan_in_force, question_save
from modeling.services.prognosis_ahead import Ahead, prognosis_ahead
from modeling.services.prognosis_check import check_of
from modeling.services.prognosis_choice import (
    NONE,
    RESAMPLES,
    choice_read,
    listed_in,
    question_asked,
    question_document,
    validating_cohorts,
)
from modeling.services.prognosis_columns import (
    candidates_of,
    columns_of,
    own_title,
    own_values,
    told_of,
    usual_candidates,
)
from modeling.services.prognosis_endpoints import (
    ENDPOINTS,
    endpoint_asked,
    endpoint_named,
    endpoints_offered,
)
from modeling.services.prognosis_question import PURPOSE, of_user
from modeling.services.prognosis_rows import CANDIDATES, LOGARITHMS, PLAIN_TITLES, TITLES
from modeling.services.prognosis_since import since_said
from modeling.services.report_content import notices_in_words
from modeling.services.report_survival import column_title
from modeling.wizard_steps import Draft, Wizard
from studies.access import rights_of, sees_all_sites
from studies.kept_stages import kept_states
from studies.languages import spoken
from studies.methods.problems import DataProblem
from studies.methods.wording import marked, say
from studies.models import CohortUse, Study
from studies.registry import Stage, StageState

PLAIN = TITLES | {
    "log2_cea": PLAIN_TITLES[0], "log2_ca199": PLAIN_TITLES[1], "log2_ca125": PLAIN_TITLES[2],
    "log2_mtv": PLAIN_TITLES[3],
}  # fmt: skip
PER_ENDPOINT = ("horizons", "headline", "landmark")
ROWS = ("snapshot", "question")  # which rows: a frozen table's, a saved question's, or neither
OF_ROWS = ("endpoints", "cohorts", "rad_score", "immunoscore", "candidates", "splines")
FIXED = ("endpoints", "rad_score")  # of rows that were asked for before
SHARED = (*ROWS, "cohorts", "rad_score", "immunoscore", "candidates", "selection", "splines",
          "penalty", "resamples", "seed")  # fmt: skip
VERSIONS_SHOWN, TABLES_SHOWN = 12, 12
WIZARD = Wizard(
    key="prognosis",
    title=say("Run the prognosis"),
    page="modeling:prognosis_step",
    steps=(
        ("cohorts", marked("Rows and cohorts")), ("question", marked("Endpoints and Rad-Score")),
        ("covariates", marked("Covariates")), ("start", marked("Check and start")),
    ),
    fields=("endpoints", *SHARED),
    open_fields=tuple(f"{name}_" for name in PER_ENDPOINT),
)  # fmt: skip


def with_defaults(study: Study, draft: Draft) -> Draft:
    """What a run would do when nothing is changed: the locked plan, else the paper's analysis.

    Of rows that were asked for before, what they were asked for.
    """
    plan = plan_in_force(study)
    document = plan.document if plan else {}
    before = asked_before(study, draft)
    keys = [*endpoints_offered(study), *([before["endpoint"]] if before else [])]
    asked = (f"{name}_{key}" for key in keys for name in PER_ENDPOINT)
    said = _said_before(before) if before else {}
    fixed: dict[str, str] = {name: said[name] for name in FIXED if name in said}
    return {
        name: fixed.get(name) or draft.get(name) or said.get(name) or _usual(study, name, document)
        for name in dict.fromkeys([*draft, *asked])
    }


def asked_before(study: Study, draft: Mapping[str, str]) -> Mapping[str, Any] | None:
    """The question of the frozen table, or the saved one, that was chosen; none for none.

    Raises
    ------
    DataProblem
        It is not there, or cannot be asked any more.
    """
    if draft.get("snapshot"):
        return snapshot_named(study, draft["snapshot"], PURPOSE).question
    saved = question_named(study, draft.get("question", ""), PURPOSE)
    return question_asked(study, saved).document() if saved else None


def _said_before(question: Mapping[str, Any]) -> dict[str, str]:
    return {
        "endpoints": question["endpoint"],
        "rad_score": question["rad_score"],
        "cohorts": ",".join(question["cohorts"]) or NONE,
        "immunoscore": question["immunoscore"],
        "candidates": ",".join(question["columns"]) or NONE,
    }


def _usual(study: Study, name: str, plan: Mapping[str, Any]) -> str:
    announced = plan.get("prognosis", {})
    if name.startswith("landmark_"):
        return _as_text(announced.get("landmark_days") or "")
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
        "candidates": ",".join(usual_candidates(study)) or NONE,
        "selection": "lasso", "splines": NONE,
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
    if rows_chosen(draft):
        return list(chosen)
    return [name for name in endpoints_offered(study) if name in chosen]


def rows_chosen(draft: Mapping[str, str]) -> dict[str, str]:
    """The frozen table or the saved question, as a run takes it."""
    return {name: draft[name] for name in ROWS if draft.get(name)}


def asked_of(draft: Mapping[str, str], endpoint: str) -> dict[str, str]:
    """The draft as the run of one endpoint takes it."""
    asked = {name: draft[name] for name in SHARED if draft[name]}
    fixed = rows_chosen(draft)  # have the landmark that they were asked for
    asked |= {name: draft[f"{name}_{endpoint}"] for name in PER_ENDPOINT
              if not (fixed and name == "landmark")}  # fmt: skip
    return {**asked, "endpoint": endpoint}


def cohorts_context(study: Study, user: Any, draft: Draft) -> dict[str, Any]:
    """Which rows there are, and of those chosen who is fitted to and judged on."""
    context = _rows_context(study, user, draft)
    chosen, found = listed_in(draft["cohorts"]), dict[str, dict[str, Any]]()
    rows = rows_chosen(draft)
    endpoints = endpoints_of(study, draft) if rows else list(endpoints_offered(study))
    asked = rows or {"rad_score": draft["rad_score"]}
    try:
        for endpoint in endpoints:
            ahead = prognosis_ahead(study, {**asked, "endpoint": endpoint})
            members = ahead.rows.table.sort_values("cohort_id", kind="stable")
            for name, part in members.groupby("cohort", sort=False):
                _count_in(found, str(name), part, endpoint)
    except DataProblem as refusal:
        return {**context, "problems": refusal.as_list()}
    cohorts = sorted(found.values(), key=lambda row: not row["is_fitted"])
    for row in cohorts:
        row["chosen"] = row["cohort"] in chosen
    before = asked_before(study, draft)
    titles = (
        [endpoint_asked(study, before).title]
        if before
        else [endpoint_named(study, name).title for name in endpoints]
    )
    return {**context, "cohorts": cohorts, "endpoints": titles}


def _rows_context(study: Study, user: Any, draft: Draft) -> dict[str, Any]:
    """Frozen tables with what has become of their records, and saved questions."""
    tables = frozen_tables(study)
    since = records_since(study, user) if sees_all_sites(user, study) else {}
    snapshot, question = draft["snapshot"], draft["question"]
    return {
        "tables": [
            {
                "row": row,
                "title": endpoint_asked(study, row.question).title,
                "since": since.get(str(row.uid)),
            }
            for row in tables
        ],
        "questions": SavedQuestion.objects.filter(
            study=study, document__purpose=PURPOSE
        ).select_related("written_by"),
        "chosen": f"snapshot:{snapshot}" if snapshot else f"freeze:{question}",
    }


def frozen_tables(study: Study) -> list[DatasetSnapshot]:
    rows = tables_of(study, PURPOSE).filter(not_reproducible_since=None)
    return list(rows[:TABLES_SHOWN])


def records_since(study: Study, user: Any) -> dict[str, str]:
    """By uid of the tables shown what has changed since, in words; kept until anything is written.

    Nothing of those that the records still give.
    """
    [(_stage, state)] = kept_states(user, study, [FROZEN_TABLES])
    found: dict[str, str] = json.loads(state.detail or "{}")
    return found


def _frozen_state(study: Study, user: Any) -> StageState:
    since = {str(row.uid): spoken(since_said(row)) for row in frozen_tables(study)}
    return StageState("ready", FROZEN_TABLES.title, json.dumps(since, ensure_ascii=False))


FROZEN_TABLES = Stage("frozen_prognosis", marked("frozen tables"), 0, _frozen_state)


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
    """Endpoints with their horizons, and the Rad-Scores to choose from, the usual one first.

    Of rows that were asked for before, their endpoint and their Rad-Score alone.
    """
    states, usual = states_of(study), usual_rad_score(study)
    rows = ModelVersion.objects.filter(study=study, kind=VersionKind.RAD_SCORE)
    versions = rows.order_by("-number").defer("content")
    chosen, fixed = endpoints_of(study, draft), rows_chosen(draft)
    before = asked_before(study, draft)
    if fixed:
        versions = versions.filter(uid=draft["rad_score"])
    offered = (
        {name: endpoint_asked(study, before) for name in chosen}
        if before
        else endpoints_offered(study)
    )
    return {
        "plan": plan_in_force(study),
        "fixed": bool(fixed),
        "endpoints": [
            {
                "key": key, "title": one.title, "chosen": key in chosen,
                "horizons": draft[f"horizons_{key}"], "headline": draft[f"headline_{key}"],
                "landmark": draft[f"landmark_{key}"],
            }
            for key, one in offered.items()
        ],
        "versions": [
            {"row": row, "state": states.get(row.pk, "draft"), "usual": row == usual}
            for row in versions[:VERSIONS_SHOWN]
        ],
    }  # fmt: skip


def covariates_context(study: Study, draft: Draft) -> dict[str, Any]:
    """Every column that may be offered: what it is, what it lacks, and whom it leaves out.

    The study's own columns stand below, and last those that are refused, with the reason; a
    frozen table has its columns and no others.
    """
    endpoint = next(iter(endpoints_of(study, draft)), next(iter(ENDPOINTS)))
    rows = rows_chosen(draft)
    own = {"rad_score": draft["rad_score"], "landmark": draft[f"landmark_{endpoint}"]}
    whole = {"endpoint": endpoint, **(rows or own)}
    try:
        ahead = prognosis_ahead(study, whole)
        penalty = draft["penalty"] or penalty_proposed(study, draft, endpoint)
    except DataProblem as refusal:
        return {"problems": refusal.as_list(), "penalty": draft["penalty"] or "none"}
    more = [] if rows else list(_more_columns(ahead, draft))
    refused = {} if rows else columns_of(study)
    return {
        "penalty": penalty,
        "is_proposed": penalty == "firth" and not draft["penalty"],
        "plan": plan_in_force(study),
        "endpoint": endpoint_asked(study, ahead.choice.question).title,
        "fitting": len(ahead.fitting),
        "columns": list(_columns(ahead, draft)),
        "more": more,
        "more_chosen": any(row["offered"] for row in more),
        "refused": [one for one in refused.values() if one.refused],
    }


def penalty_proposed(study: Study, draft: Draft, endpoint: str) -> str:
    """Firth's where a column without events on one side would stop the plain likelihood.

    Raises
    ------
    DataProblem
        As ``prognosis_ahead``.
    """
    ahead = prognosis_ahead(study, asked_of({**draft, "penalty": "none"}, endpoint))
    return "firth" if ahead.review.separated else "none"


def with_proposed(study: Study, draft: Draft) -> Draft:
    """The draft with the likelihood that the third step shows while nobody has chosen one."""
    endpoint = next(iter(endpoints_of(study, draft)), "")
    if draft["penalty"] or not endpoint:
        return draft
    try:
        return {**draft, "penalty": penalty_proposed(study, draft, endpoint)}
    except DataProblem:
        return draft  # the check tells it


def _columns(ahead: Ahead, draft: Draft) -> Iterator[dict[str, Any]]:
    gaps = ahead.fitting[list(ahead.choice.columns)].isna()
    single = gaps.sum(axis=1) == 1
    own = ahead.choice.question["own"]
    for found in ahead.review.covariates:
        always = found.name in ahead.choice.plan.always
        yield {
            **_column(found, draft, own_title(own[found.name]) if found.name in own else ""),
            "is_rad_score": found.name == "rad_score",
            "always": always,
            **({"offered": draft["immunoscore"] == "yes"} if always else {}),
            "alone": int((gaps[found.name] & single).sum()),
        }


def _more_columns(ahead: Ahead, draft: Draft) -> Iterator[dict[str, Any]]:
    """Columns of the study's dictionary beyond the paper's, each looked at by itself."""
    more = {name: one for name, one in candidates_of(ahead.study).items() if name not in CANDIDATES}
    fitting = ahead.fitting
    values = own_values(ahead.study, list(more)).reindex(fitting["patient_id"])
    for name, one in more.items():
        levels = lead_with_common(one.levels, values[name]) if one.levels else ()
        found = describe_covariate(name, values[name], list(fitting["event"]), levels)
        yield {
            **_column(found, draft, own_title(told_of(one))),
            "parts": sorted(one.parts),
        }


def _column(found: Covariate, draft: Draft, title: str = "") -> dict[str, Any]:
    return {
        "found": found,
        "title": spoken(title or PLAIN[found.name]),
        "is_log": found.name in LOGARITHMS,
        "range": _in_units(found),
        "offered": found.name in listed_in(draft["candidates"]),
        "may_bend": found.kind != "levels" and found.name != "immunoscore",
        "bent": found.name in listed_in(draft["splines"]),
        "share": found.missing / found.rows if found.rows else None,
    }


def check_context(study: Study, user: Any, draft: Draft) -> dict[str, Any]:
    """The whole check per endpoint; problems where a choice cannot be read."""
    chosen = endpoints_of(study, draft)
    if not chosen:
        return {"checks": [], "none_chosen": True, "passed": False}
    found = [_checked(study, user, draft, endpoint) for endpoint in chosen]
    unsaid = [] if draft["penalty"] else [one["title"] for one in found if one.get("separated")]
    return {
        "checks": found,
        "unsaid": unsaid,  # endpoints for which Firth's is proposed and nothing was chosen
        "passed": all(one.get("passed") for one in found) and not unsaid,
    }


def _checked(study: Study, user: Any, draft: Draft, endpoint: str) -> dict[str, Any]:
    title = endpoint_named(study, endpoint).title
    try:
        ahead = prognosis_ahead(study, asked_of(draft, endpoint))
    except DataProblem as refusal:
        return {"key": endpoint, "title": title, "problems": refusal.as_list(), "passed": False}
    title = endpoint_asked(study, ahead.choice.question).title
    checked, terms = check_of(ahead), _terms(ahead)
    separated = {name: column_title(name, terms) for name in checked["separated"]}
    return {
        "key": endpoint,
        "title": title,
        "checked": {**checked, "notices": _in_titles(checked["notices"], separated)},
        "passed": checked["passed"],
        "separated": list(separated.values()),
        "left_out": of_user(ahead.split[1], user) if "rows" in rights_of(user, study) else None,
        "table": ahead.choice.table,
    }


def _in_titles(notices: list[dict[str, str]], separated: Mapping[str, str]) -> list[dict[str, str]]:
    """Notices with columns called as the form calls them."""
    found = notices_in_words(notices)
    for name, title in separated.items():
        found = [{**one, "text": one["text"].replace(f"found {name}:", f"found {title}:")}
                 for one in found]  # fmt: skip
    return found


def _in_units(found: Covariate) -> tuple[float, float, float] | None:
    """Least, median and most, as people write the values."""
    if found.low is None or found.median is None or found.high is None:
        return None
    low, middle, high = found.low, found.median, found.high
    return (2**low, 2**middle, 2**high) if found.name in LOGARITHMS else (low, middle, high)


def _terms(ahead: Ahead) -> list[dict[str, Any]]:
    """Factors of a choice, as a nomogram's content tells its terms."""
    own = ahead.choice.question["own"]
    return [
        {"name": name, **own.get(name, {}), "levels": levels}
        for name, levels in ahead.choice.plan.factors.items()
    ]


def questions_save(study: Study, user: Any, draft: Draft, name: str) -> list[SavedQuestion]:
    """What the draft asks, a question for each endpoint, kept under a name.

    Raises
    ------
    DataProblem
        No name; what the study cannot be asked.
    """
    endpoints = endpoints_of(study, draft)
    found = []
    for endpoint in endpoints:
        choice = choice_read(study, asked_of(draft, endpoint))
        short = endpoint_asked(study, choice.question).short
        found.append(
            question_save(
                study,
                user,
                question_document(study, choice, f"{name}, {short}" if endpoints[1:] else name),
            )
        )
    return found


def started_words(titles: list[str]) -> str:
    return _("Under way: {endpoints}. Models lists each.").format(endpoints=", ".join(titles))
