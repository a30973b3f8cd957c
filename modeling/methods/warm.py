"""Compiles what is compiled, once, at set-up: ``python -m modeling.methods.warm``."""

from __future__ import annotations

import numpy as np

from modeling.methods.lasso import fit_lasso_logistic


def warm_compiled_methods() -> None:
    """Fill numba's cache, so that no worker compiles at first use."""
    x = np.array([[0.0], [1.0], [2.0], [3.0], [4.0], [5.0]])
    fit_lasso_logistic([0, 1, 0, 1, 0, 1], x)


if __name__ == "__main__":
    warm_compiled_methods()
