"""Progress that a terminal redraws and a log can keep."""

import io
import sys
import time

import pytest

from dev import progress
from dev.place import SetupError
from dev.progress import Stage, run_with_progress


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_silent_stage_still_says_that_it_goes_on(monkeypatch):
    monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.05)
    out = io.StringIO()
    with Stage("Simulate", 306, out) as stage:
        stage.update(153, "patient 153")
        time.sleep(0.3)
    lines = out.getvalue().splitlines()
    assert lines[0] == "Simulate ..."
    assert sum("50%" in line and "patient 153" in line for line in lines) >= 2
    assert lines[-1].startswith("Simulate: done in 0.")


def test_plain_lines_come_at_least_every_five_seconds():
    assert progress.PLAIN_SECONDS < 5


def test_a_terminal_sees_one_line_redrawn(monkeypatch):
    monkeypatch.setattr(progress, "TERMINAL_SECONDS", 0.02)
    out = Terminal()
    with Stage("Import", 4, out) as stage:
        stage.update(4)
        time.sleep(0.1)
    assert out.getvalue().count("\n") == 1
    assert f"[{'#' * progress.BAR_WIDTH}] 100%" in out.getvalue()


def test_a_stage_that_fails_says_so():
    out = io.StringIO()
    with pytest.raises(RuntimeError), Stage("Import", 4, out):
        raise RuntimeError
    assert "Import: stopped in" in out.getvalue()


def test_a_failed_command_shows_the_end_of_its_log_and_the_remedy(tmp_path):
    command = [sys.executable, "-c", "print('out of space'); raise SystemExit(3)"]
    with pytest.raises(SetupError, match=r"(?s)ended with 3\. Free some.*out of space"):
        run_with_progress("Install", command, tmp_path / "log" / "setup.log", "Free some space.")
