"""A 512 x 512 x 300 CT with its PET: served by the viewer's address and as a plain file.

    python -m dev exec -- .venv/bin/python -m benchmarks.imaging_viewer [slices]

The pair goes in through the door of uploads in parts; the web server's memory is watched meanwhile.
Then each volume is fetched in turn from the product (signed in, rights checked) and from a bare
server of the same kind (gunicorn, threads, ``wsgi.file_wrapper``) that opens the same file.
"""

from __future__ import annotations

import http.client
import http.cookiejar
import json
import os
import secrets
import socket
import subprocess
import sys
import tempfile
import time
import urllib.parse
import urllib.request
import zipfile
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np

from benchmarks.dicom_written import image_files
from dev import services
from dev.client import Client, sites_named
from dev.postgres import create_database, drop_database, with_database
from dev.processes import Product, free_port

PROJECT = Path(__file__).resolve().parent.parent
ROUNDS = 9
GOAL_FIRST_MS, GOAL_RATIO = 200, 1.2
PASSWORD = "a long word"
Times = list[tuple[float, float]]  # seconds to the first and to the last byte
PLAIN = """
def app(environ, start):
    handle = open({path!r}, "rb")
    size = {size}
    start("200 OK", [("Content-Length", str(size)), ("Content-Type", "application/gzip")])
    return environ["wsgi.file_wrapper"](handle, 262144)
"""


def main(slices: int = 300) -> int:
    with tempfile.TemporaryDirectory() as name, services.running(PROJECT) as values:
        folder, owner = Path(name), values["DATABASE_OWNER_URL"]
        database = f"isotherm_bench_{secrets.token_hex(3)}"
        create_database(owner, database)
        overrides = {
            "DATABASE_URL": with_database(values["DATABASE_URL"], database),
            "DATABASE_OWNER_URL": with_database(owner, database),
            "STORAGE_URL": f"file://{folder / 'files'}",
            "ISOTHERM_QUEUE": database,
        }
        try:
            with Product(PROJECT, folder=folder, overrides=overrides, web_workers=1) as product:
                return compare(product, folder, slices)
        finally:
            drop_database(owner, database)


def compare(product: Product, folder: Path, slices: int) -> int:
    made = json.loads(product.manage("demo_people", "--study", "Bench", "--password", PASSWORD))
    study, client = made["study"], Client(product.base_url, made["tokens"]["coordinator"])
    head = Client(product.base_url, made["tokens"]["administrator"])
    head.post(f"studies/{study}/consent-policies/", required=False, reason="made by a program")
    table = folder / "cohort.csv"
    table.write_text("patient_id,site,cohort,treatment_started_on\nB1,North,training,2025-01-15\n")
    new = {"new_sites": sites_named(table)}
    follow(client, study, client.upload(study, "cohort_table", table, new)["job"])
    archive = folder / "pair.zip"
    with zipfile.ZipFile(archive, "w") as packed:
        for name, data in image_files("B1", slices):
            packed.writestr(name, data)
    before = rss(product)
    seconds, peak = send_in_parts(client, made["tokens"]["coordinator"], study, archive, product)
    size = archive.stat().st_size / 1e6
    print(f"upload of {size:.0f} MB in parts: {seconds:.1f} s; web server {before:.0f} MB before, "
          f"{peak:.0f} MB at most")  # fmt: skip
    cookie = signed_in(product, "coordinator", PASSWORD)
    pair = client.every(f"studies/{study}/series/")
    return compared([one(product, cookie, study, series, folder) for series in pair])


def signed_in(product: Product, user: str, password: str) -> str:
    """The cookie of a session, as a browser gets it."""
    jar = http.cookiejar.CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    address = f"{product.base_url}/account/login/"
    opener.open(address).close()
    token = next(cookie.value for cookie in jar if cookie.name == "csrftoken")
    form = {"login": user, "password": password, "csrfmiddlewaretoken": token}
    data = urllib.parse.urlencode(form).encode()
    opener.open(urllib.request.Request(address, data, {"Referer": address})).close()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar)


def compared(pair: list[tuple[Times, Times]]) -> int:
    """The pair together: what a viewer waits for, against the same two files served plainly."""
    first = max(median(t[0] for t in ours) * 1000 for ours, _ in pair)
    after, whole = (
        sum(median(part(t) for t in ours) for ours, _ in pair)
        / sum(median(part(t) for t in theirs) for _, theirs in pair)
        for part in (lambda t: t[1] - t[0], lambda t: t[1])
    )
    print(f"the pair: first byte within {first:.0f} ms (goal {GOAL_FIRST_MS}); transfer, first to "
          f"last byte, {after:.2f} times a plain file's (goal {GOAL_RATIO}); with looking up who "
          f"asks {whole:.2f} times; load {os.getloadavg()[0]:.1f}")  # fmt: skip
    print("a second look in a browser asks for nothing: the addresses of the page name the digest")
    return int(first > GOAL_FIRST_MS or after > GOAL_RATIO)


