"""From a clinical table to a nomogram: LASSO keeps columns, Cox weighs them, rulers show them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from modeling.methods.cox import fit_cox
from modeling.methods.cox_fit import CoxFit
from modeling.methods.design_matrix import Design, Term, apply_design
from modeling.methods.firth_cox import fit_firth_cox
from modeling.methods.lasso_choice import CrossValidatedLasso
from modeling.methods.lasso_columns import keep_columns
from modeling.methods.nomogram import Nomogram, build_nomogram
from modeling.methods.prognosis_plan import (
    PrognosisPlan,
    fit_terms,
    join_rare_levels,
    offered_columns,
    with_joined,
)
from modeling.methods.proportional_hazards import (
    ProportionalHazards,
    check_proportional_hazards,
)
from modeling.methods.support import Support, fit_support
from modeling.methods.survival_table import Flags, Floats, check_survival
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

FEWEST_ROWS, FEWEST_EVENTS = 12, 5


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
    rows = with_joined(table, joined)
    offered, notices = offered_columns(rows, plan, levels, joined)
    known = fit_terms(rows, plan, [*plan.always, *offered], levels)
    if plan.selection == "fixed":
        lasso, kept, simpler = None, tuple(offered), tuple(offered)
    else:
        lasso, kept, simpler, told = keep_columns(rows, time, flag, offered, known, plan, seed)
        notices += told
    terms = tuple(known[name] for name in (*plan.always, *kept))
    design = apply_design(rows, terms)
    cox = fit_design(plan, time, flag, design)
    nomogram = build_nomogram(cox, design, rows, _within(plan.times, cox))
    notices += [*cox.notices, *_about_penalty(plan), *_about_times(plan.times, cox)]
    hazards, found = _hazards(cox, time, flag, design)
    return PrognosisFit(
        plan, lasso, kept, simpler, cox, terms, nomogram, hazards, joined,
        fit_support(rows, design), (*notices, *found),
    )  # fmt: skip


def fit_design(plan: PrognosisPlan, duration: Floats, event: Flags, design: Design) -> CoxFit:
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

    References
    ----------
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
        design = apply_design(with_joined(table, self.joined), self.terms)
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
    design = apply_design(with_joined(table, fit.joined), terms)
    return LesserModel(fit_design(fit.plan, duration, event, design), terms, fit.joined)


def apply_prognosis(fit: PrognosisFit, table: pd.DataFrame) -> Floats:
    """Centred linear predictor of other rows; higher = higher risk."""
    design = apply_design(with_joined(table, fit.joined), fit.terms)
    return fit.cox.linear_predictor(design.matrix)


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
