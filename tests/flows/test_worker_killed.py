"""A worker killed with kill -9 in the middle of a run: taken up again, ended once, equal."""

from __future__ import annotations

import os
import signal
import time

from tests.flows.conftest import RECIPE, Running

# Long enough to be caught in the middle.
LONGER = RECIPE | {"name": "longer", "outer": {"folds": 3, "repeats": 12}}


def wait_until_half_way(running: Running, job: dict) -> None:
    until = time.monotonic() + 120
    while time.monotonic() < until:
        found = running.statistician.get(f"studies/{running.study}/jobs/{job['uid']}/")
        assert found["state"] in {"queued", "running"}, "the run ended before it was caught"
        if found["state"] == "running" and found["share"] > 0.1:
            return
        time.sleep(0.05)
    raise AssertionError("the run did not get going")


def test_a_killed_run_is_taken_up_again_and_ends_once_with_equal_numbers(thread: Running) -> None:
    product, before = thread.product, len(thread.rows("runs/"))
    job = thread.start("modeling.rad_score_run", recipe=LONGER, seed=7)
    wait_until_half_way(thread, job)
    worker = next(child for child in product.children if child.name == "worker")
    os.killpg(worker.process.pid, signal.SIGKILL)
    worker.process.wait()
    assert len(thread.rows("runs/")) == before, "half a run was written"
    product.start_worker()
    ended = thread.statistician.follow(thread.study, job["uid"], lambda job: None)
    assert ended["attempt"] == 2
    assert len(thread.rows("runs/")) == before + 1
    repeated = thread.step("modeling.reproduce", run=ended["result"]["run"])["result"]
    assert (repeated["verdict"], repeated["run"]) == ("equal", ended["result"]["run"])


def test_two_runs_of_the_same_snapshot_and_seed_give_byte_equal_metrics(thread: Running) -> None:
    """The study's first run, whose version a prognosis has judged again since."""
    first = thread.rows("runs/?kind=rad_score")[-1]["uid"]
    thread.step("modeling.prognosis_run", endpoint="overall_survival", seed=1, resamples=20)
    repeated = thread.step("modeling.reproduce", run=first)["result"]
    assert (repeated["verdict"], repeated["run"]) == ("equal", first)
