"""A small HTTP client of the product's API: what a user's own script would do."""

from __future__ import annotations

import csv
import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

ENDED = {"done", "failed", "errored", "cancelled"}
SHORTEST_SECONDS, LONGEST_SECONDS = 0.05, 0.4  # between two looks at a job


class RefusedError(RuntimeError):
    """The product said no; the text lists why."""


class Client:
    """``Client(base_url, token).post("studies/.../jobs/", kind=...)``; answers are JSON."""

    def __init__(self, base_url: str, token: str):
        self.root = f"{base_url}/api/v1/"
        self.headers = {"Authorization": f"Token {token}", "Accept": "application/json"}

    def get(self, path: str) -> Any:
        return self._send(urllib.request.Request(self.root + path, headers=self.headers))

    def every(self, path: str) -> list[Any]:
        """All pages of a list."""
        rows: list[Any] = []
        address: str | None = self.root + path
        while address:
            page = self._send(urllib.request.Request(address, headers=self.headers))
            rows += page["results"]
            address = page["next"]
        return rows

    def post(self, path: str, **body: Any) -> Any:
        headers = {**self.headers, "Content-Type": "application/json"}
        data = json.dumps(body).encode()
        return self._send(urllib.request.Request(self.root + path, data, headers))

    def upload(
        self, study: str, kind: str, file: Path, options: dict[str, Any] | None = None
    ) -> Any:
        """Hand a file in at its door; returns the import batch."""
        boundary = uuid.uuid4().hex
        said = {"kind": kind, "options": json.dumps(options or {})}
        parts = [
            *(
                f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{text}\r\n'
                for name, text in said.items()
            ),
            f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
            f'filename="{file.name}"\r\nContent-Type: application/octet-stream\r\n\r\n',
        ]
        body = "".join(parts).encode() + file.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        headers = {**self.headers, "Content-Type": f"multipart/form-data; boundary={boundary}"}
        address = f"{self.root}studies/{study}/imports/"
        return self._send(urllib.request.Request(address, body, headers))

    def follow(self, study: str, job: str, say: Callable[[dict[str, Any]], None]) -> dict[str, Any]:
        """Wait for a job; raises RefusedError unless it is done."""
        pause = SHORTEST_SECONDS
        while True:
            found = self.get(f"studies/{study}/jobs/{job}/")
            say(found)
            if found["state"] == "done":
                return found
            if found["state"] in ENDED:
                raise RefusedError(describe(found))
            time.sleep(pause)
            pause = min(1.5 * pause, LONGEST_SECONDS)

    def _send(self, request: urllib.request.Request) -> Any:
        try:
            with urllib.request.urlopen(request, timeout=300) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            text = error.read().decode(errors="replace")
            raise RefusedError(f"{request.full_url}: {error.code} {text[:2000]}") from error


def describe(job: dict[str, Any]) -> str:
    """A job that did not end well, as lines to read."""
    lines = [f"{job['kind']} {job['state']} {job['error_id']}".strip()]
    for problem in job["problems"]:
        place = f"row {problem['row']}, " if problem["row"] else ""
        lines.append(
            f"  {place}{problem['where']}: found {problem['found']}; expected "
            f"{problem['expected']}. {problem['remedy']}"
        )
    return "\n".join(lines)


def sites_named(table: Path) -> list[str]:
    """The sites of a cohort table of ours, to confirm them as new ones when it comes first."""
    with table.open(encoding="utf-8", newline="") as lines:
        return sorted({line["site"] for line in csv.DictReader(lines)})
