"""What apps know of patients: facts, gaps, columns to count by, rows and traces."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

FORM = "form"  # what mends a gap by hand


@dataclass(frozen=True)
class Uses:
    """Every row of an app below a patient, and how to purge what may not stay."""

    uses_of: Callable[[Any], dict[str, int]]
    purge: Callable[[Any], None]
    tables: tuple[str, ...] = ()
    frozen: tuple[str, ...] = ()


@dataclass(frozen=True)
class CompletenessColumn:
    """Something a patient has or lacks: rows of ``table`` that meet ``condition`` (of alias ``t``).

    ``door`` is the upload that mends a gap, or ``FORM``, the patient's form; without one the
    patient's page does.
    """

    key: str
    title: str
    table: str
    condition: str
    order: int = 0
    door: str = ""


@dataclass(frozen=True)
class GlanceColumn:
    """Something of each patient that the study at a glance counts and narrows by.

    ``read(study)`` gives a value per patient id, as far as the acting user's rows reach: a text of
    ``levels`` (or any, when none are named), or a number when ``kind`` is ``number``. When a table
    that it reads changes, it is read again. ``scope`` is the consent it needs.
    """

    key: str
    title: str
    group: str
    read: Callable[[Any], Any]
    kind: str = "category"
    levels: tuple[tuple[str, str], ...] = ()
    unit: str = ""
    scope: str = ""
    known_before: bool = False
    url_name: str = ""  # where it comes from: the name of a page of the study
    about: Callable[[Any], str] | None = None  # which version of what gave it, of a study
    order: int = 0


@dataclass(frozen=True)
class SelectionUse:
    """What an app above does with selected patients: ``use(study, user, name, selection)``.

    It gives the address to go on at, and refuses a selection that it cannot take.
    """

    key: str
    title: str
    right: str
    use: Callable[[Any, Any, str, Any], str]


@dataclass(frozen=True)
class Trace:
    """A derived row that used a patient, and where it is shown."""

    table: str
    row_id: int
    title: str
    url: str = ""


_facts: dict[str, Callable[[Any], dict[int, Any]]] = {}
_uses: dict[str, Uses] = {}
_columns: dict[str, CompletenessColumn] = {}
_glance: dict[str, GlanceColumn] = {}
_selection_uses: dict[str, SelectionUse] = {}
_tracers: dict[str, Callable[[Any], list[Trace]]] = {}


def register_fact(name: str, reader: Callable[[Any], dict[int, Any]]) -> None:
    """``reader(study)`` gives a value per patient id."""
    _facts[name] = reader


def facts(name: str, study: Any) -> dict[int, Any]:
    """A value per patient id; nothing when no app offers the fact."""
    return _facts[name](study) if name in _facts else {}


def register_uses(
    app_label: str,
    uses_of: Callable[[Any], dict[str, int]],
    purge: Callable[[Any], None],
    tables: tuple[str, ...] = (),
    frozen: tuple[str, ...] = (),
) -> None:
    """``uses_of(patient)`` counts rows by table name; ``purge(patient)`` removes what must go.

    ``frozen`` are the tables that keep what was known of a patient as it stood.
    """
    _uses[app_label] = Uses(uses_of, purge, tables, frozen)


def all_uses() -> dict[str, Uses]:
    return dict(_uses)


def register_completeness(*columns: CompletenessColumn) -> None:
    """Columns of the completeness grid; the next ``migrate`` makes the triggers that keep them."""
    _columns.update({column.key: column for column in columns})


def completeness_columns() -> list[CompletenessColumn]:
    return sorted(_columns.values(), key=lambda column: (column.order, column.key))


def register_glance(*columns: GlanceColumn) -> None:
    _glance.update({column.key: column for column in columns})


def glance_columns() -> list[GlanceColumn]:
    return sorted(_glance.values(), key=lambda column: (column.order, column.key))


def register_selection_use(use: SelectionUse) -> None:
    _selection_uses[use.key] = use


def selection_uses() -> list[SelectionUse]:
    return list(_selection_uses.values())


def register_traces(app_label: str, tracer: Callable[[Any], list[Trace]]) -> None:
    """``tracer(patient)`` lists the frozen and fitted things that used the patient."""
    _tracers[app_label] = tracer


def traces_of(patient: Any) -> list[Trace]:
    return [trace for tracer in _tracers.values() for trace in tracer(patient)]
