"""Worker processes of the queue on a database of their own, and a study in it to share out."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any

from celery import current_app

from dev.postgres import create_database, drop_database, with_database

PROJECT = Path(__file__).resolve().parents[2]
LEASE_SECONDS = 2


@contextmanager
def own_place(environment: dict[str, str], template: str, folder: Path) -> Iterator[dict[str, str]]:
    """Environment of a database cloned from ``template``, with files and a queue of its own."""
    owner = environment["DATABASE_OWNER_URL"]
    name = f"isotherm_workers_{os.getpid()}_{secrets.token_hex(2)}"
    create_database(owner, name, template)
    try:
        yield {
            **os.environ,
            **environment,
            "DATABASE_URL": with_database(environment["DATABASE_URL"], name),
            "DATABASE_OWNER_URL": with_database(owner, name),
            "STORAGE_URL": f"file://{folder / 'files'}",
            "ISOTHERM_QUEUE": name,
            "ISOTHERM_LEASE_SECONDS": str(LEASE_SECONDS),
            "OMP_NUM_THREADS": "1",
        }
    finally:
        drop_database(owner, name)


class Workers:
    """A Celery worker with a pool of as many processes as asked; all end with the block.

    Needs Django set up in the environment of ``own_place``.
    """

    def __init__(self, count: int = 1):
        self.count, self.name = count, f"w{secrets.token_hex(4)}@here"

    def __enter__(self) -> Workers:
        command = [sys.executable, "-m", "celery", "-A", "config", "worker", "-n", self.name]
        command += ["--concurrency", str(self.count), "--without-gossip", "--without-mingle"]
        self.process = subprocess.Popen(
            [*command, "--loglevel", "ERROR"],
            cwd=PROJECT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = time.monotonic() + 120
        while not self._stats():
            if self.process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("the worker does not answer")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType
    ) -> None:
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def resize(self, count: int) -> None:
        control = current_app.control
        change = control.pool_grow if count > self.count else control.pool_shrink
        change(abs(count - self.count), destination=[self.name], reply=True, timeout=10)
        self.count = count

    @property
    def pids(self) -> list[int]:
        """Of the pool's processes, once there are as many as asked for."""
        while True:
            told = self._stats()
            if told and len(told[self.name]["pool"]["processes"]) == self.count:
                return sorted(told[self.name]["pool"]["processes"])

    def _stats(self) -> Any:
        return current_app.control.inspect(destination=[self.name], timeout=1).stats()
