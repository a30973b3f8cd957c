"""kill -9 in the middle of a Rad-Score run: taken up again, ended once, with equal numbers."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from modeling.methods.binary_evaluation import evaluate_binary
from modeling.methods.nested_cross_validation import estimate_out_of_fold
from modeling.methods.recipe import read_recipe
from modeling.methods.snapshot_table import digest_table, read_snapshot_table
from modeling.methods.threshold_metrics import fit_youden_threshold
from tests.flows.conftest import Running

SEED = 2


def children_of(parent: int) -> list[int]:
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == parent:
                found.append(int(entry.name))
    return found


def wait_for(what, seconds: float = 60):
    until = time.monotonic() + seconds
    while not (found := what()):
        assert time.monotonic() < until, "waited too long"
        time.sleep(0.1)
    return found


def test_a_killed_worker_costs_time_and_nothing_else(thread: Running) -> None:
    job = thread.start("modeling.rad_score_run", recipe="demo", seed=SEED)
    path = f"studies/{thread.study}/jobs/{job['uid']}/"
    worker = next(c for c in thread.product.children if c.name == "worker").process.pid

    def fitting() -> list[int]:
        """The worker's process that has processes of its own, and those."""
        return next(([pid, *own] for pid in children_of(worker) if (own := children_of(pid))), [])

    wait_for(lambda: thread.statistician.get(path)["progress_done"] > 4)
    killed, *helpers = wait_for(fitting)
    os.kill(killed, signal.SIGKILL)
    wait_for(lambda: not any(Path(f"/proc/{pid}").exists() for pid in helpers), 10)
    ended = thread.statistician.follow(thread.study, job["uid"], lambda job: None)
    assert (ended["state"], ended["attempt"]) == ("done", 2)

    runs = [r for r in thread.rows("runs/") if r["kind"] == "rad_score" and r["seed"] == SEED]
    assert [run["uid"] for run in runs] == [ended["result"]["run"]]
    assert len(runs[0]["versions"]) == 1
    assert_equal_to_an_unharmed_run(thread, runs[0])


def assert_equal_to_an_unharmed_run(thread: Running, run: dict) -> None:
    """The comparison computed again from the frozen bytes, in this process, on one core."""
    folder = Path(thread.product.overrides["STORAGE_URL"].removeprefix("file://"))
    data = (folder / thread.study / run["snapshot_sha256"]).read_bytes()
    assert digest_table(data) == run["snapshot_sha256"]
    table = read_snapshot_table(data)
    rows = table[table["use"] == "development"]
    names = sorted(c for c in table if c.startswith(("pet.", "ct.")))
    keys, y = list(rows["pseudonym"]), rows["target_rna"].to_numpy(int)
    recipe = read_recipe(run["recipe"])
    chosen = ["random_forest", "logistic_regression"]
    again = estimate_out_of_fold(
        keys, rows[names].to_numpy(float), names, y, chosen,
        recipe.folds, recipe.repeats, SEED, recipe.tuning,
    )  # fmt: skip
    stored = {row["name"]: row for row in run["results"]["classifiers"]}
    for name in chosen:
        p = again.results[name].probability
        resamples = recipe.document["bootstrap_resamples"]
        numbers = evaluate_binary(keys, y, p, fit_youden_threshold(y, p), resamples, SEED)
        assert {key: stored[name][key] for key in numbers} == numbers
