"""GCT 1.2 and 1.3: two lines of dimensions, names and descriptions, then numbers."""

from __future__ import annotations

from collections.abc import Sequence

from genomics.methods.expression_layout import Layout, cells_of
from genomics.methods.expression_text import Open, first_lines
from genomics.methods.expression_tiles import ExpressionTiles
from studies.methods.problems import refuse
from studies.methods.wording import say


def is_gct(lines: Sequence[str]) -> bool:
    """Whether the first lines are those of a GCT file."""
    return lines[0].strip() in ("#1.2", "#1.3")


def gct_layout(fresh: Open, name: str) -> Layout:
    """Where the numbers stand.

    1.2 has a description beside the name; 1.3 as many columns of row metadata, and rows of column
    metadata, as its second line says.

    References
    ----------
    GenePattern file formats guide (GCT); Enache O. M. et al. Bioinformatics 2019;35:1427-1429.
    """
    version, sizes, header = first_lines(fresh, name, 3)
    modern = version.strip() == "#1.3"
    numbers = _sizes(sizes, 4 if modern else 2, name)
    beside, above = (numbers[2], numbers[3]) if modern else (1, 0)
    labels = cells_of(header, "\t")
    return Layout(tuple(labels[1 + beside :]), "\t", 4 + above, beside, not modern)


def _sizes(line: str, count: int, name: str) -> list[int]:
    found = line.split()
    if len(found) != count or not all(part.isdecimal() for part in found):
        expected = (
            say("4 whole numbers: rows, columns, row and column metadata")
            if count == 4
            else say("{count} whole numbers: rows, columns", count=count)
        )
        raise refuse(
            name, line.strip()[:80] or say("nothing"), expected, "Write the GCT again.", row=2
        )
    return [int(part) for part in found]


def check_gct(lines: Sequence[str], tiles: ExpressionTiles) -> None:
    """The file holds what its second line announces: a cut file is not read as a whole one."""
    rows, columns = (int(part) for part in lines[1].split()[:2])
    genes, specimens = tiles.shape
    if (genes, specimens) != (rows, columns):
        raise refuse(
            tiles.name,
            say("{genes} genes of {specimens} specimens", genes=genes, specimens=specimens),
            say(
                "{rows} genes of {columns} specimens, as its second line says",
                rows=rows,
                columns=columns,
            ),
            "The file was cut or edited: write it again.",
            row=2,
        )
