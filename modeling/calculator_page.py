"""What the page of a nomogram's calculator shows: fields, the answer, two drawings."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

import numpy as np
from django.utils.translation import gettext as _

from modeling.figures.nomogram import Ruler, Words, lay_rulers, place_labels, plain
from modeling.methods.nomogram import pretty_ticks
from modeling.methods.nomogram_reading import Reading, StoredNomogram, read_nomogram
from modeling.models import ModelVersion
from modeling.selectors import state_of
from modeling.services.nomogram_calculator import (
    CalculatorField,
    calculator_fields,
    stored_nomogram,
    survival_rows,
    values_read,
)
from modeling.services.prognosis_columns import titles_of
from modeling.services.prognosis_endpoints import endpoint_of, landmark_of
from modeling.services.prognosis_rows import LOGARITHMS
from modeling.services.report_content import spelled
from studies.figures.figure import number
from studies.methods.wording import say

LEFT, ACROSS, TOP, APART = 190, 690, 26, 46  # of the rulers, in the drawing's own units
WIDE, HIGH, MARGIN = 470, 250, 44  # of the curve


def calculator_context(version: ModelVersion, given: Mapping[str, str]) -> dict[str, Any]:
    """Fields with what was given (or is usual), and the answer; problems instead where there are.

    A parameter that is absent takes the usual value, as on a page opened afresh.
    """
    stored = stored_nomogram(version)
    fields = calculator_fields(stored, titles_of(version.content))
    shown = {field.param: given.get(field.param, _text(field.usual)) for field in fields}
    values, problems = values_read(fields, shown)
    wrong = {problem.column: problem for problem in problems}
    context: dict[str, Any] = {
        "title": endpoint_of(version).title,
        "short": endpoint_of(version).short,
        "landmark_days": landmark_of(version.content),
        "state": state_of(version),
        "fields": [_shown(field, shown[field.param], wrong.get(field.param)) for field in fields],
        "problems": problems,
        "link": urlencode(shown),
    }
    if not problems:
        context |= _answer(version, stored, fields, shown, read_nomogram(stored, values))
    return context


def _shown(field: CalculatorField, text: str, problem: Any) -> dict[str, Any]:
    return {
        "field": field,
        "text": text,
        "slider": _slider(field, text),
        "least": f"{field.low:.6g}",
        "most": f"{field.high:.6g}",
        "step": f"{field.step:g}",
        "problem": problem,
        "range": None
        if field.levels
        else _("{low} to {high}").format(low=_low(field), high=_high(field)),
    }


def _slider(field: CalculatorField, text: str) -> str:
    try:
        return "" if field.levels else f"{float(field.read(text)):.6g}"
    except ValueError:
        return f"{field.low:.6g}"


def _low(field: CalculatorField) -> str:
    return _text(2**field.low if field.is_log else field.low)


def _high(field: CalculatorField) -> str:
    return _text(2**field.high if field.is_log else field.high)


def _text(value: float | str) -> str:
    return value if isinstance(value, str) else plain(float(f"{value:.3g}"))


def _answer(
    version: ModelVersion,
    stored: StoredNomogram,
    fields: list[CalculatorField],
    shown: Mapping[str, str],
    reading: Reading,
) -> dict[str, Any]:
    words = Words(titles_of(version.content), {}, "months", endpoint_of(version).short, LOGARITHMS)
    applies = reading.applicability
    return {
        "reading": reading,
        "survival": [
            {
                "time": f"{row['months']:g}",
                "survival": number(row["survival"]),
                "interval": _interval(row["lower"], row["upper"]),
            }
            for row in survival_rows(reading)
        ],
        "points": [
            (field.title, _said(field, shown[field.param]), f"{reading.points[field.name]:.1f}")
            for field in fields
        ],
        "total": f"{reading.total_points:.1f}",
        "reasons": [spelled(say(reason)) for reason in applies.reasons] if applies else [],
        "rulers": _rulers(stored, reading, words),
        "curve": _curve(reading),
    }


def _interval(low: float, high: float) -> str:
    if not np.isfinite([low, high]).all():
        return _("interval not kept with this version")
    return _("{low} to {high}").format(low=number(low), high=number(high))


def _said(field: CalculatorField, text: str) -> str:
    return dict(field.levels).get(text, text)


def _rulers(stored: StoredNomogram, reading: Reading, words: Words) -> dict[str, Any]:
    """The rulers with a mark at the patient's place on each."""
    rulers = lay_rulers(stored.nomogram, words)
    top = float(pretty_ticks(0.0, stored.nomogram.largest_total, 10)[-1])
    total = reading.total_points / top * 100
    marks = [None, *(reading.points[axis.name] for axis in stored.nomogram.axes)]
    marks += [total] * (1 + len(reading.times))
    said = ["", *(f"{reading.points[axis.name]:.1f}" for axis in stored.nomogram.axes)]
    said += [f"{reading.total_points:.1f}", *(number(s) for s in reading.survival.survival[0])]
    rows = [
        _ruler(ruler, TOP + APART * k, mark, text)
        for k, (ruler, mark, text) in enumerate(zip(rulers, marks, said, strict=True))
    ]
    drop = {"x": _x(total), "top": rows[len(marks) - 1 - len(reading.times)]["y"],
            "bottom": rows[-1]["y"]}  # fmt: skip
    return {"rows": rows, "width": LEFT + ACROSS + 30, "height": APART * len(rows) + 12,
            "drop": drop}  # fmt: skip


