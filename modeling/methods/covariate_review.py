"""Covariates of a prognostic model looked at before it is fitted: gaps, levels, what will fail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from modeling.methods.covariates import dependent_column, find_dependent_columns, too_many_columns
from modeling.methods.design_matrix import Design, Term, apply_design, as_level
from modeling.methods.prognosis import FEWEST_EVENTS, FEWEST_ROWS, fit_design
from modeling.methods.prognosis_plan import PrognosisPlan, fit_terms, join_rare_levels
from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import DataProblem, Notice, Problem
from studies.methods.wording import say

LARGEST_INFLATION = 10.0  # of a coefficient's variance by the other columns
FEW_EVENTS_EACH = 10


@dataclass(frozen=True)
class LevelCount:
    """Complete patients of a level and their events; ``joined`` counts as the reference."""

    level: str
    n: int
    events: int
    joined: bool = False


@dataclass(frozen=True)
class Covariate:
    """One column of the model: what it is and what it lacks, in the cohort that is fitted to.

    ``kind`` is ``number``, ``spline`` or ``levels``; ``parameters`` its coefficients; ``low``,
    ``median`` and ``high`` are of a number, None of levels.
    """

    name: str
    kind: str
    parameters: int
    missing: int
    rows: int
    levels: tuple[LevelCount, ...] = ()
    low: float | None = None
    median: float | None = None
    high: float | None = None


@dataclass(frozen=True)
class CovariateReview:
    """What a fit would meet: ``problems`` stop it, ``notices`` do not.

    ``n`` complete patients with ``events``; ``parameters`` are offered coefficients;
    ``separated`` names columns that only Firth's likelihood gives a finite coefficient.
    """

    covariates: tuple[Covariate, ...]
    rows: int
    n: int
    events: int
    parameters: int
    separated: tuple[str, ...]
    notices: tuple[Notice, ...]
    problems: tuple[Problem, ...]


def review_covariates(
    table: pd.DataFrame, duration: Floats, event: Sequence[object], plan: PrognosisPlan
) -> CovariateReview:
    """What stands in the way of a plan in these rows; nothing is kept of the trial fit.

    Parameters
    ----------
    table : DataFrame, (n rows)
        The cohort that would be fitted to, gaps left as gaps.
    duration : array, shape (n,)
        Follow-up in months; NaN where unknown.
    event : array, shape (n,)
        1 where the endpoint happened, None where unknown.
    plan : PrognosisPlan

    References
    ----------
    Peduzzi et al., J Clin Epidemiol 1995;48:1503 (events per variable). Belsley, Kuh, Welsch,
    Regression Diagnostics, 1980 (variance inflation).
    """
    names = [*plan.always, *plan.candidates]
    known = table[names].notna().all(axis=1).to_numpy() & np.isfinite(np.asarray(duration, float))
    known &= pd.Series(list(event)).notna().to_numpy()
    rows = table[known].reset_index(drop=True)
    time = np.asarray(duration, dtype=float)[known]
    flag = np.array([bool(one) for one, kept in zip(event, known, strict=True) if kept], dtype=bool)
    joined, levels = join_rare_levels(rows, plan, dict(plan.factors))
    covariates = tuple(_covariate(name, table, rows, flag, plan, joined) for name in names)
    try:
        check_survival(time, flag, FEWEST_EVENTS, FEWEST_ROWS)
        design, notices = _design(rows, plan, levels, joined)
    except DataProblem as refusal:
        return CovariateReview(
            covariates, len(table), len(rows), int(flag.sum()),
            sum(one.parameters for one in covariates), (), (), refusal.problems,
        )  # fmt: skip
    separated, problems, told = _tried(plan, time, flag, design)
    notices += [*told, *_alike(design), *_few(int(flag.sum()), design.matrix.shape[1])]
    return CovariateReview(
        covariates, len(table), len(rows), int(flag.sum()), design.matrix.shape[1],
        separated, tuple(notices), tuple(problems),
    )  # fmt: skip


def describe_covariate(
    name: str, values: pd.Series, event: Sequence[object], levels: tuple[str, ...] = ()
) -> Covariate:
    """One column by itself: what it is and what it lacks, whatever the others lack.

    Parameters
    ----------
    name : str
    values : Series, (n rows)
        Of the cohort that would be fitted to, gaps left as gaps.
    event : array, shape (n,)
        1 where the endpoint happened.
    levels : tuple of str
        In order, the reference first; a number has none.
    """
    factors = {name: levels} if levels else {}
    plan, table = PrognosisPlan((name,), (), factors), pd.DataFrame({name: list(values)})
    known = table[name].notna().to_numpy()
    rows = table[known].reset_index(drop=True)
    flag = np.array([bool(one) for one in event], dtype=bool)[known]
    joined, _ = join_rare_levels(rows, plan, factors)
    return _covariate(name, table, rows, flag, plan, joined)


def _covariate(
    name: str,
    table: pd.DataFrame,
    rows: pd.DataFrame,
    flag: Flags,
    plan: PrognosisPlan,
    joined: Mapping[str, Mapping[str, str]],
) -> Covariate:
    missing = int(table[name].isna().sum())
    if name in plan.factors:
        has = rows[name].map(as_level).to_numpy(dtype=object)
        rare = joined.get(name, {})
        counts = tuple(
            LevelCount(v, int((has == v).sum()), int(flag[has == v].sum()), v in rare)
            for v in plan.factors[name]
        )
        kept = len(counts) - len(rare) - 1
        return Covariate(name, "levels", kept, missing, len(table), counts)
    bent = name in plan.splines
    numbers = pd.to_numeric(rows[name]).to_numpy(float)
    ends = np.quantile(numbers, [0.0, 0.5, 1.0]).tolist() if numbers.size else [None] * 3
    return Covariate(
        name, "spline" if bent else "number", 1 + bent, missing, len(table), (), *ends
    )  # fmt: skip


def _design(
    rows: pd.DataFrame,
    plan: PrognosisPlan,
    levels: Mapping[str, tuple[str, ...]],
    joined: Mapping[str, Mapping[str, str]],
) -> tuple[Design, list[Notice]]:
    """All columns that vary, as the model would read them."""
    names = [*plan.always, *plan.candidates]
    table = rows.assign(**{name: rows[name].replace(dict(m)) for name, m in joined.items()})
    constant = [name for name in names if table[name].nunique() < 2]
    notices = [
        Notice("constant", say("{name} is the same in everybody and is not offered", name=name))
        for name in constant
    ]
    kept = [name for name in names if name not in constant]
    terms: dict[str, Term] = fit_terms(table, plan, kept, levels)
    return apply_design(table, list(terms.values())), notices


def _tried(
    plan: PrognosisPlan, time: Floats, flag: Flags, design: Design
) -> tuple[tuple[str, ...], list[Problem], list[Notice]]:
    """A fit of all columns: what it refuses stops a fixed set, and is told of a LASSO's."""
    dependent = find_dependent_columns(design.matrix, design.names)
    free = [name not in dependent for name in design.names]
    names = tuple(name for name in design.names if name not in dependent)
    problems: list[Problem] = []
    separated: tuple[str, ...] = ()
    if len(names) < int(flag.sum()):
        separated = _separated(time, flag, design.matrix[:, free], names)
    else:
        problems.append(too_many_columns(len(names), int(flag.sum())))
    problems += [dependent_column(name, others) for name, others in dependent.items()]
    if plan.penalty == "none":
        problems += [_no_finite_coefficient(name) for name in separated]
    if plan.selection == "fixed":
        return separated, problems, []
    return separated, [], [Notice("if_kept", problem.sentence()) for problem in problems]


