"""The report as a PDF, set by typst from the same content as the page."""

from __future__ import annotations

import json
import shutil
import tempfile
from datetime import datetime
from pathlib import Path
from typing import Any

import typst
import vl_convert
from django.conf import settings

from modeling.publication.words import cell_reason, cell_source, cell_text
from studies.figures.journal import natural_size

LARGEST = 0.62  # points of a drawing's own unit: letters as large as in a figure across the page
WORDY = 34  # characters from which a column of words is set flush left and may wrap
LONG_HEAD = 24  # from which a heading beside a column of words wraps, not to starve it
LAYOUT = Path("modeling") / "report.typ"


def write_paper(content: dict[str, Any], number: int, sha256: str, built_at: datetime) -> bytes:
    """A PDF of a report's content; the same content gives the same pages.

    Parameters
    ----------
    content : dict
        As the report holds it: sections, figures, notices, sources, runs.
    number, sha256, built_at : of the report
    """
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copyfile(settings.BASE_DIR / "templates" / LAYOUT, root / LAYOUT.name)
        for key, figure in content["figures"].items():
            (root / f"{key}.pdf").write_bytes(bytes(vl_convert.vegalite_to_pdf(figure["spec"])))
        data = _printed(content, number, sha256, built_at)
        (root / "report.json").write_text(json.dumps(data, ensure_ascii=False), "utf-8")
        return bytes(
            typst.compile(
                str(root / LAYOUT.name), root=str(root), timestamp=int(built_at.timestamp())
            )
        )


def _printed(
    content: dict[str, Any], number: int, sha256: str, built_at: datetime
) -> dict[str, Any]:
    return {
        "study": content["study"]["name"],
        "simulated": content["study"]["simulated"],
        "number": number,
        "sha256": sha256,
        "built": built_at.strftime("%-d %B %Y, %H:%M UTC"),
        "version": settings.VERSION,
        "sections": [_section(section, content["figures"]) for section in content["sections"]],
        "notices": content["notices"],
        "sources": content["sources"],
        "runs": content["runs"],
    }


def _section(section: dict[str, Any], figures: dict[str, Any]) -> dict[str, Any]:
    return {
        "title": section["title"],
        "text": section["text"],
        "tables": [_table(table) for table in section["tables"]],
        "figures": [
            {
                "file": f"{key}.pdf",
                "title": figures[key]["title"],
                "caption": figures[key]["caption"],
                "sources": figures[key]["sources"],
                "wide": figures[key]["wide"],
                "width": LARGEST * natural_size(figures[key]["svg"])[0],
            }
            for key in section["figures"]
        ],
    }


def _table(table: dict[str, Any]) -> dict[str, Any]:
    wordy = [
        max((len(row[k]) for row in table["rows"] if isinstance(row[k], str)), default=0) > WORDY
        for k in range(len(table["columns"]))
    ]
    return {
        "title": table["title"],
        "note": " ".join(part for part in (table["note"], _no_intervals(table["rows"])) if part),
        "columns": table["columns"],
        "wordy": wordy,
        "shares": [
            told or (any(wordy) and len(head) > LONG_HEAD)
            for told, head in zip(wordy, table["columns"], strict=True)
        ],
        "rows": [
            [{**_held_together(value), "source": cell_source(value)} for value in row]
            for row in table["rows"]
        ],
    }


def _held_together(value: Any) -> dict[str, str]:
    """A line may end before an interval, never inside it."""
    text = cell_text(value, reason=False)
    if not isinstance(value, dict):
        return {"text": text, "held": ""}
    head, bracket, interval = text.partition("(")
    return {"text": head, "held": bracket + interval}


def _no_intervals(rows: list[list[Any]]) -> str:
    """Each reason once, below the table: beside a number it would stretch its row."""
    reasons = dict.fromkeys(
        reason for row in rows for value in row if (reason := cell_reason(value))
    )
    return f"No interval: {'; '.join(reasons)}." if reasons else ""
