"""Survival above and below the frozen cut of the Rad-Score, told in every way that is asked for."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from modeling.methods.competing_risks import estimate_cumulative_incidence
from modeling.methods.cox import fit_cox
from modeling.methods.gray_test import compare_cumulative_incidence
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.landmark import take_landmark
from modeling.methods.log_rank import compare_log_rank
from modeling.methods.restricted_mean import RestrictedMean, compare_restricted_means
from modeling.services.prognosis_metrics import FORMAT, estimate, json_ready
from modeling.services.prognosis_rows import DAYS_PER_MONTH
from studies.methods.endpoints import is_responder
from studies.methods.problems import DataProblem
from studies.methods.wording import marked

HIGH, LOW = "Rad-Score high", "Rad-Score low"
RESPONDED, DID_NOT = marked("responder"), marked("non-responder")
LANDMARK = 6.0  # months: when response is assessed


def rad_score_survival(
    rows: pd.DataFrame, cut: float, endpoint: str, headline: float, landmark_days: int = 0
) -> dict[str, Any]:
    """Curves, log-rank, hazard ratio, restricted means, and what other cuts would have said.

    With progression-free survival the incidence of progression with death as competitor; with
    overall survival that from the landmark of response on. Of rows that are counted from a
    landmark of their own (``landmark_days``) response is taken when both have passed.
    """
    groups = np.where(rows["rad_score"] >= cut, HIGH, LOW)
    own = float(rows["rad_score"].median())
    return json_ready({
        "format": FORMAT,
        "n": len(rows),
        "events": int(rows["event"].sum()),
        "cut": cut,
        "cut_rule": "median of the training out-of-fold Rad-Score, frozen",
        "groups": [_group(rows[groups == name], name) for name in (HIGH, LOW)
                   if (groups == name).any()],
        "log_rank": _log_rank(rows, cut),
        "hazard_ratio": _hazard_ratio(rows, groups == LOW),
        "restricted_mean": _restricted_mean(rows, groups == HIGH, headline),
        **({"competing": _competing(rows, groups)} if endpoint != "overall_survival"
           else {"landmark": _landmark(rows, landmark_days / DAYS_PER_MONTH)}),
        "other_cuts": [
            {"rule": "0.5", "cut": 0.5, "log_rank": _log_rank(rows, 0.5)},
            {"rule": "median of this cohort", "cut": own, "log_rank": _log_rank(rows, own)},
        ],
    })  # fmt: skip


def _hazard_ratio(rows: pd.DataFrame, low: np.ndarray) -> dict[str, Any] | None:
    """Of a low Rad-Score against a high one."""
    try:
        fit = fit_cox(rows["duration_months"], rows["event"], low[:, None].astype(float), [LOW])
    except DataProblem:  # everybody on one side, or events on one side only
        return None
    lower, upper = fit.interval()
    bounds = float(np.exp(lower[0])), float(np.exp(upper[0]))
    return {**estimate(float(np.exp(fit.coefficients[0])), bounds), "p_value": fit.p_value[0]}


def _restricted_mean(
    rows: pd.DataFrame, high: np.ndarray, headline: float
) -> dict[str, Any] | None:
    try:
        found = compare_restricted_means(rows["duration_months"], rows["event"], high, headline)
    except DataProblem:  # one group, or one that is not followed so far
        return None
    return {
        "horizon_months": headline,
        "high": _mean(found.first),
        "low": _mean(found.second),
        "difference": estimate(found.difference, (found.lower, found.upper)),
        "p_value": found.p_value,
    }


def _mean(part: RestrictedMean) -> dict[str, float]:
    return estimate(part.mean, (part.lower, part.upper))


def _competing(rows: pd.DataFrame, groups: np.ndarray) -> dict[str, Any] | None:
    """Progression with death as competitor, Aalen-Johansen and Gray's test."""
    time, cause = rows["duration_months"].to_numpy(float), rows["cause"].to_numpy(float)
    if not (cause == 1).any():
        return None
    told: dict[str, Any] = {"groups": [
        _incidence(name, time[groups == name], cause[groups == name])
        for name in (HIGH, LOW) if (groups == name).any()
    ]}  # fmt: skip
    try:
        test = compare_cumulative_incidence(time, cause, groups, order=(HIGH, LOW))
        told["gray"] = {"statistic": test.statistic, "p_value": test.p_value}
    except DataProblem:  # one group only
        told["gray"] = None
    return told


def _incidence(name: str, time: np.ndarray, cause: np.ndarray) -> dict[str, Any]:
    curve = estimate_cumulative_incidence(time, cause)
    low, high = curve.interval_at(curve.time)
    return {
        "name": name,
        "n": int(time.size),
        "progressed": int((cause == 1).sum()),
        "died_first": int((cause == 2).sum()),
        "months": curve.time,
        "incidence": curve.incidence,
        "lower": low,
        "upper": high,
        "last_follow_up": curve.last_follow_up,
    }


def _landmark(rows: pd.DataFrame, begun: float) -> dict[str, Any] | None:
    """Survival from the landmark on by response, of those alive and followed beyond it.

    ``begun``: months after the start of treatment at which the rows' time begins.
    """
    known = rows[[bool(label) and is_responder(label) is not None for label in rows["response"]]]
    try:
        found = take_landmark(known["duration_months"], known["event"], max(LANDMARK - begun, 0.0))
    except DataProblem:  # nobody is left
        return None
    left = known[found.kept].assign(duration_months=found.duration, event=found.event)
    words = {True: RESPONDED, False: DID_NOT}
    label = np.array([words[bool(is_responder(text))] for text in left["response"]], dtype=object)
    present = [name for name in (RESPONDED, DID_NOT) if (label == name).any()]
    test = None
    if len(present) == 2 and left["event"].any():
        test = compare_log_rank(left["duration_months"], left["event"], label, present)
    return {
        "landmark_months": max(LANDMARK, round(begun, 2)),
        "known": len(known),
        "n": len(left),
        "lost_to_event": found.lost_to_event,
        "lost_to_censoring": found.lost_to_censoring,
        "groups": [_group(left[label == name], name) for name in present],
        "log_rank": test and {"statistic": test.statistic, "p_value": test.p_value},
    }


def _group(rows: pd.DataFrame, name: str) -> dict[str, Any]:
    curve = estimate_kaplan_meier(rows["duration_months"], rows["event"])
    median, low, high = curve.median
    return {
        "name": name,
        "n": len(rows),
        "events": int(rows["event"].sum()),
        "median_months": estimate(median, (low, high)),
        "curve": curve.__dict__,
    }


def _log_rank(rows: pd.DataFrame, cut: float) -> dict[str, Any] | None:
    group = np.where(rows["rad_score"] >= cut, HIGH, LOW)
    try:
        test = compare_log_rank(rows["duration_months"], rows["event"], group, (HIGH, LOW))
    except DataProblem:  # everybody on one side of the cut: there is nothing to compare
        return None
    return {"statistic": test.statistic, "p_value": test.p_value}
