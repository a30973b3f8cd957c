"""The working of an SUV: each input with its DICOM tag, in the order it was used."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from studies.methods.problems import Notice, refuse


@dataclass(frozen=True)
class Step:
    """One input or result: what, from which tag, its value and unit, how it was read."""

    quantity: str
    tag: str
    value: float | str
    unit: str = ""
    how: str = ""

    def as_dict(self) -> dict[str, float | str]:
        return asdict(self)


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


def number(dataset: Dataset, tag: int) -> float | None:
    """A tag's number; None when absent, empty or unreadable. Undecoded private bytes are text."""
    element = dataset.get(BaseTag(tag))
    if element is None or element.value in (None, "", b""):
        return None
    value = element.value
    if isinstance(value, bytes):
        value = value.decode("ascii", "replace").strip("\0 ")
    try:
        return float(value)
    except (TypeError, ValueError):
        return None


def text(dataset: Dataset, keyword: str) -> str:
    """A tag's text, stripped and in capitals; empty when absent."""
    return str(dataset.get(keyword) or "").strip().upper()


def one_value(slices: tuple[Dataset, ...], keyword: str, tag: str) -> str:
    """The text of a tag that must be the same in every slice."""
    values = {text(slice_, keyword) for slice_ in slices}
    if len(values) > 1:
        raise refuse(
            f"{keyword} {tag}",
            " and ".join(sorted(values)),
            "one value in a series",
            "Export the series again.",
        )
    return values.pop()
