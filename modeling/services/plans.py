"""Questions and plans: written before a run, a plan locked, departures told afterwards."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

from django.db import transaction
from django.utils import timezone

from modeling.methods.plan import (
    Departure,
    compare_prognosis_to_plan,
    compare_to_plan,
    read_plan,
)
from modeling.methods.question import read_question
from modeling.methods.recipe import read_recipe
from modeling.models import AnalysisPlan, ModelRun, RunKind, SavedQuestion
from modeling.services.numbering import next_number
from modeling.services.prognosis_choice import question_checked
from modeling.services.prognosis_question import PURPOSE
from modeling.storage import json_digest
from studies.access import require
from studies.methods.problems import refuse
from studies.methods.wording import marked, say
from studies.models import Study

# Seconds per unit of work (Recipe.work) with two processes, where no run has told better.
SECONDS_PER_UNIT = 0.0035


@transaction.atomic
def question_save(study: Study, user: Any, document: str | Mapping[str, Any]) -> SavedQuestion:
    """Keep a checked question; the same words again give the earlier one.

    Raises
    ------
    DataProblem
        A document that departs from its schema; of a prognosis what the study cannot be asked.
    """
    require(user, study, "run")
    checked = read_question(document)
    if checked.get("purpose") == PURPOSE:
        question_checked(study, checked)
    number = next_number(SavedQuestion, study)
    earlier = SavedQuestion.objects.filter(study=study, document=checked).first()
    return earlier or SavedQuestion.objects.create(
        study=study, number=number, name=checked["name"], document=checked, written_by=user
    )


@transaction.atomic
def plan_save(
    study: Study, user: Any, document: str | Mapping[str, Any], plan: AnalysisPlan | None = None
) -> AnalysisPlan:
    """A new plan, or other words for one that is not locked.

    Raises
    ------
    DataProblem
        A document that departs from its schema; a plan that is locked.
    """
    require(user, study, "run")
    checked = read_plan(document)
    digest = json_digest(checked)
    if plan is None:
        return AnalysisPlan.objects.create(
            study=study, number=next_number(AnalysisPlan, study), document=checked,
            sha256=digest, written_by=user,
        )  # fmt: skip
    _check_open(plan)
    plan.document, plan.sha256 = checked, digest
    plan.save(update_fields=["document", "sha256"])
    return plan


@transaction.atomic
def plan_lock(plan: AnalysisPlan, user: Any) -> AnalysisPlan:
    """From now on nothing of it changes, and every later run is compared with it."""
    require(user, plan.study, "run")
    _check_open(plan)
    plan.locked_at, plan.locked_by = timezone.now(), user
    plan.save(update_fields=["locked_at", "locked_by"])
    return plan


def _check_open(plan: AnalysisPlan) -> None:
    if plan.locked_at is not None:
        found = f"locked on {plan.locked_at:%Y-%m-%d}"
        raise refuse(
            str(plan),
            found,
            "a plan that is not locked",
            "Write a new plan: what departs from this one stays visible.",
        )


def plan_of(run: ModelRun) -> AnalysisPlan | None:
    """The plan in force when a run began: the one locked last before it."""
    job = run.produced_by
    began = (job.started_at if job else None) or run.created_at
    plans = AnalysisPlan.objects.filter(study=run.study, locked_at__lte=began)
    return plans.order_by("-locked_at").first()


def plan_in_force(study: Study) -> AnalysisPlan | None:
    """The plan that was locked last."""
    locked = AnalysisPlan.objects.filter(study=study, locked_at__isnull=False)
    return locked.order_by("-locked_at").first()


def departures_of(run: ModelRun) -> dict[str, Any] | None:
    """The plan of a run and every place where the run departs; nothing without a plan."""
    compare = _COMPARED.get(run.kind)
    if compare is None:
        return None
    plan = plan_of(run)
    if plan is None:
        late = AnalysisPlan.objects.filter(study=run.study, locked_at__isnull=False).exists()
        return {"plan": None, "departures": []} if late else None
    found = [asdict(d) for d in compare(plan, run)]
    return {"plan": plan, "departures": [*found, *rows_depart(run.snapshot.question)]}


def rows_depart(question: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A plan asks about everybody: the rows of a saved question are others."""
    asks = question.get("saved")
    planned = marked("everybody of the question")
    return [{"place": "rows", "planned": planned, "done": asks}] if asks else []


def prognosis_done(recipe: Mapping[str, Any], seed: int) -> dict[str, Any]:
    """A prognosis run's recipe in the words of a plan."""
    plan = recipe["plan"]
    return {
        "horizons": plan["times"],
        "candidates": plan["candidates"],
        "selection": plan.get("selection", "lasso"),
        "splines": plan.get("splines", []),
        "penalty": plan.get("penalty", "none"),
        "immunoscore": "yes" if "immunoscore" in plan["always"] else "no",
        "resamples": plan["resamples"],
        "landmark_days": recipe.get("landmark_days", 0),
        "seed": seed,
    }


def _rad_score_departs(plan: AnalysisPlan, run: ModelRun) -> list[Departure]:
    return compare_to_plan(plan.document, run.recipe, run.seed)


def _prognosis_departs(plan: AnalysisPlan, run: ModelRun) -> list[Departure]:
    done = prognosis_done(run.recipe, run.seed)
    return compare_prognosis_to_plan(plan.document, run.recipe["endpoint"], done)


_COMPARED: dict[str, Callable[[AnalysisPlan, ModelRun], list[Departure]]] = {
    RunKind.RAD_SCORE: _rad_score_departs,
    RunKind.PROGNOSIS: _prognosis_departs,
}


def recipe_preview(study: Study, document: str | Mapping[str, Any]) -> dict[str, Any]:
    """What a recipe will cost, before it starts: fits, and minutes by the newest run's pace.

    Raises
    ------
    DataProblem
        As ``read_recipe``.
    """
    recipe = read_recipe(document)
    newest = ModelRun.objects.filter(study=study, kind=RunKind.RAD_SCORE, seconds__gt=0).first()
    pace, basis = SECONDS_PER_UNIT, say("the pace of two processes at 105 patients")
    if newest is not None:
        pace = newest.seconds / max(read_recipe(newest.recipe).work(), 1.0)
        basis = say("the pace of the run of {day}", day=f"{newest.created_at:%Y-%m-%d}")
    return {
        "name": recipe.name,
        "fits": recipe.fits(),
        "classifiers": recipe.classifiers,
        "folds": recipe.folds,
        "repeats": recipe.repeats,
        "seconds": round(pace * recipe.work(), 1),
        "basis": basis,
        "document": dict(recipe.document),
    }
