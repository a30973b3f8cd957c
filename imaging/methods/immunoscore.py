"""Immunoscore: how many of four densities, CD3 and CD8 in tumour centre and margin, are high."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from imaging.methods.density_table import MARKERS, REGIONS
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import marked, say

CutKind = Literal["reference_percentile", "reference_mean_share", "fixed"]
COLUMNS = tuple(f"{marker}_{region}" for marker in MARKERS for region in REGIONS)
FORMAT = 1  # of a stored rule: another shape, another number
METHOD_VERSION = 1  # raised when the same densities may give other cuts, percentiles or scores
LACKING = ("not measured: {names}",)  # what a stored reason may have been made of
HIGH_FROM = 3  # 0-2 low, 3-4 high
MINIMUM_REFERENCE = 10
DEFAULTS: dict[str, float] = {"reference_percentile": 75.0, "reference_mean_share": 0.75}
CONSENSUS_BOUNDS = (10.0, 25.0, 70.0, 95.0)  # percent; each bound belongs to the class below it
MARKER_HIGH_FROM = 50.0  # mean percentile
BIOPSY_HIGH_FROM = 70.0  # mean percentile of CD3 and CD8; known, check the source

# Readings beside the four calls, each by the percentiles of the same frozen reference.
READINGS: dict[str, str] = {
    "consensus": marked("consensus: mean percentile of the four densities, classes 0 to 4"),
    "biopsy": marked("biopsy: mean percentile of CD3 and CD8 in the tumour centre, high above 70"),
    "cd3_high": marked("CD3-high: mean percentile of CD3 over the regions, 50 or more"),
    "cd8_high": marked("CD8-high: mean percentile of CD8 over the regions, 50 or more"),
}

Array = NDArray[np.float64]


@dataclass(frozen=True)
class ImmunoscoreRule:
    """Frozen cuts in cells/mm2 and the reference densities behind the percentiles."""

    kind: CutKind
    parameter: float | None
    cuts: dict[str, float]
    reference: dict[str, tuple[float, ...]]  # ascending

    def as_dict(self) -> dict[str, Any]:
        return {"format": FORMAT, **asdict(self)}

    @classmethod
    def from_dict(cls, stored: Mapping[str, Any]) -> ImmunoscoreRule:
        reference = {column: tuple(values) for column, values in stored["reference"].items()}
        return cls(stored["kind"], stored["parameter"], dict(stored["cuts"]), reference)


def fit_immunoscore_rule(
    training: pd.DataFrame,
    kind: CutKind = "reference_percentile",
    parameter: float | None = None,
    cuts: Mapping[str, float] | None = None,
) -> ImmunoscoreRule:
    """Density cuts in cells/mm2 from the development cohort, frozen.

    Parameters
    ----------
    training : table, specimens × four columns
        Densities in cells/mm2 of resections; a missing region is empty (nan).
    kind : {"reference_percentile", "reference_mean_share", "fixed"}
        (a) a percentile of the reference (75 by default, linear between neighbours), (b) a share
        of the reference mean (0.75 by default), (c) the cuts given.
    parameter : float, optional
        Percentile or share.
    cuts : mapping of column to cells/mm2
        For ``fixed`` only.

    Raises
    ------
    DataProblem
        Fewer than ten densities in a column, a column without variation, unknown kinds.

    References
    ----------
    Galon J. et al. Science 2006;313:1960-1964. Pagès F. et al. Lancet 2018;391:2128-2139.
    """
    if kind not in get_args(CutKind):
        raise refuse("cut", kind, ", ".join(get_args(CutKind)), "Choose one of them.")
    reference = {column: np.sort(training[column].dropna().to_numpy(float)) for column in COLUMNS}
    _check_reference(reference)
    level = DEFAULTS.get(kind, 0.0) if parameter is None else parameter
    if kind == "reference_percentile":
        _check_range("percentile", level, 0, 100)
        found = {
            column: float(np.percentile(values, level)) for column, values in reference.items()
        }
    elif kind == "reference_mean_share":
        _check_range(say("share of the mean"), level, 0, 10)
        found = {column: float(level * values.mean()) for column, values in reference.items()}
    else:
        found = _fixed(cuts or {})
    stored = {column: tuple(values.tolist()) for column, values in reference.items()}
    return ImmunoscoreRule(kind, None if kind == "fixed" else level, found, stored)


def _check_reference(reference: Mapping[str, Array]) -> None:
    problems = []
    for column, values in reference.items():
        if len(values) < MINIMUM_REFERENCE:
            found, expected = (
                say("{n} densities", n=len(values)),
                say("at least {minimum_reference}", minimum_reference=MINIMUM_REFERENCE),
            )
        elif values[0] == values[-1]:
            found, expected = (
                say("{values:g} in every specimen", values=values[0]),
                say("densities that differ"),
            )
        else:
            continue
        remedy = say("Upload the densities of the development cohort (resections, both regions).")
        problems.append(
            Problem(say("development cohort, {column}", column=column), found, expected, remedy)
        )
    if problems:
        raise DataProblem(problems)


def _check_range(name: str, value: float, low: float, high: float) -> None:
    if not low < value < high:
        raise refuse(
            name,
            value,
            say("above {low} and below {high}", low=low, high=high),
            "Choose another value.",
        )


def _fixed(cuts: Mapping[str, float]) -> dict[str, float]:
    problems = [
        Problem(
            say("cut of {column}", column=column),
            str(cuts.get(column, "none")),
            "above 0 cells/mm2",
            "Give it.",
        )
        for column in COLUMNS
        if not cuts.get(column, 0) > 0
    ]
    if problems:
        raise DataProblem(problems)
    return {column: float(cuts[column]) for column in COLUMNS}


def apply_immunoscore(
    rule: ImmunoscoreRule, densities: pd.DataFrame, biopsy: pd.Series | None = None
) -> pd.DataFrame:
    """Immunoscore 0-4 of specimens: densities at or above the frozen cuts, counted.

    Parameters
    ----------
    rule : ImmunoscoreRule
    densities : table, specimens × four columns, cells/mm2
        Empty (nan) where a region or marker was not measured.
    biopsy : series of bool by specimen, optional
        A biopsy has no margin and gets no score.

    Returns
    -------
    table, a row per specimen
        ``score`` 0-4 or missing, ``high`` (3-4), ``reason`` why there is no score,
        ``mean_percentile`` over the four densities, ``consensus`` 0-4 by that mean (0-10, >10-25,
        >25-70, >70-95, >95-100), ``cd3_percentile`` and ``cd8_percentile`` over the regions
        measured, ``cd3_high`` and ``cd8_high`` (50 or more).

    References
    ----------
    Galon J. et al. Science 2006;313:1960-1964 (0-4 by high densities). Pagès F. et al. Lancet
    2018;391:2128-2139 (consensus, by mean percentile).
    """
    table = densities.reindex(columns=list(COLUMNS)).astype(float)
    taken = pd.Series(False, index=table.index) if biopsy is None else biopsy.reindex(table.index)
    scored = table.notna().all(axis=1) & ~taken.astype(bool)
    calls = (table >= [rule.cuts[column] for column in COLUMNS]).sum(axis=1)
    percentiles = pd.DataFrame(
        {column: _percentile(rule.reference[column], table[column]) for column in COLUMNS},
        index=table.index,
    )
    mean = percentiles.mean(axis=1).where(scored)
    result = pd.DataFrame({"score": calls.astype("Int64").where(scored)}, index=table.index)
    result["high"] = (result["score"] >= HIGH_FROM).astype("boolean")
    result["reason"] = _reasons(table, taken)
    result["mean_percentile"] = mean
    consensus = np.searchsorted(CONSENSUS_BOUNDS, mean.fillna(0.0).to_numpy(), side="left")
    result["consensus"] = pd.Series(consensus, index=table.index).astype("Int64").where(scored)
    for marker in MARKERS:
        own = percentiles[[f"{marker}_{region}" for region in REGIONS]].mean(axis=1)
        result[f"{marker.lower()}_percentile"] = own
        high = (own >= MARKER_HIGH_FROM).astype("boolean")
        result[f"{marker.lower()}_high"] = high.where(own.notna())
    return result


def apply_reading(
    reading: str, rule: ImmunoscoreRule, densities: pd.DataFrame, biopsy: pd.Series
) -> pd.DataFrame:
    """One reading of specimens by the frozen reference of a rule.

    Parameters
    ----------
    reading : one of ``READINGS``
        ``consensus`` as in ``apply_immunoscore``; ``biopsy`` for biopsies alone; ``cd3_high`` and
        ``cd8_high`` for every specimen with a region of that marker.
    rule, densities, biopsy : as in ``apply_immunoscore``

    Returns
    -------
    table, a row per specimen
        ``score`` (consensus alone), ``high``, ``mean_percentile``, ``reason`` why there is none.
    """
    if reading not in READINGS:
        raise refuse("reading", reading, ", ".join(READINGS), "Choose one of them.")
    found = apply_immunoscore(rule, densities, biopsy)
    none = pd.Series(pd.NA, index=found.index, dtype="Int64")
    if reading == "consensus":
        result = pd.DataFrame({"score": found["consensus"], "reason": found["reason"]})
        result["mean_percentile"] = found["mean_percentile"]
        result["high"] = (result["score"] >= HIGH_FROM).astype("boolean")
    elif reading == "biopsy":
        mean, reasons = _biopsy_percentile(rule, densities, biopsy)
        result = pd.DataFrame({"score": none, "reason": reasons, "mean_percentile": mean})
        result["high"] = (mean > BIOPSY_HIGH_FROM).astype("boolean").where(mean.notna())
    else:
        marker = reading.removesuffix("_high")
        mean = found[f"{marker}_percentile"]
        reasons = [
            say("no {marker} measured", marker=marker.upper()) if gone else ""
            for gone in mean.isna()
        ]
        result = pd.DataFrame({"score": none, "reason": reasons, "mean_percentile": mean})
        result["high"] = found[f"{marker}_high"]
    return result


def _biopsy_percentile(
    rule: ImmunoscoreRule, densities: pd.DataFrame, biopsy: pd.Series
) -> tuple[pd.Series, list[str]]:
    """Mean percentile of both markers in the tumour centre, for biopsies with both."""
    columns = [f"{marker}_tumor_center" for marker in MARKERS]
    table = densities.reindex(columns=columns).astype(float)
    own = {column: _percentile(rule.reference[column], table[column]) for column in columns}
    mean = pd.DataFrame(own, index=table.index).mean(axis=1, skipna=False)
    taken = biopsy.reindex(table.index).astype(bool)
    reasons = [
        ""
        if is_biopsy and known
        else say("CD3 and CD8 not both measured")
        if is_biopsy
        else say("no biopsy")
        for is_biopsy, known in zip(taken, mean.notna(), strict=True)
    ]
    return mean.where(taken), reasons


def compare_readings(calls: pd.DataFrame) -> pd.DataFrame:
    """Agreement of high and low between readings, pair by pair.

    Parameters
    ----------
    calls : table, specimens × readings, boolean
        Missing where a reading gives none.

    Returns
    -------
    table, a row per pair
        ``first``, ``second``, ``n`` specimens with both, ``agreement`` (share of them) and Cohen's
        ``kappa``; missing when no specimen has both, or neither reading varies.

    References
    ----------
    Cohen J. Educational and Psychological Measurement 1960;20:37-46 (kappa).
    """
    given = {name: calls[name].notna().to_numpy() for name in calls.columns}
    high = {name: calls[name].fillna(False).to_numpy(dtype=bool) for name in calls.columns}
    rows = []
    for first, second in combinations(calls.columns, 2):
        both = given[first] & given[second]
        one, other = high[first][both], high[second][both]
        same = float((one == other).mean()) if one.size else None
        rows.append((first, second, int(one.size), same, _kappa(one, other)))
    return pd.DataFrame(rows, columns=["first", "second", "n", "agreement", "kappa"])


def _kappa(one: Array, other: Array) -> float | None:
    """Cohen's kappa of two calls; nothing when neither varies. Written out: pages ask for it, and
    would load scikit-learn for two shares."""
    if one.size == 0 or (one.min() == one.max() and other.min() == other.max()):
        return None
    first, second = float(one.mean()), float(other.mean())
    by_chance = first * second + (1 - first) * (1 - second)
    return (float((one == other).mean()) - by_chance) / (1 - by_chance)


def _percentile(reference: tuple[float, ...], values: pd.Series) -> Array:
    """Percent of the reference at or below each value; nan where nothing was measured."""
    share = 100.0 * np.searchsorted(reference, values.to_numpy(), side="right") / len(reference)
    return np.where(values.isna(), np.nan, share)


def _reasons(table: pd.DataFrame, biopsy: pd.Series) -> list[str]:
    reasons = []
    for missing, taken in zip(table.isna().to_numpy(), biopsy.astype(bool), strict=True):
        names = [
            column.replace("_", " ") for column, gone in zip(COLUMNS, missing, strict=True) if gone
        ]
        lacks = say("not measured: {names}", names=", ".join(names)) if names else ""
        reasons.append(say("a biopsy has no margin") if taken else lacks)
    return reasons


def compare_immunoscore_rules(training: pd.DataFrame) -> dict[str, float]:
    """Share of specimens that score high under each rule fitted to them, among those scored.

    Four calls at the 75th percentile let at most a third score 3-4; three quarters of the mean
    make about half high, as the study paper reports.
    """
    kinds: tuple[CutKind, ...] = ("reference_percentile", "reference_mean_share")
    shares: dict[str, float] = {}
    for kind in kinds:
        result = apply_immunoscore(fit_immunoscore_rule(training, kind), training)
        shares[kind] = float(result["high"].mean())
    shares["consensus"] = float((result["consensus"] >= HIGH_FROM).mean())
    return shares
