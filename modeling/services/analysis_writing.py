"""How analyses of a table are written: JSON and CSV at full precision, what many of them share."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from modeling.methods.chi_squared import ChiSquaredTest
from modeling.methods.lasso_choice import CrossValidatedLasso, LassoChoice
from modeling.methods.regression_table import Effect, RegressionTable


def as_json(content: Any) -> str:
    """JSON with every digit; what is not estimable is null."""
    return json.dumps(_plain(content), indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def as_csv(header: Sequence[str], rows: Iterable[Sequence[Any]]) -> str:
    """A table with its head; what is not estimable is empty."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(header)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return stream.getvalue()


def _cell(value: Any) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    return "" if value is None or value != value else value


def test_json(test: ChiSquaredTest | None) -> dict[str, Any] | None:
    """A test's statistic, degrees of freedom and p."""
    return test and {
        "statistic": test.statistic, "df": test.degrees_of_freedom, "p": test.p_value
    }  # fmt: skip


def null_and_model(pair: tuple[float, float]) -> dict[str, float]:
    """Log-likelihoods without and with the covariates."""
    return {"null": pair[0], "model": pair[1]}


def table_json(tabulated: RegressionTable, ratio: str) -> list[dict[str, Any]]:
    """A line per coefficient and reference level, alone and together; ``ratio``: hr or or."""
    return [
        {
            "variable": line.term, "level": line.level or None, "n": line.n,
            "events": line.events, "reference": line.reference,
            "univariable": _effect(line.alone, ratio),
            "multivariable": _effect(line.together, ratio),
        }
        for line in tabulated.lines
    ]  # fmt: skip


def _effect(effect: Effect | None, ratio: str) -> dict[str, Any] | None:
    return effect and {ratio: effect.ratio, "ci_lower": effect.lower, "ci_upper": effect.upper,
                       "p": effect.p_value}  # fmt: skip


def lasso_json(lasso: CrossValidatedLasso | None) -> dict[str, Any]:
    """The path, its cross-validation, and the choices of either penalty."""
    if lasso is None:
        return {"chosen": [], "note": "no column is related to the outcome"}
    return {
        "lambda_min": _choice(lasso.minimum, lasso.path.names),
        "lambda_1se": _choice(lasso.one_std_error, lasso.path.names),
        "names": list(lasso.path.names),
        "lambda": lasso.path.penalty,
        "coefficients": lasso.path.coefficients,
        "deviance": lasso.deviance,
        "std_error": lasso.std_error,
    }


def _choice(choice: LassoChoice, names: tuple[str, ...]) -> dict[str, Any]:
    kept = dict(zip(names, choice.coefficients.tolist(), strict=True))
    return {"lambda": choice.penalty, "selected": list(choice.selected), "coefficients": kept}


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, np.ndarray):
        return _plain(value.tolist())
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
