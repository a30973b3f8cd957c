"""Uptake against spheres of known content, the IBSI phantom and a plain re-computation."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from hypothesis import given
from hypothesis import strategies as st

from imaging.methods.uptake import estimate_suv_peak, estimate_uptake, sphere_offsets
from imaging.methods.volume import Grid, Volume, from_sitk
from studies.methods.problems import DataProblem

GRID = Grid((40, 40, 40), (0.0, 0.0, 0.0), (2.0, 2.0, 2.0))


def distances(centre=(39.0, 39.0, 39.0)):
    z, y, x = np.indices(GRID.shape) * 2.0
    return np.sqrt((x - centre[0]) ** 2 + (y - centre[1]) ** 2 + (z - centre[2]) ** 2)


def sphere(outer=8.0, core=20.0, shell=4.0, core_mm=15.0, shell_mm=30.0):
    """Background 1, a shell and a core of known uptake; the mask is the whole sphere."""
    r = distances()
    array = np.full(GRID.shape, 1.0, np.float32)
    array[r <= shell_mm] = shell
    array[r <= core_mm] = core
    return Volume(array, GRID), Volume(r <= shell_mm, GRID)


def test_uptake_of_a_sphere_with_a_hot_core():
    suv, mask = sphere()
    found = estimate_uptake(suv, mask, "lesion")
    core_ml, whole_ml = (4 / 3 * np.pi * r**3 / 1000 for r in (15, 30))
    assert (found.suv_max, found.suv_peak) == (20, 20)
    assert found.volume_ml == pytest.approx(whole_ml, rel=0.02)
    assert found.suv_mean == pytest.approx(
        (20 * core_ml + 4 * (whole_ml - core_ml)) / whole_ml, rel=0.02
    )
    assert found.mtv_ml["41_percent"] == pytest.approx(core_ml, rel=0.02)
    assert found.mtv_ml["suv_2_5"] == found.mtv_ml["suv_4_0"] == pytest.approx(found.volume_ml)
    assert found.tlg["41_percent"] == pytest.approx(20 * found.mtv_ml["41_percent"])
    assert found.tlg["suv_2_5"] == pytest.approx(found.suv_mean * found.volume_ml)


def test_peak_of_one_hot_voxel_is_shared_by_the_sphere():
    array = np.zeros(GRID.shape, np.float32)
    array[20, 20, 20] = 9
    mask = np.zeros(GRID.shape, bool)
    mask[18:23, 18:23, 18:23] = True
    voxels = len(sphere_offsets(GRID, 6.2))
    assert voxels * GRID.voxel_ml == pytest.approx(1.0, rel=0.05)
    assert estimate_suv_peak(Volume(array, GRID), Volume(mask, GRID)) == pytest.approx(9 / voxels)


def test_peak_at_the_border_uses_the_voxels_there_are():
    array = np.full(GRID.shape, 3.0, np.float32)
    mask = np.zeros(GRID.shape, bool)
    mask[0, 0, 0] = mask[39, 39, 39] = True
    assert estimate_suv_peak(Volume(array, GRID), Volume(mask, GRID)) == pytest.approx(3.0)


@pytest.fixture(scope="module")
def phantom(shared):
    folder = shared / "data/imaging/ibsi_digital_phantom"
    if not folder.exists():
        pytest.skip("no IBSI phantom")
    lines = (folder / "reference_values.csv").read_text().splitlines()[1:]
    values = {
        tag: (float(value), float(tolerance))
        for value, tolerance, tag in (line.split(";") for line in lines)
        if value
    }
    image = from_sitk(sitk.ReadImage(str(folder / "nifti/image/phantom.nii.gz")))
    mask = from_sitk(sitk.ReadImage(str(folder / "nifti/mask/mask.nii.gz")))
    return (
        Volume(image.array.astype(np.float32), image.grid),
        Volume(mask.array.astype(bool), mask.grid),
        values,
    )


@pytest.mark.parametrize(
    ("tag", "of"),
    [
        ("stat_max", lambda u: u.suv_max),
        ("stat_mean", lambda u: u.suv_mean),
        ("loc_peak_glob", lambda u: u.suv_peak),
        ("morph_vol_approx", lambda u: u.volume_ml * 1000),
    ],
)
def test_uptake_of_the_ibsi_digital_phantom(phantom, tag, of):
    image, mask, values = phantom
    value, tolerance = values[tag]
    assert of(estimate_uptake(image, mask, "phantom")) == pytest.approx(
        value, abs=max(tolerance, 0.005 * value)
    )


@pytest.mark.parametrize("patient", ["STS_002", "STS_003", "STS_025"])
def test_real_lesion_equals_plain_recomputation(sarcoma_suv, patient):
    suv, mask = sarcoma_suv(patient)
    found = estimate_uptake(suv, mask, patient)
    inside = suv.array[mask.array].astype(float)
    assert found.suv_max == inside.max()
    assert found.mtv_ml["41_percent"] == pytest.approx(
        (inside >= 0.41 * inside.max()).sum() * np.prod(suv.grid.spacing) / 1000
    )
    z, y, x = np.indices(suv.array.shape)
    best = 0.0
    for centre in np.argwhere(mask.array):
        squared = sum(
            ((axis - c) * mm) ** 2
            for axis, c, mm in zip((z, y, x), centre, suv.grid.spacing[::-1], strict=True)
        )
        best = max(best, float(suv.array[squared <= 6.2**2].astype(float).mean()))
    assert found.suv_peak == pytest.approx(best)


@given(st.floats(0.1, 10), st.integers(0, 3), st.integers(0, 3))
def test_uptake_scales_with_suv_and_does_not_move_with_the_lesion(scale, dy, dx):
    rng = np.random.default_rng(3)
    array = rng.gamma(4, 1, (9, 12, 12)).astype(np.float32)
    mask = np.zeros(array.shape, bool)
    mask[3:6, 4:7, 4:7] = True
    grid = Grid((12, 12, 9), (0, 0, 0), (4.0, 4.0, 4.0))
    one = estimate_uptake(Volume(array, grid), Volume(mask, grid), "a")
    moved = [np.roll(a, (dy, dx), axis=(1, 2)) for a in (array * np.float32(scale), mask)]
    two = estimate_uptake(Volume(moved[0], grid), Volume(moved[1], grid), "b")
    for key in ("suv_max", "suv_mean", "suv_peak"):
        assert getattr(two, key) == pytest.approx(scale * getattr(one, key), rel=1e-5)
    assert two.mtv_ml["41_percent"] == pytest.approx(one.mtv_ml["41_percent"], rel=0.2)
    assert one.suv_mean <= one.suv_peak + one.suv_max
    assert one.suv_peak <= one.suv_max


def test_small_regions_are_noticed_and_cold_ones_refused():
    suv, mask = sphere()
    tiny = np.zeros(GRID.shape, bool)
    tiny[20, 20, 20:22] = True
    found = estimate_uptake(suv, Volume(tiny, GRID), "tiny")
    assert [notice.code for notice in found.notices] == ["small_roi"]
    with pytest.raises(DataProblem, match="uptake above 0"):
        estimate_uptake(Volume(suv.array * 0, GRID), mask, "cold")
    with pytest.raises(DataProblem, match="empty"):
        estimate_uptake(suv, Volume(mask.array & False, GRID), "none")
