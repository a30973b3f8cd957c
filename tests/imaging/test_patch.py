"""Patches: equal to resampling the whole scan, placed right in space, honest about edges."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from scipy.ndimage import gaussian_filter

from imaging.methods.patch import cut_patch, place_cube, shuffle_inside
from imaging.methods.spline import interpolate, interpolate_nearest
from imaging.methods.volume import Grid, Volume, as_sitk
from studies.methods.problems import DataProblem

GRID = Grid((60, 56, 50), (-120.0, -90.0, 400.0), (4.0, 4.0, 4.0))


def scan(grid=GRID, seed=1):
    noise = np.random.default_rng(seed).normal(5, 2, grid.shape)
    return Volume(gaussian_filter(noise, 1.5).astype(np.float32), grid)


def ball(grid=GRID, centre=(0.0, 20.0, 500.0), radius=15.0):
    indices = np.indices(grid.shape).reshape(3, -1).T[:, ::-1]
    squared = ((grid.points_of(indices) - centre) ** 2).sum(axis=1)
    return Volume((squared <= radius**2).reshape(grid.shape), grid)


def test_patch_equals_spline_of_the_whole_scan():
    volume, mask = scan(), ball()
    patch = cut_patch(volume, mask, "PT")
    centre = GRID.points_of(np.argwhere(mask.array)[:, ::-1].mean(axis=0)[None])[0]
    target = sitk.Image([32] * 3, sitk.sitkFloat32)
    target.SetSpacing([3.0] * 3)
    target.SetOrigin((centre - 15.5 * 3).tolist())
    whole = sitk.Resample(as_sitk(volume), target, sitk.Transform(), sitk.sitkBSpline, 0.0)
    assert np.abs(patch.image - sitk.GetArrayFromImage(whole)).max() < 2e-3
    assert patch.image.dtype == np.float32
    assert patch.image.shape == patch.mask.shape == (32, 32, 32)
    assert not patch.notices


def test_region_keeps_its_volume_and_stands_in_the_middle():
    region = ball(radius=24)
    patch = cut_patch(scan(), region, "PT")
    assert patch.mask.sum() * 27 == pytest.approx(region.array.sum() * 64, rel=0.05)
    assert np.argwhere(patch.mask).mean(axis=0) == pytest.approx([15.5] * 3, abs=0.6)


def test_region_drawn_on_pet_cuts_the_ct_at_the_same_place():
    fine = Grid((120, 112, 100), (-121.0, -91.0, 399.0), (2.0, 2.0, 2.0))
    ramp = Volume(
        fine.points_of(np.indices(fine.shape).reshape(3, -1).T[:, ::-1])[:, 0]
        .reshape(fine.shape)
        .astype(np.float32),
        fine,
    )
    patch = cut_patch(ramp, ball(centre=(10.0, 20.0, 500.0)), "CT")
    assert patch.image[patch.mask].mean() == pytest.approx(10.0, abs=0.5)


def test_turned_scan_gives_the_same_patch():
    volume, mask = scan(), ball()
    turned = Grid(
        GRID.size,
        (-120.0, -90.0, 400.0 + 49 * 4.0),
        GRID.spacing,
        (1.0, 0, 0, 0, 1.0, 0, 0, 0, -1.0),
    )
    flipped = Volume(volume.array[::-1].copy(), turned)
    assert (
        np.abs(cut_patch(flipped, mask, "PT").image - cut_patch(volume, mask, "PT").image).max()
        < 1e-4
    )


def test_beyond_the_scan_stands_air_or_no_uptake():
    mask = ball(centre=(-118.0, 20.0, 500.0))
    assert cut_patch(scan(), mask, "CT").image[16, 16, 0] == -1000
    assert cut_patch(scan(), mask, "PT").image[16, 16, 0] == 0


def test_edges_are_said():
    [notice] = cut_patch(scan(), ball(radius=60), "PT").notices
    assert notice.code == "larger_than_patch"
    one = np.zeros(GRID.shape, bool)
    one[25, 25, 25] = True
    small = Grid(GRID.size, GRID.origin, (1.0, 1.0, 1.0))
    assert cut_patch(
        Volume(scan().array, small), Volume(one, small), "PT", spacing_mm=5.0
    ).mask.any()
    far = Grid(GRID.size, (5000.0, 0.0, 0.0), GRID.spacing)
    with pytest.raises(DataProblem, match="outside the scan"):
        cut_patch(Volume(scan().array, far), ball(), "CT")


def test_the_control_keeps_the_values_and_loses_their_place():
    patch = cut_patch(scan(), ball(), "PT")
    control = shuffle_inside(patch, 1)
    inside, outside = patch.mask, ~patch.mask
    assert np.array_equal(control.image[outside], patch.image[outside])
    assert not np.array_equal(control.image[inside], patch.image[inside])
    assert np.array_equal(np.sort(control.image[inside]), np.sort(patch.image[inside]))
    assert np.array_equal(shuffle_inside(patch, 1).image, control.image)


@pytest.mark.parametrize("axes", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
@pytest.mark.parametrize("flips", [(), (0,), (1, 2)])
def test_a_patch_is_blind_to_the_order_in_which_voxels_are_stored(axes, flips):
    """The same scan with its axes turned or flipped, and cropped, gives the same cube."""
    whole, region = scan(), ball()
    expected = cut_patch(whole, region, "PT")

    def stored(volume):
        order = [2 - axis for axis in axes[::-1]]
        array = np.flip(volume.array.transpose(order), [2 - axis for axis in flips])
        directions = np.eye(3)[:, list(axes)] * [-1 if i in flips else 1 for i in range(3)]
        size = [GRID.size[axis] for axis in axes]
        corner = np.zeros(3)
        for i in flips:
            corner[axes[i]] = GRID.size[axes[i]] - 1
        origin = GRID.points_of(corner[None])[0]
        grid = Grid(tuple(size), tuple(origin), GRID.spacing, tuple(directions.ravel()))
        return Volume(np.ascontiguousarray(array), grid)

    found = cut_patch(stored(whole), stored(region), "PT")
    assert np.array_equal(found.mask, expected.mask)
    assert np.abs(found.image - expected.image).max() < 1e-4
    part = Grid((50, 50, 44), tuple(GRID.points_of(np.array([[5.0, 3.0, 4.0]]))[0]), GRID.spacing)
    cropped = Volume(whole.array[4:48, 3:53, 5:55], part)
    assert np.abs(cut_patch(cropped, region, "PT").image - expected.image).max() < 1e-4


@pytest.mark.parametrize("spacing", [(4.0, 4.0, 4.0), (0.977, 1.3, 3.27)])
def test_the_spline_is_the_one_of_itk(spacing):
    """Inside, at the mirrored edges and beyond, for every voxel of a cube that juts out."""
    grid = Grid((31, 24, 27), (-20.0, 3.5, 400.0), spacing)
    volume = scan(grid)
    end = grid.points_of(np.array([[30.0, 23.0, 26.0]]))[0]
    for corner in (np.array(grid.origin) - 5.3, end - 20.7):
        target = Grid((20, 18, 22), tuple(corner), (1.9, 2.1, 2.3))
        image = sitk.Image([20, 18, 22], sitk.sitkFloat32)
        image.SetSpacing(target.spacing)
        image.SetOrigin(target.origin)
        expected = sitk.Resample(
            as_sitk(volume), image, sitk.Transform(), sitk.sitkBSpline, -7.0, sitk.sitkFloat32
        )
        found = interpolate(volume, target, -7.0)
        assert (found == -7).any()
        assert np.abs(found - sitk.GetArrayFromImage(expected)).max() < 2e-5


def test_the_nearest_voxel_is_the_one_of_itk():
    mask = ball(radius=20)
    target = place_cube(mask, 40, 1.37).grid
    image = sitk.Image([40] * 3, sitk.sitkUInt8)
    image.SetSpacing(target.spacing)
    image.SetOrigin(target.origin)
    expected = sitk.Resample(as_sitk(mask), image, sitk.Transform(), sitk.sitkNearestNeighbor)
    assert np.array_equal(
        interpolate_nearest(mask, target), sitk.GetArrayFromImage(expected).astype(bool)
    )
