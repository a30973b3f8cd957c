"""The Rad-Score by groups, at each cut, and in subgroups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from modeling.methods.auc import estimate_auc
from modeling.methods.group_comparison import compare_groups
from modeling.methods.threshold_metrics import estimate_threshold_metrics
from modeling.models import ModelVersion
from modeling.selectors import is_development
from studies.methods.wording import marked

SMALLEST = 10  # patients of a subgroup that is judged; its words say it too
AGE_CUT = 65  # the words below say it too
# column, title, name of the group that is expected higher, name of the other
GROUPS = (
    ("cd3_high", "CD3", marked("CD3 high"), marked("CD3 low")),
    ("cd8_high", "CD8", marked("CD8 high"), marked("CD8 low")),
    ("immunoscore_high", "Immunoscore", "3-4", "0-2"),
    (
        "target_response",
        marked("response at 6 months"),
        marked("responders"),
        marked("non-responders"),
    ),
    ("target_rna", marked("phenotype by RNA"), marked("hot"), marked("cold")),
)
SHARES = (
    "accuracy",
    "sensitivity",
    "specificity",
    "positive_predictive_value",
    "negative_predictive_value",
)


def groups_compare(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rad-Score by CD3, CD8, Immunoscore, response and phenotype in every cohort.

    p by Wilcoxon's test, Benjamini-Hochberg over all comparisons; a positive effect is a higher
    score in the group that is expected higher.
    """
    score = rows["immunoscore"]
    table = rows.assign(immunoscore_high=(score >= 3).astype(float).where(score.notna()))
    found = list(_groups(table))
    if found:
        adjusted = false_discovery_control([row["p"] for row in found])
        for row, p in zip(found, adjusted, strict=True):
            row["p_adjusted"] = float(p)
    return found


def _groups(table: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for cohort, members in table.groupby("cohort", sort=True):
        for column, title, higher, lower in GROUPS:
            known = members[members[column].notna()]
            if known[column].nunique() == 2:
                compared = compare_groups(known["score"], known[column].astype(int))
                yield {
                    "cohort": str(cohort),
                    "variable": column,
                    "title": title,
                    "higher": higher,
                    "lower": lower,
                    **asdict(compared),
                }


def cuts_compare(version: ModelVersion, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """The cuts side by side: median of training, one half, the cohort's own median, Youden.

    All but the cohort's own median were fixed before anybody of the cohort was seen.
    """
    training = float(rows.loc[is_development(rows), "score"].median())
    fixed = {
        "training_median": (marked("Median of training, out of fold"), training),
        "half": ("0.5", 0.5),
        "youden": (marked("Youden, out of fold"), float(version.threshold or 0.5)),
        "own_median": (marked("Median of the cohort itself"), None),
    }
    return [
        {
            "name": name,
            "title": title,
            "value": value,
            "is_default": name == "training_median",
            "cohorts": list(_at_cut(version, rows, value)),
        }
        for name, (title, value) in fixed.items()
    ]


def _at_cut(
    version: ModelVersion, rows: pd.DataFrame, value: float | None
) -> Iterator[dict[str, Any]]:
    for cohort, members in rows.groupby("cohort", sort=True):
        cut = float(members["score"].median()) if value is None else value
        for target in version.fitting_snapshot.targets[str(cohort)]:
            known = members[members[f"target_{target}"].notna()]
            row = {
                "cohort": str(cohort),
                "target": target,
                "cut": cut,
                "n": len(known),
                "high": int((known["score"] >= cut).sum()),
            }
            outcome = known[f"target_{target}"].astype(int)
            if outcome.nunique() == 2:
                metrics = estimate_threshold_metrics(outcome, known["score"], cut)
                row |= {name: asdict(getattr(metrics, name)) for name in SHARES}
            yield row


def subgroups_judge(version: ModelVersion, rows: pd.DataFrame) -> list[dict[str, Any]]:
    """AUC by site, sex and age in every cohort, each with its size; small ones are listed only."""
    age = np.where(
        rows["age_years"].isna(),
        None,
        np.where(rows["age_years"] >= AGE_CUT, marked("65 or older"), marked("under 65")),
    )
    table = rows.assign(age=age)
    return [
        _subgroup(str(cohort), target, by, str(level), part)
        for cohort, members in table.groupby("cohort", sort=True)
        for target in version.fitting_snapshot.targets[str(cohort)]
        for by in (marked("site"), marked("sex"), marked("age"))
        for level, part in members[members[f"target_{target}"].notna()].groupby(by, sort=True)
    ]


def _subgroup(
    cohort: str, target: str, by: str, level: str, members: pd.DataFrame
) -> dict[str, Any]:
    outcome = members[f"target_{target}"].astype(int)
    row: dict[str, Any] = {
        "cohort": cohort,
        "target": target,
        "by": by,
        "level": level,
        "n": len(members),
        "positives": int(outcome.sum()),
        "auc": None,
        "reason": "",
    }
    if outcome.nunique() < 2:
        row["reason"] = marked("one class only")
    elif len(members) < SMALLEST:
        row["reason"] = marked("fewer than 10 patients")
    else:
        auc = estimate_auc(outcome, members["score"])
        row["auc"] = {
            "estimate": auc.auc,
            "lower": auc.lower,
            "upper": auc.upper,
            "reason": auc.reason,
        }
    return row
