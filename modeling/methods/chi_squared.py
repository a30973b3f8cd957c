"""Tests whose statistic is chi-squared: likelihood ratio, Wald and score."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.stats import chi2


@dataclass(frozen=True)
class ChiSquaredTest:
    """A chi-squared test of all coefficients being zero."""

    statistic: float
    degrees_of_freedom: int
    p_value: float


def chi_squared_test(statistic: float, freedom: int) -> ChiSquaredTest:
    """The upper tail of chi-squared.

    Parameters
    ----------
    statistic : float
    freedom : int
        Degrees of freedom.
    """
    return ChiSquaredTest(float(statistic), freedom, float(chi2.sf(statistic, freedom)))
