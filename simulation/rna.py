"""Read counts of 20,000 genes whose 24 immune signatures follow the infiltration and the stroma."""

import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from simulation.latent import REFERENCE_SITE
from simulation.plan import StudyPlan
from simulation.randomness import stream

GENES = 20_000
FOLDER = Path(__file__).parents[1] / "genomics" / "signatures"
SIGNATURES = FOLDER / "bindea24.csv"
BESIDE = tuple(
    FOLDER / f"{name}.csv" for name in ("mcpcounter10", "paper_markers", "quality_genes")
)
PROGRAMMES = 12

INFILTRATION = {
    "T cells": 1.0, "Cytotoxic cells": 1.0, "CD8 T cells": 0.9, "Th1 cells": 0.9, "aDC": 0.8,
    "B cells": 0.75, "TReg": 0.7, "TFH": 0.6, "NK CD56dim cells": 0.6, "Tem": 0.5, "DC": 0.5,
    "T helper cells": 0.45, "Tgd": 0.4, "pDC": 0.4, "Macrophages": 0.35, "Th17 cells": 0.25,
    "NK CD56bright cells": 0.25, "Tcm": 0.2, "NK cells": 0.2, "Th2 cells": 0.2, "iDC": 0.2,
    "Neutrophils": 0.2, "Mast cells": 0.1, "Eosinophils": 0.05,
}  # fmt: skip
STROMA = {
    "Macrophages": 0.7, "iDC": 0.5, "DC": 0.4, "Mast cells": 0.4, "Neutrophils": 0.4,
    "NK cells": 0.3, "Eosinophils": 0.2, "Tgd": 0.2, "TFH": 0.15, "Tem": 0.1,
}  # fmt: skip
STROMA_OTHERWISE = 0.05
# Genes beside the 24 sets: what of them follows the infiltration and the stroma.
BESIDE_INFILTRATION = {
    "T cells": 1.0, "CD8 T cells": 0.9, "Cytotoxic lymphocytes": 1.0, "NK cells": 0.2,
    "B lineage": 0.75, "Monocytic lineage": 0.35, "Myeloid dendritic cells": 0.5,
    "Neutrophils": 0.2, "T cell (CD3)": 1.0, "Cytotoxic T cell (CD8)": 0.9,
    "Helper T cell (CD4)": 0.45, "Macrophage (CD68)": 0.35, "B cell (CD20)": 0.75,
}  # fmt: skip
BESIDE_STROMA = {"Fibroblasts": 0.9, "Endothelial cells": 0.7, "Monocytic lineage": 0.7}
STEADY = "Housekeeping"
OF_WOMEN, OF_MEN = "XIST", "Chromosome Y"
PRESENT, ABSENT = 4.5, -3.0  # ln mean of a gene that one sex expresses, and the other does not


@dataclass(frozen=True)
class Counts:
    """`values` is genes × specimens; `rows` are the patients' row numbers in the study."""

    genes: list[str]
    specimens: list[str]
    rows: np.ndarray
    values: np.ndarray


def read_signatures(path: Path = SIGNATURES) -> dict[str, list[str]]:
    with path.open(newline="", encoding="utf-8") as stream_:
        sets: dict[str, list[str]] = {}
        for row in csv.DictReader(stream_):
            sets.setdefault(row["cell_type"], []).append(row["gene_symbol"])
    if set(sets) != set(INFILTRATION):
        raise ValueError(f"{path} names other cell types than the simulation knows")
    return sets


def read_beside() -> dict[str, list[str]]:
    """Further sets; a gene of the 24 sets, or of an earlier set here, is not named again."""
    known = {gene for genes in read_signatures().values() for gene in genes}
    sets: dict[str, list[str]] = {}
    for path in BESIDE:
        with path.open(newline="", encoding="utf-8") as stream_:
            for row in csv.DictReader(stream_):
                if row["gene_symbol"] not in known:
                    known.add(row["gene_symbol"])
                    sets.setdefault(row["cell_type"], []).append(row["gene_symbol"])
    return sets


