"""Before a prognosis run: who is in, what the covariates lack, leaks, sample size, plan, cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from imaging.models import CutKind
from imaging.selectors.slides import rule_current, rule_is_stale
from modeling.methods.covariate_review import CovariateReview, review_covariates
from modeling.methods.leak_guard import check_cohort_uses, check_patients_apart, refuse_leaks
from modeling.methods.leak_survival import check_out_of_fold, check_outcome_order, check_unseen
from modeling.methods.plan import compare_prognosis_to_plan
from modeling.methods.sample_size import plan_sample_size
from modeling.models import ModelRun, RunKind
from modeling.selectors import frozen_keys, state_of
from modeling.services.plans import plan_in_force, prognosis_done, rows_depart
from modeling.services.prognosis_choice import (
    PrognosisChoice,
    choice_read,
    led_by_common_levels,
)
from modeling.services.prognosis_metrics import json_ready
from modeling.services.prognosis_rows import PrognosisRows
from modeling.services.prognosis_writing import prognosis_recipe
from modeling.services.snapshots import (
    prognosis_question_rows,
    prognosis_rows_frozen,
    snapshot_permit,
)
from modeling.services.version_life import ancestry_of
from studies.methods.problems import DataProblem, Notice, Problem
from studies.methods.wording import marked, say
from studies.models import CohortUse, Study

# Seconds per resample of LASSO and Cox, where no run has told better.
SECONDS_PER_RESAMPLE, SECONDS_AT_LEAST = 0.06, 4.0
EXPLAINED = {
    "uses": marked("Only development cohorts are fitted to."),
    "sides": marked("Nobody is fitted to and judged on."),
    "out_of_fold": marked("The Rad-Score of everybody who is fitted to is out of fold."),
    "unseen": marked("The Rad-Score has seen nobody whom the nomogram is judged on."),
    "outcome_order": marked("No covariate was made of the outcome."),
    "cuts": marked("Cuts of the slides were frozen on the development cohort as it is now."),
}


@dataclass(frozen=True)
class Ahead:
    """A run as it would be, with the rows that it would freeze."""

    study: Study
    choice: PrognosisChoice
    rows: PrognosisRows

    @cached_property
    def table(self) -> pd.DataFrame:
        """Those who can be used at all."""
        return self.rows.usable

    @cached_property
    def fitting(self) -> pd.DataFrame:
        table = self.table
        return table[table["use"] == CohortUse.DEVELOPMENT]

    @cached_property
    def split(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Complete rows in every column, and the others with the reason."""
        return self.rows.split(list(self.choice.columns))

    @cached_property
    def fitted(self) -> pd.DataFrame:
        return self.split[0][self.split[0]["use"] == CohortUse.DEVELOPMENT]

    @cached_property
    def review(self) -> CovariateReview:
        rows = self.fitting
        return review_covariates(
            rows, rows["duration_months"].to_numpy(float), list(rows["event"]), self.choice.plan
        )


def prognosis_ahead(study: Study, asked: Mapping[str, Any]) -> Ahead:
    """The run that ``asked`` describes, with its frozen rows, or with those it would freeze today.

    Raises
    ------
    DataProblem
        As ``choice_read``; a frozen table that cannot be read, or used any more.
    """
    choice = choice_read(study, asked)
    if choice.table:
        snapshot_permit(choice.table)
        return ahead_of(study, choice, prognosis_rows_frozen(choice.table))
    return ahead_of(study, choice, prognosis_question_rows(study, choice.question))


def ahead_of(study: Study, choice: PrognosisChoice, rows: PrognosisRows) -> Ahead:
    """The run of a choice on rows, of the cohorts that were chosen."""
    kept = rows.only(choice.cohorts)
    return Ahead(study, replace(choice, plan=led_by_common_levels(choice.plan, kept)), kept)


