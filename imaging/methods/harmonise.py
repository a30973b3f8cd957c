"""Features of several scanners brought to one scale: fitted on training, frozen, applied."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.methods.scanner_groups import largest_group
from studies.methods.combat import FEWEST, fit_combat
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

UNSEEN = ("refuse", "reference", "pooled")
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
    unseen : "refuse", "reference" or "pooled"
    reference : str
        The scanner that stands for those unseen, where they are taken for one.
    """

    scanners: tuple[str, ...]
    mean: Array
    sd: Array
    shift: Array
    scale: Array
    unseen: str
    reference: str = ""


def fit_harmoniser(
    features: Array, scanners: Sequence[str], unseen: str = "pooled", reference: str = ""
) -> HarmoniseFit:
    """Location and scale of each scanner, shrunk over features by empirical Bayes (ComBat).

    Nothing of an outcome enters, yet it learns from the feature matrix: fit it inside the fold.

    Parameters
    ----------
    features : array (patients, features)
        Of training patients only.
    scanners : scanner and reconstruction of each patient
    unseen : {"refuse", "reference", "pooled"}
        What ``apply_harmoniser`` does with a scanner that training did not have: refuse it, take
        it for the reference scanner, or let it stand at the common scale, its features as they
        are; the last two with a notice. Nothing is learned from validating patients.
    reference : str
        A scanner of training; the one of most patients by default.

    Raises
    ------
    DataProblem
        One scanner only, one of under 3 patients (all of them at once), an unknown reference.

    References
    ----------
    Johnson WE et al. Biostatistics 2007;8:118 (R sva, ``ComBat``); Orlhac F et al. JNM 2018;59:1321
    (ComBat for PET features).
    """
    if unseen not in UNSEEN:
        raise refuse("unseen", unseen, " or ".join(UNSEEN), "Choose a rule for unseen scanners.")
    values, labels = np.asarray(features, float), np.asarray(scanners)
    names = tuple(sorted(set(scanners)))
    reference = reference or largest_group(scanners, names)
    if reference not in names:
        raise refuse("reference", reference, ", ".join(names), "Name a scanner of training.")
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
        reference,
    )


def apply_harmoniser(
    fit: HarmoniseFit, features: Array, scanners: Sequence[str]
) -> tuple[Array, tuple[Notice, ...]]:
    """Features (patients, features) on the common scale, and which scanners were unseen.

    Parameters
    ----------
    fit : HarmoniseFit
    features : array (patients, features)
        In the order of the fit's names.
    scanners : sequence of str, one per patient

    Raises
    ------
    DataProblem
        An unseen scanner where the fit refuses them.

    References
    ----------
    Johnson WE et al. Biostatistics 2007;8:118; the rules for an unseen scanner are ours
    (decision 0031).
    """
    values = np.array(features, float)
    unseen = sorted(set(scanners) - set(fit.scanners))
    if unseen and fit.unseen == "refuse":
        raise refuse(
            "scanner",
            ", ".join(unseen),
            say("one of {known}", known=", ".join(fit.scanners)),
            "Leave the patients out, or choose another rule for unseen scanners.",
        )
    moving, stands_for = fit.sd > 0, _stands_for(fit, scanners)
    for row, name in enumerate(fit.scanners):
        here = stands_for == name
        z = (values[np.ix_(here, moving)] - fit.mean[moving]) / fit.sd[moving]
        z = (z - fit.shift[row, moving]) / fit.scale[row, moving]
        values[np.ix_(here, moving)] = z * fit.sd[moving] + fit.mean[moving]
    return values, tuple(Notice("unseen_scanner", unseen_said(fit, name)) for name in unseen)


def _stands_for(fit: HarmoniseFit, scanners: Sequence[str]) -> NDArray[np.str_]:
    """The scanner whose shift and scale each patient's features lose."""
    labels = np.asarray(scanners, dtype=str)
    if fit.unseen != "reference":
        return labels
    return np.where(np.isin(labels, fit.scanners), labels, fit.reference)


def unseen_said(fit: HarmoniseFit, name: str) -> str:
    """What becomes of a scanner that training did not have.

    Parameters
    ----------
    fit : HarmoniseFit
    name : str
    """
    if fit.unseen == "reference":
        return say(
            "{name}: no training scanner; its features are taken for those of {reference}",
            name=name,
            reference=fit.reference,
        )
    return say("{name}: no training scanner; its features are left as they are", name=name)


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