def _separated(time: Floats, flag: Flags, x: Floats, names: tuple[str, ...]) -> tuple[str, ...]:
    """Columns whose coefficient runs away in the plain likelihood."""
    plain = PrognosisPlan((), ())
    terms = tuple(Term(name) for name in names)
    try:
        fit_design(plain, time, flag, Design(x, terms))
    except DataProblem as refusal:
        return tuple(str(p.column) for p in refusal.problems if p.column in names)
    return ()


def _no_finite_coefficient(name: str) -> Problem:
    return Problem(
        say("Covariates"),
        say(
            "{name}: no finite coefficient: alone or beside the other columns it tells who has the "
            "event sooner (separation)",
            name=name,
        ),
        "events at every level, and enough of them for the columns",
        "Choose Firth's likelihood, or leave this column out.",
        column=name,
    )


def _alike(design: Design) -> list[Notice]:
    """Columns that others say nearly; bends of one variable are alike by their making."""
    straight = [t.columns[0] for t in design.terms if not t.levels]
    at = [design.names.index(name) for name in straight]
    if len(at) < 2:
        return []
    among: Floats = np.asarray(np.corrcoef(design.matrix[:, at], rowvar=False))
    if np.linalg.matrix_rank(among, hermitian=True) < len(at):
        return []  # told as collinear
    inflation = np.diag(np.linalg.inv(among))
    found = []
    for j in np.flatnonzero(inflation > LARGEST_INFLATION):
        others = np.abs(np.where(np.arange(len(at)) == j, 0, among[j]))
        nearest = int(np.argmax(others))
        text = say(
            "{name} is nearly told by the other columns (variance inflation {factor:.0f}; nearest "
            "{other}, r {correlation:.2f}): its coefficient will be uncertain",
            name=straight[j], factor=float(inflation[j]), other=straight[nearest],
            correlation=float(among[j, nearest]),
        )  # fmt: skip
        found.append(Notice("nearly_collinear", text))
    return found


def _few(events: int, columns: int) -> list[Notice]:
    if columns == 0 or events >= FEW_EVENTS_EACH * columns:
        return []
    text = say(
        "{events} events for {columns} coefficients offered ({each:.1f} each; ten or more are "
        "usual): expect optimism",
        events=events, columns=columns, each=events / columns,
    )  # fmt: skip
    return [Notice("few_events_per_parameter", text)]
