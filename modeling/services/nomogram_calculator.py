"""The calculator of a nomogram: what is asked for, in people's units, and what is answered."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from modeling.methods.nomogram_reading import (
    Reading,
    StoredNomogram,
    nomogram_stored,
    read_nomogram,
)
from modeling.models import ModelVersion, VersionKind
from modeling.selectors import state_of
from modeling.services.prognosis_columns import titles_of
from modeling.services.prognosis_endpoints import landmark_of, landmark_told
from modeling.services.prognosis_metrics import json_ready
from modeling.services.prognosis_rows import LOGARITHMS
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say

LOG = "log2_"  # of the names in LOGARITHMS
POSSIBLE = {"rad_score": (0.0, 1.0), "immunoscore": (0.0, 4.0)}
STEPS = {"rad_score": 0.01, "immunoscore": 1.0, "age_years": 1.0, "metastasis_count": 1.0}
WHOLE = ("immunoscore", "metastasis_count")


@dataclass(frozen=True)
class CalculatorField:
    """One variable as people enter it: ``low`` to ``high`` is what the fitting patients had."""

    name: str
    param: str
    title: str
    levels: tuple[tuple[str, str], ...]
    low: float
    high: float
    usual: float | str
    step: float

    @property
    def is_log(self) -> bool:
        return self.name in LOGARITHMS

    def read(self, text: str) -> float | str:
        """The value as the model holds it."""
        if self.levels:
            return self._level(text)
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            raise self._refused(text or say("nothing"), say("a number")) from None
        least, most = POSSIBLE.get(self.name, (min(0.0, self.low), math.inf))
        if not (least <= value <= most and math.isfinite(value)) or (self.is_log and value == 0):
            above = say("above 0") if self.is_log else say("{least:g} or more", least=least)
            raise self._refused(
                text,
                above if most == math.inf else say("{low:g} to {high:g}", low=least, high=most),
            )
        if self.name in WHOLE and value != round(value):
            raise self._refused(text, say("a whole number"))
        return math.log2(value) if self.is_log else value

    def _level(self, text: str) -> str:
        if text not in dict(self.levels):
            raise self._refused(text or say("nothing"), ", ".join(v for v, _ in self.levels))
        return text

    def _refused(self, found: str, expected: str) -> DataProblem:
        return refuse(self.title, found, expected, "Correct this value.", column=self.param)


def calculator_fields(stored: StoredNomogram, titles: Mapping[str, str]) -> list[CalculatorField]:
    """In the order of the rulers; the usual value of a variable is its median or commonest level.

    A nomogram kept without the range of its fitting patients shows the range of its rulers.
    ``titles`` are of all columns (``titles_of``).
    """
    return [_field(stored, k, titles) for k in range(len(stored.nomogram.axes))]


def _field(stored: StoredNomogram, k: int, titles: Mapping[str, str]) -> CalculatorField:
    axis = stored.nomogram.axes[k]
    name, is_log = axis.name, axis.name in LOGARITHMS
    known = stored.support.variable(name) if stored.support else None
    title = titles.get(name, name.replace("_", " "))
    title = say(title.replace(", log scale", "") if is_log else title)
    if axis.term.levels:
        joined = stored.joined.get(name, {})
        levels = [(level, say(level.replace("_", " "))) for level in axis.term.levels]
        levels += [
            (a, say("{level} (counted as {other})", level=say(a.replace("_", " ")),
                     other=say(b.replace("_", " "))))
            for a, b in joined.items()
        ]  # fmt: skip
        usual = str(known.usual) if known else axis.term.levels[0]
        return CalculatorField(name, name, title, tuple(levels), 0, 0, usual, 1)
    ticks = [float(value) for value in axis.values]
    low, high = (known.quartiles[0], known.quartiles[-1]) if known else (min(ticks), max(ticks))
    middle = float(known.usual) if known else (low + high) / 2
    step = 0.05 if is_log else STEPS.get(name, 0.1)
    usual = 2**middle if is_log else middle
    usual = float(round(usual)) if name in WHOLE else float(f"{usual:.3g}")
    return CalculatorField(name, _param(stored, name), title, (), low, high, usual, step)


def _param(stored: StoredNomogram, name: str) -> str:
    """What a variable is called in an address: a logarithm as the value, unless another is."""
    short = name.removeprefix(LOG) if name in LOGARITHMS else name
    return name if short in {axis.name for axis in stored.nomogram.axes} else short


def values_read(
    fields: list[CalculatorField], given: Mapping[str, str]
) -> tuple[dict[str, float | str], list[Problem]]:
    """Values as the model holds them, and every problem at once."""
    values: dict[str, float | str] = {}
    problems: list[Problem] = []
    for field in fields:
        try:
            values[field.name] = field.read(str(given.get(field.param, "")).strip())
        except DataProblem as refusal:
            problems += refusal.problems
    return values, problems


def stored_nomogram(version: ModelVersion) -> StoredNomogram:
    """The nomogram of a version, or refused when it is none."""
    if version.kind != VersionKind.NOMOGRAM:
        raise refuse(str(version), say("no nomogram"), "a nomogram", "Choose a nomogram's version.")
    return nomogram_stored(version.content)


def version_calculate(version: ModelVersion, given: Mapping[str, str]) -> dict[str, Any]:
    """Points, survival with interval, the curve, and whether the model applies; nothing is kept.

    Parameters
    ----------
    version : ModelVersion
        A nomogram.
    given : mapping of parameter to text
        In people's units: ``cea=12.5`` is ng/mL, whatever the model takes of it.

    Raises
    ------
    DataProblem
        Every value that is missing, impossible or of no known level.
    """
    stored = stored_nomogram(version)
    fields = calculator_fields(stored, titles_of(version.content))
    values, problems = values_read(fields, given)
    known = {field.param for field in fields}
    problems += [
        Problem(say("Values"), name, ", ".join(sorted(known)), "Leave it out.", column=name)
        for name in sorted(set(given) - known)
    ]
    if problems:
        raise DataProblem(problems)
    reading = read_nomogram(stored, values)
    return json_ready(
        {
            "version": {
                "uid": str(version.uid),
                "name": str(version),
                "sha256": version.sha256,
                "state": state_of(version),
                "endpoint": version.endpoint,
                **landmark_told(landmark_of(version.content)),
            },
            "values": {f.param: given[f.param] for f in fields},
            "points": {f.param: reading.points[f.name] for f in fields},
            "total_points": reading.total_points,
            "linear_predictor": reading.linear_predictor,
            "survival": survival_rows(reading),
            "curve": {
                "months": reading.curve_times,
                "survival": reading.curve.survival[0],
                "lower": reading.curve.lower[0],
                "upper": reading.curve.upper[0],
            },
            "applicability": _applicability(reading),
        }
    )


def survival_rows(reading: Reading) -> list[dict[str, float]]:
    """S(t) with its interval, a row per time."""
    told = reading.survival
    return [
        {"months": time, "survival": float(s), "lower": float(low), "upper": float(high)}
        for time, s, low, high in zip(
            reading.times, told.survival[0], told.lower[0], told.upper[0], strict=True
        )
    ]


def _applicability(reading: Reading) -> dict[str, Any] | None:
    found = reading.applicability
    if found is None:
        return None
    return {
        "applies": found.inside,
        "reasons": list(found.reasons),
        "distance": found.distance,
        "percentile": found.percentile,
    }
