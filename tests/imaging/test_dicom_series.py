"""Series to volume: order, spacing and what is refused; the geometry against SimpleITK."""

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813
from dicom_made import as_bytes, image_series

from imaging.methods.dicom_file import read_dicom
from imaging.methods.dicom_series import group_series, read_series
from studies.methods.problems import DataProblem

RNG = np.random.default_rng(7)
VALUES = RNG.integers(-1000, 1000, (6, 5, 4))


def test_series_is_sorted_whatever_the_order_of_files():
    slices = image_series(VALUES, slope=0.5, intercept=-3.0, origin=(-10.0, 20.0, -300.0))
    shuffled = [slices[i] for i in RNG.permutation(6)]
    series = read_series(shuffled, "ct")
    assert np.array_equal(series.volume.array, VALUES * np.float32(0.5) - 3)
    assert series.volume.grid.spacing == (2.0, 2.0, 3.0)
    assert series.volume.grid.origin == (-10.0, 20.0, -300.0)
    assert not series.notices


@pytest.mark.parametrize(
    ("slope", "intercept", "kind"),
    [(1.0, -1024.0, np.int16), (1.0, -32000.0, np.float32), (1.0, 0.5, np.float32),
     (2.0, 0.0, np.float32)],
)  # fmt: skip
def test_whole_numbers_of_16_bits_are_kept_so_and_others_are_not_cut(slope, intercept, kind):
    series = read_series(image_series(VALUES, slope=slope, intercept=intercept), "ct")
    assert series.volume.array.dtype == kind
    assert np.array_equal(series.volume.array, VALUES * slope + intercept)


@pytest.mark.parametrize("modality", ["CT", "PET"])
def test_real_series_equals_simpleitk(sarcoma, shared, modality):
    slices, _ = sarcoma("STS_002", modality)
    folder = shared / f"data/imaging/soft_tissue_sarcoma_petct/dicom/STS_002/{modality}/image"
    reader = sitk.ImageSeriesReader()
    reader.SetFileNames(reader.GetGDCMSeriesFileNames(str(folder)))
    image = reader.Execute()
    volume = read_series(slices, modality).volume
    assert np.allclose(volume.array, sitk.GetArrayFromImage(image), rtol=1e-6)
    assert volume.grid.origin == pytest.approx(image.GetOrigin())
    assert volume.grid.spacing == pytest.approx(image.GetSpacing())
    assert volume.grid.direction == pytest.approx(image.GetDirection())


def test_oblique_slices_are_sorted_along_their_normal():
    slices = image_series(VALUES)
    for z, slice_ in enumerate(slices):
        slice_.ImageOrientationPatient = [0, 1, 0, 0, 0, -1]
        slice_.ImagePositionPatient = [-3.0 * z, 0, 0]
    volume = read_series(slices[::-1], "sagittal").volume
    assert np.array_equal(volume.array, VALUES)
    assert volume.grid.points_of([[0, 0, 5]])[0] == pytest.approx([-15, 0, 0])
    assert volume.grid.indices_of(volume.grid.points_of([[1, 2, 3]]))[0] == pytest.approx([1, 2, 3])


def test_jitter_is_a_notice_up_to_a_tenth_of_a_millimetre():
    slices = image_series(VALUES)
    slices[3].ImagePositionPatient = [0, 0, 9.05]
    series = read_series(slices, "ct")
    assert [notice.code for notice in series.notices] == ["slice_jitter"]
    slices[3].ImagePositionPatient = [0, 0, 9.2]
    with pytest.raises(DataProblem, match="spacing that varies"):
        read_series(slices, "ct")


def _tilted(slices):
    for z, slice_ in enumerate(slices):
        slice_.ImagePositionPatient = [0, 0.5 * z, 3.0 * z]
    return slices


def _without(slices, key):
    del slices[2][key]
    return slices


def _changed(slices, key, value):
    setattr(slices[2], key, value)
    return slices


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda s: s[:1], "1 slice"),
        (lambda s: s[:2] + s[3:], "1 gaps, the first after 3.00 mm"),
        (lambda s: [*s, image_series(VALUES[:1])[0]], "1 slices at the place of another"),
        (_tilted, "tilted gantry"),
        (lambda s: _without(s, "ImagePositionPatient"), "missing in 1 of 6"),
        (lambda s: _changed(s, "PixelSpacing", [2.0, 2.1]), "different values in one series"),
        (lambda s: _changed(s, "Rows", 4), "different values in one series"),
        (lambda s: _changed(s, "NumberOfFrames", 2), "several frames"),
    ],
)
def test_series_refuses(damage, says):
    with pytest.raises(DataProblem, match=says):
        read_series(damage(image_series(VALUES)), "ct")


def test_instances_are_grouped_by_series():
    first, second = image_series(VALUES), image_series(VALUES, modality="PT")
    groups = group_series([*first, *second])
    assert [len(group) for group in groups.values()] == [6, 6]


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda data: b"PK" + data[2:100], "not DICOM"),
        (lambda data: data[:-3], "bytes of pixels|breaks off"),
        (lambda data: data[:300], "breaks off|no SeriesInstanceUID"),
        (lambda data: b"", "not DICOM|breaks off"),
    ],
)
def test_file_refuses(damage, says):
    data = as_bytes(image_series(VALUES)[0])
    assert read_dicom(data, "a.dcm").Rows == 5
    with pytest.raises(DataProblem, match=says):
        read_dicom(damage(data), "a.dcm")


def test_pixels_cut_short_but_well_formed_are_refused():
    slice_ = image_series(VALUES)[0]
    slice_.PixelData = slice_.PixelData[:-8]
    with pytest.raises(DataProblem, match="32 bytes of pixels"):
        read_dicom(as_bytes(slice_), "a.dcm")
