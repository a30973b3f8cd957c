"""Surface distances against SimpleITK and scipy; overlap against counting."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from scipy.spatial.distance import cdist

from imaging.methods.agreement import compare_masks
from imaging.methods.geometry import resample_mask
from imaging.methods.volume import Grid, Volume, as_sitk
from studies.methods.problems import DataProblem

GRID = Grid((30, 28, 20), (0.0, 0.0, 0.0), (1.5, 2.0, 3.0))


def ball(centre, radius, grid=GRID):
    points = grid.points_of(np.indices(grid.shape).reshape(3, -1).T[:, ::-1].astype(float))
    return Volume((np.linalg.norm(points - centre, axis=1) <= radius).reshape(grid.shape), grid)


PAIRS = {
    "shifted": (ball((20, 25, 28), 12), ball((24, 25, 28), 12)),
    "inside": (ball((22, 25, 28), 6), ball((22, 25, 28), 15)),
    "apart": (ball((10, 12, 15), 6), ball((34, 44, 45), 7)),
}


def surface(mask):
    contour = sitk.GetArrayFromImage(sitk.LabelContour(as_sitk(mask), fullyConnected=False))
    return np.argwhere(contour)[:, ::-1] * np.array(GRID.spacing), contour


@pytest.mark.parametrize("pair", PAIRS.values(), ids=PAIRS)
def test_distances_equal_those_of_simpleitk_and_scipy(pair):
    found = compare_masks(*pair, "lesion")
    (points_a, contour_a), (points_b, contour_b) = (surface(mask) for mask in pair)
    images = [as_sitk(Volume(c.astype(bool), GRID)) for c in (contour_a, contour_b)]
    reference = sitk.HausdorffDistanceImageFilter()
    reference.Execute(*images)
    assert found.hausdorff_mm == pytest.approx(reference.GetHausdorffDistance(), abs=1e-4)
    distances = cdist(points_a, points_b)
    there, back = distances.min(axis=1), distances.min(axis=0)
    assert found.hausdorff_95_mm == pytest.approx(
        max(np.percentile(there, 95), np.percentile(back, 95))
    )
    assert found.mean_surface_mm == pytest.approx(np.concatenate([there, back]).mean())
    overlap = sitk.LabelOverlapMeasuresImageFilter()
    overlap.Execute(*(as_sitk(mask) for mask in pair))
    assert found.dice == pytest.approx(overlap.GetDiceCoefficient())


def test_equal_masks_agree_wholly_and_a_shift_is_its_length():
    one = ball((20, 25, 28), 12)
    found = compare_masks(one, one, "lesion")
    assert (found.dice, found.hausdorff_mm, found.shift_mm) == (1, 0, 0)
    moved = Volume(np.roll(one.array, 2, axis=2), GRID)
    assert compare_masks(one, moved, "lesion").shift_mm == pytest.approx(3.0)


def test_pet_and_ct_contours_are_compared_on_the_ct():
    fine = Grid((60, 56, 20), (-0.375, -0.5, 0.0), (0.75, 1.0, 3.0))
    one = ball((20, 25, 28), 12)
    found = compare_masks(one, resample_mask(one, fine), "lesion")
    assert found.dice == 1
    assert found.shift_mm < 0.1


def test_a_region_outside_the_other_scan_is_refused():
    far = Grid((10, 10, 10), (500.0, 0.0, 0.0), (2.0, 2.0, 2.0))
    with pytest.raises(DataProblem, match="outside the other scan"):
        compare_masks(ball((20, 25, 28), 12), ball((510, 8, 8), 6, far), "lesion")
