"""A regression drawn as rulers: points per value, their total, and survival from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from modeling.methods.cox import CoxFit
from modeling.methods.design_matrix import Design, Term, apply_design
from modeling.methods.survival_table import Floats
from studies.methods.problems import refuse

MOST_VALUES = 10  # a numeric axis shows its own values up to this many, a pretty scale beyond


@dataclass(frozen=True)
class Axis:
    """One variable's ruler: its ticks, their part of the linear predictor, their points."""

    term: Term
    values: tuple[float | str, ...]
    linear: Floats
    points: Floats
    slope: float | None  # per unit of a numeric variable, else None

    @property
    def name(self) -> str:
        return self.term.name


@dataclass(frozen=True)
class Nomogram:
    """Axes, and the way from total points to survival.

    ``linear predictor = total / points_per_unit + intercept``, centred as the Cox fit is;
    ``baseline`` is the cumulative hazard at that centre for each of ``times``.
    """

    axes: tuple[Axis, ...]
    points_per_unit: float
    intercept: float
    center: float
    times: tuple[float, ...]
    baseline: Floats

    def points(self, table: pd.DataFrame) -> pd.DataFrame:
        """Points of each row per variable, with ``total_points``."""
        apply_design(table, [axis.term for axis in self.axes])
        parts = {axis.name: self._axis_points(axis, table[axis.name]) for axis in self.axes}
        rows = pd.DataFrame(parts, index=table.index)
        return rows.assign(total_points=rows.sum(axis=1))

    def linear_predictor(self, total_points: ArrayLike) -> Floats:
        """Centred linear predictor of totals; higher = higher risk."""
        return np.asarray(total_points, dtype=float) / self.points_per_unit + self.intercept

    def survival(self, total_points: ArrayLike) -> Floats:
        """S(t) per total, shape (totals, times)."""
        risk = np.exp(self.linear_predictor(total_points))
        return np.exp(-np.outer(risk, self.baseline))

    def total_for(self, survival: ArrayLike, time: float) -> Floats:
        """Total points at which survival at ``time`` is the given probability (the inverse)."""
        probability = np.asarray(survival, dtype=float)
        if time not in self.times:
            raise refuse("Nomogram", f"time {time:g}", f"one of {self.times}", "Choose its times.")
        hazard = self.baseline[self.times.index(time)]
        return self.points_per_unit * (np.log(-np.log(probability) / hazard) - self.intercept)

    @property
    def largest_total(self) -> float:
        return float(sum(axis.points.max() for axis in self.axes))

    def _axis_points(self, axis: Axis, column: pd.Series) -> Floats:
        if axis.slope is None:
            known = dict(zip(axis.values, axis.points, strict=True))
            levels = column.map(lambda v: str(int(v)) if isinstance(v, float) else str(v))
            return levels.map(known).to_numpy(float)
        linear = pd.to_numeric(column).to_numpy(float) * axis.slope
        return self.points_per_unit * (linear - axis.linear.min())


def build_nomogram(fit: CoxFit, design: Design, table: pd.DataFrame, times: ArrayLike) -> Nomogram:
    """Nomogram of a fitted Cox model.

    Parameters
    ----------
    fit : CoxFit
        Fitted on ``design``.
    design : Design
        Of the fitting rows.
    table : DataFrame
        The fitting rows, for the range of each variable.
    times : array
        Horizons at which survival is read, in the unit of follow-up.

    Raises
    ------
    DataProblem
        When a horizon lies beyond follow-up or every coefficient is zero.

    Notes
    -----
    A numeric axis ticks at R's pretty(min, max, 10) when the variable has more than ten
    values, else at those; a factor's at its levels in order. The variable with the widest
    range of Xβ gets 0 to 100 points: points = sc·(Xβ − min over the axis).

    References
    ----------
    Harrell, Regression Modeling Strategies, 2015. Compared with R rms::nomogram.
    """
    horizons = tuple(np.asarray(times, dtype=float).tolist())
    baseline = fit.baseline_at(horizons)
    if np.isnan(baseline).any():
        raise refuse(
            "Nomogram",
            f"a horizon beyond follow-up ({fit.last_follow_up:g})",
            "horizons within follow-up",
            "Choose earlier times.",
        )
    beta = dict(zip(fit.names, fit.coefficients.tolist(), strict=True))
    rulers = [_ruler(term, beta, table[term.name]) for term in design.terms]
    widest = max((np.ptp(linear) for _, linear, _ in rulers), default=0.0)
    if not widest > 0:
        raise refuse(
            "Nomogram",
            "no variable that moves the risk",
            "one at least",
            "A nomogram needs a model with effects.",
        )
    scale = 100 / widest
    axes = tuple(
        Axis(term, values, linear, scale * (linear - linear.min()), slope)
        for term, (values, linear, slope) in zip(design.terms, rulers, strict=True)
    )
    center = float(fit.center @ fit.coefficients)
    lowest = sum(float(axis.linear.min()) for axis in axes)
    return Nomogram(axes, float(scale), lowest - center, center, horizons, baseline)


def _ruler(
    term: Term, beta: Mapping[str, float], column: pd.Series
) -> tuple[tuple[float | str, ...], Floats, float | None]:
    if term.levels:
        linear = np.array([0.0, *(beta[name] for name in term.columns)])
        return term.levels, linear, None
    numbers = np.unique(pd.to_numeric(column).to_numpy(float))
    ticks = numbers if numbers.size <= MOST_VALUES else pretty(numbers[0], numbers[-1], 10)
    return tuple(ticks.tolist()), ticks * beta[term.name], beta[term.name]


def pretty(low: float, high: float, intervals: int = 5) -> Floats:
    """Round numbers that cover ``low``..``high`` in about ``intervals`` steps, as R's pretty.

    References
    ----------
    Becker, Chambers, Wilks, The New S Language, 1988.
    """
    if not high > low:
        raise ValueError("pretty needs two different ends")
    cell = (high - low) / intervals
    base = 10.0 ** np.floor(np.log10(cell))
    unit = base
    for factor, weight in ((2, 1.5), (5, 2.75), (10, 1.5)):
        if factor * base - cell < weight * (cell - unit):
            unit = factor * base
        else:
            break
    first, last = np.floor(low / unit + 1e-10), np.ceil(high / unit - 1e-10)
    return np.round(np.arange(first, last + 1) * unit, 12)


def nomogram_as_dict(nomogram: Nomogram) -> dict[str, Any]:
    """A nomogram as JSON-like data, numbers unrounded."""
    axes = [
        {
            "name": axis.name,
            "levels": list(axis.term.levels),
            "values": list(axis.values),
            "linear": axis.linear.tolist(),
            "points": axis.points.tolist(),
            "slope": axis.slope,
        }
        for axis in nomogram.axes
    ]
    return {
        "axes": axes,
        "points_per_unit": nomogram.points_per_unit,
        "intercept": nomogram.intercept,
        "center": nomogram.center,
        "times": list(nomogram.times),
        "baseline": nomogram.baseline.tolist(),
    }


def nomogram_from_dict(stored: Mapping[str, Any]) -> Nomogram:
    """The nomogram that :func:`nomogram_as_dict` wrote."""
    axes = tuple(
        Axis(
            Term(part["name"], tuple(part["levels"])),
            tuple(part["values"]),
            np.array(part["linear"], dtype=float),
            np.array(part["points"], dtype=float),
            part["slope"],
        )
        for part in stored["axes"]
    )
    return Nomogram(
        axes,
        stored["points_per_unit"],
        stored["intercept"],
        stored["center"],
        tuple(stored["times"]),
        np.array(stored["baseline"], dtype=float),
    )
