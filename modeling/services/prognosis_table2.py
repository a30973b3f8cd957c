"""Table 2: survival and response by every variable, alone and together, in each cohort."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
import pandas as pd

from modeling.methods.design_matrix import Term
from modeling.methods.prognosis_plan import PrognosisPlan, lead_with_common
from modeling.methods.regression_table import (
    Effect,
    RegressionTable,
    tabulate_cox,
    tabulate_logistic,
)
from modeling.services.prognosis_metrics import json_ready
from modeling.services.prognosis_rows import ALWAYS, CANDIDATES, FACTORS
from studies.methods.endpoints import is_responder
from studies.methods.problems import DataProblem

Variables = Mapping[str, tuple[str, ...]]
VARIABLES = {name: FACTORS.get(name, ()) for name in (*ALWAYS, *CANDIDATES)}
FEWEST_ROWS, FEWEST_EVENTS = 20, 5
RAREST = 5  # patients at a level; rarer ones join the reference
SEPARATION = "separat"
LEAST_EACH = 2  # outcomes per coefficient: with fewer only each variable alone is told
FEWEST_EACH = 5  # outcomes (of the rarer kind) per coefficient: fewer, and ratios run away


def table2_asked(rows: pd.DataFrame, endpoint: str, plan: PrognosisPlan) -> list[dict[str, Any]]:
    """As ``table2_of``, over the columns of a plan: the paper's first, then the study's own."""
    asked = {*plan.always, *plan.candidates}
    paper = [name for name in (*ALWAYS, *CANDIDATES) if name in asked]
    own = {name: tuple(plan.factors.get(name, ())) for name in plan.candidates
           if name not in CANDIDATES}  # fmt: skip
    others = {*ALWAYS, *CANDIDATES} - asked
    return table2_of(rows.drop(columns=list(others), errors="ignore"), endpoint,
                     {name: FACTORS.get(name, ()) for name in paper} | own)  # fmt: skip


def table2_of(
    rows: pd.DataFrame, endpoint: str, variables: Variables = VARIABLES
) -> list[dict[str, Any]]:
    """One regression table per cohort and outcome; why where there is none.

    Parameters
    ----------
    rows : DataFrame
        Complete in the columns of the model; of every cohort.
    endpoint : str
        Its hazard ratios; with overall survival response is added.
    variables : mapping of name to its levels
        In their order; a number has none. Those that ``rows`` lack are passed over.
    """
    return [part for name, cohort in rows.groupby("cohort", sort=True)
            for part in _of_cohort(str(name), cohort, endpoint, variables)]  # fmt: skip


def _of_cohort(
    name: str, rows: pd.DataFrame, endpoint: str, variables: Variables
) -> Iterator[dict[str, Any]]:
    time, event = rows["duration_months"].to_numpy(float), rows["event"].to_numpy(bool)
    yield _told(name, endpoint, rows, event, variables,
                lambda table, *how: tabulate_cox(time, event, table, *how))  # fmt: skip
    if endpoint != "overall_survival":
        return
    known = rows[[is_responder(label) is not None if label else False
                  for label in rows["response"]]]  # fmt: skip
    responded = np.array([bool(is_responder(label)) for label in known["response"]], dtype=bool)
    yield _told(name, "response", known, responded, variables,
                lambda table, *how: tabulate_logistic(responded, table, *how))  # fmt: skip


def _told(
    name: str, outcome: str, rows: pd.DataFrame, event: np.ndarray, variables: Variables,
    tabulate: Any,
) -> dict[str, Any]:  # fmt: skip
    """Firth's likelihood for the whole table on separation and where outcomes are few."""
    head = {"cohort": name, "outcome": outcome, "n": len(rows), "events": int(event.sum())}
    odds = outcome == "response"
    fewer = min(int(event.sum()), int((~event).sum())) if odds else int(event.sum())
    if len(rows) < FEWEST_ROWS or fewer < FEWEST_EVENTS:
        return {**head, "reason": f"{len(rows)} complete patients with {head['events']} events: "
                f"at least {FEWEST_ROWS} and {FEWEST_EVENTS} are needed"}  # fmt: skip
    table, terms, notes = _terms(rows, variables)
    try:
        found: RegressionTable = tabulate(table, terms)
    except DataProblem as refusal:
        return {**head, "reason": str(refusal.problems[0])}
    problems = [str(problem) for problem in found.problems]
    separated = any(SEPARATION in text for text in problems)
    told = {**head, "penalty": "none", "notes": notes, "problems": problems, **_as_dict(found)}
    coefficients = sum(len(term.columns) for term in terms)
    scarce, alone_only = fewer < FEWEST_EACH * coefficients, fewer < LEAST_EACH * coefficients
    if separated and alone_only:  # the whole model is not told: what matters is each one alone
        found = tabulate(table, terms, "none", False)
        separated = any(SEPARATION in str(problem) for problem in found.problems)
    if separated or scarce:
        try:
            cause = "separation" if separated else "few events"
            told |= {"penalty": "firth", "because": cause, "separated": _separated(found),
                     **_as_dict(tabulate(table, terms, "firth", not alone_only))}  # fmt: skip
        except DataProblem as refusal:  # collinear, say: Firth's does not help there
            told["problems"].append(str(refusal.problems[0]))
    if alone_only:
        told |= _alone_only(told, fewer, coefficients)
    return json_ready(told)


