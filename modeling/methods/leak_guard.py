"""Checks that stop a run before it starts: nothing of a held-out patient may reach a fit."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from studies.methods.problems import DataProblem, Notice, Problem
from studies.methods.wording import named, say

ROUNDING = 1e-3  # of a feature's standard deviation
CHANCE = 1e-6
RARE_SHARED, SHARED_BY_CHANCE = 3, 1e-3
TOLD = 0.95  # R² of a column by others
MOSTLY = 0.8  # of the rows


def check_patients_apart(
    fitting: Sequence[str], judging: Mapping[str, Sequence[str]]
) -> list[Problem]:
    """A patient who is fitted to and judged on.

    Parameters
    ----------
    fitting : sequence of str
        Keys of the patients of the fit.
    judging : mapping of str to sequence of str
        Keys by cohort that the model will be judged in.
    """
    problems = []
    for cohort, keys in judging.items():
        both = sorted(set(fitting) & set(keys))
        if both:
            problems.append(
                Problem(
                    named(cohort),
                    say(
                        "{n} patients who are also fitted to: {some}", n=len(both), some=_some(both)
                    ),
                    "patients of one side only",
                    "Take them out of one of the cohorts: a model knows whom it was fitted to.",
                )
            )
    return problems


def check_cohort_uses(cohort: Sequence[str], uses: Mapping[str, str]) -> list[Problem]:
    """A cohort in the fit that is there to validate.

    Parameters
    ----------
    cohort : sequence of str
        Cohort of each row of the fit.
    uses : mapping of str to str
        development, validation or descriptive, by cohort.
    """
    return [
        Problem(
            named(name),
            say(
                "{count} rows of a cohort for {get} in a fit",
                count=count,
                get=uses.get(name, "no stated use"),
            ),
            "development cohorts only",
            "Fit on a development cohort; a validating cohort is only ever judged in.",
        )
        for name, count in sorted(Counter(cohort).items())
        if uses.get(name) != "development"
    ]


def check_identical_rows(keys: Sequence[str], features: ArrayLike) -> list[Problem]:
    """Two patients with the same features but for rounding: one image under two names.

    Parameters
    ----------
    keys : sequence of n str
        One key per row; rows of one patient (two validating cohorts) may repeat.
    features : array of shape (n, p)
        NaN where missing. A single column says nothing of identity and is not checked.

    Notes
    -----
    Rows are the same when no feature differs by more than ``ROUNDING`` of its standard deviation,
    or by less where few features would let chance place two patients so near (``CHANCE`` of any
    pair, features taken as independent).
    """
    X = np.asarray(features, dtype=np.float64)
    n, p = X.shape
    if p < 2 or n < 2:
        return []
    nearest = min(ROUNDING, (CHANCE / (n * (n - 1) / 2)) ** (1 / p))
    return [
        Problem(
            "features",
            say("equal rows for {some}", some=_some(group)),
            "a row of its own for each",
            "The same image seems to stand under several patients: check the uploads.",
        )
        for group in _joined((keys[i], keys[j]) for i, j in _near(X, nearest) if keys[i] != keys[j])
    ]


def check_shared_values(keys: Sequence[str], table: pd.DataFrame) -> list[Problem]:
    """Two patients who share rare values: one person under two names.

    Parameters
    ----------
    keys : sequence of n str
    table : DataFrame, (n rows)
        Numbers; a value counts where exactly two patients have it. Two who share ``RARE_SHARED``
        such values, in as many columns, are taken for one; or more of them where columns are
        rounded so far that under ``SHARED_BY_CHANCE`` pairs would not share as many by chance.
        A value that others tell in which the two agree (a ratio of two, an index of weight and
        height) counts none. Two who have the same value in every column are one, too, however
        many have it, where chance would not do that.
    """
    keys, numbers = list(keys), table.astype(float).to_numpy()
    shared: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    found = []
    for name in table.columns:
        holders: defaultdict[float, set[str]] = defaultdict(set)
        for key, value in zip(keys, table[name].astype(float), strict=True):
            if np.isfinite(value):
                holders[value].add(key)
        pairs = [(min(pair), max(pair)) for pair in holders.values() if len(pair) == 2]
        for pair in pairs:
            shared[pair].append(name)
        found.append(len(pairs))
    enough = _shared_beyond_chance(found, len(set(keys)))

    def untold(pair: tuple[str, str], rare: list[str]) -> int:
        """Rare values of a pair but for those that others tell in which the two agree."""
        one, other = (numbers[keys.index(key)] for key in pair)
        agreed = [n for n in table.columns[one == other] if n not in rare]
        rest = table.loc[~np.isin(keys, pair), [*agreed, *rare]].to_numpy(float)
        return len(_untold(rest, len(agreed)))

    twice = [
        pair for pair, rare in shared.items()
        if len(rare) >= enough and untold(pair, rare) >= enough
    ]  # fmt: skip
    twice += [(keys[i], keys[j]) for i, j in _equal_throughout(numbers) if keys[i] != keys[j]]
    return [
        Problem(
            say("Covariates"),
            say("the same rare values for {some}", some=_some(group)),
            "a row of its own for each",
            "One person seems to stand under several pseudonyms: merge the two, or correct one.",
        )
        for group in _joined(twice)
    ]


def _shared_beyond_chance(found: Sequence[int], patients: int) -> int:
    """Columns a pair must share: ``found`` pairs in each, thrown among all pairs independently."""
    pairs = max(1, patients * (patients - 1) / 2)
    of_columns = np.ones(1)
    for count in found:
        of_columns = np.convolve(of_columns, [1 - count / pairs, count / pairs])
    expected = pairs * of_columns[::-1].cumsum()[::-1]
    by_chance = np.flatnonzero(expected >= SHARED_BY_CHANCE)
    return max(RARE_SHARED, int(by_chance[-1]) + 1)


def _equal_throughout(X: NDArray[np.float64]) -> Iterator[tuple[int, int]]:
    """Pairs of rows with the same values and gaps, where under ``SHARED_BY_CHANCE`` pairs would
    agree in what is known of both, were columns independent; gaps tell nothing."""
    pairs = max(1.0, X.shape[0] * (X.shape[0] - 1) / 2)
    shares = np.ones(X.shape[1])
    for j in _untold(X):
        counts = np.unique(X[np.isfinite(X[:, j]), j], return_counts=True)[1].astype(float)
        of = max(1.0, counts.sum() * (counts.sum() - 1) / 2)
        shares[j] = max(1.0, (counts * (counts - 1)).sum() / 2) / of
    if pairs * shares.prod() >= SHARED_BY_CHANCE:
        return
    for i, j in _near(X, 0.0):
        if pairs * shares[np.isfinite(X[i])].prod() < SHARED_BY_CHANCE:
            yield i, j


def _untold(X: NDArray[np.float64], given: int = 0) -> list[int]:
    """Columns after those given, but for what the given and the ones before them tell."""
    kept = list(range(given))
    for j in range(given, X.shape[1]):
        if not _is_told(X[:, [*kept, j]]):
            kept.append(j)
    return kept[given:]


def _is_told(X: NDArray[np.float64]) -> bool:
    """Whether the last column is a sum, or a product of powers, of the others but for rounding."""
    known = X[np.isfinite(X).all(axis=1)]
    positive = known[(known > 0).all(axis=1)]
    logarithms = [np.log(positive)] if len(positive) > MOSTLY * len(known) else []
    return any(_r_squared(rows) > TOLD for rows in (known, *logarithms))


def _r_squared(rows: NDArray[np.float64]) -> float:
    """Adjusted, of the last column by the others; 0 where too few rows tell nothing."""
    free = rows.shape[0] - rows.shape[1]
    centred = rows - rows.mean(axis=0) if free > 1 else np.zeros((1, 2))
    total = float((centred[:, -1] ** 2).sum())
    if rows.shape[1] < 2 or total == 0:
        return 0.0
    weight = np.linalg.lstsq(centred[:, :-1], centred[:, -1], rcond=None)[0]
    left = float(((centred[:, -1] - centred[:, :-1] @ weight) ** 2).sum())
    return 1 - (left / free) / (total / (rows.shape[0] - 1))


def _near(X: NDArray[np.float64], distance: float) -> Iterator[tuple[int, int]]:
    """Pairs of rows that differ by no more standard deviations in any column; what is missing in
    one must be missing in both."""
    known = np.isfinite(X)
    filled, n = np.where(known, X, 0.0), np.maximum(known.sum(axis=0), 1)
    centred = np.where(known, filled - filled.sum(axis=0) / n, 0.0)
    spread = np.sqrt((centred**2).sum(axis=0) / n)
    scaled = centred / np.where(spread > 0, spread, 1.0)
    lead = int(np.argmax([np.unique(column).size for column in scaled.T]))
    order = np.argsort(scaled[:, lead], kind="stable")
    scaled, known = scaled[order], known[order]
    ends = np.searchsorted(scaled[:, lead], scaled[:, lead] + distance, side="right")
    for place, end in enumerate(ends):
        others = slice(place + 1, end)
        same = (np.abs(scaled[others] - scaled[place]) <= distance).all(axis=1)
        same &= (known[others] == known[place]).all(axis=1)
        for other in np.flatnonzero(same):
            yield int(order[place]), int(order[place + 1 + other])


def _joined(pairs: Iterable[tuple[str, str]]) -> list[list[str]]:
    """Groups of those whom any pair joins."""
    group_of: dict[str, set[str]] = {}
    for one, other in pairs:
        mine, theirs = group_of.setdefault(one, {one}), group_of.setdefault(other, {other})
        if mine is not theirs:
            smaller, larger = sorted((mine, theirs), key=len)
            larger |= smaller
            group_of |= dict.fromkeys(smaller, larger)
    return sorted({id(group): sorted(group) for group in group_of.values()}.values())


def check_not_moved(keys: Sequence[str], today: Sequence[str | None]) -> list[Problem]:
    """Patients of a fit who validate by now, though they did not when the rows were frozen.

    Parameters
    ----------
    keys : sequence of n str
    today : sequence of n
        development, validation, or None where no cohort binds.
    """
    moved = sorted({key for key, use in zip(keys, today, strict=True) if use == "validation"})
    if not moved:
        return []
    return [
        Problem(
            say("fitting cohort"),
            say("{n} patients who validate today: {some}", n=len(moved), some=_some(moved)),
            "development patients only",
            "Freeze the question anew: the cohorts have changed since.",
        )
    ]


def check_dated_before(
    what: str, keys: Sequence[str], dated: Sequence[date | None], start: Sequence[date | None]
) -> list[Problem]:
    """Values with a day of their own that lies after treatment began.

    Parameters
    ----------
    what : str
        Whose day it is.
    keys : sequence of n str
    dated : sequence of n dates
        None where there is none.
    start : sequence of n dates
        First day of the treatment; None where unknown.
    """
    late = _later(keys, dated, start)
    if not late:
        return []
    return [
        Problem(
            what,
            say(
                "dated after treatment began in {n} patients: {some}", n=len(late), some=_some(late)
            ),
            say("values of the time before"),
            "Correct the dates, or leave out what rests on them: it may have seen the outcome.",
        )
    ]


def _later(
    keys: Sequence[str], dated: Sequence[date | None], start: Sequence[date | None]
) -> list[str]:
    return sorted(
        {
            key
            for key, day, first in zip(keys, dated, start, strict=True)
            if day is not None and first is not None and day > first
        }
    )


def check_measured_before(
    keys: Sequence[str], measured: Sequence[date | None], outcome_from: Sequence[date | None]
) -> list[Problem]:
    """A feature measured after the outcome began to count.

    Parameters
    ----------
    keys : sequence of n str
    measured : sequence of n dates
        Day of the image; None where unknown.
    outcome_from : sequence of n dates
        First day from which the outcome counts (start of treatment); None where unknown.
    """
    late = _later(keys, measured, outcome_from)
    if not late:
        return []
    return [
        Problem(
            say("scan date"),
            say("{n} scans after treatment began: {some}", n=len(late), some=_some(late)),
            "scans of the time before",
            "Choose the baseline scan: a later one has seen the outcome.",
        )
    ]


def check_classes(outcome: ArrayLike, smallest: int, folds: int) -> list[Problem]:
    """Too few members of a class for the folds, or for the recipe's own minimum.

    Parameters
    ----------
    outcome : array of shape (n,)
        0 or 1.
    smallest : int
        Fewest members of either class.
    folds : int
        Most folds that any division makes.
    """
    y = np.asarray(outcome).astype(int)
    needed = max(smallest, folds)
    counts = np.bincount(y, minlength=2) if y.size else np.zeros(2, dtype=int)
    found = f"{counts[1]} hot and {counts[0]} cold patients"
    if counts.min() == 0:
        return [
            Problem(
                say("fitting cohort"),
                found,
                "both classes",
                "One class teaches nothing: check the labels and who is left out.",
            )
        ]
    if counts.min() < needed:
        return [
            Problem(
                say("fitting cohort"),
                found,
                say("at least {needed} of each", needed=needed),
                "Enlarge the cohort, or lower the recipe's folds or smallest_class.",
            )
        ]
    return []


def check_features(
    features: ArrayLike, names: Sequence[str], missing_allowed: bool = False
) -> list[Problem]:
    """Features that are all constant, missing or not finite.

    Parameters
    ----------
    features : array of shape (n, p)
    names : sequence of p str
    missing_allowed : bool
        NaN is filled inside the fold later on; infinite values never pass.
    """
    X = np.asarray(features, dtype=np.float64)
    if X.shape[1] == 0 or X.shape[0] == 0:
        return [
            Problem(
                "features",
                say("a table of {shape} by {shape_2}", shape=X.shape[0], shape_2=X.shape[1]),
                "rows and columns",
                "Extract the features first.",
            )
        ]
    problems = []
    wrong = ~np.isfinite(X) if not missing_allowed else np.isinf(X)
    empty = np.isnan(X).all(axis=0)
    if wrong.any() or empty.any():
        columns = [names[int(j)] for j in np.flatnonzero(wrong.any(axis=0) | empty)]
        problems.append(
            Problem(
                "features",
                say("missing or infinite values in {some}", some=_some(columns)),
                "finite numbers",
                "Extract these features again.",
            )
        )
    elif not _varies(X).any():
        problems.append(
            Problem(
                "features",
                say("the same value for every patient in every column"),
                "columns that vary",
                "Check the extractor and its images.",
            )
        )
    return problems


def notice_events_per_variable(events: int, variables: int) -> list[Notice]:
    """Events (members of the smaller class) per candidate column, said when below ten.

    Parameters
    ----------
    events, variables : int
    """
    ratio = events / max(variables, 1)
    if ratio >= 10:
        return []
    return [
        Notice(
            "events_per_variable",
            say(
                "{events} patients in the smaller class for {variables} candidate columns "
                "({ratio:.2g} per column; 10 is a common wish): only out-of-fold and external "
                "numbers mean anything.",
                events=events,
                variables=variables,
                ratio=ratio,
            ),
        )
    ]


def refuse_leaks(problems: Sequence[Problem]) -> None:
    """Raise what was found, all at once.

    Parameters
    ----------
    problems : sequence of Problem

    Raises
    ------
    DataProblem
        When there is any.
    """
    if problems:
        raise DataProblem(problems)


def _varies(X: NDArray[np.float64]) -> NDArray[np.bool_]:
    filled = np.where(np.isnan(X), np.nanmedian(X, axis=0), X)
    return np.ptp(filled, axis=0) > 0


def _some(names: Sequence[str], shown: int = 8) -> str:
    more = f" and {len(names) - shown} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more
