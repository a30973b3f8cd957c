"""The working of an SUV: each input with its DICOM tag, in the order it was used."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from studies.methods.problems import Notice, refuse
from studies.methods.wording import kept


@dataclass(frozen=True)
class Step:
    """One input or result: what, from which tag, its value and unit, how it was read."""

    quantity: str
    tag: str
    value: float | str
    unit: str = ""
    how: str = ""

    def as_dict(self) -> dict[str, Any]:
        return kept(vars(self).copy())


@dataclass
class Working:
    """Steps and notices in the order they arise."""

    steps: list[Step] = field(default_factory=list)
    notices: list[Notice] = field(default_factory=list)

    def step(
        self, quantity: str, tag: str, value: float | str, unit: str = "", how: str = ""
    ) -> None:
        self.steps.append(Step(quantity, tag, value, unit, how))

    def notice(self, code: str, text: str) -> None:
        self.notices.append(Notice(code, text))


def read_number(dataset: Dataset, tag: int) -> float | None:
    """A tag's number; None when absent, empty or unreadable. Undecoded private bytes are text."""
    element = dataset.get(BaseTag(tag))
    if element is None or element.value in (None, "", b""):
        return None
    try:
        return float(_plain_text(element.value))
    except ValueError:
        return None


def private_element(dataset: Dataset, group: int, creator: str, offset: int) -> DataElement | None:
    """A private element by its creator; where de-identification dropped every creator of the
    group, the one of the first block, to which scanners write."""
    creators = [e for e in dataset.group_dataset(group) if 0x10 <= e.tag.elem <= 0xFF]
    named = (e.tag.elem for e in creators if _plain_text(e.value) == creator)
    block = next(named, None if creators else 0x10)
    return dataset.get(BaseTag(group << 16 | block << 8 | offset)) if block else None


def private_text(dataset: Dataset, group: int, creator: str, offset: int) -> str:
    """The text of a private element; empty when absent."""
    element = private_element(dataset, group, creator, offset)
    return "" if element is None or element.value is None else _plain_text(element.value)


def private_number(dataset: Dataset, group: int, creator: str, offset: int) -> float | None:
    """The number of a private element; None when absent, empty or unreadable."""
    try:
        return float(private_text(dataset, group, creator, offset))
    except ValueError:
        return None


def _plain_text(value: object) -> str:
    """Undecoded private bytes as text, without padding."""
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace")
    return str(value).strip("\0 ")


def read_text(dataset: Dataset, keyword: str) -> str:
    """A tag's text, stripped and in capitals; empty when absent."""
    return str(dataset.get(keyword) or "").strip().upper()


def read_values(dataset: Dataset, keyword: str) -> set[str]:
    """The values of a tag that may have several, in capitals; one alone comes as plain text."""
    value = dataset.get(keyword) or []
    return {str(v).strip().upper() for v in ([value] if isinstance(value, str) else value)}


def one_value(slices: tuple[Dataset, ...], keyword: str, tag: str) -> str:
    """The text of a tag that must be the same in every slice."""
    values = {read_text(slice_, keyword) for slice_ in slices}
    if len(values) > 1:
        raise refuse(
            f"{keyword} {tag}",
            " and ".join(sorted(values)),
            "one value in a series",
            "Export the series again.",
        )
    return values.pop()
