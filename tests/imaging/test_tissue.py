"""Tissue is told from glass and pen; dust is not tissue."""

from __future__ import annotations

import numpy as np

from imaging.methods.tissue import find_tissue


def test_tissue_without_glass_pen_and_dust() -> None:
    picture = np.full((300, 400, 3), 243, np.uint8)
    picture[50:250, 60:260] = (205, 190, 215)
    picture[120:124, 150:154] = 243  # a vessel
    picture[20:60, 300:360] = (40, 160, 70)  # a green pen
    picture[200:202, 330:332] = (150, 90, 60)  # dust
    found = find_tissue(picture, 8.0)
    assert found[120:124, 150:154].all()
    assert not found[:, 270:].any()
    assert abs(found.sum() / 40_000 - 1) < 0.03
