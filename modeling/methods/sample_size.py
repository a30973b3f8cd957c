"""Is the table large enough for the model: events per parameter, shrinkage, Riley's criteria."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say

LEAST_SHRINKAGE, LARGEST_GAP = 0.9, 0.05
LARGEST_MARGIN, Z = 0.05, 1.96
EXPLAINED_SHARE = 0.15  # of the largest R², where nothing is known of the model to come


@dataclass(frozen=True)
class SampleSize:
    """What the data hold and what Riley's criteria ask for.

    ``heuristic_shrinkage`` is van Houwelingen's (LR − p)/LR; ``r2_adjusted`` is Cox and Snell's
    R² after shrinkage; ``required`` counts patients, None where no size is enough (R² 0). The
    third criterion (``required_for_risk``) needs follow-up and a horizon, else it is None and
    not asked for.
    """

    n: int
    events: int
    parameters: int
    events_per_parameter: float
    likelihood_ratio: float
    heuristic_shrinkage: float
    r2: float
    r2_adjusted: float
    r2_largest: float
    required_for_shrinkage: int | None
    required_for_optimism: int | None
    required_for_risk: int | None = None
    risk_margin: float | None = None
    horizon: float | None = None

    @property
    def required(self) -> int | None:
        both = (self.required_for_shrinkage, self.required_for_optimism)
        known = [size for size in both if size is not None]
        return max(*known, self.required_for_risk or 0) if len(known) == len(both) else None

    @property
    def enough(self) -> bool:
        return self.required is not None and self.n >= self.required


def estimate_sample_size(
    n: int,
    events: int,
    parameters: int,
    log_likelihood: tuple[float, float],
    follow_up: ArrayLike | None = None,
    horizon: float | None = None,
) -> SampleSize:
    """Statement on sample size of a fitted Cox model.

    Parameters
    ----------
    n, events, parameters : int
        Patients, events, and candidate coefficients (those dropped by selection count too).
    log_likelihood : (float, float)
        Of the null model and of the model.
    follow_up : array, shape (n,), or None
        Of each patient, in the unit of ``horizon``; for the third criterion.
    horizon : float or None
        At which the overall risk is to be known.

    Raises
    ------
    DataProblem
        Without events or parameters.

    References
    ----------
    Riley et al., Stat Med 2019;38:1276. van Houwelingen, le Cessie, Stat Med 1990;9:1303.
    """
    if events < 1 or parameters < 1:
        raise _too_few(events, parameters)
    ratio = 2 * (log_likelihood[1] - log_likelihood[0])
    shrinkage = max(0.0, (ratio - parameters) / ratio) if ratio > 0 else 0.0
    r2 = float(1 - np.exp(-ratio / n))
    adjusted = float(1 - np.exp(-ratio * shrinkage / n))
    largest = largest_r2(events / n)
    return SampleSize(
        n,
        events,
        parameters,
        events / parameters,
        float(ratio),
        float(shrinkage),
        r2,
        adjusted,
        largest,
        required_for_shrinkage(parameters, adjusted),
        required_for_optimism(parameters, adjusted, largest),
        *_risk(events, follow_up, horizon),
    )


def _risk(
    events: int, follow_up: ArrayLike | None, horizon: float | None
) -> tuple[int | None, float | None, float | None]:
    if follow_up is None or horizon is None:
        return None, None, None
    time = np.asarray(follow_up, dtype=float)
    rate, mean = events / time.sum(), float(time.mean())
    needed = required_for_risk(rate, mean, horizon)
    return needed, risk_margin(rate, float(time.sum()), horizon), horizon


@dataclass(frozen=True)
class SampleSizeAhead:
    """What Riley's criteria ask for before a model is fitted, from an anticipated R²."""

    n: int
    events: int
    parameters: int
    events_per_parameter: float
    r2: float
    r2_largest: float
    required_for_shrinkage: int | None
    required_for_optimism: int | None
    required_for_risk: int
    horizon: float

    @property
    def required(self) -> int | None:
        both = (self.required_for_shrinkage, self.required_for_optimism)
        known = [size for size in both if size is not None]
        return max(*known, self.required_for_risk) if len(known) == len(both) else None

    @property
    def enough(self) -> bool:
        return self.required is not None and self.n >= self.required


