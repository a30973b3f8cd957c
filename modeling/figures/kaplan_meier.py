"""Survival curves with intervals, censoring marks and the number at risk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import altair as alt
import numpy as np

from modeling.methods.kaplan_meier import KaplanMeier
from modeling.methods.nomogram import pretty_ticks
from studies.figures.figure import (
    HEIGHT,
    INK,
    WIDTH,
    Figure,
    make_figure,
    rows_of,
    style_scales,
    time_axis,
    time_title,
    unit_axis,
)
from studies.figures.reading import Said, interval, says, share, whole
from studies.methods.wording import listed, marked, say

AT_RISK = marked("at risk")
LEFT = 44  # both panels keep at least this much room for their axis, so that times stand in line


@dataclass(frozen=True)
class SurvivalGroup:
    """One curve, in ``unit``; ``short`` names its row of numbers at risk."""

    name: str
    short: str
    curve: KaplanMeier
    unit: str = "months"
    note: str = ""

    @property
    def label(self) -> str:
        n, events = int(self.curve.at_risk[0]), int(self.curve.events.sum())
        median = self.curve.median[0]
        if np.isnan(median):
            said = say("not reached")
        else:
            said = say("{median:.1f} {unit}", median=median, unit=say(self.unit))
        return say(
            "{name}: {events}/{n} events, median {median}{note}",
            name=say(self.name), events=events, n=n, median=said, note=self.note,
        )  # fmt: skip


def draw_kaplan_meier(
    groups: Sequence[SurvivalGroup],
    title: str,
    caption: str = "",
    endpoint: str = marked("Overall survival"),
    test: str = "",
    key: str = "kaplan_meier",
    unit: str = "months",
) -> Figure:
    """Curves with log-log 95 % band; ``test`` (such as "log-rank p = 0.012") stands inside."""
    ticks = _ticks(max(float(group.curve.time[-1]) for group in groups), unit)
    names = [group.label for group in groups]
    chart = alt.vconcat(
        _curves(groups, ticks, endpoint, test, style_scales(names), unit),
        _numbers(groups, ticks, _left(groups)),
        spacing=8,
        usermeta={"ahead": say(AT_RISK).here()},
    )  # fmt: skip
    parts = [text for text in (caption, _about_medians(groups)) if text]
    said = listed((say(text) for text in parts), marked("{first} {rest}"))
    return make_figure(key, title, said if parts else "", chart, _columns(unit), _rows(groups))


def _about_medians(groups: Sequence[SurvivalGroup]) -> str:
    """Said where it matters: a curve that is flat at one half."""
    resting = [say(group.name) for group in groups if group.curve.rests_at_half]
    if not resting:
        return ""
    return say(
        "Where a curve rests at exactly 0.5 ({groups}), its median is the middle of that stretch, "
        "as R's survfit has it.",
        groups=listed(resting, marked("{first}; {rest}")),
    )


def _curves(
    groups: Sequence[SurvivalGroup],
    ticks: list[float],
    endpoint: str,
    test: str,
    scales: dict[str, alt.Scale],
    unit: str,
) -> alt.LayerChart:
    x = alt.X(
        "x:Q",
        scale=alt.Scale(domain=[0, ticks[-1]], nice=False),
        axis=time_axis(unit, values=ticks),
    )
    y = alt.Y("y:Q", scale=alt.Scale(domain=[0, 1]),
              axis=unit_axis(say(endpoint), values=[0, 0.25, 0.5, 0.75, 1], format=".2f",
                             minExtent=_left(groups), maxExtent=_left(groups)))  # fmt: skip
    bands, lines, marks = [], [], []
    for k, group in enumerate(groups):
        time, survival, low, high = _steps(group.curve)
        own = scales["color"].range[k]
        bands.append(
            alt.Chart(rows_of(x=time, low=low, high=high))
            .mark_area(interpolate="step-after", opacity=0.13, clip=True, color=own)
            .encode(x=x, y=alt.Y("low:Q"), y2="high:Q")
        )
        lines.append(
            alt.Chart(rows_of(
                x=time, y=survival, group=[group.label] * time.size, low=low, high=high,
                at_risk=_at_risk(group.curve),
            ))
            .mark_line(interpolate="step-after", strokeWidth=2, clip=True)
            .encode(
                x=x,
                y=y,
                color=alt.Color("group:N", scale=scales["color"]),
                strokeDash=alt.StrokeDash("group:N", scale=scales["dash"]),
                tooltip=says(Said(time_title(unit), "x"), share(say(endpoint), "y"),
                             interval("low", "high"), whole(say(AT_RISK), "at_risk"),
                             name="group"),
            )
        )  # fmt: skip
        marks.append(_censored(group.curve, own))
    layers = [*bands, *lines, *marks]
    if test:
        layers.append(
            alt.Chart(rows_of(x=[ticks[-1]], y=[0.99], text=[say(test)]))
            .mark_text(align="right", baseline="top", fontSize=12, color=INK)
            .encode(x="x:Q", y="y:Q", text="text:N")
        )
    return alt.layer(*layers).properties(width=WIDTH, height=HEIGHT - 40)


def _censored(curve: KaplanMeier, colour: str) -> alt.Chart:
    lost = curve.censored > 0
    return (
        alt.Chart(rows_of(x=curve.time[lost], y=curve.survival[lost]))
        .mark_tick(orient="vertical", size=8, thickness=1.2, opacity=0.9, clip=True, color=colour)
        .encode(x="x:Q", y="y:Q")
    )


def _at_risk(curve: KaplanMeier) -> np.ndarray:
    """At each step, those who are followed up to it."""
    return np.r_[curve.number_at_risk([0.0]), curve.at_risk].astype(int)


def _left(groups: Sequence[SurvivalGroup]) -> int:
    """Room for the longest name of a row; a letter beyond Latin is twice as wide."""
    letters = max(sum(1 + (ord(letter) > 0x2E7F) for letter in say(g.short)) for g in groups)
    return max(LEFT, round(16 + 5.8 * letters))


def _numbers(groups: Sequence[SurvivalGroup], ticks: list[float], left: int) -> alt.Chart:
    short = [say(group.short) for group in groups]
    data = rows_of(
        x=ticks * len(groups),
        group=[one for one in short for _ in ticks],
        n=np.concatenate([group.curve.number_at_risk(ticks) for group in groups]).astype(int),
    )
    return (
        alt.Chart(data, title=alt.TitleParams(say("Number at risk"), anchor="start", fontSize=12,
                                              fontWeight="normal", offset=4, frame="group"))
        .mark_text(fontSize=12, color=INK)
        .encode(
            x=alt.X("x:Q", scale=alt.Scale(domain=[0, ticks[-1]], nice=False), axis=None),
            y=alt.Y("group:N", sort=short,
                    axis=unit_axis(None, domain=False, ticks=False, grid=False,
                                   minExtent=left, maxExtent=left, labelPadding=16)),
            text="n:Q",
        )
        .properties(width=WIDTH, height=18 * len(groups))
    )  # fmt: skip


def _steps(curve: KaplanMeier) -> tuple[np.ndarray, ...]:
    """The curve from time 0, with its bounds where they exist; the band begins in a point."""

    def start(values: np.ndarray) -> np.ndarray:
        return np.r_[1.0, np.where(curve.survival == 1, 1.0, values)]

    return (np.r_[0.0, curve.time], start(curve.survival), start(curve.lower), start(curve.upper))


def _ticks(longest: float, unit: str) -> list[float]:
    """Whole years or half-years of months, round numbers of days; about six steps."""
    if "months" not in unit.lower():
        step = float(pretty_ticks(0.0, longest, 6)[1])
        return [step * k for k in range(int(np.ceil(longest / step)) + 1)]
    for step in (1, 2, 3, 6, 12, 24, 36, 60, 120):
        if longest / step <= 6.2:
            return [float(step * k) for k in range(int(np.ceil(longest / step)) + 1)]
    return [0.0, float(np.ceil(longest))]


def _columns(unit: str) -> tuple[str, ...]:
    return (
        marked("group"), unit, AT_RISK, marked("events"), marked("censored"),
        marked("survival"), marked("lower"), marked("upper"),
    )  # fmt: skip


def _rows(groups: Sequence[SurvivalGroup]) -> list[tuple]:
    return [
        (say(group.name), t, int(n), int(d), int(c), s, low, high)
        for group in groups
        for t, n, d, c, s, low, high in zip(
            group.curve.time, group.curve.at_risk, group.curve.events, group.curve.censored,
            group.curve.survival, group.curve.lower, group.curve.upper, strict=True,
        )
    ]  # fmt: skip
