"""What was written is read back by pydicom and highdicom and held against the arrays."""

import io

import highdicom
import numpy as np
import pytest
from pydicom import dcmread
from pydicom.valuerep import DT, TM
from skimage.draw import polygon2mask

from simulation.scans import plan_scans, write_scan


@pytest.fixture(scope="module")
def scan(small_study):
    """Of the first patient with SEG and with RTSTRUCT and two lesions: row -> files by folder."""
    tasks = plan_scans(small_study)
    two = [int(small_study.images(row).lesions.max()) == 2 for row in range(len(tasks))]
    rows = {
        "SEG": next(i for i, task in enumerate(tasks) if task.as_voxels),
        "RTSTRUCT": next(i for i, task in enumerate(tasks) if not task.as_voxels and two[i]),
    }
    scans = {}
    for kind, row in rows.items():
        files: dict[str, list] = {}
        for name, data in write_scan(tasks[row]):
            files.setdefault(name.split("/")[1], []).append(dcmread(io.BytesIO(data)))
        scans[kind] = (row, files)
    return scans


def by_position(slices):
    return sorted(slices, key=lambda item: float(item.ImagePositionPatient[2]))


def suv_by_hand(slices) -> np.ndarray:
    """METHODS section 2, steps 1-6, for what the simulation writes."""
    volume = []
    for item in by_position(slices):
        tracer = item.RadiopharmaceuticalInformationSequence[0]
        scanned = DT(item.SeriesDate + item.SeriesTime)
        waited = (scanned - DT(tracer.RadiopharmaceuticalStartDateTime)).total_seconds()
        left = tracer.RadionuclideTotalDose * 2 ** (-waited / tracer.RadionuclideHalfLife)
        activity = item.pixel_array * float(item.RescaleSlope) + float(item.RescaleIntercept)
        volume.append(activity * float(item.PatientWeight) * 1000 / left)
    return np.stack(volume)


@pytest.mark.parametrize("kind", ["SEG", "RTSTRUCT"])
def test_suv_read_back_is_the_simulated_one(scan, small_study, kind):
    row, files = scan[kind]
    suv = small_study.images(row).pet_suv
    step = suv.max(axis=(1, 2)) / 32767
    assert (np.abs(suv_by_hand(files["PT"]) - suv).max(axis=(1, 2)) <= step).all()


def test_ct_read_back_is_the_simulated_one(scan, small_study):
    row, files = scan["SEG"]
    volume = [s.pixel_array * s.RescaleSlope + s.RescaleIntercept for s in by_position(files["CT"])]
    np.testing.assert_array_equal(volume, small_study.images(row).ct_hu)


def test_pet_headers_hold_what_suv_needs(scan):
    _, files = scan["RTSTRUCT"]
    for item in files["PT"]:
        tracer = item.RadiopharmaceuticalInformationSequence[0]
        assert item.Units == "BQML"
        assert item.DecayCorrection == "START"
        assert {"ATTN", "DECY"} <= set(item.CorrectedImage)
        assert item.pixel_array.dtype == np.int16
        assert tracer.RadionuclideHalfLife == 6586.2
        assert 1e8 < tracer.RadionuclideTotalDose < 6e8
        injected = DT(tracer.RadiopharmaceuticalStartDateTime)
        waited = (DT(item.SeriesDate + item.SeriesTime) - injected).total_seconds() / 60
        assert 50 < waited < 75
        assert 35 < item.PatientWeight < 160
        assert 1.3 < item.PatientSize < 2.2
        assert "SIMULATED" in item.SeriesDescription


def test_reference_time_computed_from_the_frame_is_the_series_time(scan):
    _, files = scan["SEG"]
    item, decay = files["PT"][0], np.log(2) / 6586.2
    frame = float(item.ActualFrameDuration) / 1000
    mean = np.log(decay * frame / (1 - np.exp(-decay * frame))) / decay
    assert TM(item.AcquisitionTime) == TM(item.SeriesTime)
    assert float(item.FrameReferenceTime) / 1000 == pytest.approx(mean, abs=1e-3)


