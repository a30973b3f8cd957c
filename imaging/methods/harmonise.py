"""Features of several scanners brought to one scale: fitted on training, frozen, applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from studies.methods.combat import FEWEST, fit_combat
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

UNSEEN = ("as_is", "refuse")
Array = NDArray[np.float64]


@dataclass(frozen=True)
class HarmoniseFit:
    """What each scanner adds to and stretches of each feature.

    Parameters
    ----------
    scanners : tuple of str
    mean, sd : arrays (features,)
        Grand mean; SD within scanners, 0 where a feature is left as it is.
    shift, scale : arrays (scanners, features)
        In ``sd``; factor of the SD.
    unseen : "as_is" or "refuse"
    """

    scanners: tuple[str, ...]
    mean: Array
    sd: Array
    shift: Array
    scale: Array
    unseen: str


def fit_harmoniser(features: Array, scanners: Sequence[str], unseen: str = "as_is") -> HarmoniseFit:
    """Location and scale of each scanner, shrunk over features by empirical Bayes (ComBat).

    Nothing of an outcome enters, yet it learns from the feature matrix: fit it inside the fold.

    Parameters
    ----------
    features : array (patients, features)
        Of training patients only.
    scanners : scanner and reconstruction of each patient
    unseen : "as_is" or "refuse"
        What ``apply_harmoniser`` does with a scanner that training did not have: leave its
        features as they are, with a notice, or refuse. Nothing is learned from validating
        patients.

    Raises
    ------
    DataProblem
        One scanner only, or one of under 3 patients; all of them at once.

    References
    ----------
    Johnson WE et al. Biostatistics 2007;8:118 (R sva, ``ComBat``); Orlhac F et al. JNM 2018;59:1321
    (ComBat for PET features).
    """
    if unseen not in UNSEEN:
        raise refuse("unseen", unseen, " or ".join(UNSEEN), "Choose a rule for unseen scanners.")
    values, labels = np.asarray(features, float), np.asarray(scanners)
    names = tuple(sorted(set(scanners)))
    _check(names, [values[labels == name] for name in names])
    fit = fit_combat([values], list(scanners))
    moving = np.isfinite(fit.sd)
    return HarmoniseFit(
        names,
        fit.mean,
        np.where(moving, fit.sd, 0.0),
        np.where(moving, fit.shift, 0.0),
        np.where(moving, fit.scale, 1.0),
        unseen,
    )


def apply_harmoniser(
    fit: HarmoniseFit, features: Array, scanners: Sequence[str]
) -> tuple[Array, tuple[Notice, ...]]:
    """Features (patients, features) on the common scale, and which scanners were unseen.

    Raises
    ------
    DataProblem
        An unseen scanner where the fit refuses them.
    """
    values = np.array(features, float)
    unseen = sorted(set(scanners) - set(fit.scanners))
    if unseen and fit.unseen == "refuse":
        raise refuse(
            "scanner",
            ", ".join(unseen),
            say("one of {known}", known=", ".join(fit.scanners)),
            "Leave the patients out, or choose the rule as_is.",
        )
    moving = fit.sd > 0
    for row, name in enumerate(fit.scanners):
        here = np.asarray(scanners) == name
        z = (values[np.ix_(here, moving)] - fit.mean[moving]) / fit.sd[moving]
        z = (z - fit.shift[row, moving]) / fit.scale[row, moving]
        values[np.ix_(here, moving)] = z * fit.sd[moving] + fit.mean[moving]
    return values, tuple(
        Notice(
            "unseen_scanner",
            say("{name}: no training scanner; its features are left as they are", name=name),
        )
        for name in unseen
    )


def _check(names: tuple[str, ...], groups: list[Array]) -> None:
    problems = [
        Problem(
            say("scanner {name}", name=name),
            say("{n} training patients", n=len(group)),
            say("at least {fewest}", fewest=FEWEST),
            "Put it with the scanner it is most like, or leave its patients out.",
        )
        for name, group in zip(names, groups, strict=True)
        if len(group) < FEWEST
    ]
    if len(names) < 2:
        problems.append(
            Problem(
                "scanners",
                say("{n} in training", n=len(names)),
                "at least two",
                "With one scanner there is nothing to harmonise.",
            )
        )
    if problems:
        raise DataProblem(problems)
