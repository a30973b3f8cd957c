"""What a mark says of itself where its figure is explored: names, values, intervals, as read.

It stands in the specification as a tooltip, which no picture shows: drawings stay as they are.
"""

from __future__ import annotations

import json
from dataclasses import dataclass

import altair as alt

from studies.methods.wording import Wording, marked, say

UNKNOWN = "–"
SHARE, NUMBER, LARGE, WHOLE = ".3f", ".4~g", ",.0f", ",d"
INTERVAL = marked("95 % CI")
STILL = {"still": True}  # in ``usermeta``: closer up there is nothing more to see


@dataclass(frozen=True)
class Said:
    """A value under its label; ``form`` is how d3 writes a number, empty for words.

    ``upper``: the value is an interval from ``field`` to it.
    """

    label: str
    field: str
    form: str = NUMBER
    upper: str = ""

    @property
    def expression(self) -> str:
        if not self.upper:
            return f"{_is_known(self.field)} ? {self._written(self.field)} : {_text(UNKNOWN)}"
        known = f"{_is_known(self.field)} && {_is_known(self.upper)}"
        dash = f"({_of(self.field)} < 0 ? {_text(say(' to '))} : {_text('–')})"
        both = f"{self._written(self.field)} + {dash} + {self._written(self.upper)}"
        return f"{known} ? {both} : {_text(UNKNOWN)}"

    def _written(self, field: str) -> str:
        if not self.form:
            return _of(field)
        plain = f"format({_of(field)}, {_text(self.form)})"
        if self.form != NUMBER:
            return plain
        return f"(abs({_of(field)}) < 1000 ? {plain} : format({_of(field)}, {_text(LARGE)}))"


def share(label: str, field: str) -> Said:
    """A probability or another number between 0 and 1."""
    return Said(label, field, SHARE)


def whole(label: str, field: str) -> Said:
    return Said(label, field, WHOLE)


def word(label: str, field: str) -> Said:
    return Said(label, field, "")


def interval(lower: str, upper: str, form: str = SHARE, label: str = INTERVAL) -> Said:
    return Said(say(label), lower, form, upper)


def says(*parts: Said, name: str = "", called: str = "") -> alt.TooltipValue:
    """The tooltip of a mark: of whom (the field ``name``, or ``called`` for all), then what.

    Lines without an order are read at a place of their first part, all of them together.
    """
    heading = [f'"title": {_of(name) if name else _text(called)}'] if name or called else []
    told = [f"{_text(part.label)}: {part.expression}" for part in parts]
    return alt.TooltipValue(alt.ExprRef("{" + ", ".join([*heading, *told]) + "}"))


def _of(field: str) -> str:
    return f"datum[{json.dumps(field)}]"


def _is_known(field: str) -> str:
    return f"isValid({_of(field)})"


def _text(words: str) -> str:
    here = words.here() if isinstance(words, Wording) else words
    return json.dumps(here, ensure_ascii=False)
