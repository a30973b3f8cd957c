"""Every check that must pass before anything is fitted, each with what it is for.

A run computed again asks its frozen rows and their lineage only: what cohorts and images have
become since cannot make a leak of what was none.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from imaging.models import CutKind
from imaging.selectors.slides import rule_is_stale
from modeling.methods.leak_guard import (
    check_classes,
    check_cohort_uses,
    check_features,
    check_identical_rows,
    check_measured_before,
    check_not_moved,
    check_patients_apart,
    notice_events_per_variable,
    refuse_leaks,
)
from modeling.methods.leak_origins import (
    check_frozen_fits,
    check_identical_images,
    check_outcome_columns,
)
from modeling.models import DatasetSnapshot
from modeling.selectors import (
    cuts_behind,
    frozen_fits,
    frozen_images,
    frozen_keys,
    frozen_names,
    image_digests,
    starts_of_treatment,
    uses_of_cohorts,
    uses_today,
)
from modeling.services.rad_score_scanners import scanners_found
from modeling.services.rad_score_state import RadScoreRun
from studies.methods.problems import Problem
from studies.methods.wording import marked, say

EXPLAINED = {
    "uses": marked("Only development cohorts are fitted to."),
    "sides": marked("Nobody is fitted to and judged on."),
    "identical_images": marked(
        "No two patients share an image: its voxels would stand on both sides."
    ),
    "identical_rows": marked("No two patients have the same features but for rounding."),
    "frozen_fits": marked("Encoders, centroids and harmonisation saw development patients only."),
    "dates": marked("Every scan was made before the outcome began to count."),
    "outcome_columns": marked("No column was made of the outcome."),
    "features": marked("Features are finite and vary."),
    "classes": marked("There are enough patients of each class for the folds."),
    "cuts": marked("Cuts of the slides were frozen on the development cohort as it is now."),
    "scanners_outcome": marked("Scanners do not go with the outcome: harmonising would remove it."),
    "scanners_cohort": marked("Scanners do not go with the cohorts that are fitted to."),
    "scanners_unseen": marked(
        "Nobody stands on a scanner that the recipe refuses; each fit's harmoniser is checked to "
        "have seen the training part of its fold alone."
    ),
}


def leaks_found(run: RadScoreRun) -> dict[str, list[Problem]]:
    """What each check finds, an empty list where it passes."""
    return {name: check(run) for name, check in _CHECKS.items()} | scanners_found(run)


def leaks_refuse(run: RadScoreRun) -> dict[str, Any]:
    """Raise everything that was found at once; else what was checked, for the run's record.

    Raises
    ------
    DataProblem
        A leak, or too few patients.
    """
    found = leaks_found(run)
    refuse_leaks([problem for problems in found.values() for problem in problems])
    smaller = int(min(run.y.sum(), (1 - run.y).sum()))
    run.notices += notice_events_per_variable(smaller, len(run.names))
    return {
        "checks": [{"name": name, "explanation": EXPLAINED[name]} for name in found],
        "smaller_class": smaller,
        "columns": len(run.names),
        "events_per_variable": smaller / len(run.names),
        "needed_per_class": _needed(run),
    }


def cuts_refuse(snapshot: DatasetSnapshot) -> None:
    """Labels of slides rest on cuts of the development cohort as it is, or nothing is judged.

    Asked when rows are new, not when an old run is computed again: slides may have come since.

    Raises
    ------
    DataProblem
        Cuts that were frozen on other densities: a patient who validates now may be among them.
    """
    refuse_leaks(cuts_found(snapshot))


def cuts_found(snapshot: DatasetSnapshot) -> list[Problem]:
    return [
        Problem(
            str(rule),
            say("cuts frozen on other densities than those of the development cohort of today"),
            "development patients only",
            "Compute the Immunoscore and the phenotype from IHC again.",
        )
        for rule in cuts_behind(snapshot)
        if rule.kind != CutKind.FIXED and rule_is_stale(rule)
    ]


def _needed(run: RadScoreRun) -> int:
    recipe = run.recipe
    return max(recipe.document["smallest_class"], recipe.folds, recipe.tuning.inner_folds)


def _whole(run: RadScoreRun) -> pd.DataFrame:
    return pd.concat([run.fitting, run.elsewhere], ignore_index=True)


def _uses(run: RadScoreRun) -> list[Problem]:
    """Of the frozen rows, and (unless they are computed again) of the same patients today."""
    found = check_cohort_uses(list(run.fitting["cohort"]), uses_of_cohorts(_whole(run)))
    if run.again:
        return found
    keys = frozen_keys(run.snapshot).drop_duplicates("pseudonym").set_index("pseudonym")
    today, patients = uses_today(run.study), keys["patient_id"].reindex(run.keys)
    return found + check_not_moved(run.keys, [today.get(patient) for patient in patients])


def _sides(run: RadScoreRun) -> list[Problem]:
    judging = {str(c): list(rows["pseudonym"]) for c, rows in run.elsewhere.groupby("cohort")}
    return check_patients_apart(run.keys, judging)


def _identical_images(run: RadScoreRun) -> list[Problem]:
    names = frozen_names(run.snapshot)
    images = frozen_images(run.snapshot) if run.again else image_digests(run.study, names)
    keys = sorted(set(_whole(run)["pseudonym"]))
    pairs = [(key, image) for key in keys for image in images.get(key, ())]
    return check_identical_images([key for key, _ in pairs], [image for _, image in pairs])


def _identical_rows(run: RadScoreRun) -> list[Problem]:
    whole = _whole(run)
    return check_identical_rows(list(whole["pseudonym"]), whole[run.names].to_numpy())


def _frozen_fits(run: RadScoreRun) -> list[Problem]:
    return check_frozen_fits(frozen_fits(run.snapshot, as_frozen=run.again))


def _dates(run: RadScoreRun) -> list[Problem]:
    """A run that is computed again has been asked."""
    return [] if run.again else scans_dated_before(run.snapshot, _whole(run))


def scans_dated_before(snapshot: DatasetSnapshot, rows: pd.DataFrame) -> list[Problem]:
    """Scans of frozen rows, beside the last day on which treatment can have begun: of a start that
    is known to the month no day of it is taken for the first."""
    names, starts = frozen_names(snapshot), starts_of_treatment(snapshot.study)
    began = {names[patient]: day for patient, day in starts.items() if patient in names}
    keys = list(rows["pseudonym"])
    return check_measured_before(keys, list(rows["scanned_on"]), [began.get(key) for key in keys])


def _outcome_columns(run: RadScoreRun) -> list[Problem]:
    return check_outcome_columns(run.names, run.features, run.y)


def _features(run: RadScoreRun) -> list[Problem]:
    filled = run.recipe.document["missing"] == "median_in_fold"
    with np.errstate(invalid="ignore"):
        return check_features(run.features, run.names, missing_allowed=filled)


def _classes(run: RadScoreRun) -> list[Problem]:
    recipe = run.recipe
    folds = max(recipe.folds, recipe.tuning.inner_folds)
    return check_classes(run.y, recipe.document["smallest_class"], folds)


_CHECKS: dict[str, Callable[[RadScoreRun], list[Problem]]] = {
    "uses": _uses,
    "sides": _sides,
    "identical_images": _identical_images,
    "identical_rows": _identical_rows,
    "frozen_fits": _frozen_fits,
    "dates": _dates,
    "outcome_columns": _outcome_columns,
    "features": _features,
    "classes": _classes,
}
