"""What the columns of an unknown table hold, and the dictionary that this suggests."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from .cells import mangled
from .dictionary import MISSING_CODES, VariableSpec
from .problems import DataProblem, refuse
from .table_columns import LABEL_SUFFIX, variable_name
from .table_lines import SpreadsheetDate, SpreadsheetNumber, Table
from .wording import say

SAMPLE_ROWS = 6
KEPT = 60
MOST_CODES = 12
_NUMBER = re.compile(r"(<=|>=|<|>)?\s*[+-]?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?")
_COMMA = re.compile(r"(<=|>=|<|>)?\s*[+-]?\d+,\d+")
_ISO = re.compile(r"\d{4}(-\d{2}(-\d{2})?)?")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_SLASHED = re.compile(r"\d{1,2}([-/. ])\d{1,2}\1\d{2,4}")
_MISSING = frozenset(("NA", "N/A", "n/a", "NaN", "nan", "NULL", "null", ".", "?", "ND", "UNK"))


@dataclass
class ColumnProfile:
    """One column: how many cells of which kind; the first distinct values, commonest first."""

    name: str
    filled: int = 0
    kinds: Counter[str] = field(default_factory=Counter)
    values: Counter[str] = field(default_factory=Counter)
    minimum: float | None = None
    maximum: float | None = None
    is_unique: bool = True
    examples: dict[str, list[str]] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)

    def add(self, text: str) -> None:
        self.filled += 1
        kind = _kind(text)
        self.kinds[kind] += 1
        if kind in ("comma", "slashed", "mangled") and len(found := self._examples(kind)) < 3:
            found.append(str(text))
        if kind == "number":
            self._widen(float(text.lstrip("<>= ")))
        if text in self.values or len(self.values) < KEPT:
            self.values[str(text)] += 1
        if self.is_unique:
            self.is_unique = text not in self.seen
            self.seen.add(text)

    def _examples(self, kind: str) -> list[str]:
        return self.examples.setdefault(kind, [])

    def _widen(self, value: float) -> None:
        self.minimum = value if self.minimum is None else min(self.minimum, value)
        self.maximum = value if self.maximum is None else max(self.maximum, value)

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "filled": self.filled,
            "kinds": dict(self.kinds),
            "values": dict(self.values.most_common()),
            "minimum": self.minimum,
            "maximum": self.maximum,
            "is_unique": self.is_unique and self.filled > 1,
        }


_PARTED = re.compile(r"[;,\t|]")


def _title(found: str) -> DataProblem:
    return refuse(
        "header",
        say("{found} alone in the first line", found=repr(found)),
        say("the names of the columns in the first line"),
        say("Delete what stands above them, and take merged cells apart."),
        row=1,
    )


def profile_table(
    table: Table, progress: Callable[[float], None] = lambda share: None
) -> dict[str, Any]:
    """The whole table seen once: its first lines, a profile per column, what must be asked.

    Returns
    -------
    dict
        ``header``, ``rows`` (the first ones), ``lines``, ``columns`` (profiles), ``facts``, and
        ``asks``: examples that need the options ``decimal`` or ``date_order``.

    Raises
    ------
    DataProblem
        One cell stands above lines of several: a title, or the merged cells of one.
    """
    profiles = [ColumnProfile(name) for name in table.header]
    first: list[list[str]] = []
    number = 0
    for number, (_, cells) in enumerate(table.lines(), 1):
        if number == 1 and len(profiles) == 1 and (any(cells[1:]) or _PARTED.search(str(cells[0]))):
            raise _title(str(table.header[0]))
        if len(first) < SAMPLE_ROWS:
            first.append([str(cell) for cell in cells[: len(profiles)]])
        for profile, cell in zip(profiles, cells, strict=False):
            if cell:
                profile.add(cell)
        if number % 5_000 == 0:
            progress(table.share())
    asks = {
        option: found
        for option, kind in (("decimal", "comma"), ("date_order", "slashed"))
        if (found := [text for p in profiles for text in p.examples.get(kind, [])][:6])
    }
    return {
        "header": table.header,
        "rows": first,
        "lines": number,
        "columns": [profile.as_dict() for profile in profiles],
        "facts": table.facts,
        "asks": asks,
    }


def _kind(text: str) -> str:
    if isinstance(text, SpreadsheetDate) or _DAY.fullmatch(text):
        return "date"
    if isinstance(text, SpreadsheetNumber) or _NUMBER.fullmatch(text):
        return "number"
    if text in _MISSING or text in MISSING_CODES:
        return "missing"
    if _COMMA.fullmatch(text):
        return "comma"
    if _SLASHED.fullmatch(text):
        return "slashed"
    if _ISO.fullmatch(text):
        return "date"
    return "mangled" if mangled(text) else "text"


def propose_variable(profile: dict[str, Any]) -> VariableSpec:
    """A variable that all cells of the column fit, for a person to confirm.

    Parameters
    ----------
    profile : dict
        Of ``profile_table``.
    """
    kinds = {kind: n for kind, n in profile["kinds"].items() if kind not in ("missing", "mangled")}
    missing = [text for text in profile["values"] if _kind(text) == "missing"]
    codes = [text for text in profile["values"] if _kind(text) not in ("missing", "mangled")]
    more: dict[str, Any] = {"missing_codes": tuple(dict.fromkeys([*MISSING_CODES, *missing]))}
    kind = _type(kinds, codes, len(profile["values"]) >= KEPT)
    if kind == "category":
        more["codes"] = {code: code for code in _in_order(codes)}
    elif kind == "number" and profile["minimum"] is not None:
        more |= {"minimum": 0.0 if profile["minimum"] >= 0 else None}
        more |= {"plausible_minimum": profile["minimum"], "plausible_maximum": profile["maximum"]}
    label = re.sub(r"[_.]+", " ", profile["name"]).strip()[:200] or profile["name"]
    return VariableSpec(variable_name(profile["name"]), label, kind, **more)


def _type(kinds: dict[str, int], codes: Sequence[str], many: bool) -> str:
    names = set(kinds)
    if not names:
        return "text"
    if names <= {"date", "slashed"}:
        return "date"
    few = not many and len(codes) <= MOST_CODES
    if names <= {"number", "comma"}:
        digits = all(re.fullmatch(r"\d", code) for code in codes)
        return "category" if few and digits and len(codes) <= 6 else "number"
    longest = max(map(len, codes), default=0)
    return "category" if few and longest <= 60 and sum(kinds.values()) > len(codes) else "text"


def _in_order(codes: Sequence[str]) -> list[str]:
    return sorted(codes, key=lambda code: (not code.isdigit(), code.zfill(12)))


def proposable(profile: dict[str, Any]) -> bool:
    """Labels beside codes and columns without a cell are no variables."""
    return bool(profile["filled"]) and not profile["name"].endswith(LABEL_SUFFIX)
