"""Proportional hazards: the Cox model with Efron or Breslow ties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import qr
from scipy.stats import chi2, norm

from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import DataProblem, Notice, Problem, refuse

Ties = Literal["efron", "breslow"]
RELATIVE_STOP = 1e-9
LARGEST_EFFECT = 15.0  # |coefficient| × SD of its column: a hazard ratio of 3 million per SD
LARGEST_ERROR = 10.0  # standard error × SD: about 1/√events in an honest fit


@dataclass(frozen=True)
class Test:
    """A chi-squared test of all coefficients being zero."""

    __test__ = False  # not one of pytest's

    statistic: float
    degrees_of_freedom: int
    p_value: float


@dataclass(frozen=True)
class CoxFit:
    """A fitted Cox model; the linear predictor is ``(x − center) @ coefficients``.

    ``cumulative_hazard`` belongs to ``x = center``; its ``time`` are the event times.
    Higher linear predictor = higher risk.
    """

    names: tuple[str, ...]
    coefficients: Floats
    covariance: Floats
    center: Floats
    ties: Ties
    n: int
    n_events: int
    log_likelihood: tuple[float, float]
    likelihood_ratio: Test
    wald: Test
    score: Test
    time: Floats
    cumulative_hazard: Floats
    iterations: int
    last_follow_up: float
    notices: tuple[Notice, ...] = ()

    @property
    def std_error(self) -> Floats:
        return np.sqrt(np.diag(self.covariance))

    @property
    def z(self) -> Floats:
        return self.coefficients / self.std_error

    @property
    def p_value(self) -> Floats:
        return 2 * norm.sf(np.abs(self.z))

    def interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Wald interval of the coefficients (exponentiate for hazard ratios)."""
        half = norm.ppf(0.5 + level / 2) * self.std_error
        return self.coefficients - half, self.coefficients + half

    @property
    def aic(self) -> float:
        return 2 * len(self.names) - 2 * self.log_likelihood[1]

    def linear_predictor(self, x: ArrayLike) -> Floats:
        """Centred linear predictor of rows ``x`` (n × columns); higher = higher risk."""
        return (np.asarray(x, dtype=float) - self.center) @ self.coefficients

    def baseline_at(self, times: ArrayLike) -> Floats:
        """Cumulative hazard at the centre; NaN beyond the last follow-up."""
        moments = np.asarray(times, dtype=float)
        index = np.searchsorted(self.time, moments, side="right")
        hazard = np.append(0.0, self.cumulative_hazard)[index]
        return np.where(moments > self.last_follow_up, np.nan, hazard)

    def survival(self, x: ArrayLike, times: ArrayLike) -> Floats:
        """S(t|x), shape (rows, times)."""
        risk = np.exp(self.linear_predictor(x))
        return np.exp(-np.outer(risk, np.atleast_1d(self.baseline_at(times))))


def fit_cox(
    duration: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    names: Sequence[str] | None = None,
    ties: Ties = "efron",
) -> CoxFit:
    """Log hazard ratios by maximum partial likelihood, with baseline hazard.

    Parameters
    ----------
    duration : array, shape (n,)
        Follow-up, zero or more, one unit.
    event : array, shape (n,)
        1 where the endpoint happened.
    x : array, shape (n, p)
        Covariates without gaps; factors already as indicator columns.
    names : sequence of str
        Column names, for messages and results.
    ties : {"efron", "breslow"}
        How events at the same time share their risk set.

    Raises
    ------
    DataProblem
        Without events; with missing values, constant or collinear columns, as many columns as
        events, or a column that separates events from non-events (each is named).

    Notes
    -----
    Newton steps until the log likelihood changes by less than 1e-9 of itself, then one more.
    The baseline is H0(t) = Σ over event times of Σ_{k<d} 1/(S − (k/d)·T), with S the sum of
    exp(lp) at risk and T the same over the d that fail there (k = 0 throughout for Breslow).

    References
    ----------
    Cox 1972; Efron, J Am Stat Assoc 1977;72:557. Compared with R survival::coxph.
    """
    time, flag = check_survival(duration, event, minimum_events=1)
    columns, labels = check_columns(x, names, time.size)
    _check_estimable(columns, labels, int(flag.sum()))
    center = columns.mean(axis=0)
    risk_sets = RiskSets(time, flag, columns - center, ties)
    found = _maximise(risk_sets, columns.std(axis=0), labels)
    return _as_fit(found, risk_sets, time, labels, center, ties)


