"""A method whose outcomes change has another version: else what is stored keeps the old ones.

Each case runs a method on made inputs and holds a digest of what comes out, under the version that
gave it. When one fails: was the change meant? Then raise the method's version, and the digest here.
"""

from __future__ import annotations

import hashlib
import json
import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

from genomics.methods import abundance, mcp_counter, phenotype, ssgsea, zscore
from imaging.methods import immunoscore, uptake
from imaging.methods.volume import Grid, Volume
from studies.methods import combat, endpoint_rules
from studies.methods.dates import ClinicalDate
from studies.methods.endpoint_kinds import KINDS
from studies.methods.problems import DataProblem
from studies.methods.recist import LesionFinding


def outcome_of(found: Any) -> str:
    """Twelve letters of a digest over texts and numbers, these to five digits."""

    def plain(value: Any) -> Any:
        if isinstance(value, dict):
            return {str(key): plain(one) for key, one in value.items()}
        if isinstance(value, list | tuple | np.ndarray | pd.Series):
            return [plain(one) for one in value]
        if isinstance(value, float | np.floating):
            return f"{value:.5g}"
        return None if value is None or value is pd.NA else str(value)

    text = json.dumps(plain(found), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def endpoints() -> list[Any]:
    """300 courses under every choice of every rule, one at a time."""
    draw, found = random.Random(7), []
    rules = [
        (kind.name, {**kind.default, "kind": kind.name, part.name: choice})
        for kind in KINDS.values()
        for part in kind.parts
        for choice in [value for value, _ in part.choices] or [part.default, part.maximum]
    ]
    for number in range(300):
        course = _course(draw)
        name, rule = rules[number % len(rules)]
        try:
            derived = endpoint_rules.derive_endpoint(name, rule, course)
        except DataProblem as refusal:
            found.append([problem.where for problem in refusal.problems])
        else:
            values = vars(derived)
            found.append([values.get(key) for key in ("duration_days", "event", "label")])
    return found


def _course(draw: random.Random) -> endpoint_rules.PatientCourse:
    start = date(2020, 1, 1)

    def day(least: int = -30, most: int = 700) -> ClinicalDate:
        precision = draw.choice(["day"] * 9 + ["month"])
        when = start + timedelta(days=draw.randint(least, most))
        return ClinicalDate(when.replace(day=1) if precision == "month" else when, precision)

    def maybe(share: float) -> ClinicalDate | None:
        return day(0) if draw.random() < share else None

    lesions = [
        LesionFinding(start + timedelta(days=at), name, "target", "measured", draw.uniform(8, 60))
        for at in (-10, 60, 120, 200)
        for name in ("T1", "T2")
        if draw.random() < 0.8
    ]
    return endpoint_rules.PatientCourse(
        ClinicalDate(start), maybe(0.4), maybe(0.3),
        [day() for _ in range(draw.randint(0, 3))], [day() for _ in range(draw.randint(0, 3))],
        [(day(), draw.choice(["CR", "PR", "SD", "PD", "NE"])) for _ in range(draw.randint(0, 4))],
        lesions if draw.random() < 0.5 else [],
    )  # fmt: skip


def uptakes() -> list[Any]:
    rng = np.random.default_rng(1)
    grid = Grid((16, 15, 14), (0.0, 0.0, 0.0), (4.0, 4.0, 3.0), (1, 0, 0, 0, 1, 0, 0, 0, 1))
    suv = Volume(rng.gamma(2, 2, (14, 15, 16)), grid)
    found = []
    for size in (2, 4, 6):
        mask = np.zeros((14, 15, 16), dtype=bool)
        mask[2 : 2 + size, 3 : 3 + size, 4 : 4 + size] = True
        measured = vars(uptake.estimate_uptake(suv, Volume(mask, grid), "lesion"))
        found.append({name: measured[name] for name in measured if name != "notices"})
    return found


def densities() -> pd.DataFrame:
    rng = np.random.default_rng(2)
    table = pd.DataFrame(rng.lognormal(6, 0.6, (60, 4)), columns=list(immunoscore.COLUMNS))
    table.iloc[::9, 1] = np.nan
    return table


def immunoscores() -> list[Any]:
    table = densities()
    rule = immunoscore.fit_immunoscore_rule(table)
    scores = immunoscore.apply_immunoscore(rule, table, pd.Series(table.index % 7 == 0))
    return [rule.cuts, *(scores[name].tolist() for name in scores if name != "reason")]


def abundances() -> list[Any]:
    rng = np.random.default_rng(3)
    counts = rng.poisson(20, (400, 6)).astype(float)  # with ties
    sets = [rng.choice(400, size, replace=False) for size in (1, 5, 20, 60)]
    logs = mcp_counter.log_per_million(counts, counts.sum(axis=0))
    return [
        *(ssgsea.ssgsea(counts, sets, ties) for ties in ("order_invariant", "gsva_compatible")),
        zscore.combined_zscore(logs, sets),
        mcp_counter.marker_mean(logs, sets),
    ]


def phenotypes() -> list[Any]:
    rng = np.random.default_rng(4)
    names = [*phenotype.CORE, "Macrophages", "Neutrophils", "Mast cells"]
    hot = np.arange(40) % 2
    table = pd.DataFrame(rng.normal(0, 0.5, (40, len(names))) + 1.5 * hot[:, None], columns=names)
    fit = phenotype.fit_phenotype(table, n_init=5, subsamples=20, compared_counts=())
    labels = phenotype.apply_phenotype(fit, table)
    return [labels["label"].tolist(), labels["margin"].tolist(), labels["core"].tolist()]


def corrections() -> list[Any]:
    rng = np.random.default_rng(5)
    table = rng.normal(0, 1, (24, 30))
    batches = ["a", "b", "c"] * 8
    fit = combat.fit_combat([table], batches)
    return [combat.apply_combat(fit, table, batches)]


CASES: list[tuple[Any, Callable[[], list[Any]], int, str]] = [
    (endpoint_rules, endpoints, 2, "78b329d31bc8"),
    (uptake, uptakes, 1, "38ff5ff82b76"),
    (immunoscore, immunoscores, 1, "03076c2a8406"),
    (abundance, abundances, 1, "c4416627782b"),
    (phenotype, phenotypes, 1, "09af16b059e2"),
    (combat, corrections, 1, "9a9218c98ec8"),
]


@pytest.mark.parametrize(
    ("method", "run", "version", "outcome"), CASES, ids=[case[1].__name__ for case in CASES]
)
def test_another_outcome_is_another_version(
    method: Any, run: Callable[[], list[Any]], version: int, outcome: str
) -> None:
    assert (method.METHOD_VERSION, outcome_of(run())) == (version, outcome)
