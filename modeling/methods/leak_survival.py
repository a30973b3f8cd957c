"""Checks that stop a prognostic run before it starts: nothing may know how a patient fared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike

from modeling.methods.concordance import estimate_concordance
from modeling.methods.survival_table import check_survival
from studies.methods.problems import Problem
from studies.methods.wording import named, say

OUTCOME_PREFIXES = (
    "duration", "event", "cause", "overall_survival", "progression_free_survival", "response",
)  # fmt: skip
TOO_GOOD = 0.97  # Harrell's C of one column alone
LEAST_EVENTS = 10  # with fewer, chance orders them so well


def check_out_of_fold(cohort: Sequence[str], kind: Sequence[object]) -> list[Problem]:
    """Fitting patients whose score comes from a model that was fitted to them.

    Parameters
    ----------
    cohort : sequence of n str
    kind : sequence of n
        ``out_of_fold``, ``applied``, or missing where there is no score.
    """
    rows = pd.DataFrame({"cohort": list(cohort), "kind": list(kind)}).dropna()
    wrong = rows[rows["kind"] != "out_of_fold"]
    return [
        Problem(
            named(name),
            say("{n} fitting patients with an applied score", n=len(members)),
            "out-of-fold scores only",
            "Run the Rad-Score on this cohort.",
        )
        for name, members in wrong.groupby("cohort", sort=True)
    ]


def check_unseen(learned: set[str], judging: Mapping[str, Sequence[str]]) -> list[Problem]:
    """Patients judged on whom the score behind the model was fitted to.

    Parameters
    ----------
    learned : set of str
        Keys of patients in any fit behind the score.
    judging : mapping of cohort to keys
    """
    found = {cohort: sorted(learned & set(keys)) for cohort, keys in judging.items()}
    return [
        Problem(
            named(cohort),
            say("{n} patients whom the Rad-Score was fitted to: {some}", n=len(both),
                some=", ".join(both[:5])),
            "patients whom nothing was fitted to",
            "Leave this cohort out, or choose a Rad-Score that has not seen it.",
        )
        for cohort, both in found.items() if both
    ]  # fmt: skip


def check_outcome_order(
    table: pd.DataFrame, duration: ArrayLike, event: ArrayLike
) -> list[Problem]:
    """A column that is made of the outcome, by its name or by how well it orders deaths.

    Parameters
    ----------
    table : DataFrame, (n rows)
        Numeric columns, complete.
    duration, event : arrays, shape (n,)
    """
    time, flag = check_survival(duration, event)
    told = [name for name in table.columns if str(name).startswith(OUTCOME_PREFIXES)]
    if flag.sum() >= LEAST_EVENTS:
        told += [name for name in table.columns if name not in told and _orders(
            table[name].to_numpy(float), time, flag)]  # fmt: skip
    return [
        Problem(
            say("Covariates"),
            say("{name} tells who fails first almost without exception", name=name),
            "columns known before the outcome",
            "Find out how it was made: no covariate does this.",
            column=str(name),
        )
        for name in told
    ]


def _orders(column: np.ndarray, time: np.ndarray, flag: np.ndarray) -> bool:
    if np.ptp(column) == 0:
        return False
    c = estimate_concordance(time, flag, column).c
    return bool(max(c, 1 - c) > TOO_GOOD)
