"""A zip of DICOM files, looked through before anything is believed: whose file is what."""

from __future__ import annotations

import hashlib
import stat
import zipfile
import zlib
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from io import BytesIO
from lzma import LZMAError
from pathlib import PurePosixPath
from typing import BinaryIO

from pydicom import dcmread
from pydicom.dataset import Dataset

from imaging.methods import dicom_seg, rtstruct
from imaging.methods.deidentification import rename_uids
from imaging.methods.dicom_file import UNREADABLE, read_dicom
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

MOST_FILES = 250_000
MOST_BYTES = 64 * 2**30
MOST_BYTES_OF_A_FILE = 2 * 2**30
MOST_OPENED = 256 * 2**20  # bytes of files kept between looking and taking
MOST_PACKING = 300  # unpacked over packed: beyond lies a bomb
ASIDE = {".ds_store", "thumbs.db", "desktop.ini", "dicomdir"}
DAMAGE = (
    zipfile.BadZipFile, EOFError, OSError, NotImplementedError, RuntimeError, zlib.error, LZMAError,
)  # fmt: skip
USED = ("PT", "CT", "RTSTRUCT", "SEG")
REFERS = {"RTSTRUCT": rtstruct.referenced_series, "SEG": dicom_seg.referenced_series}
DICOM_SUFFIXES = ("", "dcm", "dicom", "dic", "ima", "img")
PREAMBLE = 132

AHEAD = 4  # files read before they are wanted,
AHEAD_BYTES = 16 * 2**20  # none of them larger

Progress = Callable[[int, int, str], None]
Arrived = Future[tuple[bytes, str]]
NewUid = Callable[[str], str]


def unchanged(uid: str) -> str:
    """A UID that stays as it is."""
    return uid


@dataclass(frozen=True)
class Entry:
    """One DICOM file of an archive.

    ``refers`` are the series on which its regions were drawn; ``opened`` holds what was read of it
    until somebody takes it, so that the file is read once.
    """

    name: str
    size: int
    patient_id: str
    study_uid: str
    modality: str
    series_uid: str
    instance_uid: str
    sha256: str
    refers: tuple[str, ...] = ()
    opened: list[Dataset] = field(default_factory=list, compare=False, repr=False)

    @property
    def visit(self) -> tuple[str, str]:
        return self.patient_id, self.study_uid


@dataclass(frozen=True)
class Aside:
    """A file that goes into no series.

    Parameters
    ----------
    name, size : of the file in the archive
    reason : str
        In words, for the list of files.
    problem : Problem or None
        None when the file is left out on purpose: it is no DICOM, or of another modality.
    visit : (PatientID, StudyInstanceUID) or None
        Where a damaged file belongs, when its header still says so.
    """

    name: str
    size: int
    reason: str
    problem: Problem | None = None
    visit: tuple[str, str] | None = None


