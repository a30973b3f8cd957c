"""Firth's penalised models in resamples beside a plain loop of the same fits.

``python -m benchmarks.firth``: a made table of 120 patients and 6 columns, one of which hardly any
event has. The loop draws the same resamples and fits each by the function that fits one; a few of
them are timed and counted up. Everything is repeated in turns; ratios are of medians. Neither
coxphf nor logistf is in Debian, so that R is not timed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable

import numpy as np

from modeling.methods.concordance import estimate_concordance
from modeling.methods.cox_validation import validate_cox
from modeling.methods.firth_cox import fit_firth_cox
from modeling.methods.logistic import fit_logistic
from modeling.methods.logistic_validation import validate_logistic
from modeling.methods.resampling_plans import plan_resamples
from studies.methods.problems import DataProblem

RESAMPLES, LOOPED, REPEATS = 200, 10, 3


def main() -> None:
    random = np.random.default_rng(1)
    x = np.column_stack([random.normal(size=(120, 5)), random.random(120) < 0.15])
    risk = np.exp(0.6 * x[:, 0] - 3 * x[:, 5])
    duration = random.exponential(20 / risk)
    event = duration < 15
    duration = np.minimum(duration, 15)
    outcome = random.random(120) < risk / (1 + risk)
    names = [f"x{k}" for k in range(6)]
    ways: dict[str, tuple[Callable[[], object], Callable[[np.ndarray], object]]] = {
        "Cox": (
            lambda: validate_cox(
                duration, event, x, names, resamples=RESAMPLES, penalty="firth", threads=1
            ),
            lambda rows: estimate_concordance(
                duration, event, fit_firth_cox(duration[rows], event[rows], x[rows], names)
                .linear_predictor(x),
            ),
        ),
        "logistic": (
            lambda: validate_logistic(outcome, x, names, RESAMPLES, penalty="firth"),
            lambda rows: fit_logistic(outcome[rows], x[rows], names, "firth").probability(x),
        ),
    }  # fmt: skip
    for name, (whole, one) in ways.items():
        whole()  # compiled
        ours, loops = [], []
        for _ in range(REPEATS):
            ours.append(_seconds(whole))
            loops.append(_seconds(lambda one=one: _loop(one)) * RESAMPLES / LOOPED)
        mine, theirs = statistics.median(ours), statistics.median(loops)
        print(f"{name:9} {RESAMPLES} resamples {mine:6.2f} s, plain loop {theirs:6.2f} s: "
              f"{theirs / mine:.0f} x")  # fmt: skip


def _loop(one: Callable[[np.ndarray], object]) -> None:
    train, _ = plan_resamples("bootstrap", 120, LOOPED, 0)[0]()
    for weight in train.astype(int):
        try:
            one(np.repeat(np.arange(120), weight))
        except DataProblem:  # holds nobody of a level
            continue


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin


if __name__ == "__main__":
    main()
