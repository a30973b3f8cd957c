"""A Rad-Score as ONNX, checked against the estimator before it leaves the house."""

from __future__ import annotations

import logging
import warnings
from importlib import import_module
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modeling.methods.harmoniser_step import harmoniser_of
from modeling.models import ModelVersion, VersionKind
from modeling.services.snapshots import snapshot_read
from modeling.services.version_estimator import estimator_of
from studies.methods.problems import refuse
from studies.methods.wording import say

LARGEST_DIFFERENCE = 1e-5


def version_to_onnx(version: ModelVersion) -> tuple[bytes, float]:
    """ONNX bytes, and the largest difference of probability on the version's own frozen rows.

    Doubles are tried first, then single precision.

    Raises
    ------
    DataProblem
        No estimator, a classifier that the converter or the runtime does not know, or
        probabilities further than 1e-5 from the estimator's.
    """
    if version.kind == VersionKind.NOMOGRAM or version.file is None:
        raise refuse(
            str(version),
            "a nomogram",
            "a Rad-Score",
            "A nomogram is JSON already: take its content.",
        )
    if "recalibration" in version.content:
        raise refuse(
            str(version),
            say("a recalibrated version"),
            "a version with its own estimator",
            "Export its parent, and apply intercept and slope to the logit.",
        )
    pipeline = estimator_of(version)
    if harmoniser_of(pipeline) is not None:
        raise refuse(
            str(version),
            say("a version that harmonises features over scanners first"),
            "a version that takes features as they are",
            "ONNX has no such step: use the skops file, whose harmoniser goes with it.",
        )
    rows = snapshot_read(version.fitting_snapshot)[version.content["features"]].to_numpy(float)
    tried = [_convert(pipeline, rows, precision) for precision in (np.float64, np.float32)]
    made = [found for found in tried if isinstance(found, tuple)]
    if not made:
        raise refuse(
            str(version),
            f"{version.method.replace('_', ' ')}: {tried[-1]}",
            "a classifier that ONNX Runtime can run",
            "Use the skops file.",
        )
    data, difference = min(made, key=lambda found: found[1])
    if difference > LARGEST_DIFFERENCE:
        raise refuse(
            str(version),
            say("probabilities that differ by up to {difference:.2g}", difference=difference),
            say("at most {largest_difference:g}", largest_difference=LARGEST_DIFFERENCE),
            say("Use the skops file: ONNX does not reproduce {method}.", method=version.method),
        )
    return data, difference


def _convert(pipeline: Any, rows: NDArray[np.float64], precision: Any) -> tuple[bytes, float] | str:
    """The model and its largest difference, or why there is none."""
    typed = rows[np.isfinite(rows).all(axis=1)].astype(precision)
    logging.getLogger("skl2onnx").setLevel(logging.ERROR)
    runtime = import_module("onnxruntime")
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            model = import_module("skl2onnx").to_onnx(
                pipeline, typed[:1], options={id(pipeline): {"zipmap": False}}
            )
        data = bytes(model.SerializeToString())
        session = runtime.InferenceSession(data, providers=["CPUExecutionProvider"])
        found = session.run(None, {session.get_inputs()[0].name: typed})[1][:, 1]
    except Exception as error:  # noqa: BLE001 - libraries raise what they like; the reason is told
        return str(error).splitlines()[0][:160]
    return data, float(np.abs(found - pipeline.predict_proba(rows_of(rows))[:, 1]).max())


def rows_of(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return rows[np.isfinite(rows).all(axis=1)]
