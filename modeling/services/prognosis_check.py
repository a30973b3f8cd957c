"""Before a prognosis run: who is in, what the covariates lack, leaks, sample size, plan, cost."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from modeling.methods.plan import compare_prognosis_to_plan
from modeling.methods.sample_size import plan_sample_size
from modeling.models import ModelRun, RunKind
from modeling.selectors import state_of
from modeling.services.plans import plan_in_force, prognosis_done, rows_depart
from modeling.services.prognosis_ahead import Ahead, prognosis_ahead
from modeling.services.prognosis_columns import columns_of
from modeling.services.prognosis_guard import EXPLAINED, leaks_of
from modeling.services.prognosis_metrics import json_ready
from modeling.services.prognosis_question import landmark_notices
from modeling.services.prognosis_rows import CANDIDATES
from modeling.services.prognosis_writing import prognosis_recipe
from studies.methods.problems import DataProblem, Notice, Problem
from studies.methods.wording import say
from studies.models import CohortUse, Study

# Seconds per resample of LASSO and Cox, where no run has told better.
SECONDS_PER_RESAMPLE, SECONDS_AT_LEAST = 0.06, 4.0


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
        "landmark_days": choice.landmark_days,
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
    landmark = landmark_notices(ahead.choice.question, ahead.rows)
    return [*landmark, *_late_horizons(ahead), *_not_offered(ahead)]


def _not_offered(ahead: Ahead) -> list[Notice]:
    """The paper's columns that the study's dictionary does not say are known before treatment."""
    known, offered = columns_of(ahead.study), ahead.choice.plan.candidates
    return [
        Notice(
            "usual_column_not_offered",
            say("{title} is not offered: {reason}.", title=say(known[name].title),
                reason=known[name].untimely),
        )
        for name in CANDIDATES
        if name not in offered and known[name].untimely
    ]  # fmt: skip


def _late_horizons(ahead: Ahead) -> list[Notice]:
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
