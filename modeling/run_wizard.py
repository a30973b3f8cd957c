"""What the four steps from a snapshot to a run show, and what is kept between them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import yaml
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from modeling import overviews
from modeling.methods.plan import compare_to_plan
from modeling.methods.question import PROGNOSIS
from modeling.methods.recipe import Recipe, harmonise_said, read_recipe
from modeling.methods.recipe_schema import PRESETS
from modeling.methods.scanner_plan import GROUPED_BY, MINIMUM
from modeling.models import AnalysisPlan, DatasetSnapshot, SavedQuestion
from modeling.services.parameters import read_seed
from modeling.services.plans import plan_in_force, recipe_preview, rows_depart
from modeling.services.rad_score import run_prepare, snapshot_for
from modeling.services.rad_score_guard import EXPLAINED, cuts_found, leaks_found
from modeling.services.rad_score_scanners import scanners_preview
from modeling.services.snapshots import still_given
from modeling.wizard_steps import Wizard
from studies.access import rights_of, sees_all_sites
from studies.kept_stages import kept_states, state_at_hand
from studies.languages import spoken
from studies.methods.combat import FEWEST
from studies.methods.problems import DataProblem
from studies.methods.wording import marked, say
from studies.models import Job, Study
from studies.registry import Stage, StageState

# What the third step takes; the last three say how to harmonise, where the recipe is not to.
CHOICES = ("recipe", "document", "seed", "harmonise", "by", "minimum")
WIZARD = Wizard(
    key="run",
    title=say("Run the Rad-Score"),
    page="modeling:run_step",
    steps=(
        ("data", marked("Data")), ("who", marked("Who is in")),
        ("checks", marked("Recipe and checks")), ("start", marked("Cost and start")),
    ),
    fields=("snapshot", "question", "job", *CHOICES),
    needs="snapshot",
)  # fmt: skip
PRESET_WORDS = {"paper": marked("The paper's"), "full": marked("Full"), "demo": marked("Demo")}
PLANNED, OWN = "as planned", "own"
SNAPSHOTS_SHOWN = 12
# What is chosen beside the recipe: how to harmonise over scanners, where the recipe is not to say.
AS_RECIPE, OFF = "", "off"
HARMONISE_WORDS = {
    AS_RECIPE: marked("As the recipe says"),
    OFF: marked("Not at all, as the paper"),
    "pooled": marked("ComBat; a scanner that training did not have stays as it is"),
    "reference": marked("ComBat; a scanner that training did not have is taken for the reference"),
    "refuse": marked("ComBat; a scanner that training did not have is refused"),
}


def with_defaults(study: Study, draft: Mapping[str, str]) -> dict[str, str]:
    """What a run would do when nothing is changed: the locked plan, else the paper's recipe."""
    plan = plan_in_force(study)
    found = dict(draft)
    found["recipe"] = draft["recipe"] or (PLANNED if plan else "paper")
    found["seed"] = draft["seed"] or (str(plan.document["seed"]) if plan else "0")
    found["by"] = draft["by"] or "scanner"
    found["minimum"] = draft["minimum"] or str(MINIMUM)
    return found


def recipe_of(study: Study, draft: Mapping[str, str]) -> Recipe:
    """The recipe that was chosen, checked.

    Raises
    ------
    DataProblem
        As ``read_recipe``.
    """
    chosen = draft["recipe"]
    if chosen == PLANNED:
        plan = plan_in_force(study)
        found = read_recipe(plan.document["recipe"] if plan else "paper")
    else:
        found = read_recipe(draft["document"] if chosen == OWN else chosen)
    return _harmonised(found, draft)


def _harmonised(recipe: Recipe, draft: Mapping[str, str]) -> Recipe:
    """The recipe with what was chosen about scanners; checked again as a whole."""
    unseen = draft["harmonise"]
    if unseen == AS_RECIPE:
        return recipe
    document = {name: value for name, value in recipe.document.items() if name != "harmonise"}
    if unseen != OFF:
        told = draft["minimum"]
        minimum: int | str = int(told) if told.isdecimal() else told
        document["harmonise"] = {
            "by": draft["by"], "method": "combat", "unseen": unseen, "minimum": minimum,
        }  # fmt: skip
    return read_recipe(document)


def data_context(
    study: Study, user: Any, draft: Mapping[str, str], compare: bool = False, pressed: str = ""
) -> dict[str, Any]:
    """Snapshots and questions; a snapshot that the records still give is chosen at first.

    Which ones they give is told when it is at hand; else the page asks for it once more
    (``compare``), since every record is read for it, with what was ``pressed`` meanwhile.
    """
    snapshots = _snapshots(study)
    current = _current(study, user, compare) if snapshots else set()
    shown = [
        {"row": row, "is_current": None if current is None else str(row.uid) in current}
        for row in snapshots
    ]
    chosen = draft["snapshot"]
    if not chosen and not draft["question"]:
        known = current or ()
        chosen = next((str(row.uid) for row in snapshots if str(row.uid) in known), "")
    job = Job.objects.filter(study=study, uid=draft["job"]).first() if draft["job"] else None
    return {
        "snapshots": shown,
        "compares": current is None,
        "questions": SavedQuestion.objects.filter(study=study)
        .exclude(document__purpose=PROGNOSIS)
        .select_related("written_by"),
        "chosen": pressed or _chosen(chosen, draft["question"], current is None),
        "job": job,
        "readable": True,
    }


