"""The scale of an expression table: what was declared, checked against the values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

Scale = Literal["counts", "cpm", "tpm", "log"]

LOG_LIMIT = 40.0  # log2 of the deepest sequencing run stays below
TOTAL = 1e6  # CPM and TPM of one specimen add up to a million
RANKS_ONLY = say(
    "Cell abundances use each specimen's own ranking of genes only, so counts need no "
    "normalisation: counts, CPM and their logarithms give equal abundances. TPM divides by gene "
    "length and ranks differently: do not mix it with the others in one study."
)


@dataclass(frozen=True)
class ValueFacts:
    """What the scale of a table shows in: gathered block by block, whatever the table's size."""

    minimum: float
    maximum: float
    whole: bool
    totals: NDArray[np.float64]  # one per specimen


def value_facts(values: NDArray[Any]) -> ValueFacts:
    """Facts of a table in memory, genes × specimens."""
    whole = bool((values == np.round(values)).all())
    return ValueFacts(float(values.min()), float(values.max()), whole, values.sum(axis=0))


def check_scale(values: NDArray[Any] | ValueFacts, declared: Scale) -> tuple[Notice, ...]:
    """Agreement of expression values with the scale their owner declares.

    Parameters
    ----------
    values : array, genes × specimens, finite; or the facts gathered from one
    declared : {"counts", "cpm", "tpm", "log"}
        Reads per gene (whole numbers, or the fractional counts of RSEM and salmon), counts or
        transcripts per million, or a logarithm of one of them.

    Returns
    -------
    tuple of Notice
        What is unusual but no contradiction, and that no normalisation is applied.

    Raises
    ------
    DataProblem
        The values cannot be on the declared scale.

    References
    ----------
    Wagner G. P. et al. Theory in Biosciences 2012;131:281-285 (TPM).
    """
    if declared not in get_args(Scale):
        raise refuse("scale", declared, ", ".join(get_args(Scale)), "Choose one of them.")
    facts = values if isinstance(values, ValueFacts) else value_facts(values)
    found = estimate_scale(facts)
    if (declared == "log") != (found == "log"):
        raise refuse(
            "scale",
            say(
                "values from {minimum:g} to {maximum:g}, which look like {words}",
                minimum=facts.minimum,
                maximum=facts.maximum,
                words=_words(found),
            ),
            say("{words}, as declared", words=_words(declared)),
            "Declare the scale the values are on.",
        )
    if declared in ("cpm", "tpm") and found == "counts":
        raise refuse(
            "scale",
            say("whole numbers with totals from {totals}", totals=_totals(facts)),
            say("{words}: up to a million in each specimen", words=_words(declared)),
            "Declare counts, or upload the converted table.",
        )
    return (*_notices(facts, declared, found), Notice("ranks_only", RANKS_ONLY))


def estimate_scale(values: NDArray[Any] | ValueFacts) -> Scale | Literal["fractional"]:
    """The scale expression values look like; ``fractional`` for non-negative numbers of no kind.

    CPM and TPM cannot be told apart by values: both are reported as ``cpm``.

    Parameters
    ----------
    values : array, genes × specimens, or its ValueFacts

    References
    ----------
    Ours: sums of a million tell CPM and TPM, small maxima logarithms.
    """
    facts = values if isinstance(values, ValueFacts) else value_facts(values)
    whole, totals = facts.whole, facts.totals
    if facts.maximum <= LOG_LIMIT and not whole:
        return "log"
    per_million = bool((np.abs(totals / TOTAL - 1) < 0.01).all())
    if per_million and not (whole and len(totals) == 1):
        return "cpm"
    return "counts" if whole else "fractional"


def _words(scale: str) -> str:
    return {
        "counts": "counts",
        "cpm": say("counts or transcripts per million"),
        "tpm": say("counts or transcripts per million"),
        "log": "logarithms",
        "fractional": say("fractional counts or values per million of a part of the genes"),
    }[scale]


def _totals(facts: ValueFacts) -> str:
    totals = facts.totals
    return say("{min:,.0f} to {max:,.0f}", min=totals.min(), max=totals.max())


def _notices(facts: ValueFacts, declared: Scale, found: str) -> list[Notice]:
    notices = []
    if declared == "counts" and found == "cpm":
        text = say("Declared as counts, but each specimen adds up to a million, as CPM and TPM do.")
        notices.append(Notice("scale_per_million", text))
    if declared == "counts" and found == "fractional":
        text = say("Counts with fractions, as RSEM and salmon estimate them.")
        notices.append(Notice("scale_fractional_counts", text))
    if declared in ("cpm", "tpm") and found == "fractional":
        text = say(
            "Totals per specimen are {totals}, not a million: genes were left out.",
            totals=_totals(facts),
        )
        notices.append(Notice("scale_partial_total", text))
    if declared == "counts" and facts.totals.max() > 20 * max(1, facts.totals.min()):
        text = say(
            "Totals per specimen differ more than twentyfold: {totals}.", totals=_totals(facts)
        )
        notices.append(Notice("scale_uneven_depth", text))
    return notices
