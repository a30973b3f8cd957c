"""Cells of a report as plain text, for files."""

from __future__ import annotations

from typing import Any

from studies.figures.figure import number


def cell_text(value: Any, reason: bool = True) -> str:
    """A word as it is; a number with its interval, or why there is none (``reason``)."""
    if value is None:
        return "–"
    if not isinstance(value, dict):
        return str(value)
    if value["value"] is None:
        return "not estimable"
    digits = value["digits"]
    if digits == 4 and value["value"] < 0.0001:
        return "< 0.0001"
    told = number(value["value"], digits)
    if value.get("no_interval"):
        if not reason:
            return f"{told} (no interval)"
        return f"{told} (interval not estimable: {value['no_interval']})"
    if value["ci"] is None:
        return told
    if value["ci"] == [None, None]:
        return f"{told} (limits not reached)"
    missing = "not reached" if value.get("is_median") else "not estimable"
    low, high = (missing if bound is None else number(bound, digits) for bound in value["ci"])
    return f"{told} ({low}{'–' if (value['ci'][0] or 0) >= 0 else ' to '}{high})"


def cell_reason(value: Any) -> str:
    """Why a number has no interval; empty where it has one."""
    return value.get("no_interval", "") if isinstance(value, dict) else ""


def cell_source(value: Any) -> int | None:
    """The number of the footnote a cell comes from."""
    return value["source"] if isinstance(value, dict) else None


def cell_parts(value: Any) -> list[Any]:
    """Value, bounds, n, version and snapshot, each for a column of its own."""
    if not isinstance(value, dict):
        return ["" if value is None else value, "", "", "", "", ""]
    low, high = value["ci"] or ("", "")
    return [value["value"], low, high, value["n"], value["model_version"], value["snapshot_sha"]]
