"""Regions survive every format: written, read again, Dice 1.0, on any grid."""

import shutil
import subprocess

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from scipy.spatial.transform import Rotation

from imaging.methods.dicom_file import read_dicom
from imaging.methods.dicom_seg import read_seg
from imaging.methods.geometry import estimate_dice
from imaging.methods.mask_file import read_mask_file
from imaging.methods.roi_contours import NamedMask, ScanNames
from imaging.methods.roi_files import FORMATS, write_regions
from imaging.methods.rtstruct import read_rtstruct
from imaging.methods.volume import Grid, Volume, as_sitk
from studies.methods.problems import DataProblem

OBLIQUE = tuple(Rotation.from_euler("xyz", (20, -15, 30), degrees=True).as_matrix().ravel())
GRIDS = {
    "plain": Grid((24, 20, 12), (-40.0, -30.0, 10.0), (2.0, 2.0, 2.0)),
    "anisotropic": Grid((24, 20, 12), (-351.123, -97.456, -612.789), (0.9765625, 1.3671875, 3.27)),
    "oblique": Grid((24, 20, 12), (12.3, -45.6, 78.9), (1.1, 1.3, 2.9), OBLIQUE),
    "flipped": Grid((24, 20, 12), (40.0, 30.0, 10.0), (2.0, 2.0, 3.0),
                    (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)),
}  # fmt: skip


def names(grid):
    slices = tuple(f"2.25.7{z}" for z in range(grid.size[2]))
    return ScanNames("P001", "PT", "2.25.1", "2.25.2", "2.25.3", slices)


def masks(grid):
    """A ball with a hole, single voxels touching by a corner, and a region at the border."""
    z, y, x = np.indices(grid.shape)
    r = np.sqrt((z - 6) ** 2 + (y - 9) ** 2 + (x - 10) ** 2)
    ball = (r <= 5) & (r > 1.5)
    specks = np.zeros(grid.shape, bool)
    specks[2, 1, 20] = specks[2, 2, 21] = specks[3, 2, 21] = True
    border = np.zeros(grid.shape, bool)
    border[0, :3, :4] = border[11, 18:, 20:] = True
    found = {"Lesion 1": ball, "Lesion 2": specks, "Rim": border}
    return [NamedMask(name, Volume(array, grid), "MANUAL") for name, array in found.items()]


def read(data, kind, grid):
    if kind == "rtstruct":
        return read_rtstruct(read_dicom(data, "file"), grid, "file")
    if kind == "seg":
        return read_seg(read_dicom(data, "file"), grid, "file")
    return read_mask_file(data, grid, f"file{FORMATS[kind]}")


@pytest.mark.parametrize("grid", GRIDS.values(), ids=GRIDS)
@pytest.mark.parametrize("kind", FORMATS)
def test_a_region_written_and_read_again_is_the_same(kind, grid):
    drawn = masks(grid)
    again = read(write_regions(drawn, names(grid), kind, "seed"), kind, grid)
    for one, (number, other) in zip(drawn, enumerate(again, start=1), strict=True):
        assert other.name == (str(number) if kind == "nifti" else one.name)
        assert estimate_dice(one.mask, other.mask) == 1.0
        assert other.mask.grid.shape == grid.shape
    assert again[0].observer in ("MANUAL", "")


@pytest.mark.parametrize("kind", FORMATS)
def test_a_region_of_a_real_scan_survives(kind, sarcoma_suv):
    suv, mask = sarcoma_suv("STS_002")
    drawn = [NamedMask("GTV", mask, "MANUAL")]
    [again] = read(write_regions(drawn, names(suv.grid), kind, "seed"), kind, suv.grid)
    assert estimate_dice(mask, again.mask) == 1.0


