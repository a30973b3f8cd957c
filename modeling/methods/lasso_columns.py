"""Which columns of a plan the LASSO keeps, as far as the events carry them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd

from modeling.methods.design_matrix import Design, Term, apply_design
from modeling.methods.folds import stratified_folds
from modeling.methods.lasso_choice import CrossValidatedLasso, cross_validate_lasso_cox
from modeling.methods.prognosis_plan import PrognosisPlan
from modeling.methods.survival_table import Flags, Floats
from studies.methods.problems import Notice
from studies.methods.wording import say

EVENTS_PER_COLUMN = 5  # fewer than this and the choice at lambda.min gives way to lambda.1se
Chosen = tuple[CrossValidatedLasso | None, tuple[str, ...], tuple[str, ...]]


def keep_columns(
    table: pd.DataFrame,
    time: Floats,
    flag: Flags,
    offered: Sequence[str],
    known: Mapping[str, Term],
    plan: PrognosisPlan,
    seed: int,
) -> tuple[*Chosen, list[Notice]]:
    """The LASSO's choice, as far as the events carry it, and what is said of it.

    Parameters
    ----------
    table : DataFrame, (n rows)
    time, flag : arrays, shape (n,)
        Follow-up, and True where the endpoint happened.
    offered : sequence of str
        Candidates that differ between patients.
    known : mapping of column to Term
    plan : PrognosisPlan
    seed : int
        Of the folds.

    Returns
    -------
    lasso : CrossValidatedLasso or None
    kept : tuple of str
        At lambda.min, or at lambda.1se where the events carry no more.
    simpler : tuple of str
        At lambda.1se.
    notices : list of Notice
    """
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
