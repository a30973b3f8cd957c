"""Table 1 of four cohorts against the same numbers in base R.

python -m benchmarks.cohort_tables [--repetitions 5]

306 simulated patients, every variable of the default dictionary, CPU time of one thread each.
R is timed inside R (its start-up does not count) by the same rule: chi-squared where expected
counts are 5 or more, else Fisher's test with 20,000 resampled tables; one-way test beside means,
Kruskal-Wallis beside medians. p-values that are computed alike must agree. Then the exact test of a
rare category against resampling it.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
import time
from pathlib import Path
from statistics import median

import numpy as np
import pandas as pd

from simulation.clinical import draw_clinical, write_dates
from simulation.images import draw_image_parameters
from simulation.latent import draw_latent
from simulation.plan import StudyPlan
from simulation.survival import draw_survival
from studies.methods.dictionary import DEFAULT_DICTIONARY
from studies.methods.group_tests import _resampled, compare_counts
from studies.methods.table_one import describe_groups
from studies.methods.table_one_lines import Column

R = """
rows <- read.csv("%(table)s", stringsAsFactors = TRUE, na.strings = ""); kinds <- "%(kinds)s"
kinds <- strsplit(kinds, "")[[1]]
one <- function() {
  for (i in seq_along(kinds)) {
    x <- rows[[i]]; g <- rows$group
    if (kinds[i] == "c") {
      t <- table(g, x); t <- t[, colSums(t) > 0, drop = FALSE]
      if (ncol(t) > 1) { e <- suppressWarnings(chisq.test(t, correct = FALSE))
        p[i] <<- if (min(e$expected) >= 5) e$p.value
                 else fisher.test(t, simulate.p.value = TRUE, B = 20000)$p.value }
      prop.table(t, 1)
    } else {
      tapply(x, g, mean, na.rm = TRUE); tapply(x, g, sd, na.rm = TRUE)
      tapply(x, g, quantile, na.rm = TRUE)
      p[i] <<- if (kinds[i] == "m") oneway.test(x ~ g)$p.value else kruskal.test(x ~ g)$p.value
    }
  }
}
p <- rep(NA, length(kinds))
for (n in 1:%(repetitions)d) cat(system.time(one())[["user.self"]], "\\n")
cat(paste(format(p, digits = 15), collapse = " "), "\\n")
"""


def cohort() -> tuple[pd.DataFrame, list[Column]]:
    plan = StudyPlan(306, 1)
    latent = draw_latent(plan)
    images = draw_image_parameters(plan, latent)
    clinical = draw_clinical(plan, latent, images)
    known = latent.assign(cea_ng_ml=clinical["cea_ng_ml"], diameter_mm=images["diameter_mm"])
    table = write_dates(plan, latent, clinical, draw_survival(plan, known))
    columns = [
        Column(spec.name, spec.label, spec.type, levels=tuple(spec.codes.items()))
        for spec in DEFAULT_DICTIONARY
        if spec.type in ("number", "category") and spec.name in table
    ]
    for column in columns:
        values = table[column.name]
        codes = [code for code, _ in column.levels]
        table[column.name] = (
            pd.to_numeric(values, errors="coerce")
            if column.kind == "number"
            else values.astype(str).where(values.astype(str).isin(codes))
        )
    return table.rename(columns={"cohort": "group"}), columns


def main() -> None:
    asked = argparse.ArgumentParser()
    asked.add_argument("--repetitions", type=int, default=5)
    repetitions = asked.parse_args().repetitions
    table, columns = cohort()
    groups = list(dict.fromkeys(table["group"]))
    seconds = []
    for _ in range(repetitions):
        _resampled.cache_clear()
        began = time.process_time()
        made = describe_groups(table, columns, groups)
        seconds.append(time.process_time() - began)
    began = time.process_time()
    describe_groups(table, columns, groups)
    again = time.process_time() - began
    lines = {line.name: line for line in made.lines if line.statistic_text}
    theirs, p_values = in_r(table, columns, lines, repetitions)
    alike = ("Welch's analysis of variance", "Kruskal-Wallis test", "Chi-squared test")
    checked = [
        (lines[column.name].p_value, p)
        for column, p in zip(columns, p_values, strict=True)
        if lines[column.name].test in alike
    ]
    for mine, p in checked:
        np.testing.assert_allclose(mine, p, rtol=1e-7)
    ours = median(seconds)
    print(f"Table 1, 306 patients, {len(columns)} variables: {ours * 1e3:.0f} ms")
    print(f"  again (margins seen before): {again * 1e3:.0f} ms")
    print(f"  base R / ours: {median(theirs) / ours:.1f} x; {len(checked)} p-values agree to 1e-7")
    rare = [[1, 104], [0, 59], [1, 41], [1, 98]]
    exact, drawn = (timed(work) for work in (lambda: compare_counts(rare), lambda: resample(rare)))
    print(f"  resampling / exact test of a rare category: {drawn / exact:.0f} x")


def in_r(
    table: pd.DataFrame, columns: list[Column], lines: dict, repetitions: int
) -> tuple[list[float], list[float]]:
    kinds = "".join(
        "c" if c.kind == "category" else "m" if "mean" in lines[c.name].statistic_text else "r"
        for c in columns
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "table.csv"
        table[[c.name for c in columns] + ["group"]].to_csv(file, index=False)
        script = Path(folder) / "one.R"
        script.write_text(R % {"table": file, "kinds": kinds, "repetitions": repetitions})
        answer = subprocess.run(["Rscript", script], capture_output=True, text=True, check=True)
    *times, last = answer.stdout.strip().splitlines()
    return [float(text) for text in times], [
        json.loads(text.replace("NA", "NaN").replace("NaN", "null")) or float("nan")
        for text in last.split()
    ]


def resample(rows: list[list[int]]) -> float:
    _resampled.cache_clear()
    counts = np.array(rows)
    return _resampled(tuple(counts.sum(1).tolist()), tuple(counts.sum(0).tolist()), 1.0)


def timed(work: object, times: int = 20) -> float:
    found = []
    for _ in range(times):
        began = time.process_time()
        work()  # type: ignore[operator]
        found.append(time.process_time() - began)
    return median(found)


if __name__ == "__main__":
    main()
