"""What is wrong with data, said so that its owner can mend it: where, found, expected, remedy."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from .wording import Wording, kept, restored, say


@dataclass(frozen=True)
class Problem:
    """One thing that stops the work.

    Parameters
    ----------
    where : str
        The place in the user's own words: a file, a tag, a patient, a column.
    found, expected, remedy : str
        What stands there, what may stand there, what to do.
    row : int or None
        Line of the file as a spreadsheet numbers it (the header is line 1).
    column : str or None
        Name of the column as the file spells it.
    """

    where: str
    found: str
    expected: str
    remedy: str
    row: int | None = None
    column: str | None = None

    def as_dict(self) -> dict[str, Any]:
        return kept(vars(self).copy())

    def __str__(self) -> str:
        return f"{self.where}: found {self.found}; expected {self.expected}. {self.remedy}"

    def sentence(self) -> Wording:
        """As ``str``, with its pattern: for a notice that tells of a problem."""
        return say(
            "{where}: found {found}; expected {expected}. {remedy}",
            where=self.where,
            found=self.found,
            expected=_worded(self.expected),
            remedy=_worded(self.remedy),
        )


@dataclass(frozen=True)
class Notice:
    """Something to know that does not stop the work; printed in the report."""

    code: str
    text: str

    def as_dict(self) -> dict[str, Any]:
        return kept(vars(self).copy())

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Notice:
        made = told.get("wording", {}).get("text")
        return cls(told["code"], restored(made) if made else told["text"])


class DataProblem(ValueError):
    """The data are refused; ``problems`` lists every reason at once."""

    def __init__(self, problems: Iterable[Problem]):
        self.problems = tuple(problems)
        if not self.problems:
            raise TypeError("DataProblem needs at least one Problem")
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def as_list(self) -> list[dict[str, Any]]:
        return [problem.as_dict() for problem in self.problems]


def _worded(text: str) -> Wording:
    """A plain sentence is its own pattern, braces and all."""
    plain = text.replace("{", "{{").replace("}", "}}")
    return text if isinstance(text, Wording) else say(plain)


def refuse(
    where: str,
    found: object,
    expected: str,
    remedy: str,
    row: int | None = None,
    column: str | None = None,
) -> DataProblem:
    """Build the refusal of one problem: ``raise refuse("PET weight", ...)``."""
    return DataProblem(
        [
            Problem(
                where,
                found if isinstance(found, str) else str(found),
                expected,
                remedy,
                row,
                column,
            )
        ]
    )
