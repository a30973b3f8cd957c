"""What a marker adds to a model: likelihood ratio, ΔC, ΔAUC(t) and Δ net benefit, paired."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modeling.methods.chi_squared import ChiSquaredTest, chi_squared_test
from modeling.methods.concordance import estimate_concordance
from modeling.methods.cox import fit_cox
from modeling.methods.cox_fit import CoxFit
from modeling.methods.firth_cox import fit_firth_cox
from modeling.methods.survival_decision_curve import estimate_survival_decision_curve
from modeling.methods.survival_table import Flags, Floats, check_survival
from modeling.methods.time_dependent_auc import estimate_time_dependent_auc
from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say

Penalty = Literal["none", "firth"]
THRESHOLDS = np.round(np.arange(0.05, 0.96, 0.05), 2)
FEWEST_USABLE = 0.5  # of the resamples, for an interval


@dataclass(frozen=True)
class Difference:
    """With the marker less without it; NaN where it is not estimable."""

    value: float
    lower: float
    upper: float

    @property
    def is_told(self) -> bool:
        """Whether the interval leaves zero out."""
        return bool(self.lower > 0 or self.upper < 0)


@dataclass(frozen=True)
class AddedValue:
    """Of one set of rows. ``c`` is (with, without); so is each of ``auc`` by horizon.

    ``net_benefit`` holds a difference per threshold of ``thresholds``, at ``headline``.
    ``corrected``: the differences are less the optimism of both fits.
    """

    n: int
    events: int
    c: tuple[float, float]
    c_difference: Difference
    horizons: tuple[float, ...]
    auc: tuple[tuple[float, float], ...]
    auc_differences: tuple[Difference, ...]
    headline: float
    thresholds: Floats
    net_benefit: tuple[Difference, ...]
    resamples: int
    usable: int
    corrected: bool


@dataclass(frozen=True)
class _Judge:
    """Measures of one prediction in given rows, in a fixed order: C, AUC(t), net benefit."""

    time: Floats
    event: Flags
    horizons: tuple[float, ...]
    headline: float

    def measures(self, rows: NDArray[np.intp], lp: Floats, risk: Floats) -> Floats:
        time, event = self.time[rows], self.event[rows]
        try:
            c = estimate_concordance(time, event, lp).c
        except DataProblem:  # no pair can be ordered
            c = np.nan
        auc = [estimate_time_dependent_auc(time, event, lp, t).auc for t in self.horizons]
        curve = estimate_survival_decision_curve(
            time, event, risk, self.headline, THRESHOLDS, resamples=0
        )
        return np.array([c, *auc, *curve.net_benefit])


def compare_nested(
    duration: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    names: Sequence[str],
    added: Sequence[str],
    penalty: Penalty = "none",
) -> ChiSquaredTest:
    """Likelihood-ratio test of ``added`` columns given the others.

    Parameters
    ----------
    duration, event : arrays, shape (n,)
    x : array, shape (n, p)
        All columns.
    names : sequence of p str
    added : sequence of str
        Those that are tested.
    penalty : {"none", "firth"}
        Firth's: the ratio of penalised likelihoods, the penalty that of all columns in both.

    References
    ----------
    Heinze, Schemper, Biometrics 2001;57:114. Compared with R anova.coxph; Firth's with the
    penalised likelihood written out and maximised apart.
    """
    columns = np.asarray(x, dtype=float)
    if penalty == "firth":
        return fit_firth_cox(duration, event, columns, names).ratio_without(added)
    whole = fit_cox(duration, event, columns, names)
    kept = [k for k, name in enumerate(names) if name not in added]
    if kept:
        less = fit_cox(duration, event, columns[:, kept], [names[k] for k in kept])
        value = less.log_likelihood[1]
    else:
        value = whole.log_likelihood[0]
    freedom = len(names) - len(kept)
    statistic = max(0.0, 2 * (whole.log_likelihood[1] - value))
    return chi_squared_test(statistic, freedom)


def compare_frozen(
    duration: ArrayLike,
    event: ArrayLike,
    linear_predictors: tuple[ArrayLike, ArrayLike],
    risks: tuple[ArrayLike, ArrayLike],
    horizons: Sequence[float],
    headline: float,
    resamples: int = 500,
    seed: int = 0,
) -> AddedValue:
    """Two frozen models in rows that neither was fitted to.

    Parameters
    ----------
    duration, event : arrays, shape (n,)
    linear_predictors : (with, without), arrays of shape (n,)
        Higher = higher risk.
    risks : (with, without), arrays of shape (n,)
        Predicted probability of the event by ``headline``.
    horizons : sequence of float
        Of AUC(t).
    headline : float
        Of the decision curve.
    resamples, seed : int
        Patients are drawn with replacement, the same for both models (paired).

    References
    ----------
    Efron, Tibshirani, An Introduction to the Bootstrap, 1993 (percentiles).
    """
    judge = _judge(duration, event, horizons, headline)
    pairs = [(np.asarray(lp, float), np.asarray(r, float))
             for lp, r in zip(linear_predictors, risks, strict=True)]  # fmt: skip
    everyone = np.arange(judge.time.size)
    own = np.stack([judge.measures(everyone, lp, risk) for lp, risk in pairs])
    random = np.random.default_rng(seed)
    drawn = np.empty((resamples, own.shape[1]))
    for k in range(resamples):
        rows = random.integers(0, everyone.size, everyone.size)
        first, second = (judge.measures(rows, lp[rows], risk[rows]) for lp, risk in pairs)
        drawn[k] = first - second
    return _added(judge, own, own[0] - own[1], drawn, corrected=False)


def compare_refitted(
    duration: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    names: Sequence[str],
    added: Sequence[str],
    horizons: Sequence[float],
    headline: float,
    resamples: int = 500,
    seed: int = 0,
    penalty: Penalty = "none",
) -> AddedValue:
    """Two Cox models in their own rows, both refitted in every resample, less their optimism.

    Parameters
    ----------
    duration, event, x, names, added
        As in :func:`compare_nested`.
    horizons, headline, resamples, seed
        As in :func:`compare_frozen`.
    penalty : {"none", "firth"}
        The likelihood that both models and every refit maximise.

    Notes
    -----
    Optimism of a difference is its mean fall from the resample to all rows. The interval moves
    the percentiles of the differences in the resamples so that their mean is the corrected one;
    those of C and AUC(t) are cut to −1..1, which percentiles that are not moved never leave.

    References
    ----------
    Noma et al., Stat Med 2021;40:5691 (centred).
    """
    judge = _judge(duration, event, horizons, headline)
    columns = np.asarray(x, dtype=float)
    kept = [k for k, name in enumerate(names) if name not in added]
    models = (list(range(columns.shape[1])), kept)
    everyone = np.arange(judge.time.size)

    def judged(rows: NDArray[np.intp], *places: NDArray[np.intp]) -> list[Floats]:
        """Measures of both models, fitted to ``rows``, in each of ``places``."""
        fits = [_refit(judge, columns, names, of, rows, penalty) for of in models]
        return [
            np.stack([_measured(judge, columns[where][:, of], fit, where)
                      for of, fit in zip(models, fits, strict=True)])
            for where in places
        ]  # fmt: skip

    (own,) = judged(everyone, everyone)
    random = np.random.default_rng(seed)
    drawn, optimism = np.full((2, resamples, own.shape[1]), np.nan)
    for k in range(resamples):
        rows = random.integers(0, everyone.size, everyone.size)
        try:
            here, there = judged(rows, rows, everyone)
        except DataProblem:  # a column is constant or collinear in it: not usable
            continue
        drawn[k] = here[0] - here[1]
        optimism[k] = drawn[k] - (there[0] - there[1])
    mean = _mean(optimism)
    corrected = own[0] - own[1] - mean
    return _added(judge, own, corrected, drawn - _mean(drawn) + corrected, corrected=True)


def _refit(
    judge: _Judge,
    columns: Floats,
    names: Sequence[str],
    of: list[int],
    rows: NDArray[np.intp],
    penalty: Penalty,
) -> CoxFit | None:
    """None where no column is left."""
    if not of:
        return None
    fit = fit_firth_cox if penalty == "firth" else fit_cox
    drawn = columns[rows][:, of]
    found: CoxFit = fit(judge.time[rows], judge.event[rows], drawn, [names[k] for k in of])
    return found


def _measured(
    judge: _Judge, x: Floats, fit: CoxFit | None, where: NDArray[np.intp]
) -> Floats:  # fmt: skip
    if fit is None:  # everybody alike
        return judge.measures(where, np.zeros(where.size), np.full(where.size, 0.5))
    hazard = fit.baselines[0].at([min(judge.headline, fit.last_follow_up)])
    lp = fit.linear_predictor(x)
    return judge.measures(where, lp, 1 - np.exp(-hazard[0] * np.exp(lp)))


def _judge(
    duration: ArrayLike, event: ArrayLike, horizons: Sequence[float], headline: float
) -> _Judge:
    time, flag = check_survival(duration, event, minimum_events=1)
    if not 0 < headline <= time.max():
        raise refuse(
            say("Horizon"),
            f"{headline:g}",
            say("within follow-up ({max:g})", max=time.max()),
            "Choose an earlier horizon.",
        )
    return _Judge(time, flag, tuple(float(t) for t in horizons), float(headline))


def _mean(values: Floats) -> Floats:
    known = np.isfinite(values)
    counts = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.divide(total, counts, out=np.full(counts.shape, np.nan), where=counts > 0)


def _added(
    judge: _Judge, own: Floats, values: Floats, drawn: Floats, corrected: bool
) -> AddedValue:
    of_times = 1 + len(judge.horizons)
    differences = [
        _difference(v, column, 1.0 if k < of_times else np.inf)
        for k, (v, column) in enumerate(zip(values, drawn.T, strict=True))
    ]
    pairs = [(float(first), float(second)) for first, second in own.T]
    return AddedValue(
        n=judge.time.size,
        events=int(judge.event.sum()),
        c=pairs[0],
        c_difference=differences[0],
        horizons=judge.horizons,
        auc=tuple(pairs[1:of_times]),
        auc_differences=tuple(differences[1:of_times]),
        headline=judge.headline,
        thresholds=THRESHOLDS,
        net_benefit=tuple(differences[of_times:]),
        resamples=len(drawn),
        usable=int(np.isfinite(drawn[:, 0]).sum()),
        corrected=corrected,
    )


def _difference(value: float, drawn: Floats, largest: float) -> Difference:
    """``largest``: what no difference of the two can exceed; a moved percentile could."""
    known = drawn[np.isfinite(drawn)]
    if not np.isfinite(value) or known.size < max(2, FEWEST_USABLE * drawn.size):
        return Difference(float(value), np.nan, np.nan)
    low, high = np.clip(np.percentile(known, [2.5, 97.5]), -largest, largest)
    return Difference(float(value), float(low), float(high))
