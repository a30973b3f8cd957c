"""From a clinical table to a nomogram: LASSO keeps columns, Cox weighs them, rulers show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
import pandas as pd

from modeling.methods.cox import CoxFit, fit_cox
from modeling.methods.design_matrix import Design, Term, apply_design
from modeling.methods.firth_cox import fit_firth_cox
from modeling.methods.lasso import CrossValidatedLasso, cross_validate_lasso_cox
from modeling.methods.nomogram import Nomogram, build_nomogram
from modeling.methods.proportional_hazards import (
    ProportionalHazards,
    check_proportional_hazards,
)
from modeling.methods.splines import place_knots
from modeling.methods.support import Support, fit_support
from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

RAREST_LEVEL = 5  # a level with fewer patients than this joins the reference
FEWEST_ROWS, FEWEST_EVENTS = 12, 5
EVENTS_PER_COLUMN = 5  # fewer than this and the choice at lambda.min gives way to lambda.1se
KNOTS = 3  # of a spline: four need more events than these models have


@dataclass(frozen=True)
class PrognosisPlan:
    """What a prognostic model is made of, declared before it is fitted.

    ``candidates`` are offered to the LASSO, ``always`` enter the Cox model unpenalised.
    ``factors`` holds levels in order, the reference first; ``times`` are months; ``resamples``
    are those of its validation. ``selection`` "fixed" keeps every candidate; columns in
    ``splines`` may bend; ``penalty`` "firth" weighs columns by Firth's penalised likelihood.
    """

    candidates: tuple[str, ...]
    always: tuple[str, ...]
    factors: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    times: tuple[float, ...] = (12.0, 24.0, 36.0)
    folds: int = 10
    resamples: int = 1000
    selection: Literal["lasso", "fixed"] = "lasso"
    splines: tuple[str, ...] = ()
    penalty: Literal["none", "firth"] = "none"


@dataclass(frozen=True)
class PrognosisFit:
    """The model and how it came to be; ``joined`` maps rare levels to their reference."""

    plan: PrognosisPlan
    lasso: CrossValidatedLasso | None
    kept: tuple[str, ...]
    kept_one_std_error: tuple[str, ...]
    cox: CoxFit
    terms: tuple[Term, ...]
    nomogram: Nomogram
    hazards: ProportionalHazards | None
    joined: Mapping[str, Mapping[str, str]]
    support: Support
    notices: tuple[Notice, ...]

    @property
    def columns(self) -> tuple[str, ...]:
        return tuple(term.name for term in self.terms)


def fit_prognosis(
    table: pd.DataFrame, duration: Floats, event: Flags, plan: PrognosisPlan, seed: int = 0
) -> PrognosisFit:
    """Prognostic Cox model and nomogram after a LASSO choice among candidates.

    Parameters
    ----------
    table : DataFrame, (n rows)
        Complete cases of the plan's columns, in an order that does not change between runs.
    duration : array, shape (n,)
        Follow-up in months.
    event : array, shape (n,)
        1 where the endpoint happened.
    plan : PrognosisPlan
        Candidates, unpenalised columns, factor levels, horizons.
    seed : int
        Of the folds, which are balanced by event.

    Raises
    ------
    DataProblem
        Without enough events, with missing values, with separation or collinear columns.

    Notes
    -----
    A factor is kept whole when the LASSO keeps any of its levels. p-values after the choice
    are too small; a notice says so.

    References
    ----------
    Tibshirani, Stat Med 1997;16:385. TRIPOD+AI, BMJ 2024;385:e078378.
    """
    time, flag = check_survival(duration, event, FEWEST_EVENTS, FEWEST_ROWS)
    whole = {name: tuple(levels) for name, levels in plan.factors.items()}
    joined, levels = join_rare_levels(table, plan, whole)
    rows = _with_joined(table, joined)
    offered, notices = _offered(rows, plan, levels, joined)
    known = fit_terms(rows, plan, [*plan.always, *offered], levels)
    if plan.selection == "fixed":
        lasso, kept, simpler = None, tuple(offered), tuple(offered)
    else:
        lasso, kept, simpler, told = _selected(rows, time, flag, offered, known, plan, seed)
        notices += told
    terms = tuple(known[name] for name in (*plan.always, *kept))
    design = apply_design(rows, terms)
    cox = fit_columns(plan, time, flag, design)
    nomogram = build_nomogram(cox, design, rows, _within(plan.times, cox))
    notices += [*cox.notices, *_about_penalty(plan), *_about_times(plan.times, cox)]
    hazards, found = _hazards(cox, time, flag, design)
    return PrognosisFit(
        plan, lasso, kept, simpler, cox, terms, nomogram, hazards, joined,
        fit_support(rows, design), (*notices, *found),
    )  # fmt: skip


def fit_terms(
    table: pd.DataFrame,
    plan: PrognosisPlan,
    names: Sequence[str],
    levels: Mapping[str, tuple[str, ...]],
) -> dict[str, Term]:
    """Each column as the model reads it; knots stand at quantiles of these rows.

    Parameters
    ----------
    table : DataFrame
        The fitting rows.
    plan : PrognosisPlan
    names : sequence of str
    levels : mapping
        Of the factors, those that are kept.

    Raises
    ------
    DataProblem
        A spline over too few distinct values.
    """
    return {
        name: Term(
            name,
            levels.get(name, ()),
            place_knots(table[name].to_numpy(float), KNOTS) if name in plan.splines else (),
        )
        for name in names
    }


def fit_columns(plan: PrognosisPlan, duration: Floats, event: Flags, design: Design) -> CoxFit:
    """The Cox model of a design, by the plan's likelihood.

    Parameters
    ----------
    plan : PrognosisPlan
    duration, event : arrays, shape (n,)
    design : Design

    Raises
    ------
    DataProblem
        As ``fit_cox`` and ``fit_firth_cox``.
    """
    fit = fit_firth_cox if plan.penalty == "firth" else fit_cox
    return fit(duration, event, design.matrix, design.names)


@dataclass(frozen=True)
class LesserModel:
    """The same columns but one, fitted to the same rows."""

    cox: CoxFit
    terms: tuple[Term, ...]
    joined: Mapping[str, Mapping[str, str]]

    def linear_predictor(self, table: pd.DataFrame) -> Floats:
        """Of other rows; higher = higher risk."""
        design = apply_design(_with_joined(table, self.joined), self.terms)
        return self.cox.linear_predictor(design.matrix)


def fit_without(
    fit: PrognosisFit, table: pd.DataFrame, duration: Floats, event: Flags, marker: str
) -> LesserModel:
    """The model without ``marker``, its other columns kept.

    Parameters
    ----------
    fit : PrognosisFit
    table, duration, event
        The rows it was fitted to.
    marker : str

    Raises
    ------
    DataProblem
        When no other column is left.
    """
    terms = tuple(term for term in fit.terms if term.name != marker)
    if not terms:
        raise refuse(
            say("Model"),
            say("no column but {marker}", marker=marker),
            "another column",
            "Nothing to compare.",
        )
    design = apply_design(_with_joined(table, fit.joined), terms)
    return LesserModel(fit_columns(fit.plan, duration, event, design), terms, fit.joined)


def apply_prognosis(fit: PrognosisFit, table: pd.DataFrame) -> Floats:
    """Centred linear predictor of other rows; higher = higher risk."""
    design = apply_design(_with_joined(table, fit.joined), fit.terms)
    return fit.cox.linear_predictor(design.matrix)


def stratified_folds(event: Flags, folds: int, seed: int) -> np.ndarray:
    """A fold per row, events spread evenly."""
    random = np.random.default_rng(seed)
    number = np.empty(event.size, dtype=int)
    for value in (True, False):
        rows = random.permutation(np.flatnonzero(event == value))
        number[rows] = np.arange(rows.size) % folds
    return number


def join_rare_levels(
    table: pd.DataFrame, plan: PrognosisPlan, levels: Mapping[str, tuple[str, ...]]
) -> tuple[dict[str, dict[str, str]], dict[str, tuple[str, ...]]]:
    """Levels that too few patients have, with the reference they join; and those that stay.

    Parameters
    ----------
    table : DataFrame
        The fitting rows.
    plan : PrognosisPlan
    levels : mapping of factor to its levels
        In order, the reference first.
    """
    joined, left = {}, {}
    for name in (*plan.always, *plan.candidates):
        if name not in levels:
            continue
        counts = table[name].astype(str).value_counts()
        rare = [v for v in levels[name][1:] if counts.get(v, 0) < RAREST_LEVEL]
        if rare:
            joined[name] = dict.fromkeys(rare, levels[name][0])
        left[name] = tuple(v for v in levels[name] if v not in rare)
    return joined, left


def _with_joined(table: pd.DataFrame, joined: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    known = {name: m for name, m in joined.items() if name in table}
    return table.assign(**{name: table[name].replace(dict(m)) for name, m in known.items()})


def _offered(
    table: pd.DataFrame,
    plan: PrognosisPlan,
    levels: Mapping[str, tuple[str, ...]],
    joined: Mapping[str, Mapping[str, str]],
) -> tuple[list[str], list[Notice]]:
    """Candidates that differ between patients, and what was changed or left out."""
    notices = [
        Notice(
            "rare_level",
            say(
                "{name}: {m} (fewer than {rarest_level} patients) joined with {levels}",
                name=name,
                m=", ".join(m),
                rarest_level=RAREST_LEVEL,
                levels=levels[name][0],
            ),
        )
        for name, m in joined.items()
    ]
    constant = [name for name in plan.candidates if table[name].nunique() < 2]
    notices += [
        Notice("constant", say("{name} is the same in everybody and was not offered", name=name))
        for name in constant
    ]
    return [name for name in plan.candidates if name not in constant], notices


Chosen = tuple[CrossValidatedLasso | None, tuple[str, ...], tuple[str, ...]]


def _selected(
    table: pd.DataFrame,
    time: Floats,
    flag: Flags,
    offered: Sequence[str],
    known: Mapping[str, Term],
    plan: PrognosisPlan,
    seed: int,
) -> tuple[*Chosen, list[Notice]]:
    """The LASSO's choice, as far as the events carry it, and what is said of it."""
    lasso, wanted, simpler = _choose(table, time, flag, offered, known, plan, seed)
    kept, given_way = _affordable(wanted, simpler, len(plan.always), int(flag.sum()))
    said = [*(lasso.notices if lasso else ()), *given_way, *_about_choice(wanted, kept, simpler)]
    return lasso, kept, simpler, said


