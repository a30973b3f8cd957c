"""Who the patients are: cohort, site, and the hidden infiltration z that all else follows."""

import numpy as np
import pandas as pd

from simulation.plan import (
    HOT_SHARE,
    SCANNERS_OF_SITE,
    CohortPlan,
    StudyPlan,
    apportion,
    proportion,
)
from simulation.randomness import stream

SEPARATION = 0.75
REFERENCE_SITE = "North"


def draw_latent(plan: StudyPlan) -> pd.DataFrame:
    """One row per patient: patient_id, cohort, site, hot, z, stroma, has_rna, scanner."""
    rng = stream(plan.seed, "latent")
    parts = [
        _draw_cohort(cohort, size, rng)
        for cohort, size in zip(plan.cohorts, plan.sizes, strict=True)
    ]
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "patient_id", [f"SIM-{i:04d}" for i in range(1, len(table) + 1)])
    table["scanner"] = _draw_scanners(plan, table)
    return table


def _draw_scanners(plan: StudyPlan, table: pd.DataFrame) -> pd.Series:
    """Each hospital's scanners in their shares within a cohort, whoever lies in them."""
    rng = stream(plan.seed, "scanners")
    found = pd.Series("", index=table.index)
    for (_, site), rows in table.groupby(["cohort", "site"], sort=False):
        shares = SCANNERS_OF_SITE[site]
        counts = apportion(len(rows), [share for _, share in shares])
        names = np.repeat([name for name, _ in shares], counts)
        found[rows.index] = rng.permutation(names)
    return found


def _draw_cohort(cohort: CohortPlan, size: int, rng: np.random.Generator) -> pd.DataFrame:
    hot = choose(rng, size, round(HOT_SHARE * size))
    noise = rng.standard_normal(size)
    z = np.where(hot, SEPARATION, -SEPARATION) + np.sqrt(1 - SEPARATION**2) * noise
    return pd.DataFrame(
        {
            "cohort": cohort.name,
            "site": pick(rng, cohort.sites, size),
            "hot": hot,
            "z": z,
            "stroma": rng.standard_normal(size),
            "male": choose(rng, size, proportion(cohort.male, cohort.size, size)),
            "three_metastases": choose(
                rng, size, proportion(cohort.three_metastases, cohort.size, size)
            ),
            "has_rna": choose(rng, size, round(cohort.rna_share * size)),
        }
    )


def choose(rng: np.random.Generator, size: int, count: int) -> np.ndarray:
    """Exactly `count` of `size` places, at random."""
    return rng.permutation(size) < count


def pick(rng: np.random.Generator, weights: tuple[tuple[str, float], ...], size: int) -> np.ndarray:
    names = [name for name, _ in weights]
    return rng.choice(names, size=size, p=[weight for _, weight in weights])


def site_effects(plan: StudyPlan, purpose: str) -> dict[str, float]:
    """A standard normal shift per hospital and purpose; the training hospital has none."""
    sites = sorted({name for cohort in plan.cohorts for name, _ in cohort.sites})
    rng = stream(plan.seed, "site", purpose)
    drawn = dict(zip(sites, rng.standard_normal(len(sites)), strict=True))
    return {name: 0.0 if name == REFERENCE_SITE else float(drawn[name]) for name in sites}


def scanner_effects(plan: StudyPlan) -> dict[str, float]:
    """A standard normal shift per scanner; the first of the training hospital has none.

    A hospital's first scanner shifts as its hospital does.
    """
    sites = site_effects(plan, "images")
    firsts = {SCANNERS_OF_SITE[site][0][0]: shift for site, shift in sites.items()}
    others = {name for shares in SCANNERS_OF_SITE.values() for name, _ in shares} - set(firsts)
    return firsts | {
        name: float(stream(plan.seed, "scanner", name).standard_normal()) for name in others
    }


def permute_within(groups: pd.Series, rng: np.random.Generator) -> np.ndarray:
    """Row numbers shuffled inside each group, nobody keeping its own place."""
    order = np.arange(len(groups))
    for _, rows in groups.groupby(groups, sort=True):
        places = rng.permutation(rows.index.to_numpy())
        order[places] = np.roll(places, 1)
    return order
