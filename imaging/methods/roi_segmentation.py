"""A mask as a DICOM segmentation."""

from __future__ import annotations

from collections.abc import Sequence

import highdicom as hd
import numpy as np
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import ExplicitVRLittleEndian

from imaging.methods.deidentification import mapped_uid
from imaging.methods.roi_contours import IMAGE_CLASS, MAKER, NamedMask, ScanNames
from imaging.methods.volume import Grid

KINDS = {"MANUAL": "MANUAL", "SEMIAUTOMATIC": "SEMIAUTOMATIC", "AUTOMATIC": "AUTOMATIC"}


def write_seg(masks: Sequence[NamedMask], names: ScanNames, uid_seed: str) -> Dataset:
    """A binary DICOM segmentation of masks that stand on one scan, empty slices left out.

    Parameters
    ----------
    masks : regions on the scan's grid, which may overlap
    names : ScanNames
    uid_seed : str
        What the object is made of: equal seeds give equal UIDs.

    References
    ----------
    DICOM PS3.3 A.51 (Segmentation IOD).
    """
    grid = masks[0].mask.grid
    pixels = np.stack([named.mask.array for named in masks], axis=-1).astype(np.uint8)
    return hd.seg.Segmentation(
        source_images=_slices(grid, names),
        pixel_array=pixels,
        segmentation_type=hd.seg.SegmentationTypeValues.BINARY,
        segment_descriptions=[_description(i, named) for i, named in enumerate(masks, start=1)],
        series_instance_uid=mapped_uid(b"seg series", uid_seed),
        series_number=1,
        sop_instance_uid=mapped_uid(b"seg", uid_seed),
        instance_number=1,
        manufacturer=MAKER,
        manufacturer_model_name=MAKER,
        software_versions="1",
        device_serial_number="1",
        content_label="REGIONS",
        omit_empty_frames=True,
    )


def _description(number: int, named: NamedMask) -> hd.seg.SegmentDescription:
    kind = KINDS.get(named.drawn, "SEMIAUTOMATIC")
    algorithm = None
    if kind != "MANUAL":
        algorithm = hd.AlgorithmIdentificationSequence(
            name="not stated", version="1", family=codes.DCM.ArtificialIntelligence
        )
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=named.name[:64],
        segmented_property_category=codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=codes.SCT.Neoplasm,
        algorithm_type=kind,
        algorithm_identification=algorithm,
    )


def _slices(grid: Grid, names: ScanNames) -> list[Dataset]:
    """What a segmentation says of the slices it was made on, one header each."""
    return [slice_header(grid, names, z) for z in range(grid.size[2])]


def slice_header(grid: Grid, names: ScanNames, z: int) -> FileDataset:
    """The header of one slice of a stored scan: who, where, how large; no pixels."""
    orientation = grid.axes[:, :2].T.ravel().tolist()
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    made = FileDataset("", {}, b"\0" * 128, meta)
    made.SOPClassUID, made.SOPInstanceUID = IMAGE_CLASS[names.modality], names.instance_uids[z]
    made.StudyInstanceUID, made.SeriesInstanceUID = names.study_uid, names.series_uid
    made.FrameOfReferenceUID, made.PositionReferenceIndicator = names.frame_of_reference_uid, ""
    made.PatientID, made.PatientName = names.patient_id, f"{names.patient_id}^"
    for keyword in ("PatientBirthDate", "PatientSex", "StudyDate", "StudyTime", "StudyID",
                    "AccessionNumber", "ReferringPhysicianName"):  # fmt: skip
        setattr(made, keyword, "")
    made.Modality, made.InstanceNumber = names.modality, z + 1
    made.Rows, made.Columns = grid.size[1], grid.size[0]
    made.PixelSpacing = [grid.spacing[1], grid.spacing[0]]
    made.SliceThickness = made.SpacingBetweenSlices = grid.spacing[2]
    made.ImageOrientationPatient = [round(value, 10) for value in orientation]
    place = grid.points_of(np.array([[0.0, 0.0, float(z)]]))[0]
    made.ImagePositionPatient = [round(value, 6) for value in place.tolist()]
    made.SamplesPerPixel, made.PhotometricInterpretation = 1, "MONOCHROME2"
    made.BitsAllocated = made.BitsStored = 16
    made.HighBit, made.PixelRepresentation = 15, 1
    return made
