"""A bar per stage on a terminal; plain lines elsewhere, at least one every five seconds."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from dev.place import SetupError

BAR_WIDTH = 24
TERMINAL_SECONDS, PLAIN_SECONDS = 0.2, 4.0


class Stage:
    """``with Stage("Simulate", total=306) as stage: stage.update(12, "patient 12")``."""

    def __init__(self, title: str, total: float = 0, out: TextIO | None = None) -> None:
        self.title, self.total, self.out = title, total, out or sys.stdout
        self.done: float = 0
        self.message = ""
        self.seconds = 0.0
        self._terminal = self.out.isatty()
        self._over = threading.Event()
        self._ticker = threading.Thread(target=self._tick, daemon=True)

    def update(self, done: float, message: str = "", total: float | None = None) -> None:
        self.done, self.message = done, message
        if total is not None:
            self.total = total

    def __enter__(self) -> Stage:
        self._started = time.monotonic()
        if not self._terminal:
            self._say(f"{self.title} ...")
        self._ticker.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, *rest: object) -> None:
        self._over.set()
        self._ticker.join()
        self.seconds = time.monotonic() - self._started
        self._say(f"{self.title}: {'done' if kind is None else 'stopped'} in {self.seconds:.1f} s")

    def _tick(self) -> None:
        while not self._over.wait(TERMINAL_SECONDS if self._terminal else PLAIN_SECONDS):
            self._say(self._line(), ended=not self._terminal)

    def _line(self) -> str:
        seconds = f"{time.monotonic() - self._started:.0f} s"
        if not self.total:
            return f"{self.title}  {seconds}  {self.message}"
        part = min(1.0, self.done / self.total)
        filled = round(part * BAR_WIDTH)
        bar = f"[{'#' * filled}{'.' * (BAR_WIDTH - filled)}]"
        return f"{self.title}  {bar} {part:4.0%}  {seconds}  {self.message}"

    def _say(self, line: str, ended: bool = True) -> None:
        if self._terminal:
            self.out.write("\r\x1b[K" + line[:118])
        else:
            self.out.write(line)
        self.out.write("\n" if ended else "")
        self.out.flush()


def run_with_progress(
    title: str, command: list[str], log: Path, remedy: str = "", **options: object
) -> None:
    """Run a long command; its last line is the stage's message, all of them go to the log."""
    log.parent.mkdir(exist_ok=True)
    with Stage(title) as stage, log.open("a", encoding="utf-8") as file:
        code = _follow(command, lambda line: _note(stage, file, line), **options)
    if code:
        tail = "\n".join(log.read_text("utf-8", "replace").splitlines()[-15:])
        raise SetupError(f"{title}: {command[0]} ended with {code}. {remedy}\n{tail}\n({log})")


def _note(stage: Stage, file: TextIO, line: str) -> None:
    file.write(line + "\n")
    stage.message = line.strip()


def _follow(command: list[str], say: Callable[[str], None], **options: object) -> int:
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        **options,
    )
    with process:
        for line in process.stdout:
            say(line.rstrip("\n"))
    return process.returncode