def check_columns(
    x: ArrayLike, names: Sequence[str] | None, rows: int
) -> tuple[Floats, tuple[str, ...]]:
    """Covariates as a float matrix with a name per column, or refused."""
    columns = np.asarray(x, dtype=float)
    columns = columns[:, None] if columns.ndim == 1 else columns
    labels = tuple(names or (f"x{j + 1}" for j in range(columns.shape[1])))
    if columns.ndim != 2 or columns.shape != (rows, len(labels)):
        raise refuse(
            "Covariates",
            f"a table of {columns.shape}",
            f"({rows}, {len(labels)})",
            "Give one row per patient and one name per column.",
        )
    gaps = [
        (name, int((~np.isfinite(column)).sum()))
        for name, column in zip(labels, columns.T, strict=True)
    ]
    problems = [
        Problem(
            "Covariates",
            f"{count} missing values",
            "a number in every row",
            "Leave these rows out, or impute first.",
            column=name,
        )
        for name, count in gaps
        if count
    ]
    if problems:
        raise DataProblem(problems)
    return columns, labels


def _check_estimable(columns: Floats, names: tuple[str, ...], events: int) -> None:
    constant = [name for name, column in zip(names, columns.T, strict=True) if np.ptp(column) == 0]
    if constant:
        raise DataProblem(
            [
                Problem(
                    "Covariates",
                    "the same value in every row",
                    "at least two values",
                    "Leave this column out.",
                    column=name,
                )
                for name in constant
            ]
        )
    if columns.shape[1] >= events:
        raise refuse(
            "Covariates",
            f"{columns.shape[1]} columns for {events} events",
            "fewer columns than events",
            "Leave columns out or wait for events.",
        )
    dependent = _dependent_columns(columns, names)
    if dependent:
        raise DataProblem(
            [
                Problem(
                    "Covariates",
                    "a linear combination of the other columns",
                    "columns that each add something",
                    "Leave this column out.",
                    column=name,
                )
                for name in dependent
            ]
        )


def _dependent_columns(columns: Floats, names: tuple[str, ...]) -> list[str]:
    """Columns that add no rank to those before them (later columns are named)."""
    scaled = (columns - columns.mean(axis=0)) / columns.std(axis=0)
    _, upper, pivot = qr(scaled, mode="economic", pivoting=True)
    diagonal = np.abs(np.diag(upper))
    return [names[pivot[k]] for k in np.flatnonzero(diagonal < diagonal[0] * 1e-9)]


# A step too far ends in infinity or NaN, and the caller halves it.
_extremes_allowed = np.errstate(over="ignore", divide="ignore", invalid="ignore")


class RiskSets:
    """The sums over risk sets behind likelihood, score and information.

    Rows are held by descending time, so that a risk set is a prefix. Each event is one term
    k of its block of ties, with f = k/d (Efron) or 0 (Breslow); all sums over risk sets come
    from two scans, and memory stays linear in the rows.
    """

    def __init__(self, time: Floats, event: Flags, x: Floats, ties: Ties):
        if ties not in ("efron", "breslow"):
            raise ValueError(f"ties are efron or breslow, not {ties!r}")
        order = np.argsort(-time, kind="stable")
        self.time, self.event, self.x = time[order], event[order], x[order]
        moments, block = np.unique(-self.time, return_inverse=True)
        deaths = np.bincount(block, self.event, moments.size).astype(int)
        self.order, self.block, self.deaths = order, block, deaths
        self.last = np.searchsorted(-self.time, moments, side="right") - 1
        self.term_block = np.repeat(np.arange(moments.size), deaths)
        first = np.repeat(np.cumsum(deaths) - deaths, deaths)
        rank = np.arange(deaths.sum()) - first
        self.fraction = rank / np.repeat(deaths, deaths) if ties == "efron" else np.zeros(rank.size)

    def sums(self, values: Floats) -> tuple[Floats, Floats]:
        """Per block: the sum of ``values`` over those at risk and over those that fail."""
        at_risk = np.cumsum(values, axis=0)[self.last]
        failing = np.zeros((self.deaths.size, *values.shape[1:]))
        np.add.at(failing, self.block[self.event], values[self.event])
        return at_risk, failing

    @_extremes_allowed
    def log_likelihood(self, beta: Floats) -> float:
        lp = self.x @ beta
        shift = lp.max()
        s0, d0 = self.sums(np.exp(lp - shift))
        z = s0[self.term_block] - self.fraction * d0[self.term_block]
        return float(lp[self.event].sum() - np.log(z).sum() - shift * z.size)

    @_extremes_allowed
    def evaluate(self, beta: Floats, weight: Floats | None = None) -> tuple[float, Floats, Floats]:
        """Log partial likelihood, score and information at ``beta``.

        ``weight`` (one per block) multiplies each event's part of score and information.
        """
        lp = self.x @ beta
        shift = lp.max()
        risk = np.exp(lp - shift)
        s0, d0 = self.sums(risk)
        s1, d1 = self.sums(risk[:, None] * self.x)
        z = s0[self.term_block] - self.fraction * d0[self.term_block]
        value = lp[self.event].sum() - np.log(z).sum() - shift * z.size
        w = np.ones(self.deaths.size) if weight is None else weight
        pull = risk * self._hazard(z, w[self.term_block])
        score = self.x.T @ (self.event * w[self.block] - pull)
        return float(value), score, self._information(pull, z, s1, d1, w[self.term_block])

    def _hazard(self, z: Floats, weight: Floats) -> Floats:
        """Per row: hazard collected up to its time, less the part tied events give back."""
        blocks = self.deaths.size
        step = np.bincount(self.term_block, weight / z, blocks).astype(float)
        back = np.bincount(self.term_block, weight * self.fraction / z, blocks)
        collected: Floats = np.cumsum(step[::-1])[::-1]
        return collected[self.block] - back[self.block] * self.event

    def _information(
        self, pull: Floats, z: Floats, s1: Floats, d1: Floats, weight: Floats
    ) -> Floats:
        blocks = self.deaths.size
        p, q, r = (
            np.bincount(self.term_block, weight * self.fraction**power / z**2, blocks)
            for power in (0, 1, 2)
        )
        cross = (q[:, None] * s1).T @ d1
        outer = (p[:, None] * s1).T @ s1 - cross - cross.T + (r[:, None] * d1).T @ d1
        return (self.x * pull[:, None]).T @ self.x - outer

    def baseline(self, beta: Floats) -> tuple[Floats, Floats]:
        """Event times ascending with the cumulative hazard at x = 0."""
        risk = np.exp(self.x @ beta)
        s0, d0 = self.sums(risk)
        z = s0[self.term_block] - self.fraction * d0[self.term_block]
        step = np.bincount(self.term_block, 1 / z, self.deaths.size)
        has_event = self.deaths > 0
        moments = self.time[self.last][has_event][::-1]
        return moments, np.cumsum(step[has_event][::-1])


