"""Regions as files for other systems, and how two drawings of a lesion agree."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from itertools import combinations

from imaging.methods.agreement import compare_masks
from imaging.methods.deidentification import mapped_uid
from imaging.methods.roi_contours import NamedMask, ScanNames
from imaging.methods.roi_files import write_regions
from imaging.models import Roi, RoiAgreement, RoiMethod, Series, UidMap
from imaging.selectors.dicomweb import segmentation_seed
from imaging.storage import read_volume
from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say
from studies.models import Patient
from studies.services import file_read, inputs_digest

DRAWN = {
    RoiMethod.MANUAL: "MANUAL",
    RoiMethod.SEMI_AUTOMATIC: "SEMIAUTOMATIC",
    RoiMethod.AUTOMATIC: "AUTOMATIC",
    RoiMethod.UNKNOWN: "",
}


def regions_export(rois: Sequence[Roi], kind: str, given_uids: bool = False) -> bytes:
    """One file of the regions of one series.

    Parameters
    ----------
    rois : regions of one series
    kind : "rtstruct", "seg", "nifti" or "nrrd"
    given_uids : bool
        Refer to the scan by the UIDs it came with: for those who may see identifiers, so that the
        file meets its scan in the hospital's archive.

    Raises
    ------
    DataProblem
        An unknown format, no region, or overlapping ones for a label map.
    """
    if not rois:
        raise refuse(
            "regions", say("none"), "at least one region on the scan", "Draw or upload one."
        )
    masks = [NamedMask(roi.name, read_volume(file_read(roi.mask)), DRAWN[roi.method])
             for roi in rois]  # fmt: skip
    names = scan_names(rois[0].series, given_uids)
    return write_regions(masks, names, kind, segmentation_seed(rois))


def scan_names(series: Series, given_uids: bool) -> ScanNames:
    """How a file refers to a stored scan."""
    instances = series.instance_uids or [
        mapped_uid(b"instance", f"{series.series_uid}/{z}") for z in range(series.size[2])
    ]
    frame = series.frame_of_reference_uid or mapped_uid(b"frame", series.series_uid)
    study_uid, series_uid = series.dicom_study.dicom_study_uid, series.series_uid
    given = UidMap.objects.filter(series=series).first() if given_uids else None
    if given is not None:
        study_uid, series_uid = given.study_uid or study_uid, given.series_uid
        frame = given.frame_of_reference_uid or frame
        instances = given.instance_uids or instances
    pseudonym = series.patient.pseudonym
    return ScanNames(pseudonym, series.modality, study_uid, series_uid, frame, tuple(instances))


def agreements_update(patient: Patient) -> int:
    """Compare the regions in force of each lesion: two readers' on one scan, PET with CT."""
    rois = Roi.objects.filter(patient=patient, superseded_by__isnull=True)
    rows = list(rois.select_related("series", "mask__study").order_by("id"))
    known = set(RoiAgreement.objects.filter(patient=patient).values_list("first_id", "second_id"))
    made = 0
    for one, other in combinations(rows, 2):
        first, second = (one, other) if one.series.modality == "PT" else (other, one)
        if first.lesion_id != second.lesion_id or (first.pk, second.pk) in known:
            continue
        if _comparable(first, second):
            made += _compare(first, second)
    return made


def _comparable(first: Roi, second: Roi) -> bool:
    if first.series_id == second.series_id:
        return first.reader != second.reader
    same_visit = first.series.dicom_study_id == second.series.dicom_study_id
    return same_visit and {first.series.modality, second.series.modality} == {"PT", "CT"}


def _compare(first: Roi, second: Roi) -> bool:
    masks = [read_volume(file_read(roi.mask)) for roi in (first, second)]
    try:
        found = compare_masks(masks[0], masks[1], first.name)
    except DataProblem:
        return False  # apart: each region's coverage says so
    RoiAgreement.objects.create(
        patient=first.patient,
        first=first,
        second=second,
        inputs_digest=inputs_digest("agreement/1", first.mask.sha256, second.mask.sha256),
        **asdict(found),
    )
    return True
