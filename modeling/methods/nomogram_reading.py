"""One patient on a nomogram: points, total, survival with its interval, and whether it applies."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from modeling.methods.applicability import Applicability
from modeling.methods.cox_fit import SurvivalEstimate, predict_survival
from modeling.methods.design_matrix import apply_design
from modeling.methods.nomogram import Nomogram, nomogram_from_dict
from modeling.methods.risk_sets import Baseline
from modeling.methods.support import Support, apply_support, support_from_dict
from modeling.methods.survival_table import Floats
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say

MOST_STEPS = 160  # of the curve


@dataclass(frozen=True)
class StoredNomogram:
    """A nomogram as it is kept: all that is needed to read a patient on it.

    ``support`` is None for one that was kept without the range of its fitting rows.
    """

    nomogram: Nomogram
    coefficients: Floats
    covariance: Floats
    center: Floats
    baseline: Baseline
    joined: Mapping[str, Mapping[str, str]]
    support: Support | None


@dataclass(frozen=True)
class Reading:
    """Points per variable, their total, and survival at the nomogram's times and along the curve.

    ``applicability`` is None where the nomogram was kept without its fitting rows' range.
    """

    points: dict[str, float]
    total_points: float
    linear_predictor: float
    times: tuple[float, ...]
    survival: SurvivalEstimate
    curve_times: Floats
    curve: SurvivalEstimate
    applicability: Applicability | None


def nomogram_stored(content: Mapping[str, Any]) -> StoredNomogram:
    """From the content of a model version; intervals are NaN where no variance was kept.

    Parameters
    ----------
    content : mapping
        With ``nomogram``, ``coefficients``, ``covariance``, ``center``, ``baseline``.
    """
    kept, columns = content["baseline"], len(content["coefficients"])
    time = np.array(kept["months"], dtype=float)
    baseline = Baseline(
        time,
        np.array(kept["cumulative_hazard"], dtype=float),
        np.array(kept.get("variance", np.full(time.size, np.nan)), dtype=float),
        np.array(kept.get("mean", np.full((time.size, columns), np.nan)), dtype=float),
        float(content["last_follow_up_months"]),
    )
    support = content.get("support")
    return StoredNomogram(
        nomogram_from_dict(content["nomogram"]),
        np.array(content["coefficients"], dtype=float),
        np.array(content["covariance"], dtype=float),
        np.array(content["center"], dtype=float),
        baseline,
        content.get("joined_levels", {}),
        support_from_dict(support) if support else None,
    )


def read_nomogram(stored: StoredNomogram, values: Mapping[str, float | str]) -> Reading:
    """Points and survival of one patient.

    Parameters
    ----------
    stored : StoredNomogram
    values : mapping of variable to value
        As the model holds them (logarithms where it does); levels that were joined with another
        are counted there.

    Raises
    ------
    DataProblem
        A variable without a value, a value that is no finite number, a level nobody had.

    Notes
    -----
    The interval of survival is that of the Cox model (Tsiatis), symmetric on log(−log S).

    References
    ----------
    Compared with R survival::survfit.coxph, and with the nomogram's own rulers.
    """
    terms = [axis.term for axis in stored.nomogram.axes]
    _check([term.name for term in terms], values)
    row = {
        term.name: stored.joined.get(term.name, {}).get(str(values[term.name]), values[term.name])
        for term in terms
    }
    table = pd.DataFrame([row])
    points = stored.nomogram.points(table).iloc[0]
    centred = apply_design(table, terms).matrix - stored.center
    moments = _moments(stored)
    parts = (stored.coefficients, stored.covariance, stored.baseline)
    return Reading(
        {term.name: float(points[term.name]) for term in terms},
        float(points["total_points"]),
        float((centred @ stored.coefficients)[0]),
        stored.nomogram.times,
        predict_survival(centred, *parts, stored.nomogram.times),
        moments,
        predict_survival(centred, *parts, moments),
        None if stored.support is None else apply_support(stored.support, table, terms),
    )


def _check(names: list[str], values: Mapping[str, float | str]) -> None:
    problems = [
        Problem(say("Values"), "nothing", "a value", "Give one.", column=name)
        for name in names
        if values.get(name) in (None, "")
    ]
    problems += [
        Problem(say("Values"), f"{value}", "a finite number", "Correct it.", column=name)
        for name, value in values.items()
        if isinstance(value, float) and not np.isfinite(value)
    ]
    unknown = sorted(set(values) - set(names))
    if problems:
        raise DataProblem(problems)
    if unknown:
        raise refuse(say("Values"), ", ".join(unknown), ", ".join(names), "Leave the others out.")


def _moments(stored: StoredNomogram) -> Floats:
    """Time 0, the event times (thinned where they are many), the end of follow-up."""
    time = stored.baseline.time
    kept = np.unique(np.linspace(0, time.size - 1, min(time.size, MOST_STEPS)).astype(int))
    return np.unique(np.r_[0.0, time[kept], stored.baseline.last_follow_up])
