"""Bytes and fitted estimators: skops with an explicit allow-list, never pickle."""

from __future__ import annotations

import hashlib
import json
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any

from studies.methods.problems import refuse
from studies.methods.wording import say

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

# What may stand in a stored pipeline beyond the types skops itself vouches for.
ALLOWED_TYPES = frozenset({
    "imaging.methods.harmonise.HarmoniseFit",
    "modeling.methods.harmoniser_step.Harmoniser",
    "numpy.dtype",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.gaussian_process._gpc._BinaryGaussianProcessClassifierLaplace",
    "sklearn.gaussian_process.kernels.ConstantKernel",
    "sklearn.gaussian_process.kernels.Product",
    "sklearn.gaussian_process.kernels.RBF",
    "sklearn.tree._tree.Tree",
})  # fmt: skip


WRITTEN_OUT = 1e16  # from here on the database gives floats back as whole numbers


def _skops() -> Any:
    """Loaded when needed: with it comes all of scikit-learn, a second of every start.

    It looks through scikit-learn's packages, one of which would load torch, seconds and 200 MB,
    for nothing: torch is hidden from it meanwhile.
    """
    if "skops.io" not in sys.modules and "torch" not in sys.modules:
        sys.modules["torch"] = None  # type: ignore[assignment]
        try:
            return import_module("skops.io")
        finally:
            del sys.modules["torch"]
    return import_module("skops.io")


def write_estimator(pipeline: Pipeline) -> bytes:
    """A fitted pipeline as skops bytes."""
    return _skops().dumps(pipeline)


def read_estimator(data: bytes, sha256: str) -> Pipeline:
    """The pipeline of ``write_estimator``, its digest and every type in it checked first."""
    found = hashlib.sha256(data).hexdigest()
    if found != sha256:
        raise refuse(
            say("stored model"),
            say("sha256 {found}", found=found),
            say("sha256 {sha256}", sha256=sha256),
            "The bytes were changed: restore them from a backup.",
        )
    strange = set(_skops().get_untrusted_types(data=data)) - ALLOWED_TYPES
    if strange:
        raise refuse(
            say("stored model"),
            ", ".join(sorted(strange)),
            "types of the allow-list",
            "Do not load this file; fit the model again.",
        )
    return _skops().loads(data, trusted=sorted(ALLOWED_TYPES))


def canonical_json(content: Any) -> bytes:
    """The one JSON text of a content: sorted keys, shortest numbers, no NaN.

    The same before it is stored and after: PostgreSQL's numbers know no -0.0, and write 1e16 out.
    """
    kept = _as_kept(content)
    return json.dumps(kept, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def _as_kept(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _as_kept(part) for name, part in value.items()}
    if isinstance(value, list | tuple):
        return [_as_kept(part) for part in value]
    if isinstance(value, int | float) and abs(value) >= WRITTEN_OUT:
        return float(value)
    return value + 0.0 if isinstance(value, float) else value


def json_digest(content: Any) -> str:
    return hashlib.sha256(canonical_json(content)).hexdigest()