def _choose(
    table: pd.DataFrame,
    time: Floats,
    flag: Flags,
    offered: Sequence[str],
    known: Mapping[str, Term],
    plan: PrognosisPlan,
    seed: int,
) -> Chosen:
    if not offered:
        return None, (), ()
    design = apply_design(table, [known[name] for name in offered])
    fold = stratified_folds(flag, min(plan.folds, int(flag.sum())), seed)
    lasso = cross_validate_lasso_cox(time, flag, design.matrix, fold, design.names)
    return (
        lasso, _whole(design, lasso.minimum.selected), _whole(design, lasso.one_std_error.selected)
    )  # fmt: skip


def _whole(design: Design, columns: Sequence[str]) -> tuple[str, ...]:
    return tuple(t.name for t in design.terms if any(c in columns for c in t.columns))


def _affordable(
    wanted: tuple[str, ...], simpler: tuple[str, ...], always: int, events: int
) -> tuple[tuple[str, ...], list[Notice]]:
    """The choice that the events can carry: lambda.min, else lambda.1se, else nothing."""
    choices = {"lambda.min": wanted, "lambda.1se": simpler, "no penalty": ()}
    room = events // EVENTS_PER_COLUMN - always
    name, kept = next((n, c) for n, c in choices.items() if len(c) <= max(room, 0))
    if kept == wanted:
        return kept, []
    text = say(
        "{events} events cannot carry the {n} columns kept at lambda.min ({least} events per "
        "column at least): those of {name} are taken",
        events=events,
        n=len(wanted),
        least=EVENTS_PER_COLUMN,
        name=name,
    )
    return kept, [Notice("too_few_events_for_choice", text)]


