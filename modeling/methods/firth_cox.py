"""The Cox model by Firth's penalised partial likelihood: finite where a column separates."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import chi2

from modeling.methods.chi_squared import ChiSquaredTest, chi_squared_test
from modeling.methods.covariates import check_columns, check_estimable
from modeling.methods.cox import few_events
from modeling.methods.cox_fit import CoxFit
from modeling.methods.firth_profile import Profile
from modeling.methods.packed_rows import WholeRows
from modeling.methods.penalised_likelihood import PenalisedLikelihood
from modeling.methods.risk_sets import StratifiedRiskSets, Ties
from modeling.methods.survival_table import Floats, check_survival
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

NOTHING = 1e-10  # of the largest information: none
FEW = 2  # events per column: below, ends of intervals are not certain


@dataclass(frozen=True, kw_only=True)
class FirthCoxFit(CoxFit):
    """As a Cox model, with the penalised likelihood; intervals and p are the profile's.

    ``log_likelihood`` is penalised by half the log determinant of the information, at zero and at
    the maximum. Wald's interval and p, which are poor here, stay those of :class:`CoxFit`.
    """

    likelihood: PenalisedLikelihood

    def profile_interval(self, level: float = 0.95) -> tuple[Floats, Floats]:
        """Where twice the penalised log likelihood has fallen by the chi-squared quantile.

        NaN at an end where it never falls so far.
        """
        profile, drop = self._profile, float(chi2.ppf(level, 1)) / 2
        ends = [[profile.end(j, side, drop) for side in (-1, 1)] for j in range(len(self.names))]
        low, high = np.transpose(ends) / self.likelihood.scale
        return low, high

    def likelihood_ratio_p(self) -> Floats:
        """p per coefficient from the penalised likelihood with it held at zero."""
        profile = self._profile
        gaps = [2 * profile.fall_at_zero(j) for j in range(len(self.names))]
        return np.asarray(chi2.sf(np.maximum(gaps, 0.0), 1))

    def ratio_without(self, names: Sequence[str]) -> ChiSquaredTest:
        """That the coefficients of ``names`` are all zero, by the penalised likelihood ratio.

        The penalty stays that of all columns, whether their coefficients are zero or not.
        """
        held = [self.names.index(name) for name in names]
        return chi_squared_test(2 * self._profile.fall_without(held), len(held))

    def interval_and_p(self) -> tuple[Floats, Floats, Floats]:
        return (*self.profile_interval(), self.likelihood_ratio_p())

    @property
    def plain_log_likelihood(self) -> tuple[float, float]:
        """Of no effect and of these coefficients, without the penalty."""
        sets = self.likelihood.sets
        return sets.evaluate(np.zeros(self._beta.size))[0], sets.evaluate(self._beta)[0]

    @property
    def _beta(self) -> Floats:
        return self.coefficients * self.likelihood.scale

    @property
    def _profile(self) -> Profile:
        return Profile(self.likelihood, self._beta)


def fit_firth_cox(
    duration: ArrayLike,
    event: ArrayLike,
    x: ArrayLike,
    names: Sequence[str] | None = None,
    ties: Ties = "efron",
    strata: ArrayLike | None = None,
) -> FirthCoxFit:
    """Log hazard ratios by Firth's penalised partial likelihood.

    Parameters
    ----------
    duration, event, x, names, ties, strata
        As in :func:`modeling.methods.cox.fit_cox`; a column may separate events from the rest.

    Raises
    ------
    DataProblem
        Without events; with missing values, constant or collinear columns, or as many columns as
        events; a column that no event tells anything of.

    Notes
    -----
    Maximises log L(β) + ½·log det I(β). Take :meth:`FirthCoxFit.profile_interval` and
    :meth:`FirthCoxFit.likelihood_ratio_p`: the likelihood is far from a parabola where a level
    has no events.

    References
    ----------
    Firth, Biometrika 1993;80:27. Heinze, Schemper, Biometrics 2001;57:114. Compared with R
    survival::coxph's likelihood and information, maximised there, and with tables by hand.
    """
    time, flag = check_survival(duration, event, minimum_events=1)
    columns, labels = check_columns(x, names, time.size)
    check_estimable(columns, labels, int(flag.sum()))
    center, scale = columns.mean(axis=0), columns.std(axis=0)
    groups = None if strata is None else np.asarray(strata).astype(str)
    scaled = StratifiedRiskSets(time, flag, (columns - center) / scale, ties, groups)
    compiled = ties == "efron" and len(scaled.parts) == 1
    likelihood = PenalisedLikelihood(WholeRows(scaled) if compiled else scaled, scale)
    zero = np.zeros(scale.size)
    _check_told(likelihood.at(zero).information, labels)
    beta, value, steps = likelihood.maximise(zero, np.ones(scale.size, dtype=bool))
    null, top = likelihood.at(zero), likelihood.at(beta)
    score, own_scale = likelihood.score(zero, null), float(np.log(scale).sum())
    return FirthCoxFit(
        names=labels,
        coefficients=beta / scale,
        covariance=top.inverse / np.outer(scale, scale),
        center=center,
        ties=ties,
        n=time.size,
        n_events=int(flag.sum()),
        log_likelihood=(null.value + own_scale, value + own_scale),
        likelihood_ratio=chi_squared_test(2 * (value - null.value), scale.size),
        wald=chi_squared_test(float(beta @ top.information @ beta), scale.size),
        score=chi_squared_test(float(score @ null.inverse @ score), scale.size),
        baselines=StratifiedRiskSets(
            time, flag, columns - center, ties, groups
        ).baselines(beta / scale),
        strata=scaled.names if len(scaled.parts) > 1 else ("",),
        iterations=steps,
        notices=(
            *few_events(int(flag.sum()), scale.size),
            *_several_tops(int(flag.sum()), scale.size),
        ),
        likelihood=likelihood,
    )  # fmt: skip


def _several_tops(events: int, columns: int) -> tuple[Notice, ...]:
    """Tried on 13 columns and 19 events: 24 of 26 ends were those of a search from everywhere."""
    if events >= FEW * columns:
        return ()
    text = say(
        "{events} events for {columns} columns: such a likelihood may have several tops, and an "
        "interval may be wider than the one that was found",
        events=events,
        columns=columns,
    )
    return (Notice("several_tops", text),)


def _check_told(information: Floats, names: Sequence[str]) -> None:
    """A level whose patients all leave before the first event has no place in any risk set."""
    bends, ways = np.linalg.eigh(information)
    if bends[0] > NOTHING * bends[-1]:
        return
    raise refuse(
        say("Cox model, Firth's likelihood"),
        say("no event tells anything of {column}", column=names[int(np.abs(ways[:, 0]).argmax())]),
        "patients who differ in it and are followed to an event",
        "Leave the column out.",
    )
