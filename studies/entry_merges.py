"""What two people changed in one form, in words to choose between."""

from __future__ import annotations

from dataclasses import dataclass

from studies.methods.course import FACT_KINDS
from studies.methods.merge import Merge
from studies.services.fact_rows import spoken_cell
from studies.services.record_reading import Record


@dataclass(frozen=True)
class Difference:
    """A cell that two people changed: what I typed, what is stored now."""

    key: str
    label: str
    mine: str
    theirs: str
    before: str = ""


def differences_of(record: Record, merge: Merge) -> dict[str, list[Difference]]:
    """Cells to choose between, and cells that only the other side changed."""
    labels = {spec.name: spec.label for spec in record.specs}

    def label(key: str) -> str:
        return labels.get(key) or FACT_KINDS[key.partition(":")[0]].title

    def text(key: str, cell: str) -> str:
        return (spoken_cell(cell) if ":" in key else cell) or "blank"

    return {
        "clashes": [Difference(k, label(k), text(k, mine), text(k, theirs))
                    for k, (mine, theirs) in merge.clashes.items()],
        "theirs": [Difference(k, label(k), "", text(k, now), text(k, before))
                   for k, (before, now) in merge.theirs.items()],
    }  # fmt: skip
