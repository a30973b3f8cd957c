"""A patient's volumes and masks put aside, and all that its rows will say."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from pydicom.dataset import Dataset
from pydicom.valuerep import DA

from imaging.methods.deidentification import Identity, moved_dates
from imaging.methods.deidentification_report import deidentify_headers
from imaging.methods.scan_case import DrawnRoi, ScanCase, ScanSeries
from imaging.methods.uptake import Uptake
from imaging.models import RoiMethod
from imaging.storage import Piece, Shelf, head_digest, volume_bytes
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say
from studies.models import Patient

from .identities import NewUids, identity_of

# What may be kept of a header: how the scan was made, nothing of who was scanned or where.
KEPT_KEYWORDS = (
    "Modality", "Manufacturer", "ManufacturerModelName", "SoftwareVersions", "ImageType",
    "SliceThickness", "PatientPosition", "PatientWeight", "PatientSize", "PatientSex", "Units",
    "SUVType", "CountsSource", "CorrectedImage", "DecayCorrection", "ReconstructionMethod",
    "AttenuationCorrectionMethod", "ScatterCorrectionMethod", "ActualFrameDuration",
    "FrameReferenceTime", "RandomsCorrectionMethod", "ReconstructionDiameter", "KVP",
    "ConvolutionKernel", "ExposureTime", "XRayTubeCurrent", "Exposure", "ContrastBolusAgent",
)  # fmt: skip
METHODS = {
    "MANUAL": RoiMethod.MANUAL,
    "SEMIAUTOMATIC": RoiMethod.SEMI_AUTOMATIC,
    "AUTOMATIC": RoiMethod.AUTOMATIC,
}


@dataclass(frozen=True)
class PreparedSeries:
    uid: str
    dicom_study_uid: str
    scanned_on: date
    volume: Piece
    content_digest: str
    fields: dict[str, Any]
    originals: dict[str, Any]


@dataclass(frozen=True)
class PreparedRoi:
    series_uid: str
    mask: Piece
    uptake: Uptake | None
    fields: dict[str, Any]


@dataclass
class PreparedPatient:
    """All of a patient's upload, computed and checked, its arrays gone from memory."""

    patient: Patient
    series: list[PreparedSeries] = field(default_factory=list)
    pairs: list[tuple[str, str, list[dict[str, str]]]] = field(default_factory=list)
    rois: list[PreparedRoi] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)
    same: int = 0


def prepare_case(
    patient: Patient,
    case: ScanCase,
    digests: dict[str, str],
    same: int,
    shelf: Shelf,
    uids: NewUids,
) -> PreparedPatient:
    """Put the arrays of a checked case aside and say what its rows hold, de-identified."""
    prepared = PreparedPatient(patient, same=same)
    prepared.pairs = [(p, c, _dicts(case.pair_checks[p])) for p, c in case.pairs]
    identity = identity_of(patient, uids)
    prepared.series = [
        _series(patient, series, digests[series.uid], shelf, identity, uids)
        for series in case.series
    ]
    prepared.rois = [_roi(drawn, digests[drawn.source_series_uid], shelf) for drawn in case.rois]
    prepared.notices = [
        *case.notices,
        *(n for s in case.series for n in s.notices),
        *(n for r in case.rois for n in r.notices),
    ]
    return prepared


def _dicts(items: Iterable[Any]) -> list[dict[str, Any]]:
    return [item.as_dict() for item in items]


def _series(
    patient: Patient,
    series: ScanSeries,
    digest: str,
    shelf: Shelf,
    identity: Identity,
    uids: NewUids,
) -> PreparedSeries:
    header, report = deidentify_headers(series.slices, identity)
    grid = series.volume.grid
    study_uid = str(series.header.get("StudyInstanceUID") or "")
    frame_uid = str(series.header.get("FrameOfReferenceUID") or "")
    packed = volume_bytes(series.volume)
    instances = [str(slice_.SOPInstanceUID) for slice_ in series.slices]
    reconstruction = header.get(
        "ReconstructionMethod" if series.modality == "PT" else "ConvolutionKernel"
    )
    return PreparedSeries(
        series.uid, study_uid, _scanned_on(patient, series.header),
        shelf.put(packed), digest,
        {
            "frame_of_reference_uid": frame_uid,
            "instance_uids": instances,
            "volume_head_sha256": head_digest(packed),
            "modality": series.modality,
            "manufacturer": str(header.get("Manufacturer") or "")[:80],
            "model": str(header.get("ManufacturerModelName") or "")[:80],
            "reconstruction": str(reconstruction or "")[:120],
            "size": list(grid.size),
            "spacing_mm": [round(value, 6) for value in grid.spacing],
            "header": kept_header(header),
            "suv_working": moved_steps(_dicts(series.steps), identity.offset_days),
            "notices": _dicts(series.notices),
            "quality": _dicts(series.checks),
            "deidentification": report,
        },
        {
            "study_uid": uids.original(study_uid),
            "series_uid": uids.original(series.uid) or series.uid,
            "frame_of_reference_uid": uids.original(frame_uid),
            "instance_uids": [uids.original(uid) for uid in instances],
        },
    )  # fmt: skip


def moved_steps(steps: list[dict[str, Any]], days: int) -> list[dict[str, Any]]:
    """The working of a SUV with its dates moved as the scan's are."""
    return [
        {**step, "value": moved_dates(step["value"], days)}
        if isinstance(step["value"], str)
        else step
        for step in steps
    ]


def _scanned_on(patient: Patient, header: Dataset) -> date:
    for keyword in ("AcquisitionDate", "SeriesDate", "StudyDate"):
        try:
            if found := DA(header.get(keyword)):
                return date(found.year, found.month, found.day)
        except (ValueError, TypeError):
            continue
    raise refuse(
        say("{pseudonym}: AcquisitionDate (0008,0022)", pseudonym=patient.pseudonym),
        say("nothing"),
        "the day of the scan",
        "Export the series with its dates.",
    )


def kept_header(header: Dataset) -> dict[str, Any]:
    return {
        keyword: _plain(header.get(keyword))
        for keyword in KEPT_KEYWORDS
        if header.get(keyword) not in (None, "")
    }


def _plain(value: Any) -> Any:
    if isinstance(value, (list, tuple)) or type(value).__name__ == "MultiValue":
        return [_plain(item) for item in value]
    return float(value) if isinstance(value, (int, float)) else str(value)[:200]


def _roi(drawn: DrawnRoi, digest: str, shelf: Shelf) -> PreparedRoi:
    voxels = int(drawn.roi.mask.array.sum())
    return PreparedRoi(
        drawn.series_uid, shelf.put(volume_bytes(drawn.roi.mask)), drawn.uptake,
        {
            "name": drawn.roi.name[:120],
            "tool": drawn.tool[:120],
            "method": METHODS.get(drawn.roi.observer.upper(), RoiMethod.UNKNOWN),
            "source_digest": digest,
            "voxels": voxels,
            "volume_ml": voxels * drawn.roi.mask.grid.voxel_ml,
            "notices": _dicts(drawn.notices),
            "quality": _dicts(drawn.checks),
        },
    )  # fmt: skip
