"""What a prognostic model is made of, declared before it is fitted; rare levels joined."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

import pandas as pd

from modeling.methods.design_matrix import Term
from modeling.methods.splines import place_knots
from studies.methods.problems import Notice
from studies.methods.wording import say

RAREST_LEVEL = 5  # a level with fewer patients than this joins the reference
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


def with_joined(table: pd.DataFrame, joined: Mapping[str, Mapping[str, str]]) -> pd.DataFrame:
    """The table with its rare levels joined to their reference."""
    known = {name: m for name, m in joined.items() if name in table}
    return table.assign(**{name: table[name].replace(dict(m)) for name, m in known.items()})


def offered_columns(
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


def lead_with_common(levels: tuple[str, ...], values: pd.Series) -> tuple[str, ...]:
    """Levels with a reference that enough patients have: one that nobody has compares with nothing.

    Parameters
    ----------
    levels : tuple of str
        In order; the first that enough have leads, the others keep their order.
    values : Series
        Of the fitting rows.
    """
    counts = values.astype(str).value_counts()
    first = next((v for v in levels if counts.get(v, 0) >= RAREST_LEVEL), levels[0])
    return (first, *(v for v in levels if v != first))
