"""The same fit on features harmonised over scanners, learned inside each fold."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from imaging.methods.harmonise import apply_harmoniser, fit_harmoniser
from imaging.methods.scanner_groups import scanner_group
from modeling.methods.folds import assign_folds, split_pairs
from modeling.methods.nested_cross_validation import Tuning, derive_seed, fit_classifier
from modeling.selectors import SCANNERS
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

PREFIXES = {"PT": "pet.", "CT": "ct."}
UNSEEN = "pooled"  # a scanner that training did not have: its features stay, and that is said

Array = NDArray[np.float64]


@dataclass
class _Harmonised:
    """Features and scanners of everybody; each modality is harmonised over its own scanners."""

    names: list[str]
    values: Array
    scanners: dict[str, list[str]]
    notices: dict[str, Notice]

    def of(self, fit_rows: Array, rows: Array) -> Array:
        """Features of ``rows`` on the scale that ``fit_rows`` alone taught."""
        found = self.values[rows].copy()
        for modality, prefix in PREFIXES.items():
            columns = [j for j, name in enumerate(self.names) if name.startswith(prefix)]
            if not columns:
                continue
            labels = np.array(self.scanners[modality])
            fit = fit_harmoniser(self.values[np.ix_(fit_rows, columns)], labels[fit_rows], UNSEEN)
            found[:, columns], said = apply_harmoniser(fit, found[:, columns], labels[rows])
            self.notices |= {notice.text: notice for notice in said}
        return found


def scanners_harmonised(asked: Any, tuning: Tuning) -> Iterator[tuple[str, str, Any, Any, Any]]:
    """Cohort, target, outcome, score and the main analysis' score, cohort by cohort.

    Out of fold in training: the harmoniser of a fold has not seen whom it is applied to.

    Raises
    ------
    DataProblem
        One scanner only, one of too few patients in a fold, or features that are missing.
    """
    version, rows = asked.version, asked.rows.reset_index(drop=True)
    made = _Harmonised(list(asked.names), *_known(asked, rows), {})
    training = np.flatnonzero((rows["use"] == "development").to_numpy())
    y = rows.loc[training, "target_rna"].to_numpy(int)
    keys = [str(rows.at[i, "pseudonym"]) for i in training]
    seed, score = derive_seed(asked.seed, "scanners"), np.empty(len(rows))

    def told(fit: Array, others: Array) -> Array:
        pipeline, _ = fit_classifier(
            version.method, [keys[i] for i in fit], made.of(training[fit], training[fit]),
            made.names, y[fit], seed, tuning,
        )  # fmt: skip
        return pipeline.predict_proba(made.of(training[fit], others))[:, 1]

    folds = assign_folds(keys, y, version.run.recipe["outer"]["folds"], 1, asked.seed)[0]
    for fit, held_out in split_pairs(folds):
        score[training[held_out]] = told(fit, training[held_out])
    elsewhere = np.setdiff1d(np.arange(len(rows)), training)
    if len(elsewhere):
        score[elsewhere] = told(np.arange(len(training)), elsewhere)
    asked.notices.extend(made.notices.values())
    for cohort, members in rows.assign(harmonised=score).groupby("cohort", sort=True):
        target = version.fitting_snapshot.targets[str(cohort)][0]
        known = members[members[f"target_{target}"].notna()]
        outcome = known[f"target_{target}"].astype(int)
        if outcome.nunique() == 2:
            yield str(cohort), target, outcome, known["harmonised"], known["score"]


def _known(asked: Any, rows: pd.DataFrame) -> tuple[Array, dict[str, list[str]]]:
    values = rows[list(asked.names)].to_numpy(float)
    if not set(SCANNERS.values()) <= set(rows.columns):
        raise refuse(
            "frozen table",
            say("no columns {columns}", columns=", ".join(SCANNERS.values())),
            "the scanner of each image",
            "It was frozen before scanners were: freeze it again.",
        )
    labels = {
        modality: [scanner_group(text) for text in rows[column]]
        for modality, column in SCANNERS.items()
    }
    gaps = int(np.isnan(values).any(axis=1).sum())
    if gaps:
        raise refuse(
            "features",
            say("{gaps} patients with missing values", gaps=gaps),
            "complete features",
            "Harmonising needs all of them.",
        )
    return values, labels
