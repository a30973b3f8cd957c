"""A data dictionary as a file: our own CSV or XLSX, or the one that REDCap exports."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from .dictionary import KEY_COLUMNS, MISSING_CODES, DerivedSpec, VariableSpec
from .problems import DataProblem, Problem, refuse
from .table_columns import variable_name
from .table_lines import Table
from .wording import say

COLUMNS = ("name", "label", "type", "form", "section", "unit", "minimum", "plausible_minimum",
           "plausible_maximum", "maximum", "codes", "missing_codes", "required_for",
           "known_when", "expression")  # fmt: skip
TYPES = ("number", "date", "category", "text")
_REDCAP_NAME = "Variable / Field Name"
_REDCAP_LEFT_OUT = ("descriptive", "file", "calc", "sql", "signature")
_Reader = Callable[[int, dict[str, str], list[Problem]], VariableSpec | None]
_BOUNDS = ("minimum", "plausible_minimum", "plausible_maximum", "maximum")


def read_dictionary(table: Table) -> tuple[list[VariableSpec], list[DerivedSpec]]:
    """The variables and the derived ones that a dictionary file names.

    Raises
    ------
    DataProblem
        Every line that is no variable.
    """
    header = [name.strip() for name in table.header]
    if _REDCAP_NAME in header:
        return _read(table, header, _redcap_line), []
    if missing := [name for name in ("name", "type") if name not in header]:
        raise refuse(
            "header",
            say("no column {missing}", missing=" and no column ".join(missing)),
            "the columns of a dictionary: " + ", ".join(COLUMNS),
            "Download this study's dictionary and change that file.",
        )
    derived, problems = [], []
    specs = _read(table, header, _own_line)
    for row, cells in _named(table, header):
        if cells.get("type") == "derived":
            if not cells.get("expression"):
                problems.append(
                    _problem(row, cells["name"], "expression", say("blank"), say("an expression"))
                )
            if told := cells.get("known_when"):
                expected = say("blank: it is known when what it is made of is")
                problems.append(_problem(row, cells["name"], "known_when", repr(told), expected))
            label = cells.get("label") or cells["name"]
            derived.append(
                DerivedSpec(
                    cells["name"], label, cells.get("expression", ""), cells.get("unit", "")
                )
            )
    if problems:
        raise DataProblem(problems)
    return specs, derived


def _named(table: Table, header: Sequence[str]) -> Iterator[tuple[int, dict[str, str]]]:
    for row, cells in table.lines():
        yield row, {name: str(cell) for name, cell in zip(header, cells, strict=False)}


def _read(table: Table, header: Sequence[str], read: _Reader) -> list[VariableSpec]:
    specs: list[VariableSpec] = []
    problems: list[Problem] = []
    seen: set[str] = set()
    for row, cells in _named(table, header):
        spec = read(row, cells, problems)
        if spec is None or spec.name in KEY_COLUMNS:
            continue
        if spec.name in seen:
            problems.append(
                _problem(
                    row,
                    spec.name,
                    "name",
                    say("{name} twice", name=spec.name),
                    say("each name once"),
                )
            )
        seen.add(spec.name)
        specs.append(spec)
    if problems:
        raise DataProblem(problems)
    if not specs:
        raise refuse("file", say("no variable"), "one line per variable", "Add variables.")
    return specs


def _own_line(row: int, cells: dict[str, str], problems: list[Problem]) -> VariableSpec | None:
    name, kind = cells.get("name", ""), cells.get("type", "")
    if kind == "derived":
        return None
    if kind not in TYPES:
        problems.append(
            _problem(row, name, "type", repr(kind), say("one of {known}", known=", ".join(TYPES)))
        )
        return None
    bounds = {bound: _bound(row, name, bound, cells, problems) for bound in _BOUNDS}
    return VariableSpec(
        name=name,
        label=cells.get("label") or name,
        type=kind,
        unit=cells.get("unit", ""),
        codes=_codes(cells.get("codes", ""), ";", "="),
        missing_codes=_words(cells["missing_codes"]) if "missing_codes" in cells else MISSING_CODES,
        required_for=_words(cells.get("required_for", "")),
        form=cells.get("form") or "baseline",
        section=cells.get("section", ""),
        known_when=cells.get("known_when", ""),
        **bounds,
    )


def _redcap_line(row: int, cells: dict[str, str], problems: list[Problem]) -> VariableSpec | None:
    """Field types and validations of REDCap; the record's own identifier is no variable."""
    name, kind = cells[_REDCAP_NAME], cells.get("Field Type", "")
    if kind in _REDCAP_LEFT_OUT or name in ("record_id", "study_id", "subject_id"):
        return None
    checked = cells.get("Text Validation Type OR Show Slider Number", "")
    choices = _codes(cells.get("Choices, Calculations, OR Slider Labels", ""), "|", ",")
    codes = {"radio": choices, "dropdown": choices, "yesno": {"1": "yes", "0": "no"},
             "truefalse": {"1": "true", "0": "false"}}.get(kind, {})  # fmt: skip
    typed = "category" if codes else _redcap_type(kind, checked)
    low, high = (
        _number(cells.get(f"Text Validation {end}", "")) if typed == "number" else None
        for end in ("Min", "Max")
    )
    required = ("complete",) if cells.get("Required Field?", "").lower() == "y" else ()
    return VariableSpec(
        name=variable_name(name),
        label=re.sub(r"<[^>]*>", "", cells.get("Field Label", "")).strip()[:200] or name,
        type=typed,
        minimum=low,
        maximum=high,
        codes=codes,
        required_for=required,
        section=re.sub(r"<[^>]*>", "", cells.get("Section Header", "")).strip()[:80],
    )


