"""What differs between two versions of a dictionary, variable by variable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from .dictionary import DerivedSpec, VariableSpec

Spec = VariableSpec | DerivedSpec


@dataclass(frozen=True)
class Difference:
    """One variable that was added, removed or changed; ``changes`` are (field, before, after)."""

    name: str
    kind: str
    changes: tuple[tuple[str, str, str], ...] = ()


def compare_dictionaries(before: Sequence[Spec], after: Sequence[Spec]) -> tuple[Difference, ...]:
    """Variables by name, in the order of ``after``, then the removed ones."""
    old = {spec.name: asdict(spec) for spec in before}
    new = {spec.name: asdict(spec) for spec in after}
    found = []
    for name, fields in new.items():
        if name not in old:
            found.append(Difference(name, "added", _changes({}, fields)))
        elif fields != old[name]:
            found.append(Difference(name, "changed", _changes(old[name], fields)))
    removed = [
        Difference(name, "removed", _changes(old[name], {})) for name in old if name not in new
    ]
    return (*found, *removed)


def _changes(old: dict[str, Any], new: dict[str, Any]) -> tuple[tuple[str, str, str], ...]:
    names = [name for name in (new or old) if name != "name"]
    pairs = [(name, _words(old.get(name)), _words(new.get(name))) for name in names]
    return tuple((name, before, after) for name, before, after in pairs if before != after)


def _words(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return ", ".join(code if code == label else f"{code} = {label}"
                         for code, label in value.items())  # fmt: skip
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return f"{value:g}" if isinstance(value, float) else str(value)
