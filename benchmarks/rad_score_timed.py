# ruff: noqa: E402
"""What ``benchmarks.rad_score_workers`` runs in the environment it has made."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

import numpy as np

from benchmarks import classifier_comparison
from modeling.methods.recipe_schema import PRESETS
from modeling.services import fan_out
from modeling.services.rad_score import rad_score_write, run_compute, run_prepare
from modeling.services.snapshots import rad_score_question, snapshot_freeze
from studies.access import acting_as
from studies.jobs import no_progress
from studies.models import Job
from tests.modeling.rad_score_made import make_features
from tests.modeling.real_workers import Workers
from tests.modeling.shared_out import Study
from tests.people import make_people

PATIENTS, FEATURES, SHARES = 306, 128, 8
TICK = os.sysconf("SC_CLK_TCK")


def processor_seconds(pids: list[int]) -> list[float]:
    """Of running processes, as Linux tells them."""
    told = [Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split() for pid in pids]
    return [(int(one[11]) + int(one[12])) / TICK for one in told]


class Clock:
    """Wall seconds, and processor seconds of the busiest process, per way."""

    def __init__(self) -> None:
        self.wall: dict[str, list[float]] = {}
        self.busiest: dict[str, list[float]] = {}

    def time(self, name: str, work: Callable[[], Any], pids: list[int]) -> Any:
        before, began = processor_seconds(pids), time.perf_counter()
        found = work()
        self.wall.setdefault(name, []).append(time.perf_counter() - began)
        spent = [b - a for a, b in zip(before, processor_seconds(pids), strict=True)]
        self.busiest.setdefault(name, []).append(max(spent, default=0.0))
        return found


def idle_share(parent: Job, wall: float) -> float:
    """Part of the processes' wall time without a share: start, gaps, the end of the last one."""
    shares = list(parent.children.all())
    processes = len({share.result["by"] for share in shares})
    worked = sum((share.ended_at - share.started_at).total_seconds() for share in shares)
    return 1 - worked / (processes * wall)


def compare(study: Study, repeats: int, repetitions: int) -> None:
    clock, kept = Clock(), []
    idle: dict[str, list[float]] = {}
    for turn in range(repetitions):
        for count in (2, 1):
            with Workers(count) as workers:
                parent = study.parent(f"{turn}-{count}")
                shared = study.shared(parent, SHARES)
                kept.append(clock.time(str(count), lambda: study.fit(shared), workers.pids))  # noqa: B023
            idle.setdefault(str(count), []).append(idle_share(parent, clock.wall[str(count)][-1]))
        clock.time("loop", lambda: classifier_comparison.plain_loop(repeats), [])
        clock.time("copies", lambda: classifier_comparison.two_copies(repeats), [])
    assert all(found == kept[0] for found in kept)
    own = study.fit(fan_out.run_tasks)
    assert own == kept[0]
    loop, copies, two, one = (median(clock.wall[name]) for name in ("loop", "copies", "2", "1"))
    print(f"numbers equal on one and two processes of Celery and without; {SHARES} shares")
    print(
        f"wall seconds: one process {one:.1f}, two {two:.1f}; loop {loop:.1f}, copies {copies:.1f}"
    )
    ideal = 2 * loop / copies
    print(f"speed-up {one / two:.2f} of {ideal:.2f} of two copies: {one / two / ideal:.0%} (85 %)")
    print("of the wall time no share was being worked on, per process: "
          + ", ".join(f"{name}: {median(idle[name]):.1%}" for name in ("1", "2")))  # fmt: skip
    busy = {name: median(clock.busiest[name]) for name in ("2", "1")}
    print(
        f"processor seconds of the busiest process: {busy['1']:.1f} alone, {busy['2']:.1f} of two: "
        f"{busy['1'] / busy['2'] / 2:.0%} of twice as fast"
    )


def overhead(people: Any, recipe: str) -> None:
    """The steps of ``rad_score_run``, one after the other, in one process."""
    told: dict[str, tuple[float, float]] = {}

    def step(name: str, work: Callable[[], Any]) -> Any:
        began, spent = time.perf_counter(), time.process_time()
        found = work()
        told[name] = time.perf_counter() - began, time.process_time() - spent
        return found

    question = rad_score_question("complete_case", None)
    snapshot = step("freeze", lambda: snapshot_freeze(people.study, question))
    checked = Study(people, PRESETS[recipe]).recipe
    run = step("read", lambda: run_prepare(people.study, snapshot, checked, 0, None, 1))
    found = step("guard, fits, evaluation", lambda: run_compute(run, no_progress))
    step("write", lambda: rad_score_write(run, found.fitted, found.results, found.judged, 1.0))
    whole = np.sum(list(told.values()), axis=0)
    rest = whole - told["guard, fits, evaluation"]
    for name, (wall, processor) in told.items():
        print(f"{name}: {wall:.2f} s, {processor:.2f} processor seconds")
    print(f"overhead of recipe {recipe}: {rest[0] / whole[0]:.1%}, {rest[1] / whole[1]:.1%} (5 %)")


def main(repeats: str, repetitions: str, recipe: str) -> None:
    people = make_people()
    with acting_as(people.statistician):
        make_features(people, PATIENTS, features=FEATURES)
        overhead(people, recipe)
        document = {**PRESETS["paper"], "outer": {"folds": 5, "repeats": int(repeats)}}
        compare(Study(people, document), int(repeats), int(repetitions))


if __name__ == "__main__":
    main(*sys.argv[1:])
