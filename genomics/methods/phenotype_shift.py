"""Whether a cohort stands where the training cohort stood: before its labels are believed."""

from __future__ import annotations

import numpy as np
import pandas as pd
from scipy.stats import binom

from genomics.methods.phenotype import PhenotypeFit, apply_phenotype, standardise_abundances
from studies.methods.problems import Notice
from studies.methods.wording import say

FEWEST = 5
UNUSUAL_SHARE, RARE = 0.05, 0.01
SHIFT = 1.0  # SD of training
SHOWN = 5


def check_shift(
    fit: PhenotypeFit, abundances: pd.DataFrame, cohorts: pd.Series
) -> tuple[Notice, ...]:
    """Notices of cohorts out of the training cohort's distribution.

    Parameters
    ----------
    fit : PhenotypeFit
    abundances : table, specimens × cell types
        Raw scores of specimens outside training.
    cohorts : series by specimen
        Names; a specimen without one is looked at alone.

    Returns
    -------
    tuple of Notice
        Cohorts of which more than 5 % are farther from their centroid than every training
        specimen, and more than chance allows (1 in n + 1 each; binomial p < 0.01); cohorts of 5
        and more whose mean of a cell type is over 1 SD of training away.

    References
    ----------
    Ours: exact binomial tail of a chance of 1 in n + 1.
    """
    if abundances.empty:
        return ()
    unusual = apply_phenotype(fit, abundances)["unusual"]
    z = pd.DataFrame(
        standardise_abundances(fit, abundances),
        index=abundances.index,
        columns=list(fit.cell_types),
    )
    notices = []
    for cohort, rows in cohorts.reindex(abundances.index).groupby(cohorts, sort=True):
        name = str(cohort).replace("_", " ")
        count = int(unusual[rows.index].sum())
        chance = binom.sf(count - 1, len(rows), 1 / (sum(fit.sizes) + 1))
        if count > UNUSUAL_SHARE * len(rows) and chance < RARE:
            text = say(
                "{name}: {count} of {n} patients are farther from their centroid than every "
                "training patient; their labels extrapolate.",
                name=name,
                count=count,
                n=len(rows),
            )
            notices.append(Notice("phenotype_out_of_distribution", text))
        if len(rows) >= FEWEST:
            notices += _moved(name, z.loc[rows.index].mean())
    return tuple(notices)


def _moved(name: str, mean: pd.Series) -> list[Notice]:
    far = mean[mean.abs() > SHIFT].sort_values(key=np.abs, ascending=False)
    if far.empty:
        return []
    shown = ", ".join(f"{cell} {value:+.1f}" for cell, value in far.head(SHOWN).items())
    if len(far) > SHOWN:
        shown = say("{shown} and {n} more", shown=shown, n=len(far) - SHOWN)
    text = say(
        "{name}: the mean stands more than 1 SD from training in {shown}: "
        "another population, or another laboratory.",
        name=name,
        shown=shown,
    )
    return [Notice("phenotype_cohort_shift", text)]
