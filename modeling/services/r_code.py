"""Values written as R code."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def column_code(name: str, levels: Sequence[str]) -> str:
    """A column as numbers, or as a factor with its levels in order; to be formatted once more."""
    if not levels:
        return f"d${name} <- as.numeric(d${name})\n"
    known = listed_code(levels)
    return f"d${name} <- as_level(d${name}, c({known}))\n".replace("{", "{{").replace("}", "}}")


def quoted(value: str) -> str:
    """A string of R."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def listed_code(values: Sequence[str]) -> str:
    """Strings between commas."""
    return ", ".join(quoted(value) for value in values)


def number_code(values: Iterable[float]) -> str:
    """Numbers between commas, every digit kept."""
    words = {"nan": "NA", "inf": "Inf", "-inf": "-Inf"}
    return ", ".join(words.get(repr(float(v)), repr(float(v))) for v in values)
