"""Checks that stop a run before it starts: nothing of a held-out patient may reach a fit."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import ArrayLike, NDArray

from studies.methods.problems import DataProblem, Notice, Problem
from studies.methods.wording import named, say


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
    """Two patients with the same features to the last digit: one image under two names.

    Parameters
    ----------
    keys : sequence of n str
        One key per row; rows of one patient (two validating cohorts) may repeat.
    features : array of shape (n, p)
        A single column says nothing of identity and is not checked.
    """
    X = np.ascontiguousarray(np.asarray(features, dtype=np.float64))
    if X.shape[1] < 2:
        return []
    same: defaultdict[bytes, set[str]] = defaultdict(set)
    for key, row in zip(keys, X, strict=True):
        same[hashlib.sha256(row.tobytes()).digest()].add(key)
    return [
        Problem(
            "features",
            say("equal rows for {some}", some=_some(sorted(group))),
            "a row of its own for each",
            "The same image seems to stand under several patients: check the uploads.",
        )
        for group in same.values()
        if len(group) > 1
    ]


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
    late = [
        key
        for key, seen, start in zip(keys, measured, outcome_from, strict=True)
        if seen is not None and start is not None and seen > start
    ]
    if not late:
        return []
    return [
        Problem(
            say("scan date"),
            say("{n} scans after treatment began: {some}", n=len(late), some=_some(sorted(late))),
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
