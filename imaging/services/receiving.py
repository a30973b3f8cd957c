"""Files that a scanner or an archive sends by C-STORE go through the same door as an upload."""

from __future__ import annotations

import tempfile
import threading
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from django.utils import timezone

from studies.access import acting_as
from studies.models import ImportBatch, Study
from studies.services import batch_receive, quota_check


class Inbox:
    """What came in and waits until the sender is quiet; thread-safe, on disk.

    A sender may use one association for a whole visit or one per image: all that came until
    nobody sends and ``quiet_seconds`` went by is one upload. What came in an association that was
    aborted is thrown away, since a volume that lost its last slice looks whole: it is sent again.
    """

    def __init__(self, quiet_seconds: float = 10.0, clock: Callable[[], float] = time.monotonic):
        self._folder = tempfile.TemporaryDirectory(prefix="isotherm-received-")
        self._quiet_seconds, self._clock = quiet_seconds, clock
        self._lock = threading.Lock()
        self._open: dict[Any, list[Path]] = {}
        self._ready: list[Path] = []
        self._number, self._last = 0, clock()

    def close(self) -> None:
        self._folder.cleanup()

    def put(self, association: Any, data: bytes) -> None:
        """One file of an association that is still open."""
        with self._lock:
            self._number += 1
            path = Path(self._folder.name, f"{self._number:07}.dcm")
            self._open.setdefault(association, []).append(path)
            self._last = self._clock()
        path.write_bytes(data)

    def released(self, association: Any) -> None:
        """The sender said that it is done."""
        with self._lock:
            self._ready += self._open.pop(association, [])
            self._last = self._clock()

    def aborted(self, association: Any) -> int:
        """The connection broke; returns how many files are thrown away."""
        with self._lock:
            lost = self._open.pop(association, [])
        for path in lost:
            path.unlink(missing_ok=True)
        return len(lost)

    def take(self) -> list[Path]:
        """The files of an upload when nobody sends and all is quiet, else none."""
        with self._lock:
            waited = self._clock() - self._last
            if self._open or not self._ready or waited < self._quiet_seconds:
                return []
            taken, self._ready = self._ready, []
        return taken


def received_hand_in(study: Study, user: Any, files: list[Path], sender: str) -> ImportBatch:
    """Hand files in at the door of scans, as ``user`` and with the user's rights.

    Raises
    ------
    DataProblem
        No room left in the study.
    """
    name = f"{sender} {timezone.now():%Y-%m-%d %H.%M.%S}.zip"
    with tempfile.TemporaryFile() as packed, acting_as(user):
        with zipfile.ZipFile(packed, "w") as archive:
            for path in files:
                archive.write(path, path.name)
        quota_check(study, packed.tell(), name)
        packed.seek(0)
        batch = batch_receive(study, user, "dicom_zip", packed, name)
    for path in files:
        path.unlink(missing_ok=True)
    return batch
