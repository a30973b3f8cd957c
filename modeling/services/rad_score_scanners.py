"""Harmonising in a run: which scanners it knows, whom it has never seen, before and after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from imaging.methods.scanner_groups import scanner_group
from modeling.methods.folds import split_pairs
from modeling.methods.harmoniser_step import Harmoniser, harmoniser_of
from modeling.methods.scanner_leaks import check_scanner_cohort, check_scanner_outcome
from modeling.methods.scanner_plan import (
    RULES,
    SCANNERS,
    ScannerPlan,
    check_unseen,
    code_scanners,
    feature_positions,
    group_said,
    plan_harmonising,
    rule_said,
    unseen_groups,
)
from modeling.methods.scanner_shifts import estimate_shifts, sd_within
from modeling.services.rad_score_state import Fitted, RadScoreRun
from studies.methods.problems import Notice, Problem
from studies.methods.wording import listed, named, say

Array = NDArray[np.float64]


def scanners_prepare(run: RadScoreRun) -> RadScoreRun:
    """The run with codes of scanners in its rows; what becomes of unseen ones is noted.

    Raises
    ------
    DataProblem
        As ``plan_harmonising``.
    """
    assert run.recipe.harmonise is not None
    plan = plan_harmonising(run.recipe.harmonise, run.fitting)
    run.harmonise = plan
    run.scanners = pd.concat([run.fitting, run.elsewhere], ignore_index=True)
    run.fitting = code_scanners(plan, run.fitting)
    run.elsewhere = code_scanners(plan, run.elsewhere)
    run.notices += [*_notices(plan, run.scanners), *_left_alone(plan)]
    return run


def _notices(plan: ScannerPlan, rows: pd.DataFrame) -> Iterator[Notice]:
    """Per cohort and modality, whom no fit has seen: counted, nobody is named."""
    for cohort, members in rows.groupby("cohort", sort=True):
        for column, counts in unseen_groups(plan, members).items():
            yield unseen_notice(plan, column, counts, str(cohort))


def unseen_notice(plan: ScannerPlan, column: str, counts: dict[str, int], where: str) -> Notice:
    """What becomes of images of scanners that training did not have, or too few of."""
    told = listed(
        say("{group} ({n})", group=group_said(group), n=n) for group, n in sorted(counts.items())
    )
    text = say(
        "{where}: {modality} of scanners with under {minimum} training patients (patients: {n}): "
        "{told}; {rule}.",
        where=named(where), modality=SCANNERS[column], n=sum(counts.values()), minimum=plan.minimum,
        told=told, rule=rule_said(plan, column),
    )  # fmt: skip
    return Notice("unseen_scanner", text)


def _left_alone(plan: ScannerPlan) -> Iterator[Notice]:
    for column, groups in plan.known.items():
        if len(groups) < 2:
            text = say(
                "{modality} is not harmonised: it has no two scanners of at least {minimum} "
                "training patients.",
                modality=SCANNERS[column],
                minimum=plan.minimum,
            )
            yield Notice("one_scanner", text)


def labels_of(plan: ScannerPlan, rows: pd.DataFrame) -> dict[str, list[str]]:
    """By modality the known group of each row; empty for others."""
    return {
        SCANNERS[column]: [
            group if (group := scanner_group(text, plan.by)) in plan.known[column] else ""
            for text in rows[column]
        ]
        for column in plan.columns
    }


def scanners_found(run: RadScoreRun) -> dict[str, list[Problem]]:
    """What the leak guard asks of a run that harmonises; nothing of one that does not."""
    plan, rows = run.harmonise, run.scanners
    if plan is None or rows is None:
        return {}
    training = rows.iloc[: len(run.fitting)]
    labels = labels_of(plan, training)
    refused = [
        problem
        for cohort, members in rows.groupby("cohort", sort=True)
        for problem in check_unseen(plan, members, str(cohort))
    ]
    return {
        "scanners_outcome": check_scanner_outcome(labels, run.y.tolist()),
        "scanners_cohort": check_scanner_cohort(labels, list(training["cohort"])),
        "scanners_unseen": refused,
    }


def scanners_preview(run: RadScoreRun) -> dict[str, Any] | None:
    """Scanners × patients by cohort, which are unseen, and what will happen to them."""
    plan, rows = run.harmonise, run.scanners
    if plan is None or rows is None:
        return None
    cohorts = [str(run.fitting["cohort"].iloc[0]), *(name for name, _ in run.cohorts)]
    return {
        "plan": plan.as_dict(),
        "rule": RULES[plan.unseen],
        "cohorts": cohorts,
        "rows": [row for column in plan.columns for row in _rows(plan, column, rows, cohorts)],
    }


def _rows(
    plan: ScannerPlan, column: str, rows: pd.DataFrame, cohorts: list[str]
) -> Iterator[dict[str, Any]]:
    groups = pd.Series([scanner_group(text, plan.by) for text in rows[column]], index=rows.index)
    alone = len(plan.known[column]) < 2
    for group in sorted(set(groups), key=lambda name: (name not in plan.known[column], name)):
        here = rows.loc[groups == group, "cohort"].astype(str)
        known = group in plan.known[column]
        yield {
            "modality": SCANNERS[column],
            "group": group_said(group),
            "counts": [int((here == cohort).sum()) for cohort in cohorts],
            "known": known,
            "becomes": _becomes(plan, column, known, alone),
        }


def _becomes(plan: ScannerPlan, column: str, known: bool, alone: bool) -> str:
    if not known:
        return rule_said(plan, column)
    if alone:
        return say("left as it is: the only one")
    return say("harmonised")


def scanners_compare(run: RadScoreRun, fitted: Fitted) -> dict[str, Any] | None:
    """How far scanners stand apart, before and after; training out of fold, others applied.

    None for a run that does not harmonise.
    """
    plan, rows = run.harmonise, run.scanners
    if plan is None or rows is None:
        return None
    step = harmoniser_of(fitted.pipeline)
    assert step is not None
    after = _out_of_fold(run, plan, fitted)
    whole = rows.reset_index(drop=True)
    before = whole[run.names].to_numpy(float)
    others = run.elsewhere[run.columns].to_numpy(float)
    moved = np.vstack([after, step.transform(others)]) if len(others) else after
    told = [
        row for column in plan.columns for row in _shifts(plan, column, whole, run, before, moved)
    ]
    unseen = [
        {"cohort": str(cohort), "modality": SCANNERS[column], "group": group, "n": n}
        for cohort, members in whole.groupby("cohort", sort=True)
        for column, counts in unseen_groups(plan, members).items()
        for group, n in sorted(counts.items())
    ]
    return {"plan": plan.as_dict(), "shifts": told, "unseen": unseen}


def _out_of_fold(run: RadScoreRun, plan: ScannerPlan, fitted: Fitted) -> Array:
    """Training features, each harmonised by the fit of the first repeat that had not seen it."""
    found = np.empty((len(run.fitting), len(run.names)))
    for fit_rows, held_out in split_pairs(fitted.compared.folds[0]):
        step = Harmoniser(plan.as_dict(), run.columns).fit(run.inputs[fit_rows])
        found[held_out] = step.transform(run.inputs[held_out])
    return found


def _shifts(
    plan: ScannerPlan, column: str, rows: pd.DataFrame, run: RadScoreRun,
    before: Array, after: Array,
) -> Iterator[dict[str, Any]]:  # fmt: skip
    at, n = feature_positions(column, run.names), len(run.fitting)
    groups = [scanner_group(text, plan.by) for text in rows[column]]
    sd = sd_within(before[:n, at], groups[:n])
    for cohort in dict.fromkeys(rows["cohort"].astype(str)):
        here = np.flatnonzero((rows["cohort"] == cohort).to_numpy())
        mine = [groups[i] for i in here]
        both = [
            estimate_shifts(table[np.ix_(here, at)], mine, table[:n][:, at], sd)
            for table in (before, after)
        ]
        for one, other in zip(*both, strict=True):
            yield {
                "modality": SCANNERS[column],
                "cohort": cohort,
                "group": one.group,
                "known": one.group in plan.known[column],
                "n": one.n,
                "before": _quartiles(asdict(one)),
                "after": _quartiles(asdict(other)),
            }


def _quartiles(told: dict[str, Any]) -> dict[str, float]:
    return {name: told[name] for name in ("lower", "median", "upper")}
