"""Checks that stop a prognostic run before it starts: nothing may know how a patient fared."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb, log, log10

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike
from scipy.special import gammaln
from scipy.stats import chi2, rankdata

from modeling.methods.concordance import estimate_concordance
from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import Problem
from studies.methods.wording import named, say

OUTCOME_PREFIXES = (
    "duration", "event", "cause", "overall_survival", "progression_free_survival", "response",
)  # fmt: skip
TOO_GOOD = 0.97  # Harrell's C of one column alone
LEAST_EVENTS = 10  # with fewer, chance orders them so well
CHANCE = 1e-6
MOST_LEVELS = 12


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
    """A column that is made of the outcome: by its name, by how well it orders deaths, or because
    it tells who had the event.

    Parameters
    ----------
    table : DataFrame, (n rows)
        Numbers, or levels as text; complete.
    duration, event : arrays, shape (n,)

    Notes
    -----
    Pairs of equal values are left out of the order: classes of survival order deaths as well as
    survival itself. Such a column is refused only where chance would not do it: a score test for
    trend in its ranks below ``CHANCE``, and their order, too (one or two patients apart from all
    others stand first too easily); of values that never stand on both sides of the event, at most
    2^k / C(n, events) for k of them.
    """
    time, flag = check_survival(duration, event)
    told = [name for name in table.columns if str(name).startswith(OUTCOME_PREFIXES)]
    for name in table.columns.difference(told, sort=False):
        column = _as_numbers(table[name], time, flag)
        if _tells_event(column, flag) or (
            flag.sum() >= LEAST_EVENTS and _orders(column, time, flag)
        ):
            told.append(name)
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


def _as_numbers(column: pd.Series, time: Floats, flag: Flags) -> Floats:
    """Numbers as they are; levels by how often the event came in them."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(float)
    level = column.astype(str).to_numpy()
    rate = {name: flag[level == name].sum() / max(time[level == name].sum(), 1e-9)
            for name in np.unique(level)}  # fmt: skip
    return np.array([rate[name] for name in level])


def _orders(column: Floats, time: Floats, flag: Flags) -> bool:
    if np.ptp(column) == 0:
        return False
    found = estimate_concordance(time, flag, column)
    if max(found.c, 1 - found.c) > TOO_GOOD:
        return True
    apart = found.concordant + found.discordant
    return bool(
        apart > 0
        and max(found.concordant, found.discordant) / apart > TOO_GOOD
        and _by_chance(column) < log10(CHANCE)
        and _trend_p(rankdata(column), time, flag) < CHANCE
    )


def _by_chance(column: Floats) -> float:
    """log10 of the chance of one order of the values: of one patient apart among a hundred 1 %,
    whatever a test for trend says of so few."""
    counts = np.unique(column, return_counts=True)[1]
    return float(gammaln(counts + 1.0).sum() - gammaln(column.size + 1.0)) / log(10)


def _trend_p(score: Floats, time: Floats, flag: Flags) -> float:
    """Score test of Cox's model with one column, Breslow ties."""
    above = spread = 0.0
    for moment, events in zip(*np.unique(time[flag], return_counts=True), strict=True):
        at_risk = score[time >= moment]
        above += score[flag & (time == moment)].sum() - events * at_risk.mean()
        spread += events * at_risk.var()
    return float(chi2.sf(above**2 / spread, 1)) if spread > 0 else 1.0


def _tells_event(column: Floats, flag: Flags) -> bool:
    """No value stands on both sides of the event, and chance would not part them so."""
    values, place = np.unique(column, return_inverse=True)
    if not 2 <= values.size <= MOST_LEVELS:
        return False
    events = np.bincount(place, weights=flag, minlength=values.size)
    pure = (events == 0) | (events == np.bincount(place))
    by_chance = values.size * log10(2) - log10(comb(flag.size, int(flag.sum())))
    return bool(pure.all() and by_chance < log10(CHANCE))
