"""Whether batches, of sequencing or of scanners, go with what a correction must leave."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import chi2_contingency

from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say

STRONG = 0.5  # Cramér's V from which a batch and a factor cannot be told apart
CERTAIN = 0.01


def check_confounding(batches: Sequence[str], factors: Mapping[str, Sequence[Any]]) -> None:
    """Refuse a correction that would take away what it must leave.

    A batch is confounded with a factor when the factor is the same within every batch and differs
    between them, or when both go together strongly: Cramér's V (bias-corrected) over 0.5 with
    p < 0.01 by chi-squared. Unknown values (None, NaN) are left out.

    Raises
    ------
    DataProblem
        Every factor that the batches are confounded with.

    References
    ----------
    Bergsma W. Journal of the Korean Statistical Society 2013;42:323-328 (bias correction).
    """
    problems = []
    for name, values in factors.items():
        together = find_confounding(batches, values)
        if together is not None:
            v, p = together
            found = say(
                "batches that go with {name} (Cramér's V {v:.2f}, p {p:.2g})", name=name, v=v, p=p
            )
            problems.append(
                Problem(
                    say("batches and {name}", name=name),
                    found,
                    say("{name} mixed over the batches", name=name),
                    say(
                        "Correcting would remove differences by {name}: correct nothing, and "
                        "report it as a limit.",
                        name=name,
                    ),
                )
            )
    if problems:
        raise DataProblem(problems)


def find_confounding(batches: Sequence[str], values: Sequence[Any]) -> tuple[float, float] | None:
    """Cramér's V and p where batches and a factor cannot be told apart, else None.

    Parameters
    ----------
    batches : sequence of n str
    values : sequence of n values
        Unknown ones (None, NaN) are left out.

    References
    ----------
    As ``check_confounding``, whose rule this is.
    """
    pairs = [(b, v) for b, v in zip(batches, values, strict=True) if v is not None and v == v]
    table = _cross(pairs)
    if min(table.shape) < 2:
        return None
    v, p = cramers_v(table)
    determined = bool(((table > 0).sum(axis=1) == 1).all())
    return (v, p) if determined or (v > STRONG and p < CERTAIN) else None


def _cross(pairs: Sequence[tuple[str, Any]]) -> NDArray[np.intp]:
    rows, columns = sorted({b for b, _ in pairs}), sorted({str(v) for _, v in pairs})
    table = np.zeros((len(rows), len(columns)), dtype=np.intp)
    for batch, value in pairs:
        table[rows.index(batch), columns.index(str(value))] += 1
    return table


def cramers_v(table: NDArray[np.intp]) -> tuple[float, float]:
    """Bias-corrected association of a table of counts, 0..1, and the p-value of chi-squared.

    Parameters
    ----------
    table : array of int, shape (batches, levels)
        Counts; no empty row or column.

    References
    ----------
    Bergsma W. Journal of the Korean Statistical Society 2013;42:323-328.
    """
    n = int(table.sum())
    statistic, p, _, _ = chi2_contingency(table, correction=False)
    r, c = table.shape
    phi = max(0.0, statistic / n - (r - 1) * (c - 1) / (n - 1))
    rows, columns = r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)
    least = min(rows, columns) - 1
    return (float(np.sqrt(phi / least)) if least > 0 else 0.0), float(p)