@pytest.mark.parametrize("kind", ["nifti", "nrrd", "seg", "rtstruct"])
def test_slices_in_another_order_are_caught_or_put_right(kind):
    """A file that says how it lies is put right; one whose place is wrong is refused."""
    grid = GRIDS["anisotropic"]
    turned = Grid(grid.size, tuple(grid.points_of(np.array([[0.0, 0.0, 11.0]]))[0]), grid.spacing,
                  (1.0, 0, 0, 0, 1.0, 0, 0, 0, -1.0))  # fmt: skip
    [lesion, *_] = masks(grid)
    same = NamedMask(lesion.name, Volume(lesion.mask.array[::-1].copy(), turned), "MANUAL")
    upside = tuple(reversed(names(grid).instance_uids))
    back = ScanNames("P001", "PT", "2.25.1", "2.25.2", "2.25.3", upside)
    [again] = read(write_regions([same], back, kind, "seed"), kind, grid)
    assert estimate_dice(lesion.mask, again.mask) == 1.0
    lies = Grid(grid.size, grid.origin, grid.spacing, turned.direction)
    wrong = NamedMask(lesion.name, Volume(lesion.mask.array, lies), "MANUAL")
    with pytest.raises(DataProblem):
        read(write_regions([wrong], names(grid), kind, "seed"), kind, grid)


@pytest.mark.parametrize(
    ("where", "change"),
    [
        ("size", {"size": (24, 20, 11)}),
        ("spacing, mm", {"spacing": (1.0, 1.3671875, 3.27)}),
        ("origin, mm", {"origin": (-351.0, -97.456, -612.0)}),
    ],
)
def test_a_mask_of_another_grid_is_refused(where, change):
    grid = GRIDS["anisotropic"]
    fields = {"size": grid.size, "origin": grid.origin, "spacing": grid.spacing} | change
    other = Grid(**fields)
    array = np.zeros(other.shape, bool)
    array[5, 5, 5] = True
    data = write_regions([NamedMask("A", Volume(array, other))], names(other), "nifti", "seed")
    with pytest.raises(DataProblem, match=where):
        read_mask_file(data, grid, "mask.nii.gz")


def test_overlap_is_refused_in_a_label_map_only():
    grid = GRIDS["plain"]
    [ball, *_] = masks(grid)
    twice = [ball, NamedMask("Other", ball.mask)]
    with pytest.raises(DataProblem, match="overlaps"):
        write_regions(twice, names(grid), "nrrd", "seed")
    for kind in ("rtstruct", "seg"):
        again = read(write_regions(twice, names(grid), kind, "seed"), kind, grid)
        assert estimate_dice(again[0].mask, again[1].mask) == 1.0


def test_an_empty_mask_and_fractions_are_refused(tmp_path):
    grid = GRIDS["plain"]
    empty = NamedMask("A", Volume(np.zeros(grid.shape, bool), grid))
    with pytest.raises(DataProblem, match="empty"):
        read_mask_file(write_regions([empty], names(grid), "nrrd", "s"), grid, "a.nrrd")
    with pytest.raises(DataProblem, match="cannot be read"):
        read_mask_file(b"no image", grid, "a.nii.gz")
    file = tmp_path / "a.nii.gz"
    sitk.WriteImage(as_sitk(Volume(np.full(grid.shape, 0.5, np.float32), grid)), str(file))
    with pytest.raises(DataProblem, match="fractions"):
        read_mask_file(file.read_bytes(), grid, "a.nii.gz")


@pytest.mark.skipif(shutil.which("dciodvfy") is None, reason="dciodvfy (dicom3tools) is absent")
@pytest.mark.parametrize("kind", ["rtstruct", "seg"])
def test_dciodvfy_accepts_what_is_written(kind, tmp_path):
    grid = GRIDS["anisotropic"]
    file = tmp_path / "regions.dcm"
    file.write_bytes(write_regions(masks(grid), names(grid), kind, "seed"))
    said = subprocess.run(["dciodvfy", str(file)], capture_output=True, text=True, check=False)
    errors = [line for line in (said.stderr + said.stdout).splitlines() if "Error" in line]
    assert not errors
