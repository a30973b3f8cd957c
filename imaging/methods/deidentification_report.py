"""What de-identification did to a series, attribute by attribute, without any value."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from pydicom.dataset import Dataset

from imaging.methods.deidentification import (
    PROFILE,
    REMOVED,
    REPLACED,
    RETAINED,
    Change,
    Identity,
    deidentify,
    pixel_risks,
)
from imaging.methods.suv import estimate_suv_factors
from imaging.methods.suv_working import read_text
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import kept, marked, say

OUTCOMES = (REMOVED, REPLACED, RETAINED)
PIXELS = 0x7FE00000
SUV_SAME, SUV_NONE = marked("the same before and after"), marked("refused before and after alike")


@dataclass
class SeriesReport:
    """Changes of one series, counted over its files."""

    modality: str = ""
    files: int = 0
    changes: Counter[Change] = field(default_factory=Counter)
    risks: set[str] = field(default_factory=set)
    private_creators: set[str] = field(default_factory=set)
    suv: str = ""

    def add(self, original: Dataset, changes: Iterable[Change]) -> None:
        """Count one file."""
        self.modality = read_text(original, "Modality")
        self.files += 1
        self.changes.update(set(changes))
        self.risks.update(pixel_risks(original))
        self.private_creators.update(creators_of(original))

    def as_dict(self) -> dict[str, Any]:
        """``profile``, ``files``, ``removed``, ``replaced``, ``kept`` (tag, name, why, files),
        ``warnings``."""
        found: dict[str, Any] = {"profile": PROFILE, "modality": self.modality, "files": self.files}
        for outcome in OUTCOMES:
            found[outcome] = [
                kept({"tag": change.tag, "name": change.name, "why": change.why, "files": count})
                for change, count in sorted(self.changes.items(), key=lambda pair: pair[0].tag)
                if change.outcome == outcome
            ]
        return found | {"warnings": self.warnings(), "suv": self.suv}

    def warnings(self) -> list[str]:
        """What a person has to look at."""
        removed = sum(c.why == "private" and c.outcome == REMOVED for c in self.changes)
        said = sorted(self.risks)
        if removed:
            blocks = ", ".join(sorted(self.private_creators))
            said.append(
                say("{n} private attributes of {blocks} were dropped", n=removed, blocks=blocks)
                if blocks
                else say("{n} private attributes were dropped", n=removed)
            )
        return said


def deidentify_headers(
    slices: Sequence[Dataset], identity: Identity
) -> tuple[Dataset, dict[str, Any]]:
    """The de-identified header of a series' first slice, and the report of the series.

    The attributes that only later slices have are looked at too; those of the first speak for
    the same ones of the others, as nothing of them is kept.
    """
    report = SeriesReport()
    header, changes = deidentify(_without_pixels(slices[0]), identity)
    report.add(slices[0], changes)
    seen = set(slices[0].keys())
    for slice_ in slices[1:]:
        more = set(slice_.keys()) - seen
        if more:
            part = Dataset({tag: slice_.get_item(tag) for tag in more})
            report.changes.update(set(deidentify(part, identity)[1]))
            seen |= more
        report.risks.update(pixel_risks(slice_))
    report.files = len(slices)
    report.changes = Counter(dict.fromkeys(report.changes, len(slices)))
    return header, report.as_dict()


def _without_pixels(slice_: Dataset) -> Dataset:
    kept = [tag for tag in slice_.keys() if tag < PIXELS]  # noqa: SIM118 (iterating decodes)
    return Dataset({tag: slice_.get_item(tag) for tag in kept})


def creators_of(dataset: Dataset) -> set[str]:
    """Names of the private blocks of an object."""
    return {
        str(element.value).strip()
        for element in dataset
        if element.tag.is_private and 0x10 <= element.tag.elem <= 0xFF
    }


def compare_suv(before: list[Dataset], after: list[Dataset]) -> str:
    """Says that a PET's factors to SUV are the same before and after.

    Raises
    ------
    DataProblem
        They differ: the de-identified series must not be used.
    """
    first, second = _factors(before), _factors(after)
    if first == second:
        return SUV_SAME if isinstance(first, list) else SUV_NONE
    raise DataProblem(
        [
            Problem(
                say("SUV after de-identification"),
                f"{second if isinstance(second, str) else second[0]}",
                say("{value}, as before", value=first if isinstance(first, str) else first[0]),
                "Keep the original files and report this: a rule of de-identification is wrong.",
            )
        ]
    )


def _factors(slices: list[Dataset]) -> list[float] | str:
    try:
        return estimate_suv_factors(slices).factors.tolist()
    except DataProblem as problem:
        return problem.problems[0].where
