"""Validation and calibration of a Cox model beside R's rms and a loop over lifelines; a large fit.

``python -m benchmarks.prognosis`` uses colon_os of ../shared (888 patients, 13 columns). R runs
where it is installed, with 200 resamples counted five times (``--full``: all 1,000). Everything is
repeated in turns; ratios are of medians. Isotherm uses two threads, R and lifelines one each.
"""

from __future__ import annotations

import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
import warnings
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd

from modeling.methods.cox import fit_cox
from modeling.methods.cox_validation import validate_cox

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "reference" / "stats" / "colon_os"
HORIZON, RESAMPLES, REPEATS, LOOPED = 1095.0, 1000, 5, 4
SCRIPT = """
suppressMessages(library(rms))
d <- read.csv("{table}")
dd <- datadist(d); options(datadist = "dd")
f <- cph(Surv(time, event) ~ {terms}, data = d, x = TRUE, y = TRUE, surv = TRUE, time.inc = {u})
v <- system.time(validate(f, B = {b}))["elapsed"]
k <- system.time(capture.output(calibrate(f, u = {u}, cmethod = "KM", m = 177, B = {b})))["elapsed"]
cat("\\nSECONDS", v, k, "\\n")
"""


def main(full: bool = False) -> None:
    if FOLDER.is_dir():
        beside_others(full)
    else:
        print("colon_os is absent (../shared): no comparison")
    large_fit()


def beside_others(full: bool) -> None:
    rows = pd.read_csv(FOLDER / "input_complete.csv")
    design = pd.read_csv(FOLDER / "design_matrix.csv").drop(columns="foldid")
    duration, event = rows["time"].to_numpy(float), rows["event"].to_numpy() == 1
    x, names = design.to_numpy(float), list(design)
    validate_cox(duration, event, x, names, resamples=50, horizon=HORIZON)
    ways: dict[str, Callable[[], float]] = {
        "validate": lambda: seconds(lambda: validate_cox(duration, event, x, names)),
        "validate + calibrate": lambda: seconds(
            lambda: validate_cox(duration, event, x, names, horizon=HORIZON)
        ),
        "lifelines": lambda: seconds(lambda: lifelines_loop(duration, event, x)) * RESAMPLES
        / LOOPED,
    }  # fmt: skip
    taken: dict[str, list[float]] = {name: [] for name in [*ways, "R validate", "R calibrate"]}
    with_r = shutil.which("Rscript") is not None and r_seconds(design, rows, 5) is not None
    for _ in range(REPEATS):
        for name, way in ways.items():
            taken[name].append(way())
        if with_r:
            found = r_seconds(design, rows, RESAMPLES if full else 200) or (0.0, 0.0)
            taken["R validate"].append(found[0])
            taken["R calibrate"].append(found[1])
    report({name: statistics.median(values) for name, values in taken.items() if values})


def report(median: dict[str, float]) -> None:
    for name, value in median.items():
        print(f"{name:24s}{value:9.3f} s  (median of {REPEATS}, {RESAMPLES} resamples)")
    print(f"lifelines / ours: {median['lifelines'] / median['validate']:.0f} ×")
    if "R validate" in median:
        both = median["R validate"] + median["R calibrate"]
        print(f"R validate / ours: {median['R validate'] / median['validate']:.1f} ×")
        print(f"R validate and calibrate / ours: {both / median['validate + calibrate']:.0f} ×")


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def r_seconds(design: pd.DataFrame, rows: pd.DataFrame, b: int) -> tuple[float, float] | None:
    """Seconds of validate and calibrate for 1,000 resamples; None where rms is not installed."""
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "table.csv"
        columns = {f"v{k}": design[name] for k, name in enumerate(design)}
        pd.DataFrame({"time": rows["time"], "event": rows["event"], **columns}).to_csv(table)
        script = SCRIPT.format(table=table, terms=" + ".join(columns), u=int(HORIZON), b=b)
        answer = subprocess.run(["Rscript", "-e", script], capture_output=True, text=True,
                                check=False)  # fmt: skip
    told = [line.split()[1:] for line in answer.stdout.splitlines() if line.startswith("SECONDS")]
    return (float(told[0][0]) * RESAMPLES / b, float(told[0][1]) * RESAMPLES / b) if told else None


def lifelines_loop(duration: np.ndarray, event: np.ndarray, x: np.ndarray) -> None:
    from lifelines import CoxPHFitter
    from lifelines.utils import concordance_index

    random = np.random.default_rng(0)
    table = pd.DataFrame(x, columns=[f"v{k}" for k in range(x.shape[1])])
    table = table.assign(duration=duration, event=event)
    for _ in range(LOOPED):
        drawn = table.iloc[random.integers(len(table), size=len(table))].reset_index(drop=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            fitted = CoxPHFitter().fit(drawn, "duration", "event")
        for part in (drawn, table):
            concordance_index(part["duration"], -fitted.predict_partial_hazard(part), part["event"])


def large_fit() -> None:
    """100,000 patients × 20 columns, and half of them: seconds and peak memory of one fit."""
    random = np.random.default_rng(1)
    for n in (50_000, 100_000):
        x = random.normal(size=(n, 20))
        exact = random.exponential(size=n) / np.exp(x[:, :5].sum(axis=1) * 0.3)
        duration, event = np.ceil(exact * 500), random.random(n) < 0.6
        taken = statistics.median(seconds(lambda: fit_cox(duration, event, x)) for _ in range(3))  # noqa: B023
        tracemalloc.start()
        fit_cox(duration, event, x)
        peak = tracemalloc.get_traced_memory()[1] / 2**20
        tracemalloc.stop()
        print(f"{n:,} × 20, Efron: {taken:.2f} s, {peak:.0f} MiB at the peak")


if __name__ == "__main__":
    main("--full" in sys.argv)
