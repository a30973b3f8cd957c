"""Two reports of a study cell by cell: what moved, what came, what went."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from modeling.models import Report
from modeling.publication.words import cell_text

TOUCHED = {"snapshot_sha", "source", "model_version"}


def reports_compare(before: Report, after: Report) -> dict[str, Any]:
    """Changed cells per table, figures of either, and how many cells stayed.

    Rows are matched by their leading words; a number is the same when its value and interval are,
    whatever version it comes from.
    """
    old, new = _tables(before.content), _tables(after.content)
    tables, same = [], 0
    for key in dict.fromkeys([*new, *old]):
        rows = list(_cells(old.get(key), new.get(key)))
        changed = [row for row in rows if row["kind"] != "same"]
        same += len(rows) - len(changed)
        if changed:
            tables.append({"title": (new.get(key) or old[key])["title"], "rows": changed})
    return {"tables": tables, "same": same, "figures": _figures(before.content, after.content),
            "texts": _texts(before.content, after.content)}  # fmt: skip


def _tables(content: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    return {table["key"]: table for part in content["sections"] for table in part["tables"]}


def _cells(
    old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> Iterator[dict[str, Any]]:
    was, is_now = _by_place(old), _by_place(new)
    for place in dict.fromkeys([*is_now, *was]):
        a, b = was.get(place), is_now.get(place)
        kind = (
            "gone"
            if place not in is_now
            else "new"
            if place not in was
            else ("same" if _value(a) == _value(b) else "changed")
        )
        yield {
            "row": place[0],
            "column": place[2],
            "before": "" if place not in was else cell_text(a),
            "after": "" if place not in is_now else cell_text(b),
            "kind": kind,
            "moved": _moved(a, b) if kind == "changed" else "",
        }


def _by_place(table: Mapping[str, Any] | None) -> dict[tuple[str, int, str], Any]:
    """Cells by row, how often the row was met before, and column."""
    found: dict[tuple[str, int, str], Any] = {}
    met: Counter[str] = Counter()
    for row in table["rows"] if table else ():
        words = _words(row)
        label = ", ".join(words)
        for column, cell in zip(table["columns"][len(words) :], row[len(words) :], strict=True):  # type: ignore[index]
            found[label, met[label], column] = cell
        met[label] += 1
    return found


def _words(row: Sequence[Any]) -> list[str]:
    """The leading cells that are words; the first cell always names the row."""
    words = [cell_text(row[0])]
    for cell in row[1:]:
        if not isinstance(cell, str):
            break
        words.append(cell)
    return words[: max(1, len(row) - 1)]


def _value(cell: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    return {key: part for key, part in cell.items() if key not in TOUCHED}


def _moved(a: Any, b: Any) -> str:
    """By how much a number moved, in its own digits."""
    if not (isinstance(a, dict) and isinstance(b, dict)) or None in (a["value"], b["value"]):
        return ""
    moved = f"{b['value'] - a['value']:+.{max(a['digits'], b['digits'])}f}"
    return (moved if float(moved) else moved[1:]).replace("-", "−")


def _figures(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Figures that differ or are in one of them only."""
    keys = dict.fromkeys([*new["figures"], *old["figures"]])
    pairs = [(key, old["figures"].get(key), new["figures"].get(key)) for key in keys]
    return [
        {"key": key, "title": (b or a)["title"], "before": a, "after": b}
        for key, a, b in pairs
        if a is None or b is None or a["rows"] != b["rows"]
    ]


def _texts(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[dict[str, Any]]:
    was, is_now = ({part["key"]: part for part in c["sections"]} for c in (old, new))
    return [
        {
            "title": (is_now.get(key) or was[key])["title"],
            "before": was.get(key, {}).get("text", []),
            "after": is_now.get(key, {}).get("text", []),
        }
        for key in dict.fromkeys([*is_now, *was])
        if was.get(key, {}).get("text") != is_now.get(key, {}).get("text")
    ]
