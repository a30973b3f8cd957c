"""Compiles what is compiled, once, at set-up: ``python -m modeling.methods.warm``."""

from __future__ import annotations

import numpy as np

from genomics.methods.plain_numbers import read_plain_block
from modeling.methods.concordance import estimate_concordance
from modeling.methods.cox_validation import validate_cox
from modeling.methods.lasso import fit_lasso_cox, fit_lasso_logistic
from modeling.methods.pipeline_validation import validate_pipeline
from modeling.methods.survival_decision_curve import estimate_survival_decision_curve


def warm_compiled_methods() -> None:
    """Fill numba's cache, so that no worker compiles at first use."""
    x = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
    fit_lasso_logistic([0, 1, 0, 1, 0, 1], x)
    time, event = np.arange(1.0, 25.0), np.arange(24) % 3 > 0
    columns = np.cos(time[:, None] * [1.0, 2.0])
    fit_lasso_cox(time, event, columns)
    validate_cox(time, event, columns, resamples=10, horizon=12.0)
    validate_cox(time, event, columns, resamples=2, horizon=12.0, penalty="firth")
    validate_pipeline(time, event, lambda rows: columns[:, 0], resamples=2)
    estimate_concordance(time, event, columns[:, 0])
    estimate_survival_decision_curve(time, event, time / 25, 12.0)
    for dtype in (np.int32, np.float64):
        read_plain_block(b"gene\t1\n", "\t", 1, 1, dtype)


if __name__ == "__main__":
    warm_compiled_methods()
