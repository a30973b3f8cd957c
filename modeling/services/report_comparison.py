"""Two reports of a study: what stands behind each, which numbers moved and how far, which words."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from modeling.models import Report
from modeling.publication.row_names import naming_columns
from modeling.publication.words import cell_text
from studies.methods.wording import say

TOUCHED = {"snapshot_sha", "source", "model_version"}
P_DIGITS, LEVEL = 4, 0.05  # a number of four digits is a p-value
LEADING = 12  # numbers in the list of the largest moves
NOMOGRAM = re.compile(r"Nomogram( \d+)? \((.+)\)")
NUMBERED = re.compile(r" \d+\b")  # "Rad-Score 2" and "Rad-Score 1" are the same model
WORDS = re.compile(r"\s+|[^\s]+")
TOLD_SINCE = ("threshold",)  # columns of figures that reports of before did not have
Content = Mapping[str, Any]


@dataclass(frozen=True)
class Moved:
    """A cell that is not the same in both; ``share`` is the move in half-widths of the interval.

    ``beyond``: the later value lies outside the earlier interval, or a p crossed 0.05.
    """

    table: str
    row: str
    column: str
    before: str
    after: str
    kind: str  # changed, new, gone
    by: str = ""
    share: float = 0.0
    beyond: bool = False
    sources: tuple[str, str] = ("", "")


def reports_compare(before: Report, after: Report) -> dict[str, Any]:
    """What stands behind each, changed cells per table, largest moves first, words and figures.

    Rows are matched by the columns of words that name them; a number is the same when its value
    and interval are, whatever version it comes from.
    """
    old, new = before.content, after.content
    tables, same = _tables_compared(old, new)
    cells = [cell for table in tables for cell in table["rows"]]
    leading = sorted((cell for cell in cells if cell.by), key=lambda c: (-c.beyond, -c.share))
    return {
        "behind": _behind(old, new),
        "runs": _runs(old, new),
        "tables": tables,
        "same": same,
        **{kind: sum(cell.kind == kind for cell in cells) for kind in ("changed", "new", "gone")},
        "beyond": sum(cell.beyond for cell in cells),
        "leading": leading[:LEADING],
        "notices": _notices(old, new),
        "figures": _figures(old, new),
        "texts": _texts(old, new),
    }


def _tables_compared(old: Content, new: Content) -> tuple[list[dict[str, Any]], int]:
    was, is_now = _tables(old), _tables(new)
    titles = _titles(old) | _titles(new)
    names = {side: _source_names(content) for side, content in (("old", old), ("new", new))}
    found, same = [], 0
    for key in dict.fromkeys([*is_now, *was]):
        pair = was.get(key), is_now.get(key)
        title = titles[key]
        places = _by_place(*pair)
        moved = [
            _cell(title, place, a, b, names) for place, (a, b) in places.items() if not _alike(a, b)
        ]
        same += len(places) - len(moved)
        if moved:
            found.append({"title": title, "rows": moved})
    return found, same


ABSENT = object()


def _alike(a: Any, b: Any) -> bool:
    return a is not ABSENT and b is not ABSENT and _value(a) == _value(b)


def _cell(
    table: str, place: tuple[str, int, str], a: Any, b: Any, names: Mapping[str, Mapping[int, str]]
) -> Moved:
    kind = "new" if a is ABSENT else "gone" if b is ABSENT else "changed"
    by, share, beyond = _size(a, b)
    return Moved(
        table, place[0], place[2],
        "" if a is ABSENT else cell_text(a), "" if b is ABSENT else cell_text(b),
        kind, by, share, beyond, (_named(a, names["old"]), _named(b, names["new"])),
    )  # fmt: skip


def _tables(content: Content) -> dict[str, dict[str, Any]]:
    return {table["key"]: table for part in content["sections"] for table in part["tables"]}


def _titles(content: Content) -> dict[str, str]:
    """Of tables by key; two of one title are told apart by their sections."""
    told = Counter(t["title"] for part in content["sections"] for t in part["tables"])
    return {
        t["key"]: f"{part['title']}. {t['title']}" if told[t["title"]] > 1 else t["title"]
        for part in content["sections"]
        for t in part["tables"]
    }


def _by_place(
    old: Mapping[str, Any] | None, new: Mapping[str, Any] | None
) -> dict[tuple[str, int, str], tuple[Any, Any]]:
    """Cells of both by row, how often the row was met before, and column."""
    naming = naming_columns([row for table in (old, new) if table for row in table["rows"]])
    found = [_cells(table, naming) for table in (old, new)]
    return {
        place: (found[0].get(place, ABSENT), found[1].get(place, ABSENT))
        for place in dict.fromkeys([*found[1], *found[0]])
    }


def _cells(
    table: Mapping[str, Any] | None, naming: Sequence[int]
) -> dict[tuple[str, int, str], Any]:
    found: dict[tuple[str, int, str], Any] = {}
    met: Counter[str] = Counter()
    for row in table["rows"] if table else ():
        if table and table["key"] == "limits":  # numbered: a limit is known by its words
            found[cell_text(row[1]), 0, ""] = row[1]
            continue
        label = ", ".join(cell_text(row[k]) for k in naming)
        for k, (column, cell) in enumerate(zip(table["columns"], row, strict=True)):  # type: ignore[index]
            if k not in naming:
                found[label, met[label], column] = cell
        met[label] += 1
    return found


def _value(cell: Any) -> Any:
    if not isinstance(cell, dict):
        return cell
    return {key: part for key, part in cell.items() if key not in TOUCHED}


def _size(a: Any, b: Any) -> tuple[str, float, bool]:
    """By how much a number moved, in its own digits and in half-widths of its interval."""
    if not (isinstance(a, dict) and isinstance(b, dict)) or None in (a["value"], b["value"]):
        return "", 0.0, False
    digits = max(a["digits"], b["digits"])
    gap = b["value"] - a["value"]
    moved = f"{gap:+.{digits}f}"
    shown = (moved if float(moved) else moved[1:]).replace("-", "−")
    if digits == P_DIGITS:
        return shown, 0.0, (a["value"] < LEVEL) != (b["value"] < LEVEL)
    low, high = a["ci"] or (None, None)
    if low is None or high is None or high <= low:
        return shown, 0.0, False
    return shown, abs(gap) / ((high - low) / 2), not low <= b["value"] <= high


def _source_names(content: Content) -> dict[int, str]:
    """Reports of before said "snapshot 3" where later ones say "frozen table 3"."""
    return {
        s["number"]: f"{s['model_version']}, {_source(s)['snapshot']}" for s in content["sources"]
    }


def _named(cell: Any, names: Mapping[int, str]) -> str:
    return names.get(cell["source"], "") if isinstance(cell, dict) else ""


def _behind(old: Content, new: Content) -> list[dict[str, Any]]:
    """Versions and frozen tables by what they are for, the later beside the earlier."""
    was, is_now = _by_role(old), _by_role(new)
    return [
        {
            "model": _spoken(role[0]),
            "purpose": role[1],
            "before": _source(was[role]) if role in was else None,
            "after": _source(is_now[role]) if role in is_now else None,
            "same": _digests(was.get(role)) == _digests(is_now.get(role)),
            "same_table": role in was and role in is_now
            and was[role]["snapshot_sha256"] == is_now[role]["snapshot_sha256"],
        }
        for role in dict.fromkeys([*is_now, *was])
    ]  # fmt: skip


def _source(found: Mapping[str, Any]) -> dict[str, Any]:
    number = found["snapshot"].rpartition(" ")[2]
    return {
        **found,
        "model_version": _spoken(found["model_version"]),
        "snapshot": say("frozen table {number}", number=number),
    }


def _spoken(model: str) -> str:
    """``Nomogram 2 (overall survival)`` as it was worded, for the language of the page."""
    found = NOMOGRAM.fullmatch(model)
    if found is None:
        return say(model)
    endpoint = say(found[2])
    if not found[1]:
        return say("Nomogram ({endpoint})", endpoint=endpoint)
    return say("Nomogram {number} ({endpoint})", number=found[1].strip(), endpoint=endpoint)


def _by_role(content: Content) -> dict[tuple[str, str], dict[str, Any]]:
    return {(NUMBERED.sub("", s["model_version"]), s["purpose"]): s for s in content["sources"]}


def _digests(source: Mapping[str, Any] | None) -> tuple[Any, ...] | None:
    return source and (source["version_sha256"], source["snapshot_sha256"])


def _runs(old: Content, new: Content) -> list[dict[str, str]]:
    """Seeds, code and libraries that differ between the runs of the same model."""
    was, is_now = (
        {NUMBERED.sub("", run["model_version"]): _settings(run) for run in content["runs"]}
        for content in (old, new)
    )
    return [
        {"model": _spoken(model), "setting": name, "before": was[model].get(name, "–"),
         "after": is_now[model].get(name, "–")}
        for model in is_now if model in was
        for name in dict.fromkeys([*is_now[model], *was[model]])
        if was[model].get(name) != is_now[model].get(name)
    ]  # fmt: skip


def _settings(run: Mapping[str, Any]) -> dict[str, str]:
    own = {name: str(run[name]) for name in ("seed", "threads")}
    own |= {"commit": run["commit"][:12]} if run["commit"] else {}
    return {**own, **{str(name): str(v) for name, v in run["library_versions"].items()}}


def _notices(old: Content, new: Content) -> dict[str, list[dict[str, str]]]:
    was, is_now = ({(n["where"], n["text"]): n for n in c["notices"]} for c in (old, new))
    return {
        "gone": [notice for key, notice in was.items() if key not in is_now],
        "new": [notice for key, notice in is_now.items() if key not in was],
    }


def _figures(old: Content, new: Content) -> list[dict[str, Any]]:
    """Figures that differ or are in one of them only."""
    keys = dict.fromkeys([*new["figures"], *old["figures"]])
    pairs = [(key, old["figures"].get(key), new["figures"].get(key)) for key in keys]
    return [
        {"key": key, "title": (b or a)["title"], "before": a, "after": b}
        for key, a, b in pairs
        if a is None or b is None or _told(a) != _told(b)
    ]


def _told(figure: Mapping[str, Any]) -> list[list[Any]]:
    """Its rows without those: a column more is no other picture."""
    left_out = {k for k, name in enumerate(figure.get("columns", ())) if name in TOLD_SINCE}
    return [[cell for k, cell in enumerate(row) if k not in left_out] for row in figure["rows"]]


def _texts(old: Content, new: Content) -> list[dict[str, Any]]:
    """Paragraphs that differ, word by word."""
    was, is_now = ({part["key"]: part for part in c["sections"]} for c in (old, new))
    found = [
        {
            "title": (is_now.get(key) or was[key])["title"],
            "paragraphs": list(
                _paragraphs(was.get(key, {}).get("text", []), is_now.get(key, {}).get("text", []))
            ),
        }
        for key in dict.fromkeys([*is_now, *was])
    ]
    return [part for part in found if part["paragraphs"]]


def _paragraphs(old: Sequence[str], new: Sequence[str]) -> Iterator[list[dict[str, str]]]:
    matched = SequenceMatcher(a=old, b=new, autojunk=False)
    for what, a, b, c, d in matched.get_opcodes():
        if what != "equal":
            yield _words_compared(" ".join(old[a:b]), " ".join(new[c:d]))


def _words_compared(old: str, new: str) -> list[dict[str, str]]:
    """Stretches that are the same, gone or new."""
    before, after = WORDS.findall(old), WORDS.findall(new)
    parts = []
    for what, a, b, c, d in SequenceMatcher(a=before, b=after, autojunk=False).get_opcodes():
        if what == "equal":
            parts.append({"kind": "same", "text": "".join(before[a:b])})
            continue
        parts += [{"kind": "gone", "text": "".join(before[a:b])}] if b > a else []
        parts += [{"kind": "new", "text": "".join(after[c:d])}] if d > c else []
    return parts
