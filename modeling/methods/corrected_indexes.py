"""From what resamples told to an index corrected for optimism."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modeling.methods.resampling_plans import Method
from modeling.methods.survival_table import Flags, Floats

INDEXES = ("dxy", "r2", "slope", "d", "u", "q", "g")
OUTSIDE = 0.632  # share of patients that a resample holds


@dataclass(frozen=True)
class CorrectedIndex:
    """An index on its own patients, in resamples, on those it is tried on, and corrected."""

    apparent: float
    training: float
    test: float
    optimism: float
    corrected: float
    usable: int


@dataclass(frozen=True)
class CorrectedGroups:
    """Calibration at ``horizon`` in groups of like predicted survival, with optimism.

    ``observed`` is Kaplan-Meier's survival, ``corrected`` the same less the optimism; NaN: not
    estimable. ``usable`` counts the resamples behind each group.
    """

    horizon: float
    cuts: Floats
    n: tuple[int, ...]
    predicted: Floats
    observed: Floats
    training: Floats
    test: Floats
    optimism: Floats
    corrected: Floats
    usable: tuple[int, ...]


@dataclass(frozen=True)
class Instability:
    """Predictions of the same patients by the models of resamples, (resamples, patients)."""

    horizon: float
    predicted: Floats
    resampled: Floats

    @property
    def mean_absolute_error(self) -> Floats:
        """Per patient: mean distance between a resample's prediction and the model's own."""
        return np.asarray(np.nanmean(np.abs(self.resampled - self.predicted), axis=0))


def correct_indexes(
    method: Method, apparent: Floats, told: Floats, known: Sequence[str] = INDEXES
) -> dict[str, CorrectedIndex]:
    """Indexes of a model less their optimism, by name.

    Parameters
    ----------
    method : {"bootstrap", ".632+", "cross-validation"}
    apparent : array, shape (indexes,)
        Of the model on its own patients.
    told : array, shape (resamples, 2, indexes)
        Where each resample's model was fitted, and where it was tried; NaN where not fitted.
    known : sequence of str
        The indexes' names, Dxy first; those of a Cox model are Dxy, R2, slope, D, U, Q, g.

    Notes
    -----
    corrected = apparent − (mean where fitted − mean where tried). With .632+ only Dxy is
    corrected: its no-information value is 0.

    References
    ----------
    Harrell et al., Stat Med 1996;15:361; .632+ by Efron, Tibshirani, J Am Stat Assoc
    1997;92:548. Compared with R rms::validate.
    """
    usable: Flags = np.asarray(np.isfinite(told).all(axis=1))
    names = known[:1] if method == ".632+" else known
    found = {}
    for k, name in enumerate(names):
        rows = usable[:, k]
        training, test = told[rows, :, k].mean(axis=0) if rows.any() else np.full(2, np.nan)
        own = float(apparent[k])
        corrected = (
            _point_632_plus(own, float(test)) if method == ".632+" else own - training + test
        )
        found[name] = CorrectedIndex(
            own, float(training), float(test), float(own - corrected), float(corrected),
            int(rows.sum()),
        )  # fmt: skip
    return found


def somers_to_c(dxy: CorrectedIndex) -> CorrectedIndex:
    """C = (Dxy + 1)/2, part by part.

    References
    ----------
    Harrell et al., Stat Med 1996;15:361.
    """
    return CorrectedIndex(
        apparent=0.5 + dxy.apparent / 2,
        training=0.5 + dxy.training / 2,
        test=0.5 + dxy.test / 2,
        optimism=dxy.optimism / 2,
        corrected=0.5 + dxy.corrected / 2,
        usable=dxy.usable,
    )


def interval_of_c(
    dxy: CorrectedIndex, resampled: Floats, level: float = 0.95
) -> tuple[float, float]:
    """Percentiles of C in the resamples, moved so that their mean is the corrected C.

    Parameters
    ----------
    dxy : CorrectedIndex
    resampled : array, shape (resamples,)
        Dxy of each resample's model where it was fitted.
    level : float

    References
    ----------
    Location-shifted bootstrap interval: Noma et al., Stat Med 2021;40:5691.
    """
    known = resampled[np.isfinite(resampled)]
    tail = (1 - level) / 2
    low, high = np.quantile(known - known.mean() + dxy.corrected, [tail, 1 - tail])
    return float(np.clip(0.5 + low / 2, 0, 1)), float(np.clip(0.5 + high / 2, 0, 1))


def _point_632_plus(apparent: float, outside: float) -> float:
    """Efron and Tibshirani's weight, on the scale of Dxy (error 1 − Dxy, no information 0)."""
    tried = max(outside, 0.0)
    overfit = (apparent - tried) / apparent if apparent > tried and apparent > 0 else 0.0
    weight = OUTSIDE / (1 - (1 - OUTSIDE) * overfit)
    return (1 - weight) * apparent + weight * tried