def draw_counts(plan: StudyPlan, latent: pd.DataFrame) -> Counts:
    """Negative binomial counts of everyone with RNA."""
    rng = stream(plan.seed, "rna")
    sets, beside = read_signatures(), read_beside()
    genes, is_set = _gene_names(sets, rng)
    patients = latent[latent["has_rna"]]
    mean = np.where(is_set, rng.normal(4.0, 1.3, GENES), rng.normal(3.2, 2.4, GENES))
    log_rate = mean[:, None] + rng.normal(0, 0.35, (GENES, len(patients)))
    log_rate += _programmes(len(patients), rng)
    log_rate += _signature_shift(plan, sets, genes, patients, rng)
    log_rate += _site_shift(plan, patients["site"].to_numpy(), rng)
    log_rate += rng.normal(0, 0.35, len(patients))
    genes = _beside(plan, genes, beside, patients, mean, log_rate)
    dispersion = 0.05 + 0.6 / np.sqrt(np.exp(mean) + 0.3)
    return Counts(
        genes=genes,
        specimens=[f"{name}-T1" for name in patients["patient_id"]],
        rows=patients.index.to_numpy(),
        values=_negative_binomial(np.exp(log_rate), dispersion[:, None], rng),
    )


def _gene_names(
    sets: dict[str, list[str]], rng: np.random.Generator
) -> tuple[list[str], np.ndarray]:
    """Symbols in no telling order: the signatures' own, the others plainly made up."""
    known = sorted({gene for genes in sets.values() for gene in genes})
    names = known + [f"SIM{i:05d}" for i in range(1, GENES - len(known) + 1)]
    order = rng.permutation(GENES)
    return [names[i] for i in order], order < len(known)


def _programmes(specimens: int, rng: np.random.Generator) -> np.ndarray:
    loads = rng.normal(0, 0.15, (GENES, PROGRAMMES)) * (rng.random((GENES, PROGRAMMES)) < 0.5)
    return loads @ rng.standard_normal((PROGRAMMES, specimens))


def _signature_shift(
    plan: StudyPlan,
    sets: dict[str, list[str]],
    genes: list[str],
    patients: pd.DataFrame,
    rng: np.random.Generator,
) -> np.ndarray:
    place = {gene: i for i, gene in enumerate(genes)}
    z, stroma = patients["z"].to_numpy(), patients["stroma"].to_numpy()
    shift = np.zeros((GENES, len(patients)))
    for name in INFILTRATION:
        activity = 0.85 * plan.signal * INFILTRATION[name] * z
        activity = activity + STROMA.get(name, STROMA_OTHERWISE) * stroma
        activity = activity + rng.normal(0, 0.45, len(patients))
        rows = [place[gene] for gene in sets[name]]
        shift[rows] += 0.55 * rng.uniform(0.4, 1.4, len(rows))[:, None] * activity
    return shift


def _beside(
    plan: StudyPlan,
    genes: list[str],
    beside: dict[str, list[str]],
    patients: pd.DataFrame,
    mean: np.ndarray,
    log_rate: np.ndarray,
) -> list[str]:
    """Names of the further sets for made-up genes, and their expression, from a stream of its own:
    the 24 sets and everything else are drawn as if they were not there."""
    rng = stream(plan.seed, "rna beside")
    free = iter([row for row, gene in enumerate(genes) if gene.startswith("SIM")])
    named, z, stroma = list(genes), patients["z"].to_numpy(), patients["stroma"].to_numpy()
    male = patients["male"].to_numpy(dtype=bool)
    for name, members in beside.items():
        rows = [next(free) for _ in members]
        level = rng.normal(4.0, 1.3, len(rows))
        activity = 0.85 * plan.signal * BESIDE_INFILTRATION.get(name, 0.0) * z
        activity = activity + BESIDE_STROMA.get(name, 0.0) * stroma
        noise = rng.normal(0, 0.1 if name == STEADY else 0.45, len(patients))
        shift = 0.55 * rng.uniform(0.4, 1.4, len(rows))[:, None] * (activity + noise)
        if name in (OF_WOMEN, OF_MEN):
            level = np.full(len(rows), PRESENT)
            shift = shift + np.where(male == (name == OF_MEN), 0.0, ABSENT - PRESENT)
        log_rate[rows] += (level - mean[rows])[:, None] + shift
        mean[rows] = level
        for row, gene in zip(rows, members, strict=True):
            named[row] = gene
    return named


def _site_shift(plan: StudyPlan, sites: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    shift = np.zeros((GENES, len(sites)))
    for name in sorted({name for cohort in plan.cohorts for name, _ in cohort.sites}):
        effect = rng.normal(0, 0.3, GENES)
        if name != REFERENCE_SITE:
            shift[:, sites == name] = effect[:, None]
    return shift


def _negative_binomial(
    rate: np.ndarray, dispersion: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    shape = 1 / dispersion
    return rng.poisson(rate * rng.standard_gamma(shape, rate.shape) / shape).astype(np.int32)
