"""Amount of DAB (the brown of a stained marker) per pixel, by colour deconvolution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies.methods.problems import refuse
from studies.methods.wording import say

Array = NDArray[np.float32]

# Optical density per red, green, blue of one unit of dye (Ruifrok and Johnston 2001).
HAEMATOXYLIN = (0.65, 0.70, 0.29)
EOSIN = (0.07, 0.99, 0.11)
DAB = (0.27, 0.57, 0.78)
WHITE = 255


@dataclass(frozen=True)
class Stains:
    """Colours of the dyes of a slide, as optical densities per red, green and blue.

    The third is what else may colour: eosin unless the laboratory says otherwise.
    """

    haematoxylin: tuple[float, float, float] = HAEMATOXYLIN
    dab: tuple[float, float, float] = DAB
    other: tuple[float, float, float] = EOSIN

    def as_dict(self) -> dict[str, Any]:
        return {name: list(getattr(self, name)) for name in ("haematoxylin", "dab", "other")}

    @classmethod
    def from_dict(cls, stored: dict[str, Any]) -> Stains:
        return cls(*(tuple(stored[name]) for name in ("haematoxylin", "dab", "other")))


def estimate_dab(rgb: NDArray[np.uint8], stains: Stains | None = None) -> Array:
    """Optical density of DAB in every pixel.

    Parameters
    ----------
    rgb : array, (rows, columns, 3), uint8
        Transmitted light; 255 is the empty slide. A pixel of 0 counts as 1.
    stains : Stains, optional

    Returns
    -------
    array, (rows, columns), float32
        Decadic optical density of the part that is DAB: 0 for none, about 1 for a dense brown.
        Negative where another colour is overcorrected.

    Raises
    ------
    DataProblem
        Dyes whose colours cannot be told apart.

    References
    ----------
    Ruifrok A.C., Johnston D.A. Anal Quant Cytol Histol 2001;23:291-299.
    """
    red, green, blue = _tables(stains or Stains())
    dab = red[rgb[..., 0]]
    dab += green[rgb[..., 1]]
    dab += blue[rgb[..., 2]]
    return dab


def _tables(stains: Stains) -> tuple[Array, Array, Array]:
    """What each value of each channel adds: a look-up instead of a logarithm per pixel."""
    weights = unmixing_weights([stains.haematoxylin, stains.dab, stains.other])[:, 1]
    density = -np.log10(np.maximum(np.arange(WHITE + 1), 1) / WHITE)
    red, green, blue = ((density * weight).astype(np.float32) for weight in weights)
    return red, green, blue


def unmixing_weights(dyes: Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Matrix, channels × dyes, that turns optical densities into amounts of each dye.

    Parameters
    ----------
    dyes : three times three float
        Optical density of each dye in red, green and blue; only the direction counts.

    References
    ----------
    Ruifrok A.C., Johnston D.A. Anal Quant Cytol Histol 2001;23:291-299.
    """
    colours = np.asarray(dyes, float)
    norms = np.linalg.norm(colours, axis=1)
    if colours.shape != (3, 3) or not np.isfinite(colours).all() or (norms == 0).any():
        raise refuse(
            "stains", dyes, "three colours of three optical densities", "Correct the colours."
        )
    unit = colours / norms[:, None]
    if abs(np.linalg.det(unit)) < 1e-3:
        raise refuse(
            "stains",
            say("two dyes of nearly the same colour"),
            "three colours that differ",
            "Measure the colours on a slide with one dye each.",
        )
    return np.linalg.inv(unit)
