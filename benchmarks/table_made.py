"""A made table of 30 columns: numbers, categories and dates, some missing, some blank."""

from __future__ import annotations

import sys

import numpy as np
import pandas as pd

from studies.methods.dictionary import VariableSpec

NUMBERS, CATEGORIES, DATES = 12, 9, 6
CODES = {"low": "low", "middle": "middle", "high": "high", "none": "none"}


def dictionary_made() -> tuple[VariableSpec, ...]:
    return (
        *(VariableSpec(f"number_{n}", f"Number {n}", "number", "ng/mL", 0, 10_000)
          for n in range(NUMBERS)),
        *(VariableSpec(f"class_{n}", f"Class {n}", "category", codes=CODES)
          for n in range(CATEGORIES)),
        *(VariableSpec(f"date_{n}", f"Date {n}", "date") for n in range(DATES)),
    )  # fmt: skip


def table_made(lines: int, start: int = 0) -> bytes:
    random = np.random.default_rng(7)
    table = {
        "patient_id": [f"P{n:07d}" for n in range(start, start + lines)],
        "site": random.choice(["North", "South", "East", "West"], lines),
        "cohort": random.choice(["training", "internal_validation"], lines),
    }
    for n in range(NUMBERS):
        texts = np.round(random.lognormal(3, 1, lines), 2).astype(str)
        texts[random.random(lines) < 0.05] = "not_done"
        texts[random.random(lines) < 0.05] = ""
        table[f"number_{n}"] = texts
    for n in range(CATEGORIES):
        table[f"class_{n}"] = random.choice([*CODES, "unknown", ""], lines)
    for n in range(DATES):
        days = np.datetime64("2015-01-01") + random.integers(0, 3000, lines)
        table[f"date_{n}"] = days.astype(str)
    return pd.DataFrame(table).to_csv(index=False).encode()


if __name__ == "__main__":
    sys.stdout.buffer.write(table_made(*(int(number) for number in sys.argv[1:])))