def prognosis_check(study: Study, asked: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that can be known before the fit, as pages show it and the API gives it.

    Raises
    ------
    DataProblem
        As ``choice_read``.
    """
    return check_of(prognosis_ahead(study, asked))


def check_of(ahead: Ahead) -> dict[str, Any]:
    choice, review, found = ahead.choice, ahead.review, leaks_of(ahead)
    problems = [*review.problems, *_late(ahead)]
    plan = plan_in_force(ahead.study)
    done = prognosis_done(prognosis_recipe(choice), choice.seed)
    departs = compare_prognosis_to_plan(plan.document, choice.endpoint, done) if plan else []
    return json_ready({
        "endpoint": choice.endpoint,
        "horizons": list(choice.plan.times),
        "headline": choice.headline,
        "rad_score": {
            "uid": str(choice.rad_score.uid), "name": str(choice.rad_score),
            "state": state_of(choice.rad_score),
        },
        "selection": choice.plan.selection,
        "penalty": choice.plan.penalty,
        "resamples": choice.plan.resamples,
        "seed": choice.seed,
        "snapshot": choice.table and str(choice.table.uid),
        "question": dict(choice.question),
        "cohorts": cohorts_of(ahead),
        "covariates": [asdict(one) for one in review.covariates],
        "complete": review.n,
        "events": review.events,
        "parameters": review.parameters,
        "separated": list(review.separated),
        "notices": [notice.as_dict() for notice in (*review.notices, *_about(ahead))],
        "problems": [problem.as_dict() for problem in problems],
        "sample_size": _size(ahead),
        "checks": [
            {
                "name": name, "explanation": EXPLAINED[name], "passed": not of,
                "problems": [problem.as_dict() for problem in of],
            }
            for name, of in found.items()
        ],
        "passed": not problems and not any(found.values()),
        "plan": str(plan) if plan else None,
        "departures": [
            *(asdict(departure) for departure in departs),
            *(rows_depart(choice.question) if plan else []),
        ],
        "cost": _cost(ahead),
    })  # fmt: skip


def cohorts_of(ahead: Ahead) -> list[dict[str, Any]]:
    """Per cohort: in, out and why; ``at_most`` is who could be judged if the LASSO kept nothing."""
    complete, left_out = ahead.split
    least, _ = ahead.rows.split(list(ahead.choice.plan.always))
    found = []
    members_of = ahead.rows.table.sort_values("cohort_id", kind="stable")
    for name, members in members_of.groupby("cohort", sort=False):
        mine, out = complete[complete["cohort"] == name], left_out[left_out["cohort"] == name]
        use = str(members["use"].iloc[0])
        fixed = use == CohortUse.DEVELOPMENT or ahead.choice.plan.selection == "fixed"
        found.append({
            "cohort": str(name),
            "use": use,
            "members": len(members),
            "included": len(mine),
            "at_most": len(mine) if fixed else int((least["cohort"] == name).sum()),
            "events": int(mine["event"].sum()),
            "left_out": len(out),
            "reasons": [list(pair) for pair in Counter(out["reason"]).most_common()],
        })  # fmt: skip
    return sorted(found, key=lambda row: row["use"] != CohortUse.DEVELOPMENT)


def leaks_of(ahead: Ahead) -> dict[str, list[Problem]]:
    """What each check finds, an empty list where it passes."""
    return {name: check(ahead) for name, check in _CHECKS.items()}


def guard_refuse(ahead: Ahead) -> None:
    """Raise everything that was found at once: no run starts on a leak, whoever asks for it.

    Raises
    ------
    DataProblem
    """
    refuse_leaks([problem for problems in leaks_of(ahead).values() for problem in problems])


def _judging(ahead: Ahead) -> dict[str, list[str]]:
    rows = ahead.table
    elsewhere = rows[rows["use"] != CohortUse.DEVELOPMENT]
    return {str(name): list(part["pseudonym"]) for name, part in elsewhere.groupby("cohort")}


def _uses(ahead: Ahead) -> list[Problem]:
    uses = dict(ahead.table[["cohort", "use"]].itertuples(index=False))
    return check_cohort_uses(list(ahead.fitting["cohort"]), uses)


def _sides(ahead: Ahead) -> list[Problem]:
    return check_patients_apart(list(ahead.fitting["pseudonym"]), _judging(ahead))


def _out_of_fold(ahead: Ahead) -> list[Problem]:
    return check_out_of_fold(list(ahead.fitting["cohort"]), list(ahead.fitting["rad_score_kind"]))


def _unseen(ahead: Ahead) -> list[Problem]:
    """Members of the frozen rows that the score, or a version it was made with, was fitted to."""
    learned: set[str] = set()
    for version in ancestry_of(ahead.choice.rad_score):
        keys = frozen_keys(version.fitting_snapshot)
        learned |= set(keys.loc[keys["use"] == CohortUse.DEVELOPMENT, "pseudonym"])
    return check_unseen(learned, _judging(ahead))


def _outcome_order(ahead: Ahead) -> list[Problem]:
    rows = ahead.fitted
    numeric = [name for name in ahead.choice.columns if name not in ahead.choice.plan.factors]
    if rows.empty:
        return []
    return check_outcome_order(rows[numeric].astype(float), rows["duration_months"], rows["event"])


def _cuts(ahead: Ahead) -> list[Problem]:
    if "immunoscore" not in ahead.choice.plan.always:
        return []
    rule = rule_current(ahead.study)
    if rule is None or rule.kind == CutKind.FIXED or not rule_is_stale(rule):
        return []
    return [
        Problem(
            str(rule),
            say("cuts frozen on other densities than those of the development cohort of today"),
            "development patients only",
            "Compute the Immunoscore and the phenotype from IHC again.",
        )
    ]


_CHECKS: dict[str, Callable[[Ahead], list[Problem]]] = {
    "uses": _uses,
    "sides": _sides,
    "out_of_fold": _out_of_fold,
    "unseen": _unseen,
    "outcome_order": _outcome_order,
    "cuts": _cuts,
}


def _late(ahead: Ahead) -> list[Problem]:
    """All horizons beyond what anybody who is fitted to was followed."""
    times, longest = ahead.choice.plan.times, ahead.fitted["duration_months"].max()
    if ahead.fitted.empty or any(time <= longest for time in times):
        return []
    return [
        Problem(
            say("Horizons"),
            say("{times} months", times=", ".join(f"{t:g}" for t in times)),
            say("at most {last_follow_up:g} months of follow-up", last_follow_up=longest),
            "Wait for follow-up or choose earlier horizons.",
            column="horizons",
        )
    ]


def _about(ahead: Ahead) -> list[Notice]:
    choice, longest = ahead.choice, ahead.fitted["duration_months"].max()
    beyond = [f"{time:g}" for time in choice.plan.times if time > longest]
    notices = []
    if beyond:
        text = say(
            "{beyond} months lie beyond follow-up in the fitting cohort: not estimable",
            beyond=", ".join(beyond),
        )
        notices.append(Notice("beyond_follow_up", text))
    if state_of(choice.rad_score) != "released":
        text = say("{version} is not released", version=str(choice.rad_score))
        notices.append(Notice("rad_score_not_released", text))
    return notices


def _size(ahead: Ahead) -> dict[str, Any] | None:
    """Riley's criteria, ahead of the fit; nothing where nobody has had the event."""
    review = ahead.review
    try:
        found = plan_sample_size(
            review.n, review.events, review.parameters,
            float(ahead.fitted["duration_months"].sum()), ahead.choice.headline,
        )  # fmt: skip
    except DataProblem:
        return None
    return {**asdict(found), "required": found.required, "enough": found.enough}


def _cost(ahead: Ahead) -> dict[str, Any]:
    """Seconds by the pace of the newest run that resampled."""
    wanted, pace = ahead.choice.plan.resamples, SECONDS_PER_RESAMPLE
    basis = say("the pace of one process at 105 patients")
    runs = ModelRun.objects.filter(study=ahead.study, kind=RunKind.PROGNOSIS, seconds__gt=0)
    for run in runs.only("seconds", "recipe", "created_at")[:5]:
        resamples = run.recipe.get("plan", {}).get("resamples", 0)
        if resamples >= 20:
            pace = max(run.seconds - SECONDS_AT_LEAST, 0.1) / resamples
            basis = say("the pace of the run of {day}", day=f"{run.created_at:%Y-%m-%d}")
            break
    seconds = SECONDS_AT_LEAST + pace * wanted
    return {"seconds": round(seconds, 1), "resamples": wanted, "basis": basis}
