"""Colour deconvolution against scikit-image's."""

from __future__ import annotations

import numpy as np
import pytest
from skimage.color import separate_stains
from skimage.data import immunohistochemistry

from imaging.methods.stain_separation import DAB, EOSIN, HAEMATOXYLIN, Stains, estimate_dab
from studies.methods.problems import DataProblem

SCALE = -np.log10(1e-6)  # scikit-image tells densities as a share of log(1e-6)


def test_dab_as_scikit_image_separates_it() -> None:
    picture = np.maximum(immunohistochemistry(), 1)
    colours = np.array([HAEMATOXYLIN, DAB, EOSIN])
    unit = colours / np.linalg.norm(colours, axis=1, keepdims=True)
    theirs = separate_stains(picture, np.linalg.inv(unit))[..., 1] * SCALE
    np.testing.assert_allclose(np.maximum(estimate_dab(picture), 0), theirs, atol=2e-6)


@pytest.mark.parametrize("amount", [0.1, 0.5, 0.9])
def test_pure_dab_is_told_as_its_amount(amount: float) -> None:
    unit = np.asarray(DAB) / np.linalg.norm(DAB)
    pixel = np.rint(255 * 10 ** (-amount * unit)).astype(np.uint8).reshape(1, 1, 3)
    assert estimate_dab(pixel).item() == pytest.approx(amount, abs=0.02)


def test_white_holds_none() -> None:
    assert np.abs(estimate_dab(np.full((2, 2, 3), 255, np.uint8))).max() < 1e-6


def test_dyes_that_look_alike_are_refused() -> None:
    with pytest.raises(DataProblem, match="same colour"):
        estimate_dab(np.zeros((1, 1, 3), np.uint8), Stains(haematoxylin=DAB))
