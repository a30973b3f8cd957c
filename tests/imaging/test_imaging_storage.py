"""Volumes as NIfTI bytes: read back equal, by us and by SimpleITK, and always the same bytes."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from imaging.methods.volume import Grid, Volume
from imaging.storage import png_bytes, read_volume, volume_bytes
from studies.methods.problems import DataProblem

GRID = Grid(
    (5, 6, 7),
    (-10.5, 20.25, -629.0),
    (2.0, 3.0, 3.25),
    (0.0, 0.0, -1.0, 1.0, 0.0, 0.0, 0.0, -1.0, 0.0),
)
RNG = np.random.default_rng(4)
ARRAYS = {
    "suv": RNG.gamma(2, 2, (7, 6, 5)).astype(np.float32),
    "hu": RNG.integers(-1000, 2000, (7, 6, 5)).astype(np.float32),
    "mask": RNG.random((7, 6, 5)) > 0.5,
}


@pytest.mark.parametrize("kind", ARRAYS)
def test_volume_comes_back_equal(kind, tmp_path):
    volume = Volume(ARRAYS[kind], GRID)
    data = volume_bytes(volume)
    back = read_volume(data)
    assert np.array_equal(back.array, volume.array)
    assert back.array.dtype == volume.array.dtype
    assert back.grid == GRID
    path = tmp_path / "volume.nii.gz"
    path.write_bytes(data)
    image = sitk.ReadImage(str(path))
    assert np.array_equal(sitk.GetArrayFromImage(image), volume.array)
    assert image.GetOrigin() == pytest.approx(GRID.origin)
    assert image.GetSpacing() == pytest.approx(GRID.spacing)
    assert image.GetDirection() == pytest.approx(GRID.direction)


def test_equal_volumes_have_equal_bytes():
    volume = Volume(ARRAYS["suv"], GRID)
    assert volume_bytes(volume) == volume_bytes(Volume(volume.array.copy(), GRID))


@pytest.mark.parametrize("damage", [lambda d: d[:40], lambda d: b"x" + d[1:], lambda d: b""])
def test_damaged_bytes_are_refused(damage):
    with pytest.raises(DataProblem, match="cannot be read"):
        read_volume(damage(volume_bytes(Volume(ARRAYS["mask"], GRID))))


def test_png_is_read_back_by_simpleitk(tmp_path):
    picture = RNG.integers(0, 256, (20, 30, 3)).astype(np.uint8)
    path = tmp_path / "picture.png"
    path.write_bytes(png_bytes(picture))
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))), picture)
