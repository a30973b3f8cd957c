"""The part of a report on slides: response and survival by Immunoscore, CD3 and CD8."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import binomtest, fisher_exact, spearmanr

from modeling.figures.figure import p_text
from modeling.figures.immunoscore import ResponseShare, draw_markers, draw_response_shares
from modeling.figures.kaplan_meier import SurvivalGroup, draw_kaplan_meier
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.log_rank import compare_log_rank
from modeling.models import DatasetSnapshot
from modeling.services.prognosis_rows import DAYS_PER_MONTH, ENDPOINTS
from modeling.services.report_content import Cell, Draft, Section
from modeling.services.report_sources import number
from modeling.services.snapshots import snapshot_read
from studies.methods.endpoints import is_responder
from studies.methods.problems import DataProblem

IMMUNOSCORE_HIGH_FROM = 3
FEWEST = 10
FOUR = {
    (True, True): "CD3 high, CD8 high",
    (True, False): "CD3 high, CD8 low",
    (False, True): "CD3 low, CD8 high",
    (False, False): "CD3 low, CD8 low",
}
READINGS = {"immunoscore": "Immunoscore", "cd3_high": "CD3", "cd8_high": "CD8"}


def immunoscore_section(draft: Draft, cohorts: DatasetSnapshot) -> None:
    """Nothing before ten patients have a reading of their slides."""
    table = _patients(snapshot_read(cohorts))
    measured = table[list(READINGS)].notna().any(axis=1)
    if measured.sum() < FEWEST:
        return
    source = draft.sources.add(None, cohorts)
    section = draft.section(
        "immunoscore",
        "Immunoscore, CD3 and CD8",
        "Every patient with slides, whatever the cohort, each once. Groups: Immunoscore 3-4 is "
        "high; CD3 and CD8 are high where the marker's mean percentile over the regions reaches 50 "
        "in the reference of the frozen rule. Associations are described, not modelled: the "
        "p-values are unadjusted and of several related tests.",
    )
    _response(draft, section, table[measured], source)
    _markers(draft, section, table, source)
    for endpoint in ENDPOINTS:
        _survival(draft, section, table, endpoint, source)


def _patients(frozen: pd.DataFrame) -> pd.DataFrame:
    """A row per patient: a patient of overlapping cohorts counts once."""
    table = frozen.drop_duplicates("pseudonym").copy()
    high = table["immunoscore"] >= IMMUNOSCORE_HIGH_FROM
    table["immunoscore"] = high.where(table["immunoscore"].notna()).astype("boolean")
    for name in ("cd3_high", "cd8_high"):
        table[name] = (table[name] == 1).where(table[name].notna()).astype("boolean")
    table["responder"] = [is_responder(label) if label else None for label in table["response"]]
    return table


def _response(draft: Draft, section: Section, table: pd.DataFrame, source: dict[str, Any]) -> None:
    shares, rows = [], list[list[Cell]]()
    for name, title in READINGS.items():
        known = table[table[name].notna() & table["responder"].notna()]
        if known.empty:
            continue
        high = known[name].astype(bool)
        yes = known["responder"].astype(bool)
        counts = [
            [int((yes & high).sum()), int((~yes & high).sum())],
            [int((yes & ~high).sum()), int((~yes & ~high).sum())],
        ]
        own = [
            _share(title, group, *pair)
            for group, pair in zip(("high", "low"), counts, strict=True)
            if sum(pair)
        ]
        shares += own
        p_value = float(fisher_exact(counts).pvalue) if len(own) == 2 else None
        rows.append([
            title, number(len(known), source, digits=0),
            *(f"{c[0]}/{sum(c)}" for c in counts),
            None if p_value is None else number(p_value, source, len(known), digits=4),
        ])  # fmt: skip
    section.table(
        "response-by-immunoscore",
        "Response at 6 months by reading of the slides",
        ("Reading", "n", "Responders, high", "Responders, low", "Fisher's exact p"),
        rows,
        "Patients not evaluable or not assessed are left out here.",
    )
    if shares:
        figure = draw_response_shares(
            shares,
            "Response by Immunoscore, CD3 and CD8",
            "Share of responders (CR or PR at 6 months) with exact 95 % intervals; counts at the "
            "right.",
        )
        draft.figure(section, figure, source)


def _share(reading: str, group: str, responders: int, others: int) -> ResponseShare:
    n = responders + others
    interval = binomtest(responders, n).proportion_ci(method="exact")
    return ResponseShare(reading, group, responders, n, float(interval.low), float(interval.high))


def _markers(draft: Draft, section: Section, table: pd.DataFrame, source: dict[str, Any]) -> None:
    both = table[(table["cd3_per_mm2"] > 0) & (table["cd8_per_mm2"] > 0)]
    if len(both) < FEWEST:
        return
    found = spearmanr(both["cd3_per_mm2"], both["cd8_per_mm2"])
    words = {True: "responder", False: "non-responder"}
    response = [words.get(value, "not assessed") for value in both["responder"]]
    figure = draw_markers(
        both["cd3_per_mm2"].tolist(),
        both["cd8_per_mm2"].tolist(),
        response,
        "CD3 against CD8",
        f"Mean over the regions measured, logarithmic axes; n {len(both)}, Spearman's rank "
        f"correlation {found.statistic:.2f}, {p_text(float(found.pvalue))}.",
    )
    draft.figure(section, figure, source)


def _survival(
    draft: Draft, section: Section, table: pd.DataFrame, endpoint: str, source: dict[str, Any]
) -> None:
    title = ENDPOINTS[endpoint][0]
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
    for name, group in groups.items():
        _curves(draft, section, known, group, (endpoint, name, title), source)


def _two(high: pd.Series, label: str) -> pd.Series:
    words = high.map({True: f"{label} high", False: f"{label} low"})
    return words.astype(object).where(high.notna(), None)


def _curves(
    draft: Draft,
    section: Section,
    rows: pd.DataFrame,
    group: pd.Series,
    what: tuple[str, str, str],
    source: dict[str, Any],
) -> None:
    endpoint, name, title = what
    there = group.notna()
    months = rows.loc[there, f"{endpoint}_days"].to_numpy() / DAYS_PER_MONTH
    event = rows.loc[there, f"{endpoint}_event"].to_numpy() == 1
    labels = group[there].to_numpy()
    order = [text for text in _ORDER if (labels == text).any()]
    if len(order) < 2 or len(labels) < FEWEST or not event.any():
        return
    curves = [
        SurvivalGroup(
            text,
            text.replace("CD3 ", "").replace("CD8 ", "").replace("Immunoscore ", ""),
            estimate_kaplan_meier(months[labels == text], event[labels == text]),
        )
        for text in order
    ]
    figure = draw_kaplan_meier(
        curves,
        f"{title} by {_BY[name]}",
        f"n {len(labels)}, {int(event.sum())} events. Bands: log-log 95 % intervals; ticks: "
        "censored patients.",
        title,
        _log_rank_text(months, event, labels, order),
        f"km_{endpoint}_{name}",
    )
    draft.figure(section, figure, source)


_BY = {**READINGS, "cd3_and_cd8": "CD3 and CD8"}
_ORDER = [
    *(f"{label} {level}" for label in READINGS.values() for level in ("high", "low")),
    *FOUR.values(),
]


def _log_rank_text(
    months: np.ndarray, event: np.ndarray, labels: np.ndarray, order: list[str]
) -> str:
    try:
        return f"log-rank {p_text(compare_log_rank(months, event, labels, order).p_value)}"
    except DataProblem:
        return ""
