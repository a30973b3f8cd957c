"""A regression drawn as rulers: points per value, their total, and survival from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import expit, logit

from modeling.methods.cox_fit import CoxFit
from modeling.methods.design_matrix import Design, Term, apply_design, as_level
from modeling.methods.logistic import LogisticFit
from modeling.methods.splines import spline_basis
from modeling.methods.survival_table import Floats
from studies.methods.problems import refuse
from studies.methods.wording import say

PROBABILITIES = (0.95, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1, 0.05)  # of an axis
MOST_VALUES = 10  # a numeric axis shows its own values up to this many, a pretty scale beyond


@dataclass(frozen=True)
class Axis:
    """One variable's ruler: its ticks, their part of the linear predictor, their points.

    ``effects`` are the coefficients of a numeric variable (several with a spline), none of a
    factor's.
    """

    term: Term
    values: tuple[float | str, ...]
    linear: Floats
    points: Floats
    effects: tuple[float, ...]

    @property
    def name(self) -> str:
        return self.term.name

    @property
    def slope(self) -> float | None:
        """Per unit of a plain numeric variable, else None."""
        return self.effects[0] if len(self.effects) == 1 else None

    def linear_at(self, column: pd.Series) -> Floats:
        """Part of the linear predictor at each value."""
        if self.term.levels:
            known = dict(zip(self.values, self.linear, strict=True))
            return column.map(as_level).map(known).to_numpy(float)
        numbers = pd.to_numeric(column).to_numpy(float)
        basis = spline_basis(numbers, self.term.knots) if self.term.knots else numbers[:, None]
        return basis @ np.array(self.effects)


@dataclass(frozen=True)
class Rulers:
    """Axes, and the way from values to total points and to the linear predictor.

    ``linear predictor = total / points_per_unit + intercept``.
    """

    axes: tuple[Axis, ...]
    points_per_unit: float
    intercept: float

    def points(self, table: pd.DataFrame) -> pd.DataFrame:
        """Points of each row per variable, with ``total_points``."""
        apply_design(table, [axis.term for axis in self.axes])
        parts = {
            axis.name: self.points_per_unit * (axis.linear_at(table[axis.name]) - axis.linear.min())
            for axis in self.axes
        }
        rows = pd.DataFrame(parts, index=table.index)
        return rows.assign(total_points=rows.sum(axis=1))

    def linear_predictor(self, total_points: ArrayLike) -> Floats:
        """Linear predictor of totals; higher = higher risk."""
        return np.asarray(total_points, dtype=float) / self.points_per_unit + self.intercept

    @property
    def largest_total(self) -> float:
        return float(sum(axis.points.max() for axis in self.axes))


@dataclass(frozen=True)
class Nomogram(Rulers):
    """From total points to survival; the linear predictor is centred as the Cox fit is.

    ``baseline`` is the cumulative hazard at that centre for each of ``times``.
    """

    center: float
    times: tuple[float, ...]
    baseline: Floats

    def survival(self, total_points: ArrayLike) -> Floats:
        """S(t) per total, shape (totals, times)."""
        with np.errstate(over="ignore"):  # totals that no patient can have: survival 0
            risk = np.exp(self.linear_predictor(total_points))
        return np.exp(-np.outer(risk, self.baseline))

    def total_for(self, survival: ArrayLike, time: float) -> Floats:
        """Total points at which survival at ``time`` is the given probability (the inverse)."""
        probability = np.asarray(survival, dtype=float)
        if time not in self.times:
            raise refuse(
                say("Nomogram"),
                say("time {time:g}", time=time),
                say("one of {times}", times=self.times),
                "Choose its times.",
            )
        hazard = self.baseline[self.times.index(time)]
        with np.errstate(divide="ignore"):  # before the first event no total reaches it
            return self.points_per_unit * (np.log(-np.log(probability) / hazard) - self.intercept)


@dataclass(frozen=True)
class LogisticNomogram(Rulers):
    """From total points to the probability of an outcome."""

    def probability(self, total_points: ArrayLike) -> Floats:
        return np.asarray(expit(self.linear_predictor(total_points)))

    def total_for(self, probability: ArrayLike) -> Floats:
        """Total points at which the probability is the given one (the inverse)."""
        return self.points_per_unit * (logit(np.asarray(probability, float)) - self.intercept)


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
            say("Nomogram"),
            say(
                "a horizon beyond follow-up ({last_follow_up:g})", last_follow_up=fit.last_follow_up
            ),
            "horizons within follow-up",
            "Choose earlier times.",
        )
    axes, scale = _axes(dict(zip(fit.names, fit.coefficients.tolist(), strict=True)), design, table)
    center = float(fit.center @ fit.coefficients)
    lowest = sum(float(axis.linear.min()) for axis in axes)
    return Nomogram(axes, scale, lowest - center, center, horizons, baseline)


def build_logistic_nomogram(
    fit: LogisticFit, design: Design, table: pd.DataFrame
) -> LogisticNomogram:
    """Nomogram of a fitted logistic regression.

    Parameters
    ----------
    fit : LogisticFit
        Fitted on ``design``.
    design, table
        As in :func:`build_nomogram`.

    Raises
    ------
    DataProblem
        When every coefficient is zero.

    References
    ----------
    Harrell, Regression Modeling Strategies, 2015. Compared with R rms::nomogram.
    """
    beta = dict(zip(fit.names, fit.coefficients.tolist(), strict=True))
    axes, scale = _axes(beta, design, table)
    lowest = sum(float(axis.linear.min()) for axis in axes)
    return LogisticNomogram(axes, scale, lowest + float(fit.coefficients[0]))


def _axes(
    beta: Mapping[str, float], design: Design, table: pd.DataFrame
) -> tuple[tuple[Axis, ...], float]:
    rulers = [_ruler(term, beta, table[term.name]) for term in design.terms]
    widest = max((np.ptp(ruler.linear) for ruler in rulers), default=0.0)
    if not widest > 0:
        raise refuse(
            say("Nomogram"),
            say("no variable that moves the risk"),
            "one at least",
            "A nomogram needs a model with effects.",
        )
    scale = float(100 / widest)
    return tuple(
        replace(ruler, points=scale * (ruler.linear - ruler.linear.min())) for ruler in rulers
    ), scale


def _ruler(term: Term, beta: Mapping[str, float], column: pd.Series) -> Axis:
    """An axis that has no points yet."""
    effects = tuple(beta[name] for name in term.columns)
    if term.levels:
        linear = np.array([0.0, *effects])
        return Axis(term, term.levels, linear, linear, ())
    numbers = np.unique(pd.to_numeric(column).to_numpy(float))
    ticks = numbers if numbers.size <= MOST_VALUES else pretty_ticks(numbers[0], numbers[-1], 10)
    axis = Axis(term, tuple(ticks.tolist()), ticks, ticks, effects)
    return replace(axis, linear=axis.linear_at(pd.Series(ticks)))


def pretty_ticks(low: float, high: float, intervals: int = 5) -> Floats:
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
    digits = 12 - int(np.floor(np.log10(unit)))  # of the step: what multiplying left behind
    return np.array([round(k * float(unit), digits) for k in np.arange(first, last + 1)])


def nomogram_as_dict(nomogram: Nomogram) -> dict[str, Any]:
    """A nomogram as JSON-like data, numbers unrounded."""
    return {
        **_rulers_as_dict(nomogram),
        "center": nomogram.center,
        "times": list(nomogram.times),
        "baseline": nomogram.baseline.tolist(),
    }


def nomogram_from_dict(stored: Mapping[str, Any]) -> Nomogram:
    """The nomogram that :func:`nomogram_as_dict` wrote."""
    return Nomogram(
        _axes_from(stored),
        stored["points_per_unit"],
        stored["intercept"],
        stored["center"],
        tuple(stored["times"]),
        np.array(stored["baseline"], dtype=float),
    )


def logistic_nomogram_as_dict(nomogram: LogisticNomogram) -> dict[str, Any]:
    """A logistic nomogram as JSON-like data, numbers unrounded."""
    return _rulers_as_dict(nomogram)


def logistic_nomogram_from_dict(stored: Mapping[str, Any]) -> LogisticNomogram:
    """The nomogram that :func:`logistic_nomogram_as_dict` wrote."""
    return LogisticNomogram(_axes_from(stored), stored["points_per_unit"], stored["intercept"])


def _rulers_as_dict(rulers: Rulers) -> dict[str, Any]:
    axes = [
        {
            "name": axis.name,
            "levels": list(axis.term.levels),
            "values": list(axis.values),
            "linear": axis.linear.tolist(),
            "points": axis.points.tolist(),
            "slope": axis.slope,
            "effects": list(axis.effects),
            "knots": list(axis.term.knots),
        }
        for axis in rulers.axes
    ]
    return {
        "axes": axes,
        "points_per_unit": rulers.points_per_unit,
        "intercept": rulers.intercept,
    }


def _axes_from(stored: Mapping[str, Any]) -> tuple[Axis, ...]:
    return tuple(
        Axis(
            Term(part["name"], tuple(part["levels"]), tuple(part.get("knots", ()))),
            tuple(part["values"]),
            np.array(part["linear"], dtype=float),
            np.array(part["points"], dtype=float),
            _effects(part),
        )
        for part in stored["axes"]
    )


def _effects(part: Mapping[str, Any]) -> tuple[float, ...]:
    """Those of an axis stored before splines came have one slope or none."""
    if "effects" in part:
        return tuple(part["effects"])
    return () if part["slope"] is None else (part["slope"],)
