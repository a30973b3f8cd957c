"""Regions drawn in the browser, against SimpleITK's region growing and by hand."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

from imaging.methods.drawn_region import (
    Sphere,
    Stroke,
    draw_brush,
    draw_growing,
    draw_sphere,
    draw_threshold,
    threshold_level,
)
from imaging.methods.projection import draw_projection, project_maximum
from imaging.methods.region_recipe import apply_recipe
from imaging.methods.volume import Grid, Volume, as_sitk
from studies.methods.problems import DataProblem

TILT = np.deg2rad(20)
OBLIQUE = (
    np.cos(TILT), -np.sin(TILT), 0.0,
    np.sin(TILT), np.cos(TILT), 0.0,
    0.0, 0.0, 1.0,
)  # fmt: skip
GRID = Grid((30, 26, 20), (-40.0, 12.0, -300.0), (3.0, 4.0, 5.0), OBLIQUE)


def uptake(seed):
    """Smooth noise with some hot lumps, as a PET has them."""
    rng = np.random.default_rng(seed)
    smooth = gaussian_filter(rng.normal(size=GRID.shape), 1.6)
    return Volume((6 * smooth / smooth.max() + 1).clip(0).astype(np.float32), GRID)


def middle(suv):
    z, y, x = np.unravel_index(suv.array.argmax(), suv.array.shape)
    return tuple(GRID.points_of([[x, y, z]])[0].tolist()), (int(x), int(y), int(z))


def grown_by_simpleitk(suv, inside, seed, level):
    """ConnectedThreshold on the scan with everything outside the sphere cold."""
    kept = Volume(np.where(inside, suv.array, np.float32(-1)), suv.grid)
    grown = sitk.ConnectedThreshold(as_sitk(kept), [seed], lower=float(level), upper=1e6)
    return sitk.GetArrayFromImage(grown).astype(bool)


def test_a_sphere_is_every_voxel_whose_centre_is_near() -> None:
    sphere = Sphere((-20.0, 70.0, -260.0), 22.0)
    points = GRID.points_of(np.indices(GRID.shape).reshape(3, -1).T[:, ::-1])
    near = np.linalg.norm(points - sphere.centre_mm, axis=1) <= sphere.radius_mm
    assert np.array_equal(draw_sphere(GRID, sphere).ravel(), near)
    assert 0 < near.sum() < near.size


@given(st.integers(0, 10_000), st.floats(8, 40), st.sampled_from(["41_percent", "suv_2_5"]))
@settings(max_examples=25, deadline=None)
def test_threshold_in_a_sphere_is_simpleitks_connected_threshold(seed, radius, rule) -> None:
    suv = uptake(seed)
    centre, voxel = middle(suv)
    sphere = Sphere(centre, radius)
    drawn = draw_threshold(suv, sphere, rule)
    inside = draw_sphere(GRID, sphere)
    expected = grown_by_simpleitk(suv, inside, voxel, drawn.level)
    assert np.array_equal(drawn.mask.array, expected)
    assert drawn.level == pytest.approx(0.41 * suv.array.max() if rule == "41_percent" else 2.5)


@given(st.integers(0, 10_000), st.floats(1.5, 5.0))
@settings(max_examples=25, deadline=None)
def test_growing_is_simpleitks_connected_threshold(seed, level) -> None:
    suv = uptake(seed)
    centre, voxel = middle(suv)
    drawn = draw_growing(suv, centre, level, 200.0)
    everywhere = np.ones(GRID.shape, bool)
    expected = grown_by_simpleitk(suv, everywhere, voxel, level)
    assert np.array_equal(drawn.mask.array, expected)
    assert not drawn.notices


def test_a_real_lesion_at_41_percent(sarcoma_suv) -> None:
    suv, contour = sarcoma_suv("STS_002")
    z, y, x = np.unravel_index(np.where(contour.array, suv.array, -1).argmax(), contour.array.shape)
    centre = tuple(suv.grid.points_of([[x, y, z]])[0].tolist())
    drawn = draw_threshold(suv, Sphere(centre, 60.0), "41_percent")
    inside = draw_sphere(suv.grid, Sphere(centre, 60.0))
    expected = grown_by_simpleitk(suv, inside, (int(x), int(y), int(z)), drawn.level)
    assert np.array_equal(drawn.mask.array, expected)
    assert suv.array[drawn.mask.array].max() == pytest.approx(21.676, abs=1e-3)
    assert drawn.mask.array[~contour.array].mean() < 1e-3, "all but all of it is in the contour"


def test_a_region_that_the_sphere_cuts_says_so() -> None:
    suv = uptake(3)
    centre, _ = middle(suv)
    assert [n.code for n in draw_threshold(suv, Sphere(centre, 6.0), "41_percent").notices] == [
        "region_cut"
    ]
    near = draw_growing(suv, centre, 1.5, 10.0)
    assert [notice.code for notice in near.notices] == ["region_cut"]
    assert near.mask.array.sum() < draw_growing(suv, centre, 1.5, 200.0).mask.array.sum()


def test_percist_is_by_the_liver() -> None:
    suv = uptake(5)
    centre, _ = middle(suv)
    liver = Sphere(tuple(GRID.points_of([[5, 5, 5]])[0].tolist()), 12.0)
    inside = suv.array[draw_sphere(GRID, liver)].astype(float)
    by_hand = 1.5 * inside.sum() / inside.size + 2 * np.sqrt(
        ((inside - inside.mean()) ** 2).sum() / (inside.size - 1)
    )
    assert threshold_level(suv, Sphere(centre, 20), "percist", liver) == pytest.approx(by_hand)
    with pytest.raises(DataProblem, match="liver"):
        draw_threshold(suv, Sphere(centre, 20.0), "percist")


def test_a_brush_adds_and_takes_away_in_its_order() -> None:
    here, there = Sphere((-20.0, 70.0, -260.0), 15.0), Sphere((-10.0, 75.0, -255.0), 12.0)
    one, two = draw_sphere(GRID, here), draw_sphere(GRID, there)
    drawn = draw_brush(GRID, [Stroke(here), Stroke(there, erase=True)])
    assert np.array_equal(drawn.mask.array, one & ~two)
    again = draw_brush(GRID, [Stroke(there)], drawn.mask.array)
    assert np.array_equal(again.mask.array, one | two)
    with pytest.raises(DataProblem, match="at least one voxel"):
        draw_brush(GRID, [Stroke(here), Stroke(here, erase=True)])


@pytest.mark.parametrize(
    ("recipe", "says"),
    [
        ({}, "Choose how"),
        ({"method": "threshold", "rule": "x"}, "one of 41_percent"),
        ({"method": "threshold", "rule": "suv_2_5", "centre_mm": [1, 2]}, "x, y and z"),
        (
            {"method": "threshold", "rule": "suv_2_5", "centre_mm": [1, 2, None], "radius_mm": 1},
            "a number",
        ),
        (
            {"method": "threshold", "rule": "suv_2_5", "centre_mm": [9e3, 0, 0], "radius_mm": 5},
            "no voxel",
        ),
        (
            {"method": "threshold", "rule": "suv_2_5", "centre_mm": [0, 0, 0], "radius_mm": 900},
            "at most 200",
        ),
        (
            {"method": "growing", "seed_mm": [-20, 70, -260], "level": 99, "radius_mm": 50},
            "at least the level",
        ),
        ({"method": "growing", "seed_mm": [-20, 70, -260], "radius_mm": 50}, "a number"),
        ({"method": "brush", "strokes": []}, "no stroke"),
        ({"method": "brush", "strokes": [[1, 2, 3]]}, "radius and 0 or 1"),
    ],
)
def test_recipes_that_draw_nothing_are_refused_with_their_field(recipe, says) -> None:
    with pytest.raises(DataProblem, match=says) as refused:
        apply_recipe(uptake(1), recipe)
    assert refused.value.problems[0].column


def test_the_projection_is_simpleitks_along_both_axes() -> None:
    square = Grid((24, 24, 12), (0.0, 0.0, 0.0), (3.0, 3.0, 4.0))
    rng = np.random.default_rng(2)
    suv = Volume(rng.random(square.shape).astype(np.float32), square)

    def by_simpleitk(axis):
        flat = sitk.MaximumProjection(as_sitk(suv), axis)
        return sitk.GetArrayFromImage(flat).squeeze()

    assert np.array_equal(project_maximum(suv, 0), by_simpleitk(1))
    assert np.array_equal(project_maximum(suv, 180), by_simpleitk(1)[:, ::-1])
    seen = project_maximum(suv, 90)
    assert np.array_equal(seen.max(axis=1), by_simpleitk(0).max(axis=1)), "no ray is lost"
    assert draw_projection(suv, 45).shape[0] == 420
