"""DICOMweb: objects that are sent go through the door of scans, stored scans leave as objects."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path
from typing import Any
from uuid import UUID

import numpy as np
from django.conf import settings
from numpy.typing import NDArray
from pydicom import dcmread
from pydicom.dataset import Dataset

from imaging.methods.dicom_file import UNREADABLE
from imaging.methods.multipart_related import Read, read_parts
from imaging.methods.roi_contours import ScanNames
from imaging.methods.scan_objects import object_bytes, slice_object
from imaging.methods.volume import Grid
from imaging.models import Series
from imaging.selectors.dicomweb import WebSeries
from imaging.storage import PackedVolume, read_volume
from studies.access import require
from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say
from studies.models import ImportBatch, Study
from studies.storage import storage

from .receiving import received_hand_in
from .regions import regions_export, scan_names

CANNOT_UNDERSTAND, ANOTHER_STUDY = 0xC000, 0xA900


@dataclass
class Received:
    """What became of the objects of one request.

    Parameters
    ----------
    batch : the upload they are part of; none when nothing could be used
    taken : (SOPClassUID, SOPInstanceUID) of each
    failed : the same with a reason of PS3.18 table I.2-2
    """

    batch: ImportBatch | None = None
    taken: list[tuple[str, str]] = field(default_factory=list)
    failed: list[tuple[str, str, int]] = field(default_factory=list)


def objects_receive(
    study: Study, user: Any, read: Read, boundary: bytes, visit_uid: str = ""
) -> Received:
    """Hand the objects of a STOW-RS request in as one upload of ``user``.

    Parameters
    ----------
    read : callable (number of bytes) of the request's body
    visit_uid : the StudyInstanceUID of the address, when it names one

    Raises
    ------
    DataProblem
        A body that breaks off or is too large: nothing of it is taken; no room in the study.
    PermissionDenied
        The user lacks the right ``enter``.
    """
    require(user, study, "enter")
    received = Received()
    with tempfile.TemporaryDirectory(prefix="isotherm-stow-") as folder:
        paths, left = [], settings.UPLOAD_MAX_BYTES
        for number, part in enumerate(read_parts(read, boundary)):
            path = Path(folder, f"{number:07}.dcm")
            with path.open("wb") as file:
                for piece in part.pieces:
                    left -= len(piece)
                    if left < 0:
                        raise _too_large()
                    file.write(piece)
            if _usable(path, visit_uid, received):
                paths.append(path)
        if paths:
            received.batch = received_hand_in(study, user, paths, "STOW-RS")
    return received


def _too_large() -> DataProblem:
    most = say(
        "at most {upload_max_bytes:g} GB in one request",
        upload_max_bytes=settings.UPLOAD_MAX_BYTES / 2**30,
    )
    return refuse("body", say("more than that"), most, "Send it in several.")


def _usable(path: Path, visit_uid: str, received: Received) -> bool:
    """Note one object; the files themselves are judged by the job."""
    try:
        header = dcmread(path, stop_before_pixels=True)
        named = str(header.SOPClassUID), str(header.SOPInstanceUID)
    except UNREADABLE:
        received.failed.append(("", "", CANNOT_UNDERSTAND))
        return False
    if visit_uid and str(header.get("StudyInstanceUID")) != visit_uid:
        received.failed.append((*named, ANOTHER_STUDY))
        return False
    received.taken.append(named)
    return True


@dataclass(frozen=True)
class SeriesSource:
    """All that is needed to write a series' objects without a database."""

    study_uid: UUID
    sha256: str
    head: str
    names: ScanNames
    header: dict[str, Any]
    segmentation: bytes = b""

    def files(self) -> Iterator[bytes]:
        """Every object of the series, in the order of its slices."""
        if self.segmentation:
            yield self.segmentation
            return
        grid, planes = self._planes()
        for z in range(grid.size[2]):
            yield object_bytes(slice_object(planes(z), z, grid, self.names, self.header))

    def file(self, instance_uid: str) -> bytes:
        """One object."""
        return self.segmentation or object_bytes(self._object(instance_uid))

    def headers(self) -> Iterator[Dataset]:
        """Every object without its pixels."""
        if self.segmentation:
            yield _without_pixels(dcmread(BytesIO(self.segmentation)))
            return
        grid, planes = self._planes()
        for z in range(grid.size[2]):
            yield _without_pixels(slice_object(planes(z), z, grid, self.names, self.header))

    def _object(self, instance_uid: str) -> Dataset:
        z = self.names.instance_uids.index(instance_uid)
        grid, planes = self._planes()
        return slice_object(planes(z), z, grid, self.names, self.header)

    def _planes(self) -> tuple[Grid, Any]:
        """The grid, and a function that reads one slice."""
        if not self.head:
            volume = read_volume(storage().read(self.study_uid, self.sha256))
            return volume.grid, lambda z: volume.array[z]
        packed = PackedVolume(self._read, self.head)
        columns, rows, _ = packed.grid.size

        def plane(z: int) -> NDArray[np.float32]:
            return packed.part(((0, 0, z), (columns, rows, z + 1))).array[0]

        return packed.grid, plane

    def _read(self, start: int, size: int) -> bytes:
        with storage().open_range(self.study_uid, self.sha256, start, size) as file:
            return file.read(size)


def _without_pixels(made: Dataset) -> Dataset:
    del made.PixelData
    return made


def series_source(found: WebSeries) -> SeriesSource:
    """What is read of a stored series, or the segmentation of its regions."""
    series: Series = found.series
    segmentation = regions_export(found.rois, "seg") if found.rois else b""
    stored = series.stored
    return SeriesSource(
        stored.study.uid, stored.sha256, series.volume_head_sha256, scan_names(series, False),
        series.header, segmentation,
    )  # fmt: skip
