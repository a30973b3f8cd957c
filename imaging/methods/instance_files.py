"""DICOM instances of folders, zips and single files, as a shell command names them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from pydicom.dataset import Dataset

from imaging.methods.dicom_archive import open_archive, read_entry
from imaging.methods.dicom_file import read_dicom
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

PREAMBLE, MAGIC = 128, b"DICM"


def read_instances(paths: Sequence[Path]) -> tuple[list[tuple[str, Dataset]], list[Notice]]:
    """Every DICOM object below the paths with its name, and what was left out.

    Raises
    ------
    DataProblem
        A path that is not there, damaged DICOM files (all of them), or none at all.
    """
    found: list[tuple[str, Dataset]] = []
    problems: list[Problem] = []
    others = 0
    for name, data in files_of(paths):
        if data[PREAMBLE : PREAMBLE + 4] != MAGIC:
            others += 1
            continue
        try:
            found.append((name, read_dicom(data, name)))
        except DataProblem as problem:
            problems.extend(problem.problems)
    if problems:
        raise DataProblem(problems)
    if not found:
        raise refuse(
            ", ".join(str(path) for path in paths),
            say("no DICOM file among {others} files", others=others),
            "a folder, a zip or files of DICOM",
            "Name the folder that holds the series.",
        )
    left_out = (
        [Notice("left_out", say("{others} files that are not DICOM left out", others=others))]
        if others
        else []
    )
    return found, left_out


def files_of(paths: Sequence[Path]) -> Iterator[tuple[str, bytes]]:
    """Name and bytes of every file of folders (with those below), zips and files, by name."""
    for path in paths:
        if path.is_dir():
            for below in sorted(p for p in path.rglob("*") if p.is_file()):
                yield str(below.relative_to(path)), below.read_bytes()
        elif not path.is_file():
            raise refuse(str(path), say("nothing"), "a folder, a zip or a file", "Check the path.")
        elif path.suffix.lower() == ".zip":
            yield from _zipped(path)
        else:
            yield path.name, path.read_bytes()


def _zipped(path: Path) -> Iterator[tuple[str, bytes]]:
    with path.open("rb") as file, open_archive(file, path.name) as archive:
        for info in archive.infolist():
            if not info.is_dir():
                yield info.filename, read_entry(archive, info.filename)