def _within(times: Sequence[float], cox: CoxFit) -> list[float]:
    inside = [time for time in times if time <= cox.last_follow_up]
    if not inside:
        raise refuse(
            say("Horizons"),
            say("{times} months", times=", ".join(f"{t:g}" for t in times)),
            say(
                "at most {last_follow_up:g} months of follow-up", last_follow_up=cox.last_follow_up
            ),
            "Wait for follow-up or choose earlier horizons.",
        )
    return inside


def _about_choice(
    wanted: tuple[str, ...], kept: tuple[str, ...], simpler: tuple[str, ...]
) -> list[Notice]:
    if not wanted:
        text = say(
            "LASSO at lambda.min keeps no clinical column: the model holds the unpenalised ones"
        )
        return [Notice("lasso_empty", text)]
    text = say(
        "LASSO keeps {wanted} (lambda.min); {simpler} (lambda.1se)",
        wanted=", ".join(wanted),
        simpler=", ".join(simpler) or say("none"),
    )
    late = say("p-values of columns chosen by LASSO are too small: chosen on the same patients")
    chosen = [Notice("p_after_selection", late)] if kept else []
    return [Notice("lasso_kept", text), *chosen]


def _about_penalty(plan: PrognosisPlan) -> list[Notice]:
    if plan.penalty == "none":
        return []
    text = say(
        "coefficients by Firth's penalised likelihood, intervals and p by its profile: a level "
        "without events keeps a finite hazard ratio"
    )
    return [Notice("firth", text)]


def _about_times(times: Sequence[float], cox: CoxFit) -> list[Notice]:
    beyond = [f"{t:g}" for t in times if t > cox.last_follow_up]
    if not beyond:
        return []
    return [
        Notice(
            "beyond_follow_up",
            say(
                "{beyond} months lie beyond follow-up in the fitting cohort: not estimable",
                beyond=", ".join(beyond),
            ),
        )
    ]


def _hazards(
    cox: CoxFit, time: Floats, flag: Flags, design: Design
) -> tuple[ProportionalHazards, list[Notice]]:
    test = check_proportional_hazards(cox, time, flag, design.matrix, "km", design.groups)
    drifting = [term for term, p in zip(test.terms, test.p_value, strict=True)
                if p < 0.05 and term != "GLOBAL"]  # fmt: skip
    if not drifting:
        return test, []
    return test, [
        Notice(
            "hazards_not_proportional",
            say(
                "the effect of {drifting} changes over time (score test, p < 0.05)",
                drifting=", ".join(drifting),
            ),
        )
    ]
