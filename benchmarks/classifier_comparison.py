"""The comparison of the seven on two processes against the plain sequential scikit-learn loop.

python -m benchmarks.classifier_comparison [--repeats 10] [--repetitions 5]

105 patients by 256 columns, 5 folds. Three ways, interleaved, one thread each: the plain loop of a
user (GridSearchCV over the same folds, grids and seeds), two independent copies of it at once
(the best that two cores can give), and ours with two workers. Numbers must be equal.
"""

import argparse
import multiprocessing
import time
from statistics import median

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


def two_copies(repeats: int) -> float:
    context = multiprocessing.get_context("spawn")
    copies = [context.Process(target=plain_loop, args=(repeats,)) for _ in range(2)]
    began = time.perf_counter()
    for copy in copies:
        copy.start()
    for copy in copies:
        copy.join()
    return time.perf_counter() - began


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--repeats", type=int, default=10)
    asked.add_argument("--repetitions", type=int, default=5)
    options = asked.parse_args()
    keys, X, names, y = made()
    times: dict[str, list[float]] = {"loop": [], "copies": [], "ours": []}
    for _ in range(options.repetitions):
        began = time.perf_counter()
        plain = plain_loop(options.repeats)
        times["loop"].append(time.perf_counter() - began)
        times["copies"].append(two_copies(options.repeats))
        began = time.perf_counter()
        found = estimate_out_of_fold(
            keys, X, names, y, list(CLASSIFIERS), FOLDS, options.repeats, 0, workers=2
        )
        times["ours"].append(time.perf_counter() - began)
        for name in CLASSIFIERS:
            assert np.array_equal(found.results[name].probability, plain[name]), name
    loop, copies, ours = (median(times[name]) for name in ("loop", "copies", "ours"))
    ideal, speedup = 2 * loop / copies, loop / ours
    print(f"{options.repeats} x {FOLDS} folds, {PATIENTS} x {COLUMNS}: numbers equal for all seven")
    print(f"plain loop {loop:.1f} s, two copies {copies:.1f} s, ours with two workers {ours:.1f} s")
    print(
        f"speed-up {speedup:.2f} of {ideal:.2f} that two copies give: {speedup / ideal:.0%} "
        "(goal 85 %)"
    )


if __name__ == "__main__":
    main()
