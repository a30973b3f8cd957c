"""The comparison of the seven on two processes against the plain sequential scikit-learn loop.

python -m benchmarks.classifier_comparison [--repeats 10] [--repetitions 5]

105 patients by 256 columns, 5 folds. Three ways, interleaved, one thread each: the plain loop of a
user (GridSearchCV over the same folds, grids and seeds), two independent copies of it at once
(the best that two cores can give), and ours with two workers. Numbers must be equal. On a machine
that others use, wall seconds say little: processor seconds, start of our processes included, are
told too. ``benchmarks.rad_score_workers`` does the same with Celery.
"""

import argparse
import multiprocessing
import resource
import time
from collections.abc import Callable
from statistics import median
from typing import Any

import numpy as np
from sklearn.model_selection import GridSearchCV
from threadpoolctl import threadpool_limits

from modeling.methods.classifiers import CLASSIFIERS, build_classifier
from modeling.methods.folds import assign_folds, split_pairs
from modeling.methods.nested_cross_validation import derive_seed, estimate_out_of_fold

PATIENTS, COLUMNS, FOLDS, INNER = 105, 256, 5, 3


def made() -> tuple[list[str], np.ndarray, list[str], np.ndarray]:
    rng = np.random.default_rng(0)
    y = (np.arange(PATIENTS) < 50).astype(int)
    X = rng.normal(size=(PATIENTS, COLUMNS)) + 0.25 * y[:, None] * (np.arange(COLUMNS) < 30)
    return [f"p{i:03d}" for i in range(PATIENTS)], X, [f"c{j:03d}" for j in range(COLUMNS)], y


def plain_loop(repeats: int) -> dict[str, np.ndarray]:
    keys, X, _, y = made()
    table = assign_folds(keys, y, FOLDS, repeats, 0)
    found = {}
    with threadpool_limits(1):
        for name, classifier in CLASSIFIERS.items():
            scores = np.empty((repeats, PATIENTS))
            for repeat in range(repeats):
                for fold, (fit, held) in enumerate(split_pairs(table[repeat])):
                    seed = derive_seed(0, name, repeat, fold)
                    inner = assign_folds([keys[i] for i in fit], y[fit], INNER, 1, seed)[0]
                    search = GridSearchCV(
                        build_classifier(name, seed),
                        classifier.grid,
                        scoring="neg_brier_score",
                        cv=split_pairs(inner),
                        error_score="raise",
                    )
                    search.fit(X[fit], y[fit])
                    scores[repeat, held] = search.predict_proba(X[held])[:, 1]
            found[name] = scores.mean(axis=0)
    return found


def two_copies(repeats: int) -> None:
    context = multiprocessing.get_context("spawn")
    copies = [context.Process(target=plain_loop, args=(repeats,)) for _ in range(2)]
    for copy in copies:
        copy.start()
    for copy in copies:
        copy.join()


def ours(repeats: int) -> dict[str, np.ndarray]:
    keys, X, names, y = made()
    found = estimate_out_of_fold(keys, X, names, y, list(CLASSIFIERS), FOLDS, repeats, 0, workers=2)
    return {name: found.results[name].probability for name in CLASSIFIERS}


def processor_seconds() -> float:
    """Of this process and of its children that have ended."""
    both = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in both)


def clocked(work: Callable[[int], Any], repeats: int, told: list[tuple[float, float]]) -> Any:
    """Appends wall and processor seconds of ``work`` to ``told``."""
    began, spent = time.perf_counter(), processor_seconds()
    found = work(repeats)
    told.append((time.perf_counter() - began, processor_seconds() - spent))
    return found


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--repeats", type=int, default=10)
    asked.add_argument("--repetitions", type=int, default=5)
    options = asked.parse_args()
    times: dict[str, list[tuple[float, float]]] = {"loop": [], "copies": [], "ours": []}
    for _ in range(options.repetitions):
        plain = clocked(plain_loop, options.repeats, times["loop"])
        clocked(two_copies, options.repeats, times["copies"])
        found = clocked(ours, options.repeats, times["ours"])
        for name in CLASSIFIERS:
            assert np.array_equal(found[name], plain[name]), name
    print(f"{options.repeats} x {FOLDS} folds, {PATIENTS} x {COLUMNS}: numbers equal for all seven")
    for place, what in enumerate(("wall", "processor")):
        loop, copies, shared = (median(t[place] for t in times[name]) for name in times)
        print(f"{what} seconds: loop {loop:.1f}, two copies {copies:.1f}, ours {shared:.1f}")
    loop, copies, shared = (median(t[0] for t in times[name]) for name in times)
    ideal, speedup = 2 * loop / copies, loop / shared
    print(
        f"speed-up {speedup:.2f} of {ideal:.2f} that two copies give: {speedup / ideal:.0%} "
        "(goal 85 %)"
    )
    busy = [c[1] / 2 / o[1] for c, o in zip(times["copies"], times["ours"], strict=True)]
    print(f"processor seconds of one copy over ours: {median(busy):.0%}")


if __name__ == "__main__":
    main()
