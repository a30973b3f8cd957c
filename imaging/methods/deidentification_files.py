"""De-identification of files on disk: folder or zip in, folder and report out."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset, FileDataset

from imaging.methods.deidentification import Identity, deidentify, mapped_uid, pixel_risks
from imaging.methods.deidentification_report import SeriesReport, compare_suv
from imaging.methods.dicom_file import read_dicom
from imaging.methods.instance_files import MAGIC, PREAMBLE, files_of
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say

CLASSES = {
    "1.2.840.10008.5.1.4.1.1.128": "PT",
    "1.2.840.10008.5.1.4.1.1.2": "CT",
    "1.2.840.10008.5.1.4.1.1.4": "MR",
    "1.2.840.10008.5.1.4.1.1.481.3": "RTSTRUCT",
    "1.2.840.10008.5.1.4.1.1.66.4": "SEG",
}
FEWEST_DAYS, MOST_DAYS = 365, 3650


@dataclass
class Key:
    """What leads back from de-identified files to patients: keep it apart, or forget it.

    Parameters
    ----------
    secret : bytes
        Under which UIDs get their successors.
    patients : dict of PatientID to (pseudonym, offset in days)
    uids : dict of UID to its successor
    """

    secret: bytes
    patients: dict[str, tuple[str, int]] = field(default_factory=dict)
    uids: dict[str, str] = field(default_factory=dict)

    def identity(self, patient_id: str) -> Identity:
        """The patient's pseudonym and offset; new ones for a patient not met before."""
        if patient_id not in self.patients:
            days = -(FEWEST_DAYS + secrets.randbelow(MOST_DAYS - FEWEST_DAYS))
            self.patients[patient_id] = (f"P{len(self.patients) + 1:04}", days)
        pseudonym, days = self.patients[patient_id]
        return Identity(pseudonym, days, self.new_uid)

    def new_uid(self, uid: str) -> str:
        return self.uids.setdefault(uid, mapped_uid(self.secret, uid))


@dataclass
class _Series:
    report: SeriesReport = field(default_factory=SeriesReport)
    patient: str = ""
    uid: str = ""
    before: list[Dataset] = field(default_factory=list)
    after: list[Dataset] = field(default_factory=list)
    folder: Path = field(default_factory=Path)


def deidentify_files(paths: Sequence[Path], out: Path, key: Key) -> dict[str, Any]:
    """Write de-identified copies below ``out`` and say what was done, series by series.

    Files that are not PET, CT, MR, RTSTRUCT or SEG, and pictures with burned-in text, are left
    out and counted: nothing here can clean them.

    Returns
    -------
    dict
        ``series``: a report each, with ``patient`` and the new ``series_uid``; ``left_out``:
        reason to number of files.

    Raises
    ------
    DataProblem
        Damaged files; no DICOM; ``out`` not empty; a SUV that would change.
    """
    if out.exists() and any(out.iterdir()):
        raise refuse(str(out), say("a folder with files in it"), "an empty folder", "Name another.")
    found: dict[str, _Series] = {}
    left_out: dict[str, int] = {}
    problems: list[Problem] = []
    for name, data in files_of(paths):
        try:
            reason = _take(name, data, out, key, found)
        except DataProblem as problem:
            problems.extend(problem.problems)
            continue
        if reason:
            left_out[reason] = left_out.get(reason, 0) + 1
    problems += _suv_problems(found)
    if problems:
        shutil.rmtree(out, ignore_errors=True)  # all or nothing: it was empty before
        raise DataProblem(problems)
    if not found:
        raise refuse(", ".join(map(str, paths)), say("nothing to de-identify"),
                     "PET, CT, MR, RTSTRUCT or SEG files", "Check the path.")  # fmt: skip
    return {"series": [_said(series) for series in found.values()], "left_out": left_out}


def _take(name: str, data: bytes, out: Path, key: Key, found: dict[str, _Series]) -> str:
    """Write one file; the reason when it is left out."""
    if data[PREAMBLE : PREAMBLE + 4] != MAGIC:
        return "not DICOM"
    dataset = read_dicom(data, name)
    modality = CLASSES.get(str(dataset.get("SOPClassUID")))
    if modality is None:
        return f"modality {dataset.get('Modality') or 'not stated'}: cannot be cleaned"
    if any("BurnedIn" in risk for risk in pixel_risks(dataset)):
        return "burned-in text: look at the pictures, and erase it first"
    made, changes = deidentify(dataset, key.identity(str(dataset.get("PatientID") or "")))
    if not isinstance(made, FileDataset):
        raise TypeError("a file comes back as a file")
    series = found.setdefault(str(dataset.SeriesInstanceUID), _Series())
    if not series.uid:
        number = sum(s.patient == made.PatientID for s in found.values()) + 1
        series.patient, series.uid = str(made.PatientID), str(made.SeriesInstanceUID)
        series.folder = out / series.patient / f"{number:03}_{modality}"
        series.folder.mkdir(parents=True, exist_ok=True)
    series.report.add(dataset, changes)
    made.save_as(series.folder / f"{series.report.files:05}.dcm", enforce_file_format=True)
    if modality == "PT":
        series.before.append(_header(dataset))
        series.after.append(_header(made))
    return ""


def _header(dataset: Dataset) -> Dataset:
    return dataset[0x00080000:0x7FE00000]


def _suv_problems(found: dict[str, _Series]) -> list[Problem]:
    problems: list[Problem] = []
    for series in found.values():
        try:
            if series.before:
                series.report.suv = compare_suv(series.before, series.after)
        except DataProblem as problem:
            problems.extend(problem.problems)
    return problems


def _said(series: _Series) -> dict[str, Any]:
    return {"patient": series.patient, "series_uid": series.uid, **series.report.as_dict()}
