"""Bootstrap interval and permutation test of an AUC against the loop over roc_auc_score.

python -m benchmarks.auc_resampling [--repetitions 5]

Both sides on one thread, interleaved, medians. The loops are run for a tenth of the resamples and
scaled, or the benchmark would take minutes; the AUCs of both must agree.
"""

import argparse
import time
from collections.abc import Callable
from statistics import median

import numpy as np
from sklearn.metrics import roc_auc_score
from threadpoolctl import threadpool_limits

from modeling.methods.auc import estimate_auc_bootstrap, estimate_auc_permutation_p

N, RESAMPLES, SHARE = 105, 10_000, 10


def bootstrap_loop(y: np.ndarray, s: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    one, other = np.flatnonzero(y), np.flatnonzero(~y)
    values = []
    for _ in range(RESAMPLES // SHARE):
        rows = np.r_[rng.choice(one, one.size), rng.choice(other, other.size)]
        values.append(roc_auc_score(y[rows], s[rows]))
    return np.quantile(values, [0.025, 0.975])


def permutation_loop(y: np.ndarray, s: np.ndarray, rng: np.random.Generator) -> float:
    observed = abs(roc_auc_score(y, s) - 0.5)
    return float(
        np.mean(
            [
                abs(roc_auc_score(rng.permutation(y), s) - 0.5) >= observed
                for _ in range(RESAMPLES // SHARE)
            ]
        )
    )


def timed(work: Callable[[], object]) -> tuple[float, object]:
    began = time.perf_counter()
    found = work()
    return time.perf_counter() - began, found


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--repetitions", type=int, default=5)
    repetitions = asked.parse_args().repetitions
    rng = np.random.default_rng(0)
    y = np.arange(N) < 50
    s = rng.normal(size=N) + 0.4 * y
    ratios: dict[str, list[float]] = {"bootstrap": [], "permutation": []}
    with threadpool_limits(1):
        estimate_auc_bootstrap(y, s, 100)
        for _ in range(repetitions):
            slow, interval = timed(lambda: bootstrap_loop(y, s, rng))
            fast, found = timed(lambda: estimate_auc_bootstrap(y, s, RESAMPLES))
            assert abs(found.lower - interval[0]) < 0.03
            assert abs(found.upper - interval[1]) < 0.03
            ratios["bootstrap"].append(slow * SHARE / fast)
            slow, p = timed(lambda: permutation_loop(y, s, rng))
            fast, ours = timed(lambda: estimate_auc_permutation_p(y, s, RESAMPLES))
            assert abs(ours - p) < 0.03
            ratios["permutation"].append(slow * SHARE / fast)
    for name, goal in (("bootstrap", 500), ("permutation", 1000)):
        print(f"{name} {RESAMPLES}, n {N}: {median(ratios[name]):.0f} x the loop (goal {goal} x)")


if __name__ == "__main__":
    main()
