"""A zip of DICOM files, looked through before anything is believed: whose file is what."""

from __future__ import annotations

import hashlib
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from lzma import LZMAError
from pathlib import PurePosixPath
from typing import BinaryIO

from pydicom.dataset import Dataset

from imaging.methods.deidentification import rename_uids
from imaging.methods.dicom_file import read_dicom
from studies.methods.problems import DataProblem, Notice, Problem, refuse

MOST_FILES = 250_000
MOST_BYTES = 64 * 2**30
MOST_BYTES_OF_A_FILE = 2 * 2**30
MOST_PACKING = 300  # unpacked over packed: beyond lies a bomb
ASIDE = {".ds_store", "thumbs.db", "desktop.ini", "dicomdir"}
DAMAGE = (
    zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, zlib.error, LZMAError,
)  # fmt: skip
USED = ("PT", "CT", "RTSTRUCT", "SEG")

Progress = Callable[[int, int, str], None]
NewUid = Callable[[str], str]


def unchanged(uid: str) -> str:
    """A UID that stays as it is."""
    return uid


@dataclass(frozen=True)
class Entry:
    """One DICOM file of an archive."""

    name: str
    patient_id: str
    modality: str
    series_uid: str
    instance_uid: str
    sha256: str


@dataclass(frozen=True)
class Index:
    """What an archive holds.

    Parameters
    ----------
    entries : dict of patient ID to the entries to read
    problems : tuple of Problem
        Files that cannot be used.
    notices : tuple of Notice
        Files left out on purpose.
    """

    entries: dict[str, list[Entry]]
    problems: tuple[Problem, ...]
    notices: tuple[Notice, ...]


def open_archive(file: BinaryIO, name: str) -> zipfile.ZipFile:
    """The archive, refused when it is no zip, breaks off, or would unpack beyond all measure.

    Nothing is ever unpacked to disk; names that point elsewhere are refused all the same.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
        raise refuse(
            name,
            "a file that is no zip, or a zip cut short",
            "a whole zip archive",
            "Pack the DICOM files again, or upload again.",
        ) from error
    infos = archive.infolist()
    unpacked = sum(info.file_size for info in infos)
    packed = sum(info.compress_size for info in infos)
    problems = [problem for info in infos if (problem := _suspicious(info, name))]
    if len(infos) > MOST_FILES or unpacked > MOST_BYTES:
        problems.append(
            Problem(
                name,
                f"{len(infos)} files, {unpacked / 2**30:.1f} GiB unpacked",
                f"at most {MOST_FILES} files and {MOST_BYTES >> 30} GiB",
                "Split the upload into several archives.",
            )
        )
    elif packed and unpacked / packed > MOST_PACKING:
        problems.append(
            Problem(
                name,
                f"an archive that unpacks to {unpacked // packed} times its size",
                "DICOM files",
                "Pack the original files again.",
            )
        )
    if problems:
        raise DataProblem(problems)
    return archive


def _suspicious(info: zipfile.ZipInfo, archive: str) -> Problem | None:
    where, remedy = f"{archive}: {info.filename}", "Pack the files again."
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]):
        return Problem(where, "a name that points outside the archive", "a plain name", remedy)
    if info.flag_bits & 1:
        return Problem(where, "an encrypted file", "files without a password", remedy)
    if info.file_size > MOST_BYTES_OF_A_FILE:
        return Problem(
            where,
            f"{info.file_size / 2**30:.1f} GiB",
            f"at most {MOST_BYTES_OF_A_FILE >> 30} GiB in one file",
            remedy,
        )
    return None


def index_archive(
    archive: zipfile.ZipFile,
    name: str,
    progress: Progress | None = None,
    new_uid: NewUid = unchanged,
) -> Index:
    """Read every header once: which patient, series and instance each file is.

    Byte-equal copies count once; one instance UID with two contents is a problem. ``new_uid``
    gives each UID its successor before anything else sees it.
    """
    infos = [info for info in archive.infolist() if not _aside(info)]
    entries: dict[str, list[Entry]] = {}
    seen: dict[str, Entry] = {}
    problems: list[Problem] = []
    others: dict[str, int] = {}
    for done, info in enumerate(infos, start=1):
        try:
            entry = _entry(archive, info, new_uid)
        except DataProblem as problem:
            problems.extend(problem.problems)
            continue
        twin = seen.setdefault(entry.instance_uid, entry)
        if entry.modality not in USED:
            others[entry.modality or "no modality"] = others.get(entry.modality, 0) + 1
        elif twin is entry:
            entries.setdefault(entry.patient_id, []).append(entry)
        elif twin.sha256 != entry.sha256:
            problems.append(
                Problem(
                    info.filename,
                    f"the same SOPInstanceUID (0008,0018) as {twin.name} with other content",
                    "one file per instance",
                    "Leave one of the two out.",
                )
            )
        if progress:
            progress(done, len(infos), f"{name}: looking through {len(infos)} files")
    if not infos:
        problems.append(
            Problem(
                name,
                "an empty archive",
                "DICOM files of PET and CT",
                "Pack the series and upload again.",
            )
        )
    notices = tuple(
        Notice("left_out", f"{name}: {count} files of modality {modality} left out")
        for modality, count in sorted(others.items())
    )
    return Index(entries, tuple(problems), notices)


def _aside(info: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(info.filename)
    return info.is_dir() or path.name.lower() in ASIDE or "__MACOSX" in path.parts


def read_entry(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of one file; damage inside the archive is said of that file."""
    try:
        return archive.read(name)
    except DAMAGE as error:
        raise refuse(
            name, "a damaged file inside the archive", "a whole file", "Pack the files again."
        ) from error


def _entry(archive: zipfile.ZipFile, info: zipfile.ZipInfo, new_uid: NewUid) -> Entry:
    data = read_entry(archive, info.filename)
    dataset = read_dicom(data, info.filename)
    patient = str(dataset.get("PatientID") or "").strip()
    if not patient:
        raise refuse(
            f"{info.filename}: PatientID (0010,0020)",
            "nothing",
            "the patient's pseudonym in this study",
            "Set PatientID to the pseudonym.",
        )
    return Entry(
        info.filename,
        patient,
        str(dataset.get("Modality") or "").strip(),
        new_uid(str(dataset.SeriesInstanceUID)),
        new_uid(str(dataset.SOPInstanceUID)),
        hashlib.sha256(data).hexdigest(),
    )


def read_entries(
    archive: zipfile.ZipFile, entries: list[Entry], new_uid: NewUid = unchanged
) -> Iterator[tuple[Entry, Dataset]]:
    """The entries with their datasets, pixels included, under their new UIDs, one by one."""
    for entry in entries:
        dataset = read_dicom(read_entry(archive, entry.name), entry.name)
        if new_uid is not unchanged:
            rename_uids(dataset, new_uid)
        yield entry, dataset


def content_digest(entries: list[Entry]) -> str:
    """Digest of a series as it came in, whatever the files are called or their order."""
    together = "\n".join(sorted(entry.sha256 for entry in entries))
    return hashlib.sha256(together.encode()).hexdigest()
