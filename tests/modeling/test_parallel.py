"""Processes that fit: equal results, errors come through, nothing is left behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from modeling.methods import parallel
from studies.methods.problems import DataProblem, refuse

PARENT = """
import sys, time
sys.path[:0] = sys.argv[1:]
from modeling.methods.parallel import run_tasks
from tests.modeling.test_parallel import sleep
run_tasks(sleep, None, range(4), 2, lambda *said: print("going", flush=True))
"""


def square(common: int, task: int) -> int:
    return common * task * task


def sleep(common: None, task: int) -> None:
    time.sleep(60)


def leave(common: None, task: int) -> None:
    os._exit(3)


def fail(common: None, task: int) -> None:
    raise KeyError("a word of its own")


def decline(common: None, task: int) -> None:
    raise refuse("a task", "nothing to fit to", "patients", "Wait for more.")


@pytest.mark.parametrize("workers", [1, 2])
def test_every_task_has_its_result(workers: int) -> None:
    said: list[tuple[float, float, str]] = []
    found = parallel.run_tasks(
        square, 3, range(7), workers, lambda *report: said.append(report), "squares"
    )
    assert found == {n: 3 * n * n for n in range(7)}
    assert said[-1] == (7, 7, "squares")


def test_a_process_that_dies_is_said_and_does_not_hang() -> None:
    with pytest.raises(RuntimeError, match="ended early"):
        parallel.run_tasks(leave, None, range(4), 2)


def test_an_error_comes_with_its_words() -> None:
    with pytest.raises(RuntimeError, match="a word of its own"):
        parallel.run_tasks(fail, None, range(4), 2)


def test_a_refusal_comes_as_it_was_and_progress_may_stop_all() -> None:
    with pytest.raises(DataProblem, match="nothing to fit to") as refused:
        parallel.run_tasks(decline, None, range(4), 2)
    assert refused.value.problems[0].remedy == "Wait for more."

    class Stop(Exception):
        pass

    def stop(done: float, total: float, message: str) -> None:
        raise Stop

    with pytest.raises(Stop):
        parallel.run_tasks(sleep, None, range(4), 2, stop)


def children_of(parent: int) -> list[int]:
    task = Path(f"/proc/{parent}/task")
    return [int(pid) for thread in task.iterdir()
            for pid in (thread / "children").read_text().split()]  # fmt: skip


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs /proc")
def test_processes_end_with_a_parent_that_is_killed() -> None:
    root = str(Path(__file__).resolve().parents[2])
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, root], cwd=root, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == "going\n"
        children = children_of(parent.pid)
        assert len(children) == 2
        os.kill(parent.pid, signal.SIGKILL)
        parent.wait()
        until = time.monotonic() + 20
        while any(Path(f"/proc/{pid}").exists() for pid in children):
            assert time.monotonic() < until, "processes were left behind"
            time.sleep(0.1)
