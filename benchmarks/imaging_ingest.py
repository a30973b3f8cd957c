"""A pair of 150 PET and 150 CT slices: from the zip to stored, against pydicom reading it once.

python -m benchmarks.imaging_ingest [--rounds 5]

From the zip to the volumes' bytes: every header looked through, new UIDs, both volumes checked and
sorted, SUV, quality control, the de-identified header with its report, NIfTI packed. The rows in
the database are not in it. One thread.
"""

import argparse
import io
import os
import time
import zipfile
from collections.abc import Callable
from statistics import median

from pydicom import dcmread

from benchmarks.imaging_scans import scan_bytes
from imaging.methods.deidentification import Identity, mapped_uid
from imaging.methods.deidentification_report import deidentify_headers
from imaging.methods.dicom_archive import index_archive, open_archive, read_entries
from imaging.methods.scan_case import read_case
from imaging.storage import volume_bytes


def archive() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for modality in ("PT", "CT"):
            for number, data in enumerate(scan_bytes(modality)):
                packed.writestr(f"{modality}/{number}.dcm", data)
    return buffer.getvalue()


def ingest(data: bytes) -> int:
    """Bytes to be stored."""
    known: dict[str, str] = {}

    def new_uid(uid: str) -> str:
        return known.setdefault(uid, mapped_uid(b"secret", uid))

    with open_archive(io.BytesIO(data), "scan.zip") as packed:
        index = index_archive(packed, "scan.zip", None, new_uid)
        groups: dict[str, list] = {}
        for entries in index.entries.values():
            for entry, dataset in read_entries(packed, entries, new_uid):
                groups.setdefault(entry.series_uid, []).append(dataset)
    case = read_case("P001", groups, {})
    for series in case.series:
        deidentify_headers(series.slices, Identity("P001", -400, new_uid))
    return sum(len(volume_bytes(series.volume)) for series in case.series)


def read_once(data: bytes) -> int:
    """What pydicom needs to read every file with its pixels."""
    with zipfile.ZipFile(io.BytesIO(data)) as packed:
        return sum(
            dcmread(io.BytesIO(packed.read(name))).pixel_array.size for name in packed.namelist()
        )


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    data = archive()
    ingest(data), read_once(data)
    turns = [(timed(read_once, data), timed(ingest, data)) for _ in range(rounds)]
    print(f"load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores; medians of {rounds}")
    for name, clock in (("by the clock", 0), ("of processor time", 1)):
        plain, ours = (median(turn[side][clock] for turn in turns) for side in (0, 1))
        print(f"{name}: pydicom reads {plain:.2f} s, ingest {ours:.2f} s: "
              f"{ours / plain:.1f} times (goal at most 4)")  # fmt: skip


def timed(work: Callable[[bytes], int], data: bytes) -> tuple[float, float]:
    """Seconds by the clock and of this process's processor."""
    clock, processor = time.perf_counter(), time.process_time()
    work(data)
    return time.perf_counter() - clock, time.process_time() - processor


if __name__ == "__main__":
    main()
