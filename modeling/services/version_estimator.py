"""The stored estimator of a version, loaded where it still says what it said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from modeling.methods.harmoniser_step import plan_in
from modeling.methods.leak_guard import refuse_leaks
from modeling.methods.scanner_plan import check_unseen, code_scanners
from modeling.models import ModelVersion, PredictionKind, Quantity
from modeling.selectors import is_development, predicted
from modeling.services.snapshots import snapshot_read
from modeling.services.version_manifest import libraries_changed
from modeling.storage import read_estimator
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.services import file_read

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

DECIDING = ("scikit-learn", "numpy", "scipy")
NEAR = 1e-9


def estimator_of(version: ModelVersion) -> Pipeline:
    """The estimator, its digest checked; under other libraries, its stored predictions too.

    Raises
    ------
    DataProblem
        Bytes that were changed; libraries under which the probabilities of its own frozen rows
        are others than those that were stored.
    """
    if version.file is None:
        raise refuse(
            str(version), say("no stored estimator"), "a skops file", "Fit the model again."
        )
    pipeline = read_estimator(file_read(version.file), version.sha256)
    changed = libraries_changed(version.run.library_versions)
    others = [
        f"{name} {changed[name][1]} for {changed[name][0]}" for name in DECIDING if name in changed
    ]
    if others:
        _check_says_the_same(version, pipeline, ", ".join(others))
    return pipeline


def inputs_of(
    pipeline: Pipeline, features: Sequence[str], rows: pd.DataFrame, where: str = ""
) -> NDArray[np.float64]:
    """What a pipeline is given of rows: features, and codes of scanners where it harmonises.

    Raises
    ------
    DataProblem
        Rows without their scanners, or of scanners that the pipeline's plan refuses.
    """
    plan = plan_in(pipeline)
    if plan is None:
        return rows[list(features)].to_numpy(dtype=float)
    coded = code_scanners(plan, rows)
    refuse_leaks(check_unseen(plan, rows, where))
    return coded[[*features, *plan.columns]].to_numpy(dtype=float)


def _check_says_the_same(version: ModelVersion, pipeline: Pipeline, libraries: str) -> None:
    rows = snapshot_read(version.fitting_snapshot)
    elsewhere = rows[~is_development(rows)]
    stored = predicted(
        version, version.fitting_snapshot,
        kind=PredictionKind.APPLIED, quantity=Quantity.PROBABILITY,
    )  # fmt: skip
    known = elsewhere[elsewhere["pseudonym"].isin(stored)]
    told = np.array([stored[name] for name in known["pseudonym"]], dtype=float)
    found = (
        pipeline.predict_proba(inputs_of(pipeline, version.content["features"], known))[:, 1]
        if len(known)
        else np.empty(0)
    )
    farthest = float(np.abs(found - told).max(initial=0.0))
    if len(known) and farthest <= NEAR:
        return
    raise refuse(
        str(version),
        say(
            "loaded with {libraries}: its stored probabilities are {farthest:.2g} off",
            libraries=libraries,
            farthest=farthest,
        )
        if len(known)
        else say(
            "loaded with {libraries}: its stored probabilities cannot be compared",
            libraries=libraries,
        ),
        "the probabilities that were stored with it",
        "Use it with the libraries of its card, or run the Rad-Score again.",
    )
