"""Everything that is said of a probability in one cohort, as one JSON-ready table of numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from modeling.methods.auc import AucEstimate, estimate_auc, estimate_auc_bootstrap
from modeling.methods.calibration import Calibration, estimate_calibration
from modeling.methods.threshold_metrics import estimate_threshold_metrics

FORMAT = 1  # of what is returned and stored: another shape, another number
SHARES = (
    "accuracy", "sensitivity", "specificity",
    "positive_predictive_value", "negative_predictive_value",
)  # fmt: skip


def evaluate_binary(
    keys: Sequence[str],
    outcome: ArrayLike,
    probability: ArrayLike,
    threshold: float,
    resamples: int = 2000,
    seed: int = 0,
) -> dict[str, Any]:
    """AUC, shares at a frozen threshold and calibration of one cohort, with intervals.

    Parameters
    ----------
    keys : sequence of n str
        One per patient; rows are sorted by it, so that their order reaches no resample.
    outcome : array of shape (n,)
        0 or 1.
    probability : array of shape (n,)
        Probability of 1.
    threshold : float
        Called 1 at or above; fixed beforehand.
    resamples, seed : int
        Of the bootstrap intervals.

    Returns
    -------
    dict
        Plain numbers, texts and lists; None where not estimable. ``format`` numbers its shape.

    Raises
    ------
    DataProblem
        One class only, a probability missing or outside 0..1.
    """
    rows = np.argsort(np.asarray(keys, dtype=str), kind="stable")
    y, p = np.asarray(outcome)[rows], np.asarray(probability, dtype=float)[rows]
    auc = estimate_auc(y, p)
    shares = estimate_threshold_metrics(y, p, threshold)
    return {
        "format": FORMAT,
        "n": auc.positives + auc.negatives,
        "positives": auc.positives,
        "negatives": auc.negatives,
        "auc": _auc(auc),
        "auc_bootstrap": _auc(estimate_auc_bootstrap(y, p, resamples, seed)),
        "threshold": shares.threshold,
        "confusion_matrix": {
            name: getattr(shares, name)
            for name in ("true_positive", "false_positive", "false_negative", "true_negative")
        },
        **{name: asdict(getattr(shares, name)) for name in SHARES},
        "calibration": _calibration(estimate_calibration(y, p, 10, resamples, seed)),
    }


def _auc(found: AucEstimate) -> dict[str, Any]:
    return {
        "estimate": found.auc,
        "lower": found.lower,
        "upper": found.upper,
        "standard_error": found.standard_error,
        "method": found.method,
        "level": found.level,
        "reason": found.reason,
    }


def _calibration(found: Calibration) -> dict[str, Any]:
    told = asdict(found)
    told["bins"] = list(told["bins"])
    told["notices"] = [notice.as_dict() for notice in found.notices]
    return told