@dataclass(frozen=True)
class _Maximum:
    beta: Floats
    null: tuple[float, Floats, Floats]
    value: float
    information: Floats
    iterations: int


def _maximise(sets: RiskSets, scale: Floats, names: tuple[str, ...], limit: int = 60) -> _Maximum:
    beta: Floats = np.zeros(sets.x.shape[1])
    null = value, score, information = sets.evaluate(beta)
    settled = False
    for iteration in range(1, limit + 1):
        beta, (new, score, information) = _step(sets, beta, value, score, information)
        _refuse_separation(np.abs(beta) * scale / LARGEST_EFFECT, names)
        if settled:
            spread = np.sqrt(np.abs(np.diag(np.linalg.pinv(information))))
            _refuse_separation(spread * scale / LARGEST_ERROR, names)
            return _Maximum(beta, null, new, information, iteration)
        settled = abs(new - value) <= RELATIVE_STOP * max(abs(new), 1e-12)
        value = new
    raise refuse(
        "Cox model",
        f"no maximum after {limit} steps",
        "a finite maximum",
        "Leave out columns with very rare levels.",
    )


def _step(
    sets: RiskSets, beta: Floats, value: float, score: Floats, information: Floats
) -> tuple[Floats, tuple[float, Floats, Floats]]:
    move = np.linalg.solve(information, score)
    for _ in range(30):
        found = sets.evaluate(beta + move)
        whole = np.isfinite(found[0]) and np.isfinite(found[2]).all()
        if whole and found[0] >= value - 1e-10 * abs(value):
            return beta + move, found
        move = move / 2
    return beta, (value, score, information)


def _refuse_separation(size: Floats, names: tuple[str, ...]) -> None:
    runaway = [name for name, share in zip(names, size, strict=True) if not share < 1]
    if runaway:
        raise DataProblem(
            [
                Problem(
                    "Covariates",
                    "events on one side of this column only (separation)",
                    "events at every level",
                    "Join rare levels or leave this column out.",
                    column=name,
                )
                for name in runaway
            ]
        )


def _as_fit(
    found: _Maximum,
    sets: RiskSets,
    time: Floats,
    names: tuple[str, ...],
    center: Floats,
    ties: Ties,
) -> CoxFit:
    null_value, null_score, null_information = found.null
    beta, freedom = found.beta, found.beta.size
    moments, hazard = sets.baseline(beta)
    events = int(sets.event.sum())
    return CoxFit(
        names=names,
        coefficients=beta,
        covariance=np.linalg.inv(found.information),
        center=center,
        ties=ties,
        n=time.size,
        n_events=events,
        log_likelihood=(null_value, found.value),
        likelihood_ratio=_chi_squared(2 * (found.value - null_value), freedom),
        wald=_chi_squared(float(beta @ found.information @ beta), freedom),
        score=_chi_squared(
            float(null_score @ np.linalg.solve(null_information, null_score)), freedom
        ),
        time=moments,
        cumulative_hazard=hazard,
        iterations=found.iterations,
        last_follow_up=float(time.max()),
        notices=_few_events(events, freedom),
    )


def _chi_squared(statistic: float, freedom: int) -> Test:
    return Test(float(statistic), freedom, float(chi2.sf(statistic, freedom)))


def _few_events(events: int, columns: int) -> tuple[Notice, ...]:
    if events >= 10 * columns:
        return ()
    each = f"{events / columns:.1f} per column"
    text = f"{events} events for {columns} columns ({each}): overfitting is likely"
    return (Notice("few_events_per_column", text),)
