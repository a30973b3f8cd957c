"""Slides against outcome, as the study and its report show it: response, markers, survival."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest, fisher_exact, spearmanr

from modeling.figures.immunoscore import ResponseShare, draw_markers, draw_response_shares
from modeling.figures.kaplan_meier import SurvivalGroup, draw_kaplan_meier
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.log_rank import compare_log_rank
from modeling.services.prognosis_endpoints import ENDPOINTS
from modeling.services.prognosis_rows import DAYS_PER_MONTH
from studies.figures.figure import Figure, p_text
from studies.methods.endpoints import is_responder
from studies.methods.problems import DataProblem
from studies.methods.wording import marked, say

IMMUNOSCORE_HIGH_FROM = 3
FEWEST = 10
FOUR = {
    (True, True): marked("CD3 high, CD8 high"),
    (True, False): marked("CD3 high, CD8 low"),
    (False, True): marked("CD3 low, CD8 high"),
    (False, False): marked("CD3 low, CD8 low"),
}
READINGS = {"immunoscore": "Immunoscore", "cd3_high": "CD3", "cd8_high": "CD8"}
_BY = {**READINGS, "cd3_and_cd8": marked("CD3 and CD8")}
_LEVELS = (marked("high"), marked("low"))
_ORDER = [
    *(f"{label} {level}" for label in READINGS.values() for level in _LEVELS),
    *FOUR.values(),
]


@dataclass(frozen=True)
class ResponseByReading:
    """Responders and others among the high and the low of one reading of the slides."""

    title: str
    n: int
    counts: tuple[tuple[int, int], tuple[int, int]]  # high, low: responders, others
    p_value: float | None  # Fisher's exact; none where one group is empty


def with_readings(rows: pd.DataFrame) -> pd.DataFrame:
    """Readings as high or not, responders as such, of ``immunoscore`` (0-4) and the two markers."""
    table = rows.copy()
    high = table["immunoscore"] >= IMMUNOSCORE_HIGH_FROM
    table["immunoscore"] = high.where(table["immunoscore"].notna()).astype("boolean")
    for name in ("cd3_high", "cd8_high"):
        table[name] = (table[name] == 1).where(table[name].notna()).astype("boolean")
    table["responder"] = [
        is_responder(label) if isinstance(label, str) and label else None
        for label in table["response"]
    ]
    return table


def measured(table: pd.DataFrame) -> pd.Series:
    """Patients with a reading of their slides."""
    return table[list(READINGS)].notna().any(axis=1)


def compare_responses(table: pd.DataFrame) -> list[ResponseByReading]:
    found = []
    for name, title in READINGS.items():
        known = table[table[name].notna() & table["responder"].notna()]
        if known.empty:
            continue
        high, yes = known[name].astype(bool), known["responder"].astype(bool)
        counts = (
            (int((yes & high).sum()), int((~yes & high).sum())),
            (int((yes & ~high).sum()), int((~yes & ~high).sum())),
        )
        both = all(sum(pair) for pair in counts)
        p_value = float(fisher_exact(counts).pvalue) if both else None
        found.append(ResponseByReading(title, len(known), counts, p_value))
    return found


def response_figure(responses: list[ResponseByReading]) -> Figure | None:
    shares = [
        _share(row.title, group, *pair)
        for row in responses
        for group, pair in zip(_LEVELS, row.counts, strict=True)
        if sum(pair)
    ]
    if not shares:
        return None
    return draw_response_shares(
        shares,
        say("Response by Immunoscore, CD3 and CD8"),
        say(
            "Share of responders (CR or PR at 6 months) with exact 95 % intervals; counts at the "
            "right."
        ),
    )


def _share(reading: str, group: str, responders: int, others: int) -> ResponseShare:
    n = responders + others
    interval = binomtest(responders, n).proportion_ci(method="exact")
    return ResponseShare(reading, group, responders, n, float(interval.low), float(interval.high))


def markers_figure(table: pd.DataFrame) -> Figure | None:
    """CD3 against CD8; nothing under ten patients with both."""
    both = table[(table["cd3_per_mm2"] > 0) & (table["cd8_per_mm2"] > 0)]
    if len(both) < FEWEST:
        return None
    found = spearmanr(both["cd3_per_mm2"], both["cd8_per_mm2"])
    words = {True: marked("responder"), False: marked("non-responder")}
    response = [words.get(value, marked("not assessed")) for value in both["responder"]]
    return draw_markers(
        both["cd3_per_mm2"].tolist(),
        both["cd8_per_mm2"].tolist(),
        response,
        say("CD3 against CD8"),
        say(
            "Mean over the regions measured, logarithmic axes; n {n}, Spearman's rank correlation "
            "{rho:.2f}, {p}.",
            n=len(both),
            rho=found.statistic,
            p=p_text(float(found.pvalue)),
        ),
    )


def survival_figures(table: pd.DataFrame, endpoint: str) -> list[Figure]:
    """Kaplan-Meier by Immunoscore, by CD3, by CD8, and in the four groups of both markers."""
    days, event = table[f"{endpoint}_days"], table[f"{endpoint}_event"]
    known = table[days.notna() & event.notna()]
    groups = {name: _two(known[name], label) for name, label in READINGS.items()}
    both = known["cd3_high"].notna() & known["cd8_high"].notna()
    four = [
        FOUR[(bool(cd3), bool(cd8))] if there else None
        for cd3, cd8, there in zip(
            known["cd3_high"].fillna(False), known["cd8_high"].fillna(False), both, strict=True
        )
    ]
    groups["cd3_and_cd8"] = pd.Series(four, index=known.index, dtype=object)
    drawn = [_curves(known, group, endpoint, name) for name, group in groups.items()]
    return [figure for figure in drawn if figure is not None]


def _two(high: pd.Series, label: str) -> pd.Series:
    words = high.map({True: f"{label} high", False: f"{label} low"})
    return words.astype(object).where(high.notna(), None)


def _curves(rows: pd.DataFrame, group: pd.Series, endpoint: str, name: str) -> Figure | None:
    there = group.notna()
    months = rows.loc[there, f"{endpoint}_days"].to_numpy(float) / DAYS_PER_MONTH
    event = rows.loc[there, f"{endpoint}_event"].to_numpy(float) == 1
    labels = group[there].to_numpy()
    order = [text for text in _ORDER if (labels == text).any()]
    if len(order) < 2 or len(labels) < FEWEST or not event.any():
        return None
    curves = [
        SurvivalGroup(
            _group(text),
            _short(text),
            estimate_kaplan_meier(months[labels == text], event[labels == text]),
        )
        for text in order
    ]
    title = ENDPOINTS[endpoint].title
    return draw_kaplan_meier(
        curves,
        say("{endpoint} by {reading}", endpoint=say(title), reading=say(_BY[name])),
        say(
            "n {n}, {events} events. Bands: log-log 95 % intervals; ticks: censored patients.",
            n=len(labels),
            events=int(event.sum()),
        ),
        title,
        _log_rank_text(months, event, labels, order),
        f"km_{endpoint}_{name}",
    )


def _group(text: str) -> str:
    """The group of one reading or of both."""
    reading, _, level = text.rpartition(" ")
    if "," in text:
        return say(text)
    return say("{reading} {level}", reading=reading, level=say(level))


def _short(text: str) -> str:
    """High or low; of both markers the two words."""
    levels = [say(part.split()[-1]) for part in text.split(", ")]
    return say("{first}, {second}", first=levels[0], second=levels[1]) if levels[1:] else levels[0]


def _log_rank_text(
    months: np.ndarray, event: np.ndarray, labels: np.ndarray, order: list[str]
) -> str:
    try:
        found = compare_log_rank(months, event, labels, order)
        return say("log-rank {p}", p=p_text(found.p_value))
    except DataProblem:
        return ""
