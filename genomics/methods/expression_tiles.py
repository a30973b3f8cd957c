"""An expression table of any size: blocks of genes, on disk beyond a bound, read either way."""

from __future__ import annotations

import re
import tempfile
import weakref
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, BinaryIO, cast

import numpy as np
from numpy.typing import NDArray

from genomics.methods.scale import ValueFacts, estimate_scale
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

SHOWN = 25  # problems of one kind listed one by one; the rest is counted
MOST_HELD_BYTES = 2**27  # of blocks in memory; those after lie on disk
LARGEST_WHOLE = 2**31  # below, whole numbers are kept as integers of half the bytes
SUMMARY_ROW = re.compile(r"__\w+|N_(unmapped|multimapping|noFeature|ambiguous)")

Array = NDArray[Any]


@dataclass
class _Seen:
    """What is gathered on the way, so that no check reads the table twice."""

    totals: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    whole: bool = True
    negative: int = 0
    below_zero: list[tuple[int | None, str, int, float]] = field(default_factory=list)
    silent: int = 0  # genes of one value in every specimen
    summary: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Tile:
    """A block of genes: in memory, or from ``offset`` on in the file."""

    genes: int
    dtype: np.dtype
    held: Array | None
    offset: int = 0


class ExpressionTiles:
    """Genes × specimens as blocks of genes, a row per specimen each.

    The first stay in memory (128 MiB), the others lie in a temporary file: a block of genes and a
    block of specimens are both read at the speed of the disk.

    Parameters
    ----------
    specimens : sequence of str
        Labels of the columns.
    name : str
        What to call the table in problems.
    """

    def __init__(self, specimens: Sequence[str], name: str = "expression matrix") -> None:
        self.specimens = tuple(specimens)
        self.name = name
        self.genes: list[str] = []
        self.notices: list[Notice] = []
        self._tiles: list[_Tile] = []
        self._held_bytes = 0
        self._spilled: BinaryIO | None = None
        n = len(self.specimens)
        self._means: list[NDArray[np.float64]] = []
        self._seen = _Seen(np.zeros(n), np.full(n, np.inf), np.full(n, -np.inf))

    @property
    def shape(self) -> tuple[int, int]:
        return len(self.genes), len(self.specimens)

    @property
    def types(self) -> set[np.dtype]:
        """Types the blocks are held in."""
        return {tile.dtype for tile in self._tiles}

    @property
    def means(self) -> NDArray[np.float64]:
        """Mean of each gene over the specimens."""
        return np.concatenate(self._means)

    @property
    def facts(self) -> ValueFacts:
        """What the scale shows in."""
        seen = self._seen
        return ValueFacts(
            float(seen.low.min()), float(seen.high.max()), seen.whole, seen.totals.copy()
        )

    def add(self, genes: Sequence[str], values: Array, first_line: int | None = None) -> None:
        """Append a block of genes.

        Parameters
        ----------
        genes : sequence of str
        values : array, **specimens × genes**, finite
        first_line : int, optional
            Line of the file the first gene stands in.
        """
        keep = [
            place
            for place, gene in enumerate(genes)
            if gene[:1] not in ("_", "N") or not SUMMARY_ROW.fullmatch(gene)
        ]
        if len(keep) < len(genes):
            kept = set(keep)
            self._seen.summary += [g for place, g in enumerate(genes) if place not in kept]
            lines = None if first_line is None else [first_line + place for place in keep]
            genes, values = [genes[place] for place in keep], values[:, keep]
        else:
            lines = None if first_line is None else list(range(first_line, first_line + len(genes)))
        if not len(genes):
            return
        self._look(genes, values, lines)
        narrow, whole = _narrow(values)
        self._seen.whole &= whole
        self._keep(np.ascontiguousarray(narrow))
        self.genes += genes

    def _keep(self, values: Array) -> None:
        if self._held_bytes + values.nbytes <= MOST_HELD_BYTES:
            self._held_bytes += values.nbytes
            values.flags.writeable = False
            self._tiles.append(_Tile(values.shape[1], values.dtype, values))
            return
        file = self._file()
        self._tiles.append(_Tile(values.shape[1], values.dtype, None, file.seek(0, 2)))
        file.write(values.data)

    def _file(self) -> BinaryIO:
        if self._spilled is None:
            self._spilled = cast(BinaryIO, tempfile.TemporaryFile())  # noqa: SIM115
            weakref.finalize(self, self._spilled.close)
        return self._spilled

    def _look(self, genes: Sequence[str], values: Array, lines: list[int] | None) -> None:
        seen = self._seen
        exact = np.int64 if values.dtype.kind == "i" else np.float64  # exact as far as it fits
        self._means.append(values.sum(axis=0, dtype=exact) / len(values))
        seen.totals += values.sum(axis=1, dtype=exact)
        low, high = values.min(axis=1), values.max(axis=1)
        np.minimum(seen.low, low, out=seen.low)
        np.maximum(seen.high, high, out=seen.high)
        same = np.flatnonzero(values[0] == values[-1])  # few: only these can be silent
        seen.silent += int((values[:, same] == values[0, same]).all(axis=0).sum())
        if low.min() < 0:
            places, specimens = np.nonzero(values.T < 0)
            seen.negative += len(places)
            room = SHOWN - len(seen.below_zero)
            for place, specimen in zip(places[:room], specimens[:room], strict=True):
                line = None if lines is None else lines[place]
                found = float(values[specimen, place])
                seen.below_zero.append((line, genes[place], int(specimen), found))

    def check(self, scale: str | None = None) -> None:
        """Refuse what cannot be an expression table; note what can go on.

        Raises
        ------
        DataProblem
            No genes, values below 0 that are no logarithms, specimens of one value.
        """
        if not self.genes:
            raise refuse(
                self.name, say("no gene"), "a line per gene", "Choose the file with the expression."
            )
        signed = (scale or estimate_scale(self.facts)) == "log"
        problems = [*([] if signed else self._negative()), *self._constant()]
        if problems:
            raise DataProblem(problems)
        self._say()

    def _negative(self) -> list[Problem]:
        problems = [
            Problem(
                self.name,
                say("{value:g} for the gene {gene}", value=value, gene=gene),
                "0 or more",
                "Correct the cell, or declare the scale as log if the values are logarithms.",
                row=line,
                column=self.specimens[specimen],
            )
            for line, gene, specimen, value in self._seen.below_zero
        ]
        if self._seen.negative > len(problems):
            more = say(
                "{negative} more values below 0", negative=self._seen.negative - len(problems)
            )
            remedy = say("Correct the cells, or declare the scale as log.")
            problems.append(Problem(self.name, more, "0 or more", remedy))
        return problems

    def _constant(self) -> list[Problem]:
        if len(self.genes) < 2:
            return []
        same = np.flatnonzero(self._seen.low == self._seen.high).tolist()
        return [
            Problem(
                self.name,
                say("{low:g} for every gene", low=self._seen.low[column]),
                "genes of different expression",
                "Remove the specimen; it was not measured.",
                column=self.specimens[column],
            )
            for column in same
        ]

    def _say(self) -> None:
        seen = self._seen
        if seen.summary:
            names = ", ".join(seen.summary[:SHOWN])
            text = say("Summary rows of the counting program left out: {names}.", names=names)
            self.notices.append(Notice("summary_rows", text))
        if seen.silent:
            of = len(self.genes)
            text = say(
                "{silent} of {of} genes have the same value in every specimen; kept.",
                silent=seen.silent,
                of=of,
            )
            self.notices.append(Notice("constant_genes", text))

    def blocks(self) -> Iterator[tuple[int, Array]]:
        """Blocks of genes: where each begins, and its values, specimens × genes."""
        start = 0
        for tile in self._tiles:
            yield start, self._read(tile, 0, len(self.specimens))
            start += tile.genes

    def columns(self, start: int, stop: int) -> Array:
        """All genes of some specimens, genes × specimens, each specimen contiguous in memory."""
        stop = min(stop, len(self.specimens))
        dtype = np.result_type(*self.types)
        found = np.empty((stop - start, len(self.genes)), dtype=dtype)
        place = 0
        for tile in self._tiles:
            found[:, place : place + tile.genes] = self._read(tile, start, stop)
            place += tile.genes
        return found.T

    def rows(self, genes: Sequence[int]) -> NDArray[np.float64]:
        """Values of some genes, genes × specimens, in the order asked."""
        wanted = np.asarray(genes, dtype=np.intp)
        found = np.empty((len(wanted), len(self.specimens)))
        for start, values in self.blocks():
            here = np.flatnonzero((wanted >= start) & (wanted < start + values.shape[1]))
            found[here] = values[:, wanted[here] - start].T
        return found

    def _read(self, tile: _Tile, start: int, stop: int) -> Array:
        if tile.held is not None:
            return tile.held[start:stop]
        row = tile.genes * tile.dtype.itemsize
        file = self._file()
        file.seek(tile.offset + start * row)
        data = bytearray((stop - start) * row)
        file.readinto(data)  # type: ignore[attr-defined]
        return np.frombuffer(data, dtype=tile.dtype).reshape(stop - start, tile.genes)

    def only(self, labels: Sequence[str]) -> ExpressionTiles:
        """The same genes in some specimens, in the order given."""
        if tuple(labels) == self.specimens:
            return self
        place = {label: position for position, label in enumerate(self.specimens)}
        columns, kept = [place[label] for label in labels], ExpressionTiles(labels, self.name)
        for start, values in self.blocks():
            kept.add(self.genes[start : start + values.shape[1]], values[columns])
        kept.notices = list(self.notices)
        return kept


def _narrow(values: Array) -> tuple[Array, bool]:
    """Values in the narrowest type that holds them exactly, and whether all are whole numbers."""
    if values.dtype == np.int32:
        return values, True
    if values.dtype.kind in "iu":
        small = bool(np.abs(values).max(initial=0) < LARGEST_WHOLE)
        return values.astype(np.int32 if small else np.float64), True
    whole = _all_equal(values, np.rint)
    if whole and np.abs(values).max(initial=0) < LARGEST_WHOLE:
        return values.astype(np.int32), True
    if _all_equal(values, lambda part: part.astype(np.float32)):
        return values.astype(np.float32), whole
    return values.astype(np.float64, copy=False), whole


def _all_equal(values: Array, change: Callable[[Array], Any]) -> bool:
    """Whether a change leaves every value as it is; one specimen says no for most tables."""
    if not (values[:1] == change(values[:1])).all():
        return False
    return bool((values == change(values)).all())