def _redcap_type(kind: str, checked: str) -> str:
    if checked.startswith("date"):
        return "date"
    return "number" if kind == "slider" or checked.startswith(("number", "integer")) else "text"


def _codes(text: str, between: str, within: str) -> dict[str, str]:
    """``yes = yes; no = no`` or ``1, yes | 0, no``."""
    found = {}
    for part in text.split(between):
        code, mark, label = part.partition(within)
        if code.strip():
            found[code.strip()] = label.strip() if mark else code.strip()
    return found


def _words(text: str) -> tuple[str, ...]:
    return tuple(word.strip() for word in text.split(";") if word.strip())


def _number(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        return None


def _bound(
    row: int, name: str, bound: str, cells: dict[str, str], problems: list[Problem]
) -> float | None:
    text = cells.get(bound, "")
    if text and _number(text) is None:
        problems.append(_problem(row, name, bound, repr(text), say("a number")))
    return _number(text)


def _problem(row: int, name: str, column: str, found: str, expected: str) -> Problem:
    return Problem(name or "line", found, expected, "Correct it.", row, column)


def dictionary_lines(
    specs: Sequence[VariableSpec], derived: Sequence[DerivedSpec]
) -> list[list[Any]]:
    """One line per variable under ``COLUMNS``, as ``read_dictionary`` reads them."""
    return [*map(_line, specs), *map(_line, derived)]


def _line(spec: VariableSpec | DerivedSpec) -> list[Any]:
    if isinstance(spec, DerivedSpec):
        return [spec.name, spec.label, "derived", "", "", spec.unit, *[""] * 8, spec.expression]
    codes = "; ".join(f"{code} = {label}" for code, label in spec.codes.items())
    bounds = (spec.minimum, spec.plausible_minimum, spec.plausible_maximum, spec.maximum)
    return [spec.name, spec.label, spec.type, spec.form, spec.section, spec.unit, *bounds, codes,
            "; ".join(spec.missing_codes), "; ".join(spec.required_for), spec.known_when,
            ""]  # fmt: skip
