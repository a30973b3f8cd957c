"""What the fitting rows of a model cover: the range of each variable, and the whole of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from modeling.methods.applicability import (
    Applicability,
    ApplicabilityFit,
    apply_applicability,
    fit_applicability,
)
from modeling.methods.design_matrix import Design, Term, apply_design, as_level
from studies.methods.problems import DataProblem
from studies.methods.wording import say

QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class VariableSupport:
    """Quartiles (least to largest) of a numeric variable, or rows per level of a factor."""

    name: str
    quartiles: tuple[float, ...]
    levels: Mapping[str, int]

    @property
    def usual(self) -> float | str:
        """The median, or the commonest level."""
        if self.levels:
            return max(self.levels, key=lambda level: self.levels[level])
        return self.quartiles[2]

    def outside(self, value: float | str) -> str:
        """Why a value lies outside the fitting rows; empty when it does not."""
        if self.levels:
            return (
                "" if self.levels.get(str(value), 0) else say("no patient had {value}", value=value)
            )
        low, high = self.quartiles[0], self.quartiles[-1]
        if low <= float(value) <= high:
            return ""
        return say(
            "outside the range of the fitting patients ({low:.4g} to {high:.4g})",
            low=low,
            high=high,
        )


@dataclass(frozen=True)
class Support:
    """Of every variable, and of all together (None where the rows were too few to tell)."""

    variables: tuple[VariableSupport, ...]
    together: ApplicabilityFit | None

    def variable(self, name: str) -> VariableSupport:
        return next(v for v in self.variables if v.name == name)


def fit_support(table: pd.DataFrame, design: Design) -> Support:
    """Range of each variable and distribution of all of them in the fitting rows.

    Parameters
    ----------
    table : DataFrame, (n rows)
        Complete cases.
    design : Design
        Of these rows.

    References
    ----------
    Distances as in :mod:`modeling.methods.applicability`.
    """
    keys = [f"{k:09d}" for k in range(len(table))]
    try:
        together = fit_applicability(keys, design.matrix, design.names)
    except DataProblem:  # fewer than twenty rows
        together = None
    return Support(tuple(_variable(term, table[term.name]) for term in design.terms), together)


def apply_support(support: Support, table: pd.DataFrame, terms: Sequence[Term]) -> Applicability:
    """Whether the first row of ``table`` lies among the fitting rows, and what about it does not.

    The distance is NaN where the fitting rows were too few for one.

    Parameters
    ----------
    support : Support
    table : DataFrame
        Its first row is looked at.
    terms : sequence of Term
        Of the model.

    References
    ----------
    Ours; distances as in :mod:`modeling.methods.applicability`.
    """
    row = table.iloc[0]
    reasons = [
        f"{part.name}: {said}"
        for part in support.variables
        if (said := part.outside(row[part.name]))
    ]
    if support.together is None:
        return Applicability(float("nan"), float("nan"), not reasons, tuple(reasons))
    found = apply_applicability(support.together, apply_design(table, terms).matrix)[0]
    if not found.inside:
        reasons.append(found.reasons[0])
    return Applicability(found.distance, found.percentile, not reasons, tuple(reasons))


def support_as_dict(support: Support) -> dict[str, Any]:
    """JSON-like data of a support."""
    whole = support.together
    return {
        "variables": [
            {"name": v.name, "quartiles": list(v.quartiles), "levels": dict(v.levels)}
            for v in support.variables
        ],
        "together": None if whole is None else {k: _plain(v) for k, v in asdict(whole).items()},
    }


def support_from_dict(stored: Mapping[str, Any]) -> Support:
    """The support that :func:`support_as_dict` wrote."""
    whole = stored["together"]
    return Support(
        tuple(
            VariableSupport(v["name"], tuple(v["quartiles"]), v["levels"])
            for v in stored["variables"]
        ),
        None if whole is None else ApplicabilityFit(
            tuple(whole["names"]),
            *(np.array(whole[k], dtype=float)
              for k in ("mean", "scale", "precision", "lowest", "highest", "distances")),
        ),
    )  # fmt: skip


def _variable(term: Term, column: pd.Series) -> VariableSupport:
    if term.levels:
        counts = column.map(as_level).value_counts()
        return VariableSupport(term.name, (), {v: int(counts.get(v, 0)) for v in term.levels})
    quartiles = np.quantile(pd.to_numeric(column).to_numpy(float), QUARTILES)
    return VariableSupport(term.name, tuple(quartiles.tolist()), {})


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else value
