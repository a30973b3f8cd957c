"""Is the table large enough for a logistic model: Riley's criteria of a binary outcome."""

from __future__ import annotations

import numpy as np

from modeling.methods.sample_size import (
    LARGEST_MARGIN,
    SampleSize,
    Z,
    required_for_optimism,
    required_for_shrinkage,
)
from studies.methods.problems import refuse
from studies.methods.wording import say


def estimate_sample_size_binary(
    n: int, events: int, parameters: int, log_likelihood: tuple[float, float]
) -> SampleSize:
    """Statement on sample size of a fitted logistic model.

    Parameters
    ----------
    n, events, parameters : int
        Patients, those with the outcome, and candidate coefficients without the intercept.
    log_likelihood : (float, float)
        Of the intercept alone and of the model.

    Raises
    ------
    DataProblem
        Without both classes or without parameters.

    References
    ----------
    Riley et al., BMJ 2020;368:m441; Stat Med 2019;38:1276. Compared with the published example
    of R pmsampsize.
    """
    if not 0 < events < n or parameters < 1:
        raise refuse(
            say("Sample size"),
            say(
                "{events} events and {parameters} parameters", events=events, parameters=parameters
            ),
            "one of each at least",
            "Wait for events.",
        )
    ratio = 2 * (log_likelihood[1] - log_likelihood[0])
    shrinkage = max(0.0, (ratio - parameters) / ratio) if ratio > 0 else 0.0
    adjusted = float(-np.expm1(-ratio * shrinkage / n))
    share, largest = events / n, largest_r2_binary(events / n)
    return SampleSize(
        n, events, parameters, min(events, n - events) / parameters, float(ratio),
        float(shrinkage), float(-np.expm1(-ratio / n)), adjusted, largest,
        required_for_shrinkage(parameters, adjusted),
        required_for_optimism(parameters, adjusted, largest),
        required_for_share(share), float(Z * np.sqrt(share * (1 - share) / n)),
    )  # fmt: skip


def largest_r2_binary(share: float) -> float:
    """Highest Cox-Snell R² that a logistic model can reach.

    Parameters
    ----------
    share : float
        Of patients with the outcome.

    References
    ----------
    Riley et al., BMJ 2020;368:m441.
    """
    null = share * np.log(share) + (1 - share) * np.log1p(-share)
    return float(-np.expm1(2 * null))


def required_for_share(share: float, margin: float = LARGEST_MARGIN) -> int:
    """Patients for an overall share known to ``margin`` (criterion 3).

    Parameters
    ----------
    share : float
        Of patients with the outcome.
    margin : float

    References
    ----------
    Riley et al., BMJ 2020;368:m441, figure 2.
    """
    return int(np.ceil((Z / margin) ** 2 * share * (1 - share)))