@dataclass(frozen=True)
class Index:
    """What an archive holds.

    Parameters
    ----------
    entries : dict of patient ID to the entries to read
    asides : tuple of Aside
        Every other file, each with its reason.
    notices : tuple of Notice
        Files left out on purpose.
    """

    entries: dict[str, list[Entry]]
    asides: tuple[Aside, ...]
    notices: tuple[Notice, ...]

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Files that cannot be used."""
        return tuple(aside.problem for aside in self.asides if aside.problem)


def open_archive(file: BinaryIO, name: str) -> zipfile.ZipFile:
    """The archive, refused when it is no zip, breaks off, or would unpack beyond all measure.

    Nothing is ever unpacked to disk; names that point elsewhere are refused all the same.
    """
    try:
        archive = zipfile.ZipFile(file)
    except (zipfile.BadZipFile, EOFError, OSError, ValueError) as error:
        raise refuse(
            name,
            say("a file that is no zip, or a zip cut short"),
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
                say(
                    "{n} files, {unpacked:.1f} GiB unpacked",
                    n=len(infos),
                    unpacked=unpacked / 2**30,
                ),
                say(
                    "at most {most_files} files and {most_bytes} GiB",
                    most_files=MOST_FILES,
                    most_bytes=MOST_BYTES >> 30,
                ),
                "Split the upload into several archives.",
            )
        )
    elif packed and unpacked / packed > MOST_PACKING:
        problems.append(
            Problem(
                name,
                say(
                    "an archive that unpacks to {unpacked} times its size",
                    unpacked=unpacked // packed,
                ),
                "DICOM files",
                "Pack the original files again.",
            )
        )
    if problems:
        raise DataProblem(problems)
    return archive


def _suspicious(info: zipfile.ZipInfo, archive: str) -> Problem | None:
    where, remedy = f"{archive}: {info.filename}", say("Pack the files again.")
    path = PurePosixPath(info.filename.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or ":" in "".join(path.parts[:1]):
        return Problem(where, say("a name that points outside the archive"), "a plain name", remedy)
    if info.flag_bits & 1:
        return Problem(where, say("an encrypted file"), "files without a password", remedy)
    if info.file_size > MOST_BYTES_OF_A_FILE:
        return Problem(
            where,
            say("{file_size:.1f} GiB", file_size=info.file_size / 2**30),
            say(
                "at most {most_bytes_of_a_file} GiB in one file",
                most_bytes_of_a_file=MOST_BYTES_OF_A_FILE >> 30,
            ),
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

    Byte-equal copies count once; one instance UID with two contents is a problem. No link is
    followed. ``new_uid`` gives each UID its successor before anything else sees it.
    """
    infos = [info for info in archive.infolist() if not _of_the_computer(info)]
    entries: dict[str, list[Entry]] = {}
    seen: dict[str, Entry] = {}
    asides: list[Aside] = []
    read = 0
    for done, (info, arrived) in enumerate(_read_ahead(archive, infos), start=1):
        read += info.file_size
        looked = _look_at(info, arrived, new_uid, read <= MOST_OPENED)
        found = _once(looked, seen) if isinstance(looked, Entry) else looked
        if isinstance(found, Aside):
            asides.append(found)
        elif found is not None:
            entries.setdefault(found.patient_id, []).append(found)
        if progress:
            progress(
                done, len(infos), say("{name}: looking through {n} files", name=name, n=len(infos))
            )
    if not infos:
        empty = Problem(
            name,
            say("an empty archive"),
            "DICOM files of PET and CT",
            "Pack the series and upload again.",
        )
        asides.append(Aside(name, 0, empty.found, empty))
    return Index(entries, tuple(asides), _left_out(asides, name))


def _of_the_computer(info: zipfile.ZipInfo) -> bool:
    path = PurePosixPath(info.filename)
    return info.is_dir() or path.name.lower() in ASIDE or "__MACOSX" in path.parts


def _once(entry: Entry, seen: dict[str, Entry]) -> Entry | Aside | None:
    """The entry, unless its modality is not used or its instance was met before."""
    twin = seen.setdefault(entry.instance_uid, entry)
    if entry.modality not in USED:
        modality = entry.modality or say("no modality")
        return Aside(entry.name, entry.size, say("of modality {modality}", modality=modality))
    if twin is entry:
        return entry
    if twin.sha256 == entry.sha256:
        return Aside(entry.name, entry.size, say("the same as {name}", name=twin.name))
    problem = Problem(
        entry.name,
        say("the same SOPInstanceUID (0008,0018) as {name} with other content", name=twin.name),
        "one file per instance",
        "Leave one of the two out.",
    )
    return Aside(entry.name, entry.size, problem.found, problem, entry.visit)


def _left_out(asides: list[Aside], name: str) -> tuple[Notice, ...]:
    counted = Counter(
        say("that are the same as others")
        if aside.reason.startswith("the same as ")
        else aside.reason
        for aside in asides
        if aside.problem is None
    )
    return tuple(
        Notice(
            "left_out",
            say("{name}: {count} files {reason} left out", name=name, count=count, reason=reason),
        )
        for reason, count in sorted(counted.items())
    )