def _x(percent: float) -> str:
    return f"{LEFT + ACROSS * min(max(percent, 0.0), 100.0) / 100:.1f}"


def _ruler(ruler: Ruler, y: int, mark: float | None, text: str) -> dict[str, Any]:
    return {
        "title": ruler.title,
        "y": y,
        "label_y": y + 4,
        "first": _x(ruler.first),
        "last": _x(ruler.last),
        "ticks": [_x(at) for at in ruler.at],
        "labels": [(_x(at), y - 9 if above else y + 17, said)
                   for at, said, above in place_labels(ruler)],
        "mark": None if mark is None else _x(mark),
        "beyond": mark is not None and not -1e-9 <= mark <= 100 + 1e-9,
        "said": text,
        "end": LEFT + ACROSS + 26,
    }  # fmt: skip


def _curve(reading: Reading) -> dict[str, Any]:
    """The curve as paths in the drawing's own units; the band only where it is known."""
    longest = float(reading.curve_times[-1])
    x = MARGIN + (WIDE - MARGIN - 12) * reading.curve_times / longest
    s, low, high = (p[0] for p in (reading.curve.survival, reading.curve.lower,
                                   reading.curve.upper))  # fmt: skip
    step = next((k for k in (1, 2, 3, 6, 12, 24, 36, 60, 120) if longest / k <= 6.5), 240)
    months = range(0, int(longest) + 1, step)
    at = np.searchsorted(reading.curve_times, months, side="right") - 1
    return {
        "width": WIDE,
        "height": HIGH,
        "left": MARGIN,
        "right": WIDE - 12,
        "bottom": HIGH - 36,
        "line": _steps(x, s),
        "band": _band(x, low, high) if np.isfinite(low).all() else "",
        "across": [(f"{MARGIN + (WIDE - MARGIN - 12) * t / longest:.1f}", t)
                   for t in months],
        "rows": [(t, number(s[k]), _interval(low[k], high[k]))
                 for t, k in zip(months, at.tolist(), strict=True)],
        "up": [(f"{_height(v):.1f}", f"{v:g}") for v in (0, 0.25, 0.5, 0.75, 1)],
        "dots": [(f"{MARGIN + (WIDE - MARGIN - 12) * t / longest:.1f}", f"{_height(v):.1f}")
                 for t, v in zip(reading.times, reading.survival.survival[0], strict=True)],
    }  # fmt: skip


def _height(survival: float) -> float:
    return 12 + (HIGH - 48) * (1 - survival)


def _steps(x: np.ndarray, values: np.ndarray) -> str:
    parts = [f"M{x[0]:.1f} {_height(values[0]):.1f}"]
    parts += [f"H{a:.1f}V{_height(v):.1f}" for a, v in zip(x[1:], values[1:], strict=True)]
    return "".join(parts)


def _band(x: np.ndarray, low: np.ndarray, high: np.ndarray) -> str:
    back = [f"L{x[-1]:.1f} {_height(low[-1]):.1f}"]
    for k in range(len(x) - 1, 0, -1):
        back.append(f"V{_height(low[k - 1]):.1f}H{x[k - 1]:.1f}")
    return _steps(x, high) + "".join(back) + "Z"