@pytest.mark.parametrize("modality", ["PT", "CT"])
def test_series_is_one_regular_grid(scan, modality):
    _, files = scan["SEG"]
    slices = by_position(files[modality])
    z = [float(item.ImagePositionPatient[2]) for item in slices]
    assert len(slices) == 36
    np.testing.assert_allclose(np.diff(z), 4.0)
    assert len({item.SOPInstanceUID for item in slices}) == 36
    assert len({item.SeriesInstanceUID for item in slices}) == 1
    for item in slices:
        assert item.file_meta.MediaStorageSOPInstanceUID == item.SOPInstanceUID
        assert list(item.ImageOrientationPatient) == [1, 0, 0, 0, 1, 0]
        assert item.SOPInstanceUID.is_valid


def test_pet_and_ct_cover_the_same_field(scan):
    _, files = scan["SEG"]
    pet, ct = by_position(files["PT"])[0], by_position(files["CT"])[0]
    assert pet.FrameOfReferenceUID == ct.FrameOfReferenceUID
    assert pet.StudyInstanceUID == ct.StudyInstanceUID
    for axis in range(2):
        corner = [float(s.ImagePositionPatient[axis]) - float(s.PixelSpacing[0]) / 2
                  for s in (pet, ct)]  # fmt: skip
        assert corner[0] == pytest.approx(corner[1])
    assert float(pet.ImagePositionPatient[2]) == float(ct.ImagePositionPatient[2])


def test_contours_give_back_the_lesions(scan, small_study):
    row, files = scan["RTSTRUCT"]
    structures, slices = files["RTSTRUCT"][0], by_position(files["PT"])
    lesions = small_study.images(row).lesions
    names = [item.ROIName for item in structures.StructureSetROISequence]
    assert names == ["Lesion 1", "Lesion 2"]
    for item in structures.ROIContourSequence:
        mask = rasterise(item, slices)
        truth = lesions == item.ReferencedROINumber
        assert 2 * (mask & truth).sum() / (mask.sum() + truth.sum()) > 0.9


def rasterise(item, slices) -> np.ndarray:
    places = {s.SOPInstanceUID: k for k, s in enumerate(slices)}
    mask = np.zeros((len(slices), slices[0].Rows, slices[0].Columns), bool)
    for contour in item.ContourSequence:
        k = places[contour.ContourImageSequence[0].ReferencedSOPInstanceUID]
        points = np.reshape(np.array(contour.ContourData, float), (-1, 3))
        corner = np.array(slices[k].ImagePositionPatient, float)
        assert np.allclose(points[:, 2], corner[2])
        x, y = ((points - corner)[:, :2] / 4.0).T
        mask[k] ^= polygon2mask(mask[k].shape, np.column_stack([y, x]))
    return mask


def test_segmentation_gives_back_the_lesions_exactly(scan, small_study):
    row, files = scan["SEG"]
    lesions = small_study.images(row).lesions
    segmentation = highdicom.seg.Segmentation.from_dataset(files["SEG"][0])
    slices = by_position(files["PT"])
    pixels = segmentation.get_pixels_by_source_instance(
        [item.SOPInstanceUID for item in slices], ignore_spatial_locations=True,
        assert_missing_frames_are_empty=True,
    )  # fmt: skip
    for number in segmentation.segment_numbers:
        np.testing.assert_array_equal(pixels[..., number - 1] > 0, lesions == number)
    assert segmentation.FrameOfReferenceUID == slices[0].FrameOfReferenceUID


def test_target_lesion_is_the_larger_one(small_study):
    for row in range(len(small_study)):
        volumes = np.bincount(small_study.images(row).lesions.ravel(), minlength=3)
        assert volumes[1] > volumes[2]
        assert volumes[1] >= 12
