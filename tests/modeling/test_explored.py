"""Figures to be explored: the same drawing, whose marks say what the table says."""

import html
import json
import re

import numpy as np
import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st

from modeling.figures.roc import RocCurve, draw_roc, thresholds_told
from modeling.methods.roc_points import roc_points
from studies.colours import on_dark
from studies.figures.explored import explored, is_explorable
from studies.figures.figure import Figure
from studies.figures.render import _own_names, render_svg
from tests.genomics.test_heat_map import heat_map
from tests.modeling.test_figures import _forest, _kaplan_meier, _nomogram, every_figure

LABEL = re.compile(r'(?:^\{|, )("(?:[^"\\]|\\.)*"): (?=datum|isValid|\(|")')
SAID = re.compile(r'aria-label="([^"]*)"(?=[^>]* aria-roledescription="read")')
ALL, VALUE = " ¶ ", " ¦ "


def told_by(figure: Figure) -> list[dict[str, str]]:
    """What every mark says, as the renderer evaluates it: drawn as points that say it aloud."""
    vega = explored(figure)
    for mark in _marks(vega):
        own = mark.get("encode", {}).get("update", {})
        if "tooltip" not in own:
            continue
        said = own["tooltip"]["signal"]
        pairs = [f"{name} + {json.dumps(VALUE)} + ({said})[{name}]" for name in LABEL.findall(said)]
        kept = {side: own[side] for side in ("x", "y") if side in own}
        own.clear()
        own |= kept | {
            "description": {"signal": f" + {json.dumps(ALL)} + ".join(pairs)},
            "ariaRoleDescription": {"value": "read"},
        }
        mark["type"] = "symbol"
    found = [html.unescape(one) for one in SAID.findall(vl_convert.vega_to_svg(vega))]
    return [dict(pair.split(VALUE) for pair in one.split(ALL)) for one in found]


def _marks(view):
    for mark in view.get("marks", ()):
        yield mark
        yield from _marks(mark)


def drawn(vega, **signals) -> str:
    for signal in vega["signals"]:
        signal["value"] = signals.get(signal["name"], signal.get("value"))
    return vl_convert.vega_to_svg(vega)


@every_figure
def test_what_is_explored_is_the_same_drawing(make):
    figure = make()
    assert is_explorable(figure.spec) == (make is not _nomogram)
    if is_explorable(figure.spec):
        before = figure.digest
        assert _own_names(drawn(explored(figure)), figure.key) == render_svg(figure)
        assert figure.digest == before


def test_marks_say_what_the_table_says():
    figure = _kaplan_meier()
    rows = [dict(zip(figure.columns, row, strict=True)) for row in figure.rows]
    starts = [row for row in told_by(figure) if row["Months"] == "0"]
    told = [row for row in told_by(figure) if row not in starts]
    assert [row["at risk"] for row in starts] == ["40", "40"]
    for said, row in zip(told, rows, strict=True):
        known = row["lower"] is not None
        assert said["title"].startswith(f"{row['group']}: ")
        assert said["at risk"] == str(row["at risk"])
        assert float(said["Months"]) == pytest.approx(row["months"], rel=5e-4)
        assert said["Overall survival"] == f"{row['survival']:.3f}"
        assert said["95 % CI"] == (f"{row['lower']:.3f}–{row['upper']:.3f}" if known else "–")
    assert explored(figure)["usermeta"]["ahead"] == "at risk"
    (age,) = told_by(_forest())
    assert age == {"title": "Age", "Hazard ratio (95 % CI)": "1.40 (1.10–1.90)", "p": "0.010",
                   "Events/n": "9/30"}  # fmt: skip


def test_a_hidden_series_goes_with_its_band_and_marks():
    vega = explored(_kaplan_meier())
    (family,) = vega["usermeta"]["families"]
    shown, hidden = family["colours"]
    assert hidden in drawn(vega)
    svg = drawn(vega, hidden=[f"0:{family['names'][1]}"])
    marks = svg[: svg.index('class="mark-group role-legend"')]
    assert shown in marks
    assert hidden not in marks


def test_closer_up_ticks_are_chosen_anew_and_panels_go_along():
    vega = explored(_kaplan_meier())
    (panel,) = vega["usermeta"]["panels"]
    along = [s["name"] for s in vega["scales"]
             if s.get("domainRaw") == {"signal": panel["x"]["signal"]}]  # fmt: skip
    assert along == ["concat_0_x", "concat_1_x"]
    svg = drawn(vega, **{panel["x"]["signal"]: [2, 5]})
    shown = svg[: svg.index(">Months<")]
    ticks = [float(text) for text in re.findall(r">([\d.]+)</text>", shown)]
    assert len(ticks) > 4
    assert {2, 3, 4, 5} <= set(ticks)
    assert max(ticks) == 5
    assert svg.count("clip-path") > drawn(explored(_kaplan_meier())).count("clip-path")


def test_colours_between_two_are_turned_for_a_dark_page():
    vega = explored(heat_map())
    ends = [re.escape(on_dark(one)) for one in ("#b4472a", "#2c6a9b")]
    light, dark = drawn(vega), drawn(vega, dark=True)
    assert light != dark
    assert vega["usermeta"]["panels"] == vega["usermeta"]["families"] == []
    scale = next(s for s in vega["scales"] if s["type"] == "linear" and "interpolate" in s)
    assert all(re.search(end, scale["range"]["signal"]) for end in ends)


scores = st.lists(st.integers(0, 1000), min_size=4, max_size=40)


@given(scores, st.randoms(use_true_random=False))
def test_a_round_threshold_gives_its_point_of_the_curve(score, random):
    outcome = np.array([1, 0, *(random.random() < 0.5 for _ in score[2:])])
    score = np.array(score) / 1000
    told = thresholds_told(score)
    false, true = roc_points(outcome, score)
    assert len(told) == len(false)
    for said, x, y in zip(told, false, true, strict=True):
        if "–" in said:
            low, high = map(float, said.split("–"))
            assert high - low == pytest.approx(0.05)
            continue
        above = score > float(said[2:]) if said.startswith(">") else score >= float(said) - 1e-9
        assert above[outcome == 0].mean() == pytest.approx(x)
        assert above[outcome == 1].mean() == pytest.approx(y)


def test_thresholds_stand_beside_the_points_they_give():
    outcome, score = [1, 1, 0, 0], [0.91, 0.4, 0.62, 0.1]
    false, true = roc_points(outcome, score)
    curve = RocCurve("Training", false, true, 0.75, 0.3, 1.0, 4, threshold=thresholds_told(score))
    figure = draw_roc([curve, RocCurve("Other", false, true, 0.75, 0.3, 1.0, 4)])
    assert [row[3] for row in figure.rows[:5]] == ["0.95", "0.90", "0.60", "0.40", "0.10"]
    assert figure.columns[3] == "threshold"
    said = told_by(figure)
    assert [row.get("Threshold") for row in said[:5]] == [row[3] for row in figure.rows[:5]]
    assert said[2] | {"title": ""} == {
        "title": "", "Threshold": "0.60", "Sensitivity": "0.500", "Specificity": "0.500"
    }  # fmt: skip
    assert "Threshold" not in said[-1]
