"""Two reports side by side: contents made by hand, so that every answer is known."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from modeling.services.report_comparison import reports_compare


def _number(value: float, ci: list[float] | None, source: int, digits: int = 2) -> dict[str, Any]:
    return {"value": value, "ci": ci, "n": 9, "digits": digits, "source": source,
            "model_version": "x", "snapshot_sha": "y"}  # fmt: skip


def _report(auc: float, p: float, model: str, digest: str, state: str, text: str) -> Any:
    gains = {"key": "gains", "title": "Gains", "columns": ["Cohort", "n", "Measure", "AUC", "p"],
             "rows": [["Training", 9, "AUC at 12 months", _number(auc, [0.6, 0.8], 1),
                       _number(p, None, 1, 4)],
                      ["Training", 9, "AUC at 24 months", _number(0.5, [0.4, 0.6], 1),
                       _number(0.2, None, 1, 4)]]}  # fmt: skip
    items = {"key": "items", "title": "Items", "columns": ["Item", "Asks for", "State"],
             "rows": [["1", "Aims", state], ["2", "Ethics", "open"]]}  # fmt: skip
    limits = {"key": "limits", "title": "Limits", "columns": ["No.", "Limit"],
              "rows": [[1, "Few patients."], [2, f"{model} is weak."]]}  # fmt: skip
    return SimpleNamespace(content={
        "sections": [{"key": "one", "title": "One", "text": ["The same.", text],
                      "tables": [gains, items, limits], "figures": []}],
        "figures": {},
        "sources": [{"number": 1, "model_version": model, "snapshot": "snapshot 3",
                     "purpose": "Rad-Score", "version_uid": None, "version_sha256": digest,
                     "snapshot_uid": "u", "snapshot_sha256": "t"}],
        "notices": [{"where": "Run", "code": "c", "text": f"{model} ran."}],
        "runs": [{"model_version": model, "seed": len(digest), "threads": 1, "commit": "",
                  "library_versions": {"numpy": "2"}}],
    })  # fmt: skip


def test_numbers_that_leave_their_interval_are_found_with_their_versions() -> None:
    before = _report(0.7, 0.04, "Rad-Score 1", "a", "open", "Fitted to 20 patients.")
    after = _report(0.85, 0.06, "Rad-Score 2", "bb", "told", "Fitted to 21 patients.")
    found = reports_compare(before, after)
    moved = {(cell.row, cell.column): cell for t in found["tables"] for cell in t["rows"]}
    auc = moved["Training, AUC at 12 months", "AUC"]
    assert (auc.by, round(auc.share, 9), auc.beyond) == ("+0.15", 1.5, True)
    assert auc.sources == ("Rad-Score 1, frozen table 3", "Rad-Score 2, frozen table 3")
    assert moved["Training, AUC at 12 months", "p"].beyond  # it crossed 0.05
    assert moved["1", "State"].after == "told"
    assert {c.kind for c in moved.values() if c.table == "Limits"} == {"new", "gone"}
    assert (found["changed"], found["beyond"]) == (3, 2)
    assert (found["new"], found["gone"]) == (1, 1)  # a limit in other words
    assert not any("24 months" in cell.row for cell in moved.values())
    assert [cell.column for cell in found["leading"]] == ["AUC", "p"]
    (behind,) = found["behind"]
    assert (behind["same"], behind["same_table"]) == (False, True)
    assert {(r["setting"], r["before"], r["after"]) for r in found["runs"]} == {("seed", "1", "2")}
    (words,) = found["texts"][0]["paragraphs"]
    assert [(p["kind"], p["text"]) for p in words if p["kind"] != "same"] == [
        ("gone", "20"), ("new", "21")
    ]  # fmt: skip
    assert [n["text"] for n in found["notices"]["gone"]] == ["Rad-Score 1 ran."]
    same = reports_compare(before, before)
    assert not same["tables"]
    assert not same["texts"]
    assert all(row["same"] for row in same["behind"])