def follow(client: Client, study: str, job: str) -> None:
    client.follow(study, job, lambda found: None)


def rss(product: Product) -> float:
    """MB of the web server's processes."""
    web = next(child for child in product.children if child.name == "web server")
    tree = subprocess.run(
        ["ps", "-o", "rss=", "--ppid", str(web.process.pid), "-p", str(web.process.pid)],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    return sum(int(line) for line in tree.stdout.split()) / 1000


def send_in_parts(
    client: Client, token: str, study: str, archive: Path, product: Product
) -> tuple[float, float]:
    """Seconds until all of it is imported, and the web server's highest memory."""
    began, peak = time.monotonic(), 0.0
    size = archive.stat().st_size
    upload = client.post(
        f"studies/{study}/uploads/", kind="dicom_zip", filename=archive.name, size=size
    )
    with archive.open("rb") as file:
        while upload["state"] == "open":
            request = urllib.request.Request(
                f"{client.root}studies/{study}/uploads/{upload['uid']}/",
                file.read(upload["part_bytes"]),
                {**client.headers, "Content-Type": "application/offset+octet-stream",
                 "Upload-Offset": str(upload["received"])},
                method="PATCH",
            )  # fmt: skip
            with urllib.request.urlopen(request, timeout=300) as answer:
                upload = json.load(answer)
            peak = max(peak, rss(product))
    while upload["state"] == "joining":
        time.sleep(0.2)
        upload = client.get(f"studies/{study}/uploads/{upload['uid']}/")
        peak = max(peak, rss(product))
    batch = client.get(f"studies/{study}/imports/{upload['batch']}/")
    follow(client, study, batch["job"])
    return time.monotonic() - began, max(peak, rss(product))


def one(
    product: Product, cookie: str, study: str, series: dict[str, Any], folder: Path
) -> tuple[Times, Times]:
    """The viewer's address against a plain file, in turn; the first round warms both."""
    stored = folder / "files" / study / series["sha256"]
    port = free_port(product.host)
    plain = serve_plain(stored, folder, port, product.host)
    path = f"/studies/{study}/imaging/scans/{series['uid']}/volume.nii.gz"
    ours: Times = []
    theirs: Times = []
    try:
        for _ in range(ROUNDS + 1):
            ours.append(fetch(product.host, product.port, path, {"Cookie": cookie}))
            theirs.append(fetch(product.host, port, "/", {}))
    finally:
        plain.terminate()
        plain.wait()
    first, whole, bare, after, bare_after = (
        median(part) * 1000
        for part in (
            [t[0] for t in ours[1:]],
            [t[1] for t in ours[1:]],
            [t[1] for t in theirs[1:]],
            [t[1] - t[0] for t in ours[1:]],
            [t[1] - t[0] for t in theirs[1:]],
        )
    )
    size = stored.stat().st_size / 1e6
    print(f"{series['modality']} {' x '.join(map(str, series['size']))}, {size:.0f} MB: first byte "
          f"{first:.0f} ms, the rest {after:.0f} ms against {bare_after:.0f} ms of a plain file, "
          f"whole {whole:.0f} against {bare:.0f} ms")  # fmt: skip
    return ours[1:], theirs[1:]


def serve_plain(stored: Path, folder: Path, port: int, host: str) -> subprocess.Popen[bytes]:
    (folder / "plain.py").write_text(PLAIN.format(path=str(stored), size=stored.stat().st_size))
    command = [sys.executable, "-m", "gunicorn", "plain:app", "--bind", f"{host}:{port}",
               "--threads", "4", "--no-control-socket"]  # fmt: skip
    process = subprocess.Popen(
        command,
        cwd=folder,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(folder)},
    )
    for _ in range(200):
        with socket.socket() as trial:
            if trial.connect_ex((host, port)) == 0:
                break
        time.sleep(0.05)
    return process


def fetch(host: str, port: int, path: str, headers: dict[str, str]) -> tuple[float, float]:
    """Seconds to the first byte and to the last."""
    connection = http.client.HTTPConnection(host, port, timeout=300)
    began = time.perf_counter()
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    answer.read(1)
    first = time.perf_counter() - began
    while answer.read(1 << 20):
        pass
    whole = time.perf_counter() - began
    connection.close()
    if answer.status != 200:
        raise SystemExit(f"{path}: {answer.status}")
    return first, whole


if __name__ == "__main__":
    np.random.seed(0)
    sys.exit(main(*map(int, sys.argv[1:])))
