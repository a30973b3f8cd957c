"""A "CSV" of 2 GB in one piece: how long until the reason, and what was taken.

    python -m dev exec -- .venv/bin/python -m benchmarks.upload_refused [gigabytes]

A new product, as served. The file is sent over a socket, as a browser without script and as a
script do it, until the server answers. Memory is that of the largest process of the web server.
"""

from __future__ import annotations

import json
import re
import socket
import sys
import threading
import time
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.demo import fresh_product
from benchmarks.upload_memory import highest, memory
from dev import services
from dev.processes import Product

PROJECT = Path(__file__).resolve().parent.parent
GOAL_SECONDS, GOAL_MB = 10, 500
PASSWORD = "a long word"
PIECE = (b"P001,North,training,61\n" * 50_000)[: 2**20]
BOUNDARY = "xxBENCHxx"


def main(gigabytes: float = 2.0) -> int:
    size, late = int(gigabytes * 2**30), False
    with services.running(PROJECT), fresh_product() as product:
        made = json.loads(product.manage("demo_people", "--study", "Bench", "--password", PASSWORD))
        study, token = made["study"], made["tokens"]["coordinator"]
        cookies, csrf = signed_in(product)
        page = (
            f"/studies/{study}/uploads/new/cohort_table/",
            f"Cookie: {cookies}\r\nReferer: {product.base_url}/",
            [("csrfmiddlewaretoken", csrf)],
        )
        script = (f"/api/v1/studies/{study}/imports/", f"Authorization: Token {token}",
                  [("kind", "cohort_table")])  # fmt: skip
        print(f"{gigabytes:g} GB{'':>14}{'code':>6}{'seconds':>9}{'MB sent':>9}{'peak, MB':>10}")
        for name, (path, headers, fields) in (("page", page), ("API", script)):
            before, peak, over = memory(product), [0.0, 0.0], threading.Event()
            watch = threading.Thread(target=highest, args=(product, peak, over))
            watch.start()
            code, seconds, sent = send(product.base_url, path, headers, fields, size)
            over.set()
            watch.join()
            largest = max(peak[1], before[1])
            print(f"{name:>18}{code:>6}{seconds:9.2f}{sent / 2**20:9.0f}{largest:10.0f}")
            late = late or seconds > GOAL_SECONDS or largest > GOAL_MB or code not in (413, 422)
    print(f"goal: {GOAL_SECONDS} s and {GOAL_MB} MB")
    return int(late)


def signed_in(product: Product) -> tuple[str, str]:
    """Cookies of a coordinator, and the token of a form."""
    jar = CookieJar()
    opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(jar))
    address = f"{product.base_url}/account/login/"
    token = _token(opener.open(address).read().decode())
    sent = f"csrfmiddlewaretoken={token}&login=coordinator%40example.org&password={PASSWORD}"
    request = urllib.request.Request(address, sent.replace(" ", "+").encode(),
                                     {"Referer": address})  # fmt: skip
    home = opener.open(request).read().decode()
    return "; ".join(f"{cookie.name}={cookie.value}" for cookie in jar), _token(home)


def _token(page: str) -> str:
    found = re.search(r'name="csrfmiddlewaretoken" value="([^"]+)"', page)
    return found[1] if found else ""


def send(
    base_url: str, path: str, headers: str, fields: list[tuple[str, str]], size: int
) -> tuple[int, float, int]:
    """Code, seconds to the answer and bytes that were sent; the sending ends with the answer."""
    head = "".join(
        f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
        for name, text in fields
    ) + (f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="c.csv"\r\n'
         "Content-Type: text/csv\r\n\r\n")  # fmt: skip
    tail = f"\r\n--{BOUNDARY}--\r\n"
    place = urlsplit(base_url)
    with socket.create_connection((place.hostname, place.port), timeout=120) as wire:
        began, sent = time.monotonic(), 0
        wire.sendall(
            f"POST {path} HTTP/1.1\r\nHost: {place.netloc}\r\n{headers}\r\n"
            f"Content-Type: multipart/form-data; boundary={BOUNDARY}\r\n"
            f"Content-Length: {len(head) + size + len(tail)}\r\n\r\n{head}".encode()
        )
        wire.setblocking(False)
        while sent < size:
            try:
                sent += wire.send(PIECE[: size - sent])
            except BlockingIOError:
                time.sleep(0.001)
            except ConnectionError:
                break
            if answer := _answer(wire):
                return answer, time.monotonic() - began, sent
        wire.settimeout(120)
        wire.sendall(tail.encode())
        while not (answer := _answer(wire)):
            time.sleep(0.01)
        return answer, time.monotonic() - began, sent


def _answer(wire: socket.socket) -> int:
    try:
        found = re.match(rb"HTTP/1\.1 (\d+)", wire.recv(65536))
    except BlockingIOError:
        return 0
    return int(found[1]) if found else 0


if __name__ == "__main__":
    sys.exit(main(*map(float, sys.argv[1:2])))
