"""Everything that is wrong with a table: counted, the first ones at hand, all of them in a CSV."""

from __future__ import annotations

import csv
import io
import tempfile
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from studies.methods.cells import escaped
from studies.methods.problems import Problem
from studies.models import ImportBatch, StoredFile

from .files import file_store

SHOWN = 1_000
PROBLEM_COLUMNS = ("row", "column", "where", "found", "expected", "remedy")


@dataclass
class Findings:
    """What is wrong, and in which rows; ``names`` are patients who have a bad line."""

    total: int = 0
    first: list[Problem] = field(default_factory=list)
    groups: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: set[int] = field(default_factory=set)
    names: set[str] = field(default_factory=set)
    spool: Any = field(default_factory=lambda: tempfile.SpooledTemporaryFile(2**22))  # noqa: SIM115

    def close(self) -> None:
        self.spool.close()

    def add(self, problem: Problem) -> None:
        self.total += 1
        self.groups[problem.column or problem.where, problem.expected] += 1
        if problem.row is not None:
            self.rows.add(problem.row)
        if len(self.first) < SHOWN:
            self.first.append(problem)
        cells = [getattr(problem, name) for name in PROBLEM_COLUMNS]
        self.spool.write(csv_line(cells))

    def add_line(self, who: str, problems: Iterable[Problem]) -> None:
        self.names.add(who)
        for problem in problems:
            self.add(problem)

    def in_order(self) -> list[dict[str, Any]]:
        found = sorted(self.first, key=lambda problem: problem.row or 0)
        return [problem.as_dict() for problem in found]

    def grouped(self) -> list[dict[str, Any]]:
        """The commonest kinds: column, rule, how often."""
        return [
            {"column": column, "expected": expected, "number": number}
            for (column, expected), number in self.groups.most_common(20)
        ]

    def store(self, batch: ImportBatch) -> StoredFile | None:
        if not self.total:
            return None
        return csv_store(batch, self.spool, PROBLEM_COLUMNS, "problems")


def csv_line(cells: Any) -> bytes:
    """One line of a CSV that no spreadsheet runs."""
    line = io.StringIO()
    csv.writer(line).writerow([escaped(c) if isinstance(c, str) else c for c in cells])
    return line.getvalue().encode()


def csv_store(batch: ImportBatch, spool: Any, columns: Any, word: str) -> StoredFile:
    with tempfile.SpooledTemporaryFile(2**22) as whole:
        whole.write("\N{ZERO WIDTH NO-BREAK SPACE}".encode() + csv_line(columns))
        spool.seek(0)
        while chunk := spool.read(2**20):
            whole.write(chunk)
        whole.seek(0)
        return file_store(batch.study, whole, word, f"{word}.csv", batch)  # type: ignore[arg-type]
