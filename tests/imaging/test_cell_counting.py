"""Cells against known truth, against scikit-image on a real stain, and laws of tiles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial import cKDTree
from skimage.data import immunohistochemistry
from skimage.feature import peak_local_max
from skimage.filters import threshold_otsu

from imaging.methods.cell_counting import (
    CountingRule,
    count_in_tile,
    find_cells,
    plan_tiles,
    smooth_dab,
    suggest_threshold,
)
from studies.methods.problems import DataProblem
from tests.imaging.slides_made import draw_cells, spread

RULE = CountingRule(0.2)


@pytest.mark.parametrize("um_per_pixel", [0.25, 0.5, 1.0])
def test_every_cell_is_found_where_it_was_drawn(um_per_pixel: float) -> None:
    size = (int(300 / um_per_pixel), int(400 / um_per_pixel))
    drawn = spread(150, size, 9 / um_per_pixel)
    cells = find_cells(draw_cells(size, drawn, um_per_pixel), um_per_pixel, RULE)
    away, nearest = cKDTree(drawn).query(np.column_stack([cells.x, cells.y]))
    assert len(cells) == len(drawn) == len(set(nearest))
    assert away.max() * um_per_pixel < 1.5


def test_no_cell_where_nothing_is_stained() -> None:
    assert len(find_cells(draw_cells((300, 300), np.empty((0, 2))), 0.5, RULE)) == 0
    assert len(find_cells(np.full((64, 64, 3), 255, np.uint8), 0.5, RULE)) == 0


def test_a_real_stain_as_scikit_image_finds_its_peaks() -> None:
    picture = immunohistochemistry()
    cells = find_cells(picture, 0.5, CountingRule(0.2, share=0.0))
    smooth = smooth_dab(picture, 0.5)
    peaks = peak_local_max(smooth, min_distance=1, threshold_abs=0.2, exclude_border=False)
    values = smooth[tuple(peaks.T)]
    kept = np.ones(len(peaks), bool)
    for first, second in cKDTree(peaks).query_pairs(9):  # 4.5 µm
        kept[first if values[first] < values[second] else second] = False
    assert {*zip(cells.y, cells.x, strict=True)} == {*map(tuple, peaks[kept])}
    assert len(cells) > 200


@given(size=st.integers(64, 512), threshold=st.sampled_from([0.1, 0.2, 0.35]))
@settings(max_examples=8, deadline=None)
def test_tiles_of_any_size_give_the_same_cells(size: int, threshold: float) -> None:
    picture, rule = immunohistochemistry(), CountingRule(threshold)
    whole = find_cells(picture, 0.5, rule)
    found = []
    for tile in plan_tiles(512, 512, size):
        part = count_in_tile(
            lambda x, y, w, h: picture[y : y + h, x : x + w], tile, (512, 512), 0.5, rule
        )
        found += zip(part.x, part.y, part.density, strict=True)
    assert sorted(found) == sorted(zip(whole.x, whole.y, whole.density, strict=True))


def test_a_higher_threshold_finds_no_more_stain() -> None:
    counts = [
        len(find_cells(immunohistochemistry(), 0.5, CountingRule(t))) for t in (0.2, 0.4, 0.8)
    ]
    assert counts == sorted(counts, reverse=True)
    assert counts[-1] < counts[0]


def test_the_suggestion_is_otsus() -> None:
    smooth = smooth_dab(immunohistochemistry(), 0.5)
    histogram, edges = np.histogram(smooth, 256)
    assert suggest_threshold(histogram, edges) == pytest.approx(threshold_otsu(smooth), abs=0.012)


def test_what_cannot_be_counted_is_refused() -> None:
    with pytest.raises(DataProblem, match="optical density"):
        CountingRule(0.0)
    with pytest.raises(DataProblem, match="per pixel"):
        find_cells(immunohistochemistry(), 8.0, RULE)
    with pytest.raises(DataProblem, match="one class"):
        suggest_threshold(np.zeros(4, np.int64), np.linspace(0, 1, 5))


def test_a_rule_comes_back_from_its_record() -> None:
    rule = CountingRule(0.31, distance_um=5.0)
    assert CountingRule.from_dict(rule.as_dict()) == rule
