"""A file of 2 GB handed in over HTTP in parts: what the web server's processes take meanwhile.

    python -m dev exec -- .venv/bin/python -m benchmarks.upload_memory [gigabytes] [senders]

A new product (two web processes of four threads, as served) and several senders at once, each with
a file of its own; a page of the study is read between the parts. Memory is that of gunicorn's
processes together, each shared page counted once (PSS), and of the largest of them alone (RSS).
"""

from __future__ import annotations

import json
import re
import secrets
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any

from benchmarks.demo import fresh_product
from dev import services
from dev.client import Client
from dev.processes import Product

PROJECT = Path(__file__).resolve().parent.parent
GOAL_MB = 400


def main(gigabytes: float = 2.0, senders: int = 2) -> int:
    with services.running(PROJECT), fresh_product() as product:
        made = json.loads(
            product.manage("demo_people", "--study", "Bench", "--password", "a long word")
        )
        client = Client(product.base_url, made["tokens"]["coordinator"])
        client.get(f"studies/{made['study']}/patients/")
        before, peak, over = memory(product), [0.0, 0.0], threading.Event()
        watch = threading.Thread(target=highest, args=(product, peak, over))
        watch.start()
        began = time.monotonic()
        sending = [
            threading.Thread(target=send, args=(client, made["study"], int(gigabytes * 2**30)))
            for _ in range(senders)
        ]
        for thread in sending:
            thread.start()
        for thread in sending:
            thread.join()
        seconds = time.monotonic() - began
        over.set()
        watch.join()
    print(f"{senders} files of {gigabytes:g} GB at once, {seconds:.0f} s")
    print(f"{'MB':>24}{'together (PSS)':>18}{'largest (RSS)':>18}")
    for name, (together, largest) in (("before", before), ("highest meanwhile", peak)):
        print(f"{name:>24}{together:18.0f}{largest:18.0f}")
    print(f"goal: {GOAL_MB} MB together")
    return int(peak[0] > GOAL_MB)


def send(client: Client, study: str, size: int) -> None:
    """Bytes of no meaning: what becomes of them is the worker's part and not measured."""
    upload = client.post(
        f"studies/{study}/uploads/",
        kind="dicom_zip", filename=f"{secrets.token_hex(4)}.zip", size=size,
        fingerprint=secrets.token_hex(8),
    )  # fmt: skip
    part = secrets.token_bytes(upload["part_bytes"])
    while upload["state"] == "open":
        upload = patch(client, study, upload, part[: size - upload["received"]])
        if upload["received"] % (16 * len(part)) == 0:
            client.get(f"studies/{study}/patients/")


def patch(client: Client, study: str, upload: dict[str, Any], part: bytes) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{client.root}studies/{study}/uploads/{upload['uid']}/",
        part,
        {**client.headers, "Content-Type": "application/offset+octet-stream",
         "Upload-Offset": str(upload["received"])},
        method="PATCH",
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=300) as answer:
        return json.load(answer)


def highest(product: Product, peak: list[float], over: threading.Event) -> None:
    while not over.wait(0.5):
        peak[:] = map(max, peak, memory(product))


def memory(product: Product) -> tuple[float, float]:
    """MB of the web server's processes: all together by PSS, the largest by RSS."""
    web = next(child for child in product.children if child.name == "web server").process.pid
    family = [web, *map(int, Path(f"/proc/{web}/task/{web}/children").read_text().split())]
    found = [_counted(pid) for pid in family]
    return sum(pss for pss, _ in found), max(rss for _, rss in found)


def _counted(pid: int) -> tuple[float, float]:
    text = Path(f"/proc/{pid}/smaps_rollup").read_text()
    pss, rss = (re.search(rf"^{name}:\s+(\d+) kB", text, re.M) for name in ("Pss", "Rss"))
    return (int(pss[1]) / 1000, int(rss[1]) / 1000) if pss and rss else (0.0, 0.0)


if __name__ == "__main__":
    sys.exit(main(*(kind(word) for kind, word in zip((float, int), sys.argv[1:], strict=False))))
