"""A real archive: it stows a PET/CT here, finds and fetches it, and is sent the regions back."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.dicom_written import image_files
from dev.processes import Product
from tests.flows.conftest import Running, open_study

ORTHANC = shutil.which("Orthanc")
PLUGINS = [
    path
    for folder in ("/usr/share/orthanc/plugins", "/usr/lib/orthanc")
    for path in Path(folder).glob("libOrthancDicomWeb.so*")
][:1]
SLICES = 6
PATIENCE_SECONDS = 90

pytestmark = pytest.mark.skipif(
    not (ORTHANC and PLUGINS), reason="Orthanc and its DICOMweb plugin are not installed"
)


def free_ports() -> tuple[int, int]:
    with socket.socket() as first, socket.socket() as second:
        first.bind(("127.0.0.1", 0))
        second.bind(("127.0.0.1", 0))
        return first.getsockname()[1], second.getsockname()[1]


@dataclass
class Archive:
    root: str
    dicom_port: int

    def ask(self, path: str, body: Any = None) -> Any:
        data = body if isinstance(body, bytes) or body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.root + path, data)
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as answer:
            said = answer.read()
        return json.loads(said) if said else None

    def holds(self, level: str, **query: str) -> list[dict[str, Any]]:
        return self.ask("/tools/find", {"Level": level, "Query": query, "Expand": True})


@pytest.fixture(scope="module")
def running(product: Product) -> Running:
    found = open_study(product, "An archive beside", waived="made by a program")
    table = product.folder / "archive_cohort.csv"
    table.write_text("patient_id,site,cohort,treatment_started_on\nB1,North,training,2025-01-15\n")
    found.upload("cohort_table", table)
    return found


@pytest.fixture(scope="module")
def archive(running: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    folder = tmp_path_factory.mktemp("orthanc")
    web, dicom = free_ports()
    token = running.coordinator.headers["Authorization"]
    here = f"{running.product.base_url}/api/v1/studies/{running.study}/dicomweb/"
    settings = {
        "StorageDirectory": str(folder / "db"), "IndexDirectory": str(folder / "db"),
        "HttpPort": web, "DicomPort": dicom, "DicomAet": "ORTHANC", "RemoteAccessAllowed": True,
        "AuthenticationEnabled": False, "DicomAlwaysAllowStore": True,
        "Plugins": [str(path) for path in PLUGINS],
        "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "Servers": {"isotherm": {
            "Url": here, "HttpHeaders": {"Authorization": token}, "ChunkedTransfers": False}}},
    }  # fmt: skip
    (folder / "orthanc.json").write_text(json.dumps(settings))
    log = (folder / "log").open("wb")
    process = subprocess.Popen([ORTHANC, str(folder / "orthanc.json")], stdout=log, stderr=log)
    found = Archive(f"http://127.0.0.1:{web}", dicom)
    try:
        for _ in range(PATIENCE_SECONDS * 5):
            try:
                found.ask("/system")
                break
            except (urllib.error.URLError, ConnectionError):
                assert process.poll() is None, (folder / "log").read_text()[-2000:]
                time.sleep(0.2)
        yield found
    finally:
        process.terminate()
        process.wait()
        log.close()


def test_a_scan_comes_from_an_archive_and_regions_go_back(
    running: Running, archive: Archive
) -> None:
    given = set()
    for _, data in image_files("B1", SLICES):
        given.add(archive.ask("/instances", data)["ParentStudy"])
    archive.ask("/dicom-web/servers/isotherm/stow", {"Resources": [*given], "Synchronous": True})
    [pet] = wait_for_series(running)

    found = archive.ask("/dicom-web/servers/isotherm/get", {"Uri": "/studies"})
    [visit] = [row["0020000D"]["Value"][0] for row in found]
    archive.ask(
        "/dicom-web/servers/isotherm/retrieve",
        {"Resources": [{"Study": visit}], "Synchronous": True},
    )
    fetched = archive.holds("Series", StudyInstanceUID=visit)
    assert {len(one["Instances"]) for one in fetched} == {SLICES}
    assert {one["MainDicomTags"]["Modality"] for one in fetched} == {"PT", "CT"}

    recipe = {"method": "threshold", "rule": "41_percent", "centre_mm": [0, 0, 300],
              "radius_mm": 60}  # fmt: skip
    running.coordinator.post(
        f"studies/{running.study}/series/{pet['uid']}/draw/", recipe=recipe, name="Ball"
    )
    name_archives(running, archive)
    for number, peer in enumerate(("by C-STORE", "by STOW")):
        if number:  # the archive forgets the first, so that the second counts
            for one in archive.holds("Series", Modality="SEG"):
                forget(archive, one["ID"])
        job = running.coordinator.post(
            f"studies/{running.study}/series/{pet['uid']}/send/", archive=peer
        )
        done = running.coordinator.follow(running.study, job["uid"], lambda found: None)
        [sent] = archive.holds("Instance", Modality="SEG")
        assert sent["MainDicomTags"]["SOPInstanceUID"] == done["result"]["sop_instance_uid"]
    [segmented] = archive.holds("Study", StudyInstanceUID=visit)
    assert len(segmented["Series"]) == 3, "the regions lie beside the scan they were drawn on"


def wait_for_series(running: Running) -> list[dict[str, Any]]:
    for _ in range(PATIENCE_SECONDS * 2):
        rows = running.rows("series/")
        if len(rows) == 2:
            return [row for row in rows if row["modality"] == "PT"]
        time.sleep(0.5)
    raise AssertionError(running.coordinator.every(f"studies/{running.study}/imports/"))


def name_archives(running: Running, archive: Archive) -> None:
    command = ["dicom_peer", "--study", "An archive beside", "--user", "administrator"]
    running.product.manage(
        *command, "--name", "by C-STORE", "--host", "127.0.0.1", "--title", "ORTHANC",
        "--port", str(archive.dicom_port),
    )  # fmt: skip
    running.product.manage(
        *command, "--name", "by STOW", "--kind", "stow", "--url", f"{archive.root}/dicom-web"
    )


def forget(archive: Archive, series: str) -> None:
    request = urllib.request.Request(f"{archive.root}/series/{series}", method="DELETE")
    urllib.request.urlopen(request, timeout=PATIENCE_SECONDS).close()