def _separated(found: RegressionTable) -> list[str]:
    """Columns without a finite ratio by the plain likelihood, each once."""
    names = [one.column for one in found.problems if one.column and SEPARATION in str(one)]
    return list(dict.fromkeys(names))


def _alone_only(told: dict[str, Any], outcomes: int, coefficients: int) -> dict[str, Any]:
    """Together, so many coefficients tell every patient apart: their ratios mean nothing."""
    nothing = _effect(Effect(None, None, None, None))
    text = (f"{outcomes} outcomes for {coefficients} coefficients (fewer than {LEAST_EACH} each): "
            "not estimated together")  # fmt: skip
    return {
        "lines": [
            line if line["reference"] else {**line, "together": nothing} for line in told["lines"]
        ],
        "term_tests": {name: [alone, None] for name, (alone, _) in told["term_tests"].items()},
        "notes": [*told["notes"], text],
    }


def _terms(rows: pd.DataFrame, variables: Variables) -> tuple[pd.DataFrame, list[Term], list[str]]:
    """Variables that vary in these rows; rare levels join the reference, and it is said."""
    table, terms, notes = rows.copy(), list[Term](), list[str]()
    for name in filter(rows.columns.__contains__, variables):
        levels = variables[name]
        if levels and name not in FACTORS:  # a reference that somebody of this cohort has
            levels = lead_with_common(levels, table[name])
        if levels:
            counts = table[name].value_counts()
            rare = [level for level in levels[1:] if counts.get(level, 0) < RAREST]
            if any(counts.get(level, 0) for level in rare):
                notes.append(f"{name}: {', '.join(rare)} (fewer than {RAREST} patients) counted "
                             f"as {levels[0]}")  # fmt: skip
            table[name] = table[name].replace(dict.fromkeys(rare, levels[0]))
            levels = tuple(level for level in levels if level not in rare)
        if table[name].nunique() < 2 or len(levels) == 1:
            notes.append(f"{name}: the same in everybody, left out")
            continue
        terms.append(Term(name, levels))
    return table, terms, notes


def _as_dict(found: RegressionTable) -> dict[str, Any]:
    return {
        "kind": found.kind,
        "lines": [
            {
                "variable": line.term, "level": line.level, "n": line.n, "events": line.events,
                "reference": line.reference, "alone": _effect(line.alone),
                "together": _effect(line.together),
            }
            for line in found.lines
        ],
        "term_tests": {
            name: [test and asdict(test) for test in pair]
            for name, pair in found.term_tests.items()
        },
    }  # fmt: skip


def _effect(effect: Effect | None) -> dict[str, Any] | None:
    return effect and asdict(effect)
