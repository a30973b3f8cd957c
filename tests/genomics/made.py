"""Small matrices with a known split, and the cohort they belong to, through the users' doors."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from genomics.methods.identifiers import Signature
from genomics.methods.phenotype import CORE
from genomics.methods.signature import read_signature
from studies.jobs import run_inline
from studies.models import ImportBatch, Job
from studies.services import action_start, batch_job, batch_receive
from tests.people import People

SHIPPED = Path(__file__).parents[2] / "genomics" / "signatures"
COHORTS = {"training": 24, "internal_validation": 8, "external_phenotype": 6}


@cache
def shipped(name: str) -> Signature:
    return read_signature((SHIPPED / f"{name}.csv").read_text(encoding="utf-8"), name)


def pseudonyms() -> list[str]:
    """P001, P002 ... in the order of the cohorts; odd ones are infiltrated."""
    return [f"P{number:03d}" for number in range(1, sum(COHORTS.values()) + 1)]


def is_hot(pseudonym: str) -> bool:
    return int(pseudonym[1:4]) % 2 == 1


def make_counts(names: list[str] | None = None, seed: int = 0, beside: bool = True) -> pd.DataFrame:
    """600 other genes and the signatures' own; immune core genes are three times up in hot."""
    names = pseudonyms() if names is None else names
    rng = np.random.default_rng(seed)
    genes = [gene.symbol for gene in shipped("bindea24").genes]
    if beside:
        for name in ("mcpcounter10", "paper_markers", "quality_genes"):
            genes += [g.symbol for g in shipped(name).genes if g.symbol not in genes]
    core = {gene.symbol for cell in CORE for gene in shipped("bindea24").sets[cell]}
    labels = [*genes, *(f"OTHER{i}" for i in range(600))]
    level = rng.normal(4, 1, size=(len(labels), 1)) + rng.normal(0, 0.3, (len(labels), len(names)))
    hot = np.array([is_hot(name) for name in names])
    level[np.isin(labels, list(core))] += np.where(hot, 1.1, 0.0)
    return pd.DataFrame(rng.poisson(np.exp(level)), index=labels, columns=names)


def as_csv(counts: pd.DataFrame) -> bytes:
    return counts.to_csv(index_label="gene_symbol").encode()


def cohort_table() -> bytes:
    lines = ["patient_id,site,cohort,treatment_started_on"]
    names = iter(pseudonyms())
    for cohort, size in COHORTS.items():
        for number in range(size):
            site = "South" if number % 4 == 3 else "North"
            lines.append(f"{next(names)},{site},{cohort},2021-03-01")
    return "\n".join(lines).encode()


def hand_in(
    people: People, kind: str, data: bytes, options: dict[str, Any] | None = None
) -> ImportBatch:
    """A file through its door, its job run here and now."""
    batch = batch_receive(people.study, people.coordinator, kind, data, f"{kind}.csv", options)
    job = batch_job(batch)
    if job is not None and job.state == "queued":
        run_inline(job)
    batch.refresh_from_db()
    return batch


def start(people: People, kind: str, **params: Any) -> Job:
    """A step by the statistician, run here and now."""
    return run_inline(action_start(people.study, people.statistician, kind, params))
