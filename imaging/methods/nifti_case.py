"""PET, CT and masks of one patient as NIfTI or NRRD, with what they are in JSON beside them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its customary name)
from pydicom.datadict import tag_for_keyword
from pydicom.dataset import Dataset

from imaging.methods.dicom_series import SeriesVolume
from imaging.methods.geometry import check_mask
from imaging.methods.mask_file import in_order_of, read_image_file, read_mask_file, suffix_of
from imaging.methods.rtstruct import ContouredRoi
from imaging.methods.scan_case import DrawnRoi, ScanCase, ScanSeries, finish_case, scan_of
from imaging.methods.volume import Grid, Volume, as_sitk, from_sitk
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say

WORDS = {"PT": "PET", "CT": "CT"}
UNITS_OF = {"PT": ("BQML", "GML", "CM2ML"), "CT": ("HU",)}
MASK_KEYS = ("Modality", "Series", "Labels", "Method", "Tool")


@dataclass(frozen=True)
class NiftiFile:
    """A volume or a mask with what its sidecar says; none for a mask without one."""

    name: str
    data: bytes
    sidecar: dict[str, Any]

    @property
    def is_volume(self) -> bool:
        return self.sidecar.get("Modality") in ("PT", "CT")

    @property
    def digest(self) -> str:
        said = json.dumps(self.sidecar, sort_keys=True).encode()
        return hashlib.sha256(self.data + b"\n" + said).hexdigest()

    @property
    def stem(self) -> str:
        return PurePosixPath(self.name).name[: -len(suffix_of(self.name))]


def pair_up(files: Mapping[str, bytes]) -> list[NiftiFile]:
    """The images among the files of one patient, each with its sidecar.

    Raises
    ------
    DataProblem
        A sidecar that is no JSON object or beside no image; other files; no image.
    """
    problems: list[Problem] = []
    sidecars: dict[str, dict[str, Any]] = {}
    for name, data in files.items():
        if name.lower().endswith(".json"):
            try:
                sidecars[name[: -len(".json")]] = _sidecar(data, name)
            except DataProblem as problem:
                problems.extend(problem.problems)
        elif not suffix_of(name):
            expected = say(".nii, .nii.gz, .nrrd or .json")
            problems.append(Problem(name, say("another file"), expected, "Leave the file out."))
    found = [
        NiftiFile(name, data, sidecars.pop(name[: -len(suffix_of(name))], {}))
        for name, data in sorted(files.items())
        if suffix_of(name)
    ]
    problems += [
        Problem(
            say("{name}.json", name=name),
            say("a sidecar without its image"),
            "an image of the same name",
            "Add the image.",
        )
        for name in sidecars
    ]
    if problems:
        raise DataProblem(problems)
    return found


def _sidecar(data: bytes, name: str) -> dict[str, Any]:
    try:
        said = json.loads(data)
    except ValueError as error:
        raise refuse(name, say("a file that is no JSON"), "JSON", "Write it again.") from error
    if not isinstance(said, dict):
        raise refuse(name, say("JSON that is no object"), "keywords and values", "Write it again.")
    return said


def volume_uid(file: NiftiFile) -> str:
    """The UID that stands for a volume: the sidecar's, else one of its content."""
    return str(file.sidecar.get("SeriesInstanceUID") or f"nifti.{file.digest[:50]}")


def read_nifti_case(
    patient: str,
    files: list[NiftiFile],
    known: Mapping[str, ScanSeries],
    new_uid: Callable[[str], str],
) -> ScanCase:
    """The series, pairs and regions of one patient.

    Parameters
    ----------
    patient : str
        Pseudonym; problems are said of it.
    files : new volumes and masks
    known : series stored before, by UID
    new_uid : callable
        A UID's successor.

    Raises
    ------
    DataProblem
        Every problem of the patient's files at once.
    """
    case = ScanCase()
    problems: dict[str, list[Problem]] = {}
    by_name: dict[str, str] = {}
    for file in (f for f in files if f.is_volume):
        try:
            case.series.append(_scan(patient, file, new_uid))
            by_name[PurePosixPath(file.name).name] = case.series[-1].uid
        except DataProblem as problem:
            problems.setdefault(file.name, []).extend(problem.problems)
    scans = {**known, **{series.uid: series for series in case.series}}
    for file in (f for f in files if not f.is_volume):
        try:
            case.rois += _regions(patient, file, scans, by_name)
        except DataProblem as problem:
            problems.setdefault(file.name, []).extend(problem.problems)
    return finish_case(patient, case, scans, problems)


def _scan(patient: str, file: NiftiFile, new_uid: Callable[[str], str]) -> ScanSeries:
    modality, name = str(file.sidecar["Modality"]), f"{patient}, {file.name}"
    units = str(file.sidecar.get("Units") or "").upper()
    if units not in UNITS_OF[modality]:
        raise refuse(
            say("{name}: Units", name=name),
            units or say("nothing"),
            " or ".join(UNITS_OF[modality]),
            "Say in the sidecar what the voxels are.",
        )
    volume, _ = read_image_file(file.data, name)
    image = sitk.DICOMOrient(as_sitk(Volume(volume.array.astype(np.float32), volume.grid)), "LPS")
    volume = from_sitk(image)
    header = _header(file, patient, new_uid, name)
    slices = tuple(_slice(header, volume.grid, z, new_uid) for z in range(volume.grid.size[2]))
    return scan_of(str(header.SeriesInstanceUID), modality, SeriesVolume(volume, slices), name)


