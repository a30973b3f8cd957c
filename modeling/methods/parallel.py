"""The same work for many tasks on one or several cores, with equal results and a heartbeat."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from threadpoolctl import threadpool_limits

from studies.methods.problems import DataProblem

Progress = Callable[[int, int, str], None]
Work = Callable[[Any, Any], Any]
HEARTBEAT_S = 2.0
_ROOT = Path(__file__).resolve().parents[2]
_SERVE = "from modeling.methods.parallel import serve; serve()"


def run_tasks(
    work: Work,
    common: Any,
    tasks: Sequence[Any],
    workers: int = 1,
    progress: Progress | None = None,
    message: str = "",
) -> dict[Any, Any]:
    """Result of ``work(common, task)`` for each task.

    Parameters
    ----------
    work : callable (common, task)
        A function of a module, so that another process finds it.
    common : picklable
        What all tasks share; sent once per process.
    tasks : sequence of hashable
        Begun in this order.
    workers : int
        1 runs here, more run in processes of their own. Each uses one BLAS thread, so that
        no sum depends on their number.
    progress : callable (done, total, message)
        Called from the calling thread at least every two seconds; when it raises, tasks that
        have not begun are dropped and the exception goes on.
    message : str
        Passed on to ``progress``.

    Raises
    ------
    DataProblem
        What a task refused.
    RuntimeError
        A process that ended, or an error in it with its traceback.

    Notes
    -----
    Processes are started by hand: a queue's worker may not use ``multiprocessing``, whose
    pools also hang in Python 3.11 when a process dies while it is being fed.
    """
    report = progress or (lambda done, total, message: None)
    results: dict[Any, Any] = {}
    with _runner(work, common, min(workers, len(tasks))) as (pool, function):
        waiting: dict[Future[Any], Any] = {pool.submit(function, task): task for task in tasks}
        while waiting:
            ended, _ = wait(waiting, timeout=HEARTBEAT_S, return_when=FIRST_COMPLETED)
            for future in ended:
                results[waiting.pop(future)] = future.result()
            report(len(results), len(tasks), message)
    return results


@contextmanager
def _runner(
    work: Work, common: Any, workers: int
) -> Iterator[tuple[ThreadPoolExecutor, Callable[[Any], Any]]]:
    """A thread per worker; with several, each thread hands its task to a process and waits."""
    children = [_Child(work, common) for _ in range(workers)] if workers > 1 else []
    idle: SimpleQueue[_Child] = SimpleQueue()
    for child in children:
        idle.put(child)

    def hand_over(task: Any) -> Any:
        child = idle.get()
        try:
            return child.run(task)
        finally:
            idle.put(child)

    function = hand_over if children else lambda task: work(common, task)
    pool = ThreadPoolExecutor(max(1, workers))
    try:
        with threadpool_limits(1):
            yield pool, function
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        for child in children:
            child.end()
        pool.shutdown(wait=True)


class _Child:
    """A process that runs ``serve``: pickled tasks in, pickled answers out."""

    def __init__(self, work: Work, common: Any):
        path = os.pathsep.join(dict.fromkeys([str(_ROOT), *filter(None, sys.path)]))
        self.process = subprocess.Popen(
            [sys.executable, "-c", _SERVE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
        )
        self.first: tuple[Work, Any] | None = (work, common)

    def run(self, task: Any) -> Any:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        try:
            if self.first is not None:
                pickle.dump(self.first, self.process.stdin)
                self.first = None
            pickle.dump(task, self.process.stdin)
            self.process.stdin.flush()
            outcome, value = pickle.load(self.process.stdout)
        except (EOFError, BrokenPipeError) as error:
            raise RuntimeError(f"a fitting process ended early ({self.process.poll()})") from error
        if outcome == "refused":
            raise DataProblem(value)
        if outcome == "error":
            raise RuntimeError(value)
        return value

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout):
            if stream is not None:
                # what was still to be written has nobody left to read it
                try:
                    stream.close()
                except BrokenPipeError:
                    continue


def serve() -> None:
    """Answer tasks on standard input until it ends: the other side of ``run_tasks``."""
    parent = os.getppid()
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not reach the answers
    threadpool_limits(1)
    questions = sys.stdin.buffer
    try:
        work, common = pickle.load(questions)
        while True:
            pickle.dump(_answer(work, common, pickle.load(questions)), answers)
            answers.flush()
    except (EOFError, BrokenPipeError):
        return


def _answer(work: Work, common: Any, task: Any) -> tuple[str, Any]:
    try:
        return "done", work(common, task)
    except DataProblem as refusal:
        return "refused", refusal.problems
    except Exception:  # noqa: BLE001 - it is raised again on the other side
        return "error", traceback.format_exc()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)
