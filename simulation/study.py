"""A whole study in memory: `simulate_study(StudyPlan())`."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from simulation.clinical import draw_clinical, write_dates
from simulation.densities import draw_densities
from simulation.images import Images, draw_image_parameters, draw_images
from simulation.latent import draw_latent, permute_within
from simulation.plan import StudyPlan
from simulation.randomness import stream
from simulation.rna import Counts, draw_counts
from simulation.survival import draw_survival


@dataclass(frozen=True)
class Study:
    """Tables have one row per patient, in the same order; volumes are drawn when asked for."""

    plan: StudyPlan
    latent: pd.DataFrame
    image_parameters: pd.DataFrame
    image_source: np.ndarray
    survival: pd.DataFrame
    clinical: pd.DataFrame
    densities: pd.DataFrame
    counts: Counts
    rna_source: np.ndarray

    def __len__(self) -> int:
        return len(self.latent)

    @property
    def patients(self) -> list[str]:
        return self.latent["patient_id"].tolist()

    def images(self, row: int) -> Images:
        """The volumes filed under patient `row` (another's when the plan swaps images)."""
        return draw_images(self.plan, self.image_parameters.iloc[self.image_source[row]])


def simulate_study(plan: StudyPlan) -> Study:
    latent = draw_latent(plan)
    images = draw_image_parameters(plan, latent)
    clinical = draw_clinical(plan, latent, images)
    covariates = latent.assign(cea_ng_ml=clinical["cea_ng_ml"], diameter_mm=images["diameter_mm"])
    survival = draw_survival(plan, covariates)
    counts, rna_source = _break_rna(plan, latent, draw_counts(plan, latent))
    return Study(
        plan=plan,
        latent=latent,
        image_parameters=images,
        image_source=_break_images(plan, latent),
        survival=survival,
        clinical=write_dates(plan, latent, clinical, survival),
        densities=draw_densities(plan, latent),
        counts=counts,
        rna_source=rna_source,
    )


def _break_images(plan: StudyPlan, latent: pd.DataFrame) -> np.ndarray:
    if plan.break_ != "swap_images":
        return np.arange(len(latent))
    return permute_within(latent["cohort"], stream(plan.seed, "swap images"))


def _break_rna(plan: StudyPlan, latent: pd.DataFrame, counts: Counts) -> tuple[Counts, np.ndarray]:
    if plan.break_ != "shuffle_rna":
        return counts, counts.rows
    cohorts = latent["cohort"].iloc[counts.rows].reset_index(drop=True)
    order = permute_within(cohorts, stream(plan.seed, "shuffle rna"))
    return replace(counts, values=counts.values[:, order]), counts.rows[order]