def _header(file: NiftiFile, patient: str, new_uid: Callable[[str], str], name: str) -> Dataset:
    """The sidecar as a DICOM header, under new UIDs."""
    header = Dataset()
    for keyword, value in file.sidecar.items():
        _put(header, keyword, value, name)
    day = next((str(header.get(k)) for k in ("AcquisitionDate", "SeriesDate", "StudyDate")
                if header.get(k)), "")  # fmt: skip
    header.SeriesInstanceUID = new_uid(volume_uid(file))
    header.StudyInstanceUID = new_uid(str(header.get("StudyInstanceUID") or f"{patient}.{day}"))
    if header.get("FrameOfReferenceUID"):
        header.FrameOfReferenceUID = new_uid(str(header.FrameOfReferenceUID))
    header.RescaleSlope, header.RescaleIntercept = 1, 0  # a NIfTI's own scaling is applied already
    return header


def _put(header: Dataset, keyword: str, value: Any, name: str) -> None:
    """Set a keyword; an object, or a list of them, is a sequence."""
    if tag_for_keyword(keyword) is None:
        raise refuse(f"{name}: {keyword}", say("no keyword of DICOM"), "a keyword such as Units",
                     "Correct the sidecar.")  # fmt: skip
    values = value if isinstance(value, list) else [value]
    if not values or not all(isinstance(item, dict) for item in values):
        setattr(header, keyword, value)
        return
    items = []
    for item in values:
        items.append(Dataset())
        for key, inner in item.items():
            _put(items[-1], key, inner, f"{name}: {keyword}")
    setattr(header, keyword, items)


def _slice(header: Dataset, grid: Grid, z: int, new_uid: Callable[[str], str]) -> Dataset:
    made = Dataset(header)
    place = grid.points_of(np.array([[0.0, 0.0, float(z)]]))[0]
    made.ImagePositionPatient = [round(value, 6) for value in place.tolist()]
    made.SOPInstanceUID = new_uid(f"{header.SeriesInstanceUID}/{z}")
    return made


def _regions(
    patient: str, file: NiftiFile, scans: Mapping[str, ScanSeries], by_name: Mapping[str, str]
) -> list[DrawnRoi]:
    name = f"{patient}, {file.name}"
    if unknown := [key for key in file.sidecar if key not in MASK_KEYS]:
        raise refuse(f"{name}: {unknown[0]}", say("a keyword that a mask has not"),
                     ", ".join(MASK_KEYS) + "; Modality PT or CT for a volume",
                     "Correct the sidecar.")  # fmt: skip
    uid = _scan_under(file, scans, by_name, name)
    tool = str(file.sidecar.get("Tool") or "")
    rois = read_mask_file(file.data, scans[uid].volume.grid, name)
    return [DrawnRoi(uid, file.digest, tool, _named(roi, file, len(rois)), None) for roi in rois]


def _named(roi: ContouredRoi, file: NiftiFile, count: int) -> ContouredRoi:
    """The sidecar's name for a label, else the segment's own, else the file's."""
    plain = file.stem if count == 1 else f"{file.stem} {roi.name}"
    own = plain if roi.name.isdigit() else roi.name
    label = dict(file.sidecar.get("Labels") or {}).get(roi.name, own)
    return ContouredRoi(str(label), roi.mask, str(file.sidecar.get("Method") or ""), roi.notices)


def _scan_under(
    file: NiftiFile, scans: Mapping[str, ScanSeries], by_name: Mapping[str, str], name: str
) -> str:
    """The scan on whose grid a mask stands: the one it names, else the only one, PET first."""
    if not scans:
        raise refuse(name, say("a mask without a scan"), "a PET or CT of this patient",
                     "Upload the scan, or check the folder's name.")  # fmt: skip
    asked = file.sidecar.get("Series")
    if asked is not None:
        if asked not in by_name:
            raise refuse(
                say("{name}: Series", name=name),
                asked,
                say("a volume of this folder: {names}", names=", ".join(by_name) or say("none")),
                "Correct the sidecar.",
            )
        return by_name[str(asked)]
    volume, _ = read_image_file(file.data, name)
    ranked = sorted(scans.values(), key=lambda scan: (scan.modality != "PT", scan.uid))
    refusals: list[DataProblem] = []
    fitting = []
    for scan in ranked:
        moved = in_order_of(volume, scan.volume.grid)
        try:
            check_mask(Volume(moved.array != 0, moved.grid), scan.volume.grid, name)
            fitting.append(scan)
        except DataProblem as problem:
            refusals.append(problem)
    if not fitting:
        raise refusals[0]
    same = [scan for scan in fitting if scan.modality == fitting[0].modality]
    if len(same) > 1:
        remedy = say("Upload mask and scan in one folder, and name the scan as Series.")
        raise refuse(name, say("{n} scans on whose grid it stands", n=len(same)), "one", remedy)
    return same[0].uid
