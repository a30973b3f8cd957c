"""Volumes as NIfTI bytes: read back equal, by us and by SimpleITK, and always the same bytes."""

import gzip

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813

from imaging.methods.seekable_gzip import pack_blocks
from imaging.methods.volume import Grid, Volume, crop
from imaging.storage import PackedVolume, head_digest, png_bytes, read_volume, volume_bytes
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


@pytest.mark.parametrize("threads", [2, 3, 7, 50])
def test_threads_share_the_packing_and_change_no_byte(threads):
    rng = np.random.default_rng(1)
    blocks = [rng.integers(0, 9, size, np.uint8).tobytes() for size in range(1, 400, 37)]
    packed = pack_blocks(blocks, 5, threads)
    assert packed == pack_blocks(blocks, 5)
    assert gzip.decompress(packed) == b"".join(blocks)


def test_whole_numbers_have_the_same_bytes_as_floats():
    array = np.random.default_rng(2).integers(-1024, 3000, (3, 40, 30))
    grid = Grid((30, 40, 3), (0.0, 0.0, 0.0), (1.0, 1.0, 1.0))
    floats, whole = (Volume(array.astype(kind), grid) for kind in (np.float32, np.int16))
    assert volume_bytes(floats) == volume_bytes(whole)


def test_equal_volumes_have_equal_bytes():
    volume = Volume(ARRAYS["suv"], GRID)
    assert volume_bytes(volume) == volume_bytes(Volume(volume.array.copy(), GRID))


@pytest.mark.parametrize("damage", [lambda d: d[:40], lambda d: b"x" + d[1:], lambda d: b""])
def test_damaged_bytes_are_refused(damage):
    with pytest.raises(DataProblem, match="cannot be read"):
        read_volume(damage(volume_bytes(Volume(ARRAYS["mask"], GRID))))


LARGE = Grid((70, 300, 9), (-10.5, 20.25, -629.0), (2.0, 3.0, 3.25), GRID.direction)


def packed(kind):
    array = np.tile(ARRAYS[kind], (2, 60, 14))[:9, :300, :70]
    volume = Volume(np.ascontiguousarray(array), LARGE)
    return volume, volume_bytes(volume)


def reader(data, asked=None):
    def read(start, size):
        if asked is not None:
            asked.append(size)
        return data[start : start + size]

    return read


@pytest.mark.parametrize("kind", ARRAYS)
@pytest.mark.parametrize(
    "box",
    [
        ((0, 0, 0), (70, 300, 9)),
        ((3, 250, 4), (60, 300, 5)),
        ((69, 0, 8), (70, 1, 9)),
        ((0, 100, 2), (70, 180, 7)),
    ],
)
def test_a_part_is_the_same_part_of_the_whole(kind, box):
    volume, data = packed(kind)
    asked = []
    part = PackedVolume(reader(data, asked), head_digest(data)).part(box)
    expected = crop(volume, box)
    assert np.array_equal(part.array, expected.array)
    assert part.array.dtype == volume.array.dtype
    assert part.grid.size == expected.grid.size
    assert part.grid.origin == pytest.approx(expected.grid.origin)
    if kind == "suv" and box[0][2]:
        slices = box[1][2] - box[0][2]
        assert asked[-1] < len(data) * (slices + 1) / 9, "more than the part was read"


def test_a_part_of_changed_bytes_is_refused():
    _, data = packed("suv")
    digest, at = head_digest(data), len(data) // 2
    changed = data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :]
    with pytest.raises(DataProblem, match="cannot be read"):
        PackedVolume(reader(changed), digest).part(((0, 0, 0), (70, 300, 9)))
    head = data[:40] + bytes([data[40] ^ 1]) + data[41:]
    with pytest.raises(DataProblem, match="cannot be read"):
        PackedVolume(reader(head), digest)
    with pytest.raises(DataProblem, match="cannot be read"):
        PackedVolume(reader(gzip.compress(b"x" * 400)), digest)


def test_png_is_read_back_by_simpleitk(tmp_path):
    picture = RNG.integers(0, 256, (20, 30, 3)).astype(np.uint8)
    path = tmp_path / "picture.png"
    path.write_bytes(png_bytes(picture))
    assert np.array_equal(sitk.GetArrayFromImage(sitk.ReadImage(str(path))), picture)
