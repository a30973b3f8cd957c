"""Masks that stand elsewhere are refused; resampling and overlap on worked and real examples."""

from dataclasses import replace

import numpy as np
import pytest

from imaging.methods.dicom_series import read_series
from imaging.methods.geometry import check_mask, dice_notice, estimate_dice, resample_mask
from imaging.methods.rtstruct import read_rtstruct
from imaging.methods.volume import Grid, Volume
from studies.methods.problems import DataProblem

GRID = Grid((8, 7, 6), (-10.0, 5.0, 30.0), (2.0, 2.0, 3.0))
FLIPPED = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, -1.0)


def mask(grid=GRID, kind=bool):
    array = np.zeros(grid.shape, kind)
    array[1:4, 2:5, 2:6] = 1
    return Volume(array, grid)


def test_mask_of_the_scan_passes():
    check_mask(mask(), replace(GRID, origin=(-10.05, 5.0, 30.0)), "mask")


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"origin": (-10.0, 5.0, 33.0)}, ["origin"]),
        ({"spacing": (2.0, 2.0, 3.3)}, ["spacing"]),
        ({"direction": FLIPPED, "origin": (-10.0, 5.0, 45.0)}, ["direction", "origin"]),
        ({"size": (8, 7, 5)}, ["size"]),
        ({"origin": (500.0, 5.0, 30.0)}, ["origin", "place"]),
    ],
)
def test_mask_elsewhere_is_refused_with_every_difference(changes, what):
    grid = replace(GRID, **changes)
    with pytest.raises(DataProblem) as refused:
        check_mask(mask(grid), GRID, "mask")
    assert [p.where.removeprefix("mask: ").split(",")[0] for p in refused.value.problems] == what


def test_empty_and_many_valued_masks_are_refused():
    with pytest.raises(DataProblem, match="empty"):
        check_mask(Volume(np.zeros(GRID.shape, bool), GRID), GRID, "mask")
    many = mask(kind=np.int16)
    many.array[0, 0, 0] = 7
    with pytest.raises(DataProblem, match="labels"):
        check_mask(many, GRID, "mask")


def test_flipped_slices_land_where_they_are_in_space():
    flipped = replace(GRID, direction=FLIPPED, origin=(-10.0, 5.0, 45.0))
    stored = Volume(mask().array[::-1].copy(), flipped)
    assert np.array_equal(resample_mask(stored, GRID).array, mask().array)


def test_finer_grid_keeps_the_volume():
    fine = Grid((16, 14, 12), (-10.5, 4.5, 29.25), (1.0, 1.0, 1.5))
    assert resample_mask(mask(), fine).array.sum() == 8 * mask().array.sum()


def test_dice_of_shifted_boxes():
    moved = Volume(np.roll(mask().array, 1, axis=2), GRID)
    assert estimate_dice(mask(), moved) == pytest.approx(0.75)
    assert estimate_dice(mask(), mask()) == 1
    assert [notice.code for notice in dice_notice(0.63, "lesion")] == ["low_dice"]
    assert not dice_notice(0.91, "lesion")


@pytest.mark.parametrize("patient", ["STS_002", "STS_003", "STS_025"])
def test_real_contours_on_pet_and_ct_agree(sarcoma, patient):
    rois = {}
    for modality in ("PET", "CT"):
        slices, made = sarcoma(patient, modality)
        grid = read_series(slices, modality).volume.grid
        [rois[modality]] = read_rtstruct(made, grid, modality)
    ct = rois["CT"].mask
    dice = estimate_dice(resample_mask(rois["PET"].mask, ct.grid), ct)
    assert 0.91 < dice < 0.94
