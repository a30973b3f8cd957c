"""Slides as open files, cells as tables: what lies behind a slide's digest."""

from __future__ import annotations

import io
import zipfile
from functools import lru_cache
from pathlib import Path, PurePosixPath
from uuid import UUID

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from imaging.methods.cell_counting import Cells
from imaging.methods.whole_slide import WholeSlide
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.storage import local_copy, storage

MOST_FILES = 20_000
MOST_BYTES = 40 * 2**30
INDEXES = (".mrxs", ".vms", ".vmu")  # files that name the others of a slide


def slide_open(study_uid: UUID, sha256: str, name: str) -> WholeSlide:
    """The slide, from a file or from the files of a zip.

    Raises
    ------
    DataProblem
        Not a slide, or a zip that is damaged or reaches outside its folder.
    """
    path = storage().local(study_uid, sha256)
    if zipfile.is_zipfile(path):
        path = _first_of(_unpacked(study_uid, sha256, path, name), name)
    return WholeSlide(path, name)


@lru_cache(maxsize=8)
def slide_for_viewing(study_uid: UUID, sha256: str, name: str) -> WholeSlide:
    """Kept open between the tiles of a viewer."""
    return slide_open(study_uid, sha256, name)


def _unpacked(study_uid: UUID, sha256: str, path: Path, name: str) -> Path:
    def unpack(target: Path) -> None:
        target.mkdir()
        with zipfile.ZipFile(path) as archive:
            _check_archive(archive, name)
            archive.extractall(target)

    try:
        return local_copy(f"{study_uid}-{sha256}-unpacked", unpack)
    except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
        raise refuse(
            name, say("a damaged archive"), "a whole zip", "Pack the slide again."
        ) from error


def _check_archive(archive: zipfile.ZipFile, name: str) -> None:
    parts = archive.infolist()
    packed = sum(part.compress_size for part in parts)
    size = sum(part.file_size for part in parts)
    outside = [p.filename for p in parts if _leaves_folder(p.filename) or _is_link(p)]
    if outside:
        found = say("{outside}, which reaches outside the archive", outside=outside[0])
        raise refuse(name, found, "plain files", "Pack the slide's files alone.")
    if len(parts) > MOST_FILES or size > MOST_BYTES or size > 200 * max(packed, 2**20):
        found = say(
            "{n} files of {size:.1f} GiB from {packed:.0f} MiB",
            n=len(parts),
            size=size / 2**30,
            packed=packed / 2**20,
        )
        raise refuse(name, found, "the files of one slide", "Pack the slide's files alone.")


def _leaves_folder(filename: str) -> bool:
    path = PurePosixPath(filename.replace("\\", "/"))
    return path.is_absolute() or ".." in path.parts or ":" in path.parts[0]


def _is_link(part: zipfile.ZipInfo) -> bool:
    return (part.external_attr >> 16) & 0o170000 == 0o120000


def _first_of(folder: Path, name: str) -> Path:
    """The file that opens the slide: an index where the format has one, else the largest."""
    files = [path for path in folder.rglob("*") if path.is_file() and path.name[0] != "."]
    if not files:
        raise refuse(
            name, say("an empty archive"), "the files of one slide", "Pack the slide again."
        )
    index = [path for path in files if path.suffix.lower() in INDEXES]
    if len(index) > 1:
        found = say("{n} slides: {names}", n=len(index), names=", ".join(p.name for p in index[:3]))
        raise refuse(name, found, "the files of one slide", "Pack each slide by itself.")
    return index[0] if index else max(files, key=lambda path: path.stat().st_size)


def cells_bytes(cells: Cells) -> bytes:
    """Parquet of ``x``, ``y`` (pixels of the full slide) and ``density`` of DAB."""
    table = pa.table(
        {
            "x": pa.array(cells.x, pa.int32()),
            "y": pa.array(cells.y, pa.int32()),
            "density": pa.array(cells.density, pa.float32()),
        }
    )
    stream = io.BytesIO()
    pq.write_table(table, stream, compression="zstd")
    return stream.getvalue()


def read_cells(data: bytes) -> Cells:
    table = pq.read_table(io.BytesIO(data))
    x, y = (table[name].to_numpy().astype(np.int64) for name in "xy")
    return Cells(x, y, table["density"].to_numpy())


@lru_cache(maxsize=8)
def cells_for_viewing(study_uid: UUID, sha256: str) -> Cells:
    return read_cells(storage().read(study_uid, sha256))
