"""Where the numbers stand in an expression table: separator, header, columns beside the genes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from genomics.methods.expression_text import Open, first_lines
from genomics.methods.expression_tiles import SHOWN
from studies.methods.problems import Problem, refuse
from studies.methods.wording import say


@dataclass(frozen=True)
class Layout:
    """Where the numbers stand in a text table."""

    header: tuple[str, ...]  # specimens
    separator: str
    first_line: int = 2  # of the genes, counted from 1
    beside: int = 0  # columns between gene and numbers (lengths, descriptions)
    second_name: bool = False  # the first of them is another name of the gene
    quoted: bool = True  # fields may stand in quotes
    whole: bool = False  # the first line holds whole numbers: so may the others


def find_layout(fresh: Open, name: str) -> Layout:
    """Separator and specimens, from the first two lines.

    Parameters
    ----------
    fresh : callable
        Opens the text from its beginning.
    name : str
        What to call the file in problems.

    Raises
    ------
    DataProblem
        Nothing, a header only, or a single column.
    """
    first, second = first_lines(fresh, name, 2)
    if not first.strip():
        raise refuse(name, say("nothing"), "a table", "Choose the file with the expression values.")
    separator = max("\t,;", key=first.count)
    header = cells_of(first, separator)
    width = len(cells_of(second, separator)) if second.strip() else 0
    if not width:
        raise refuse(name, say("a header only"), "a line per gene", "Choose the complete file.")
    if len(header) < 2 and width < 2:
        raise refuse(
            name,
            say("one column"),
            "the gene and at least one specimen, separated by commas or tabs",
            "Save the table as CSV or TSV.",
        )
    specimens = tuple(header if width == len(header) + 1 else header[1:])
    whole = all(cell.isdecimal() for cell in cells_of(second, separator)[1:])
    return Layout(specimens, separator, quoted='"' in first + second, whole=whole)


def cells_of(line: str, separator: str) -> list[str]:
    """The cells of a line without blanks and quotes around them."""
    return [field.strip().strip('"') for field in line.rstrip("\r\n").split(separator)]


def header_problems(layout: Layout, name: str) -> list[Problem]:
    """Specimens that occur twice, and columns without a label."""
    row = layout.first_line - 1
    problems = [
        Problem(
            name,
            say("the specimen label {label!r} {times} times", label=label, times=times),
            "each specimen once",
            "Rename or remove the repeated columns; which one is meant cannot be guessed.",
            row=row,
            column=label,
        )
        for label, times in Counter(layout.header).items()
        if times > 1 and label
    ]
    first = 2 + layout.beside
    unnamed = [str(n) for n, label in enumerate(layout.header, start=first) if not label]
    if unnamed:
        problems.append(
            Problem(
                name,
                say("no label over column {unnamed}", unnamed=", ".join(unnamed[:SHOWN])),
                "a specimen label over each column",
                "Name the columns, or remove them when they are empty.",
                row=row,
            )
        )
    return problems


def join_names(names: Sequence[str], others: Sequence[str]) -> list[str]:
    """A gene under both its names, where the second is a name and not a description."""
    return [
        f"{name}|{other}" if other and other != name and " " not in other else name
        for name, other in zip(names, others, strict=True)
    ]