def read_entry(archive: zipfile.ZipFile, name: str) -> bytes:
    """The bytes of one file; damage inside the archive is said of that file."""
    try:
        return archive.read(name)
    except DAMAGE as error:
        raise refuse(
            name, say("a damaged file inside the archive"), "a whole file", "Pack the files again."
        ) from error


def _read_ahead(
    archive: zipfile.ZipFile, infos: Sequence[zipfile.ZipInfo]
) -> Iterator[tuple[zipfile.ZipInfo, Arrived]]:
    """Each file with its bytes and their sha256, read by another thread while one is parsed."""
    with ThreadPoolExecutor(1) as pool:
        waiting: deque[tuple[zipfile.ZipInfo, Arrived]] = deque()
        for info in infos:
            while waiting and (len(waiting) >= AHEAD or info.file_size > AHEAD_BYTES):
                yield waiting.popleft()
            waiting.append((info, pool.submit(_read_hashed, archive, info)))
        yield from waiting


def _read_hashed(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> tuple[bytes, str]:
    if stat.S_ISLNK(info.external_attr >> 16):
        raise refuse(
            info.filename, say("a symbolic link"), "a file", "Pack the file that it points to."
        )
    data = read_entry(archive, info.filename)
    return data, hashlib.sha256(data).hexdigest()


def _look_at(info: zipfile.ZipInfo, arrived: Arrived, new_uid: NewUid, keep: bool) -> Entry | Aside:
    """What one file is; a damaged one keeps the visit that its header still names."""
    name, size, data = info.filename, info.file_size, b""
    try:
        data, sha256 = arrived.result()
        dataset = read_dicom(data, name)
    except DataProblem as refusal:
        if data and _is_something_else(name, data):
            return Aside(name, size, say("that are not DICOM"))
        [problem] = refusal.problems
        return Aside(name, size, problem.found, problem, _visit_named(data, new_uid))
    modality = str(dataset.get("Modality") or "").strip()
    refers = tuple(map(new_uid, REFERS[modality](dataset))) if modality in REFERS else ()
    return Entry(
        name,
        size,
        str(dataset.get("PatientID") or "").strip(),
        new_uid(str(dataset.get("StudyInstanceUID") or "")),
        modality,
        new_uid(str(dataset.SeriesInstanceUID)),
        new_uid(str(dataset.SOPInstanceUID)),
        sha256,
        refers,
        [dataset] if keep and modality in USED else [],
    )


def _is_something_else(name: str, data: bytes) -> bool:
    """Whether a file never was DICOM: text, or named as another kind of file is."""
    suffix = PurePosixPath(name).suffix.lower().lstrip(".")
    if b"DICM" in data[:PREAMBLE]:
        return False
    return b"\0" not in data[:1024] or not (suffix in DICOM_SUFFIXES or suffix.isdigit())


def _visit_named(data: bytes, new_uid: NewUid) -> tuple[str, str] | None:
    try:
        header = dcmread(BytesIO(data), stop_before_pixels=True)
        patient_id = str(header.get("PatientID") or "").strip()
        return patient_id, new_uid(str(header.StudyInstanceUID))
    except UNREADABLE:
        return None


def read_entries(
    archive: zipfile.ZipFile, entries: list[Entry], new_uid: NewUid = unchanged
) -> Iterator[tuple[Entry, Dataset]]:
    """The entries with their datasets, pixels included, under their new UIDs, one by one."""
    for entry in entries:
        if entry.opened:
            dataset = entry.opened.pop()
        else:
            dataset = read_dicom(read_entry(archive, entry.name), entry.name)
        if new_uid is not unchanged:
            rename_uids(dataset, new_uid)
        yield entry, dataset


def content_digest(entries: list[Entry]) -> str:
    """Digest of a series as it came in, whatever the files are called or their order."""
    together = "\n".join(sorted(entry.sha256 for entry in entries))
    return hashlib.sha256(together.encode()).hexdigest()
