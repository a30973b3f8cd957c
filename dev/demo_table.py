"""The demo's table: what was measured, with its interval, beside what the study reports."""

from __future__ import annotations

import textwrap
from typing import Any

WIDTHS = (11, 32, 5)


def print_table(content: dict[str, Any]) -> None:
    """The report's section on the published study, as lines of a terminal."""
    section = next(part for part in content["sections"] if part["key"] == "paper")
    table = section["tables"][0]
    print(f"\n{content['study']['name']}\n")
    width = 3 + max(len(row[0]) for row in table["rows"])
    _print_row(width, ["", *table["columns"][1:4]])
    for row in table["rows"]:
        _print_row(width, [f"  {row[0]}", *(_text(cell) for cell in row[1:4])])
    print("\n" + textwrap.fill(table["note"], 100))
    print("\nEach number with its model version and frozen table stands in the report.")


def _print_row(first_width: int, cells: list[str]) -> None:
    first, *others = cells
    rest = "".join(f"{cell:>{width}}" for cell, width in zip(others, WIDTHS, strict=True))
    print(f"{first:<{first_width}}{rest}")


def _text(cell: Any) -> str:
    if not isinstance(cell, dict):
        return str(cell)
    if cell["value"] is None:
        return "not estimable"
    digits = cell["digits"]
    value = f"{cell['value']:.{digits}f}"
    if not cell["ci"]:
        return f"{value} (interval not estimable)" if cell.get("no_interval") else value
    low, high = cell["ci"]
    return f"{value} ({low:.{digits}f}-{high:.{digits}f})"