def _chosen(snapshot: str, question: str, is_open: bool) -> str:
    """What is marked at first; nothing while it is open whether an earlier table still holds."""
    if snapshot:
        return f"snapshot:{snapshot}"
    return "" if is_open and not question else f"freeze:{question}"


def _snapshots(study: Study) -> list[DatasetSnapshot]:
    rows = DatasetSnapshot.objects.filter(study=study, question__purpose="rad_score")
    return list(rows.filter(not_reproducible_since=None)[:SNAPSHOTS_SHOWN])


def _current(study: Study, user: Any, compare: bool) -> set[str] | None:
    """Uids of those shown that the records still give, kept until anything is written.

    None while that is not known.
    """
    if not sees_all_sites(user, study):
        return set()
    state = state_at_hand(user, study, FROZEN_TABLES)
    if state is None and compare:
        [(_stage, state)] = kept_states(user, study, [FROZEN_TABLES])
    return None if state is None else set(state.detail.split())


def _frozen_tables(study: Study, user: Any) -> StageState:
    snapshots = _snapshots(study)
    current = still_given(snapshots)
    uids = " ".join(str(row.uid) for row in snapshots if row.pk in current)
    return StageState("ready", FROZEN_TABLES.title, uids)


FROZEN_TABLES = Stage("frozen_tables", marked("frozen tables"), 0, _frozen_tables)


def who_context(study: Study, user: Any, snapshot: DatasetSnapshot) -> dict[str, Any]:
    """Who is in, who is out and why; names for those who read rows."""
    context: dict[str, Any] = {
        "snapshot": snapshot,
        "counts": overviews.membership_counts(snapshot),
        "notices": snapshot.notices,
    }
    if "rows" in rights_of(user, study):
        context["left_out"] = overviews.left_out_of(snapshot, user)
    return context


def checks_context(study: Study, draft: Mapping[str, str]) -> dict[str, Any]:
    """The recipes to choose from and the plan that the choice departs from."""
    plan = plan_in_force(study)
    return {
        "plan": plan,
        "recipes": [
            *([(PLANNED, _planned(plan))] if plan else []),
            *((name, f"{spoken(words)}: {_size(name)}") for name, words in PRESET_WORDS.items()),
            (OWN, _("My own, as YAML")),
        ],
        "own": draft["document"] or _example(),
        "harmonising": [(name, spoken(words)) for name, words in HARMONISE_WORDS.items()],
        "groupings": [(name, spoken(words)) for name, words in GROUPED_BY.items()],
        "fewest": FEWEST,
    }


def _planned(plan: AnalysisPlan) -> str:
    return _("As in {plan}, locked {day}").format(
        plan=spoken(plan), day=date_format(plan.locked_at, "DATE_FORMAT")
    )


def _size(name: str) -> str:
    recipe = read_recipe(name)
    return ngettext(
        "{classifiers} classifier, {folds} × {repeats} folds, {fits:,} fits, at least {smallest} "
        "of each class",
        "{classifiers} classifiers, {folds} × {repeats} folds, {fits:,} fits, at least {smallest} "
        "of each class",
        len(recipe.classifiers),
    ).format(
        classifiers=len(recipe.classifiers), folds=recipe.folds, repeats=recipe.repeats,
        fits=recipe.fits(), smallest=recipe.document["smallest_class"],
    )  # fmt: skip


def _example() -> str:
    """The paper's recipe under another name, to begin from."""
    document = {**PRESETS["paper"], "name": "mine"}
    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True)


def run_checked(study: Study, uid: str, document: Any, seed: Any) -> dict[str, Any]:
    """What the leak guard finds, what it costs, and where it departs from the plan.

    Raises
    ------
    DataProblem
        A recipe, a seed or a snapshot that cannot be used.
    """
    recipe, seed = read_recipe(document), read_seed(seed)
    snapshot = snapshot_for(study, uid, recipe)
    run = run_prepare(study, snapshot, recipe, seed, None, 1)
    found = leaks_found(run) | {"cuts": cuts_found(snapshot)}
    smaller = int(min(run.y.sum(), (1 - run.y).sum()))
    plan = plan_in_force(study)
    departs = compare_to_plan(plan.document, recipe.document, seed) if plan else []
    return {
        "snapshot": str(snapshot.uid),
        "recipe": recipe.name,
        "seed": seed,
        "checks": [
            {
                "name": name,
                "explanation": EXPLAINED[name],
                "passed": not problems,
                "problems": [problem.as_dict() for problem in problems],
            }
            for name, problems in found.items()
        ],
        "passed": not any(found.values()),
        "fitting": len(run.fitting),
        "smaller_class": smaller,
        "columns": len(run.names),
        "plan": spoken(plan) if plan else None,
        "departures": [
            *(asdict(departure) for departure in departs),
            *(rows_depart(snapshot.question) if plan else []),
        ],
        "cost": recipe_preview(study, recipe.document),
        "harmonise": harmonise_said(recipe.document),
        "scanners": scanners_preview(run),
    }


def checked_or_problems(study: Study, draft: Mapping[str, str]) -> dict[str, Any]:
    try:
        document = recipe_of(study, draft).document
        return {"checked": run_checked(study, draft["snapshot"], document, draft["seed"])}
    except DataProblem as refusal:
        return {"problems": refusal.as_list()}
