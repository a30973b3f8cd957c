"""How a file is to be read, and what all formats share."""

from __future__ import annotations

import io
import tempfile
import zipfile
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from genomics.methods.expression_text import Open, opener
from genomics.methods.expression_tiles import SHOWN, ExpressionTiles
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say

MOST_CELLS = 2 * 10**9
MOST_ENTRIES = 50_000
IN_MEMORY = 2**27  # cells; more are kept on disk while they are put together
GENES_A_TILE = 512


@dataclass(frozen=True)
class Reading:
    """What the owner says about a file; what is needed and not said is asked for."""

    scale: str | None = None  # counts, cpm, tpm, log
    strand: str | None = None  # unstranded, forward, reverse: the column of STAR's counts
    gene_of: Mapping[str, str] | None = None  # transcript to gene, of an annotation


def open_zip(stream: BinaryIO, name: str) -> zipfile.ZipFile:
    """A zip file, or the refusal of one that is damaged."""
    try:
        archive = zipfile.ZipFile(stream)
    except (zipfile.BadZipFile, OSError) as error:
        raise refuse(name, str(error), "a zip that opens", "Pack it again.") from error
    if len(archive.infolist()) > MOST_ENTRIES:
        found = say("{n} files", n=len(archive.infolist()))
        raise refuse(
            name,
            found,
            say("at most {most_entries}", most_entries=MOST_ENTRIES),
            "Split it by specimens.",
        )
    return archive


def data_entries(archive: zipfile.ZipFile) -> list[str]:
    """Names of the files that matter."""
    names = [info.filename for info in archive.infolist() if not info.is_dir()]
    return sorted(
        name
        for name in names
        if not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(name).parts)
    )


def member_opener(archive: zipfile.ZipFile, member: str) -> Open:
    """Opens the text of one file of a zip from its beginning, gzipped or not."""

    def fresh() -> BinaryIO:
        try:
            return opener(cast(BinaryIO, archive.open(member)), member)()
        except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError) as error:
            raise refuse(member, str(error), "a file that unpacks", "Pack it again.") from error

    return fresh


def plain_name(member: str) -> str:
    """The file's own name, gzipped or not."""
    return PurePosixPath(member).name.removesuffix(".gz")


def check_size(genes: int, specimens: int, name: str) -> None:
    """Refuse more genes or specimens than a matrix may have."""
    if genes < 1 or specimens < 1 or genes * specimens > MOST_CELLS:
        raise refuse(
            name,
            say("{genes} genes of {specimens} specimens", genes=genes, specimens=specimens),
            say("at least one of each, and at most {most_cells:,} cells", most_cells=MOST_CELLS),
            "Check the file, or split it by specimens.",
        )


def check_labels(labels: Sequence[str], name: str) -> None:
    """Each specimen once, and with a label."""
    problems = [
        Problem(
            name,
            say("the specimen label {label!r} {times} times", label=label, times=times)
            if label
            else say("a specimen without label"),
            "each specimen once, with a label",
            "Rename or remove the repeated ones; which one is meant cannot be guessed.",
            column=label or None,
        )
        for label, times in Counter(labels).items()
        if times > 1 or not label
    ]
    if problems:
        raise DataProblem(problems[:SHOWN])


def scratch_array(specimens: int, genes: int) -> NDArray[np.float64]:
    """Zeros, specimens × genes; on disk when they are many."""
    if specimens * genes <= IN_MEMORY:
        return np.zeros((specimens, genes))
    file = tempfile.TemporaryFile()  # noqa: SIM115
    file.truncate(specimens * genes * 8)
    return cast(Any, np.memmap(cast(Any, file), dtype=np.float64, shape=(specimens, genes)))


def tiles_of(
    values: NDArray[Any], genes: Sequence[str], specimens: Sequence[str], name: str
) -> ExpressionTiles:
    """Tiles of an array, specimens × genes, finite numbers only."""
    tiles = ExpressionTiles(specimens, name)
    for start in range(0, len(genes), GENES_A_TILE):
        block = np.asarray(values[:, start : start + GENES_A_TILE])
        finite = np.isfinite(block)
        if not finite.all():
            specimen, gene = np.argwhere(~finite)[0]
            raise refuse(
                name,
                say("no number for the gene {genes}", genes=genes[start + gene]),
                "a number for every gene of every specimen",
                "Correct the value, or remove the gene; missing values are not filled in.",
                column=specimens[specimen],
            )
        tiles.add(genes[start : start + GENES_A_TILE], block)
    return tiles


def text_lines(fresh: Open) -> io.TextIOWrapper:
    """The text of a file from its beginning, line by line."""
    return io.TextIOWrapper(fresh(), "utf-8-sig")