def plan_sample_size(
    n: int, events: int, parameters: int, total_follow_up: float, horizon: float,
    r2: float | None = None,
) -> SampleSizeAhead:  # fmt: skip
    """Patients that a Cox model to come needs, by Riley's three criteria.

    Parameters
    ----------
    n, events, parameters : int
        Patients and events at hand, coefficients that will be offered.
    total_follow_up, horizon : float
        Summed over patients; at which the overall risk is to be known. In one unit.
    r2 : float or None
        Cox and Snell's R² expected in new patients; None for 0.15 of the largest possible, which
        Riley takes where no earlier model tells.

    Raises
    ------
    DataProblem
        Without events or parameters.

    References
    ----------
    Riley et al., Stat Med 2019;38:1276; BMJ 2020;368:m441. Compared with R pmsampsize's published
    example.
    """
    if events < 1 or parameters < 1 or not total_follow_up > 0:
        raise _too_few(events, parameters)
    largest = largest_r2(events / n)
    expected = EXPLAINED_SHARE * largest if r2 is None else r2
    rate = events / total_follow_up
    return SampleSizeAhead(
        n, events, parameters, events / parameters, expected, largest,
        required_for_shrinkage(parameters, expected),
        required_for_optimism(parameters, expected, largest),
        required_for_risk(rate, total_follow_up / n, horizon), horizon,
    )  # fmt: skip


def _too_few(events: int, parameters: int) -> DataProblem:
    return refuse(
        say("Sample size"),
        say("{events} events and {parameters} parameters", events=events, parameters=parameters),
        "one of each at least",
        "Wait for events.",
    )


def largest_r2(events_per_patient: float) -> float:
    """Highest Cox-Snell R² that an exponential survival model can reach.

    Parameters
    ----------
    events_per_patient : float

    References
    ----------
    Riley et al., Stat Med 2019;38:1276.
    """
    null = events_per_patient * (np.log(events_per_patient) - 1)
    return float(1 - np.exp(2 * null))


def required_for_shrinkage(
    parameters: int, r2: float, shrinkage: float = LEAST_SHRINKAGE
) -> int | None:
    """Patients for an expected shrinkage of at least ``shrinkage`` (Riley's criterion 1).

    Parameters
    ----------
    parameters : int
    r2 : float
        Cox and Snell's R² that is expected in new patients.
    shrinkage : float

    References
    ----------
    Riley et al., Stat Med 2019;38:1276, criterion 1.
    """
    if not 0 < r2 < shrinkage:
        return None
    return int(np.ceil(parameters / ((shrinkage - 1) * np.log(1 - r2 / shrinkage))))


def required_for_optimism(
    parameters: int, r2: float, largest: float, gap: float = LARGEST_GAP
) -> int | None:
    """Patients for at most ``gap`` between apparent and adjusted Nagelkerke R² (criterion 2).

    Parameters
    ----------
    parameters : int
    r2, largest : float
        Expected and highest possible Cox-Snell R².
    gap : float

    References
    ----------
    Riley et al., Stat Med 2019;38:1276, criterion 2.
    """
    if not r2 > 0:
        return None
    return required_for_shrinkage(parameters, r2, r2 / (r2 + gap * largest))


def risk_margin(rate: float, total_follow_up: float, horizon: float) -> float:
    """How far the 95 % interval of the overall risk reaches above it at ``horizon``.

    Parameters
    ----------
    rate : float
        Events per unit of follow-up, constant over time.
    total_follow_up : float
        Summed over patients.
    horizon : float

    References
    ----------
    Riley et al., Stat Med 2019;38:1276, criterion 3.
    """
    worst = rate + Z * np.sqrt(rate / total_follow_up)
    return float(np.exp(-rate * horizon) - np.exp(-worst * horizon))


def required_for_risk(
    rate: float, mean_follow_up: float, horizon: float, margin: float = LARGEST_MARGIN
) -> int:
    """Patients for an overall risk known to ``margin`` at ``horizon`` (criterion 3).

    Parameters
    ----------
    rate : float
        Events per unit of follow-up.
    mean_follow_up, horizon : float
    margin : float

    References
    ----------
    Riley et al., Stat Med 2019;38:1276, example 2 (0.122, 0.113 to 0.131).
    """
    room = 1 - margin * np.exp(rate * horizon)
    if room <= 0:  # so few survive that no interval reaches farther
        return 1
    spread = -np.log(room) / (Z * horizon)
    return int(np.ceil(rate / mean_follow_up / spread**2))
