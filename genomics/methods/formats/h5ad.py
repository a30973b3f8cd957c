"""h5ad (AnnData): specimens in rows of X, dense or sparse, names in obs and var."""

from __future__ import annotations

from typing import Any, BinaryIO

import h5py
import numpy as np
from numpy.typing import NDArray

from genomics.methods.expression_layout import join_names
from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.formats.reading import check_labels, check_size, scratch_array, tiles_of
from studies.methods.problems import refuse
from studies.methods.wording import say

ENTRIES_A_READ = 5_000_000
SYMBOLS = ("gene_symbols", "gene_symbol", "gene_name", "gene_names", "feature_name", "symbol")


def read_h5ad(stream: BinaryIO, name: str) -> ExpressionTiles:
    """X of an AnnData file: observations are specimens, variables genes.

    References
    ----------
    Virshup I. et al. Journal of Open Source Software 2024;9:4371; AnnData on-disk format.
    """
    try:
        with h5py.File(stream, "r") as file:
            absent = [part for part in ("X", "obs", "var") if part not in file]
            if absent:
                found = say("no {absent}", absent=", ".join(absent))
                raise refuse(name, found, "X, obs and var", "Write it with AnnData.")
            specimens, genes = _names(file["obs"]), _names(file["var"])
            check_labels(specimens, name)
            check_size(len(genes), len(specimens), name)
            values = _values(file["X"], (len(specimens), len(genes)), name)
            return tiles_of(
                values, join_names(genes, _symbols(file["var"], genes)), specimens, name
            )
    except (OSError, KeyError, TypeError, IndexError, AttributeError) as error:
        expected = say("an h5ad file that opens")
        raise refuse(name, str(error).strip("'\""), expected, "Write it again with AnnData.") from (
            error
        )


def _names(group: Any) -> list[str]:
    if isinstance(group, h5py.Dataset):  # before AnnData 0.7: a table in one piece
        return _texts(group[()]["index" if "index" in group.dtype.names else "_index"])
    return _texts(group[group.attrs.get("_index", "_index")][()])


def _texts(values: NDArray[Any]) -> list[str]:
    return [v.decode() if isinstance(v, bytes) else str(v) for v in values]


def _symbols(var: Any, genes: list[str]) -> list[str]:
    """Second names of the genes, where the file has them."""
    if isinstance(var, h5py.Group):
        for column in SYMBOLS:
            if isinstance(found := var.get(column), h5py.Dataset):
                return _texts(found[()])
            if isinstance(found, h5py.Group) and "categories" in found:
                names = _texts(found["categories"][()])
                return [names[code] if code >= 0 else "" for code in found["codes"][()]]
    return [""] * len(genes)


def _values(X: Any, shape: tuple[int, int], name: str) -> Any:
    found = tuple(X.shape) if isinstance(X, h5py.Dataset) else tuple(X.attrs["shape"])
    if found != shape:
        expected = say("{shape} × {shape_2}, as obs and var say", shape=shape[0], shape_2=shape[1])
        raise refuse(
            name,
            say("X of {found} × {found_2}", found=found[0], found_2=found[1]),
            expected,
            "Write it again.",
        )
    if isinstance(X, h5py.Group):
        return _sparse(X, shape, name)
    values = scratch_array(*shape)
    rows = max(1, ENTRIES_A_READ // shape[1])
    for start in range(0, shape[0], rows):
        values[start : start + rows] = X[start : start + rows]
    return values


def _sparse(X: Any, shape: tuple[int, int], name: str) -> Any:
    kind = str(X.attrs["encoding-type"])
    if kind not in ("csr_matrix", "csc_matrix"):
        raise refuse(
            name, say("X as {kind}", kind=kind), "csr_matrix, csc_matrix or an array", "Convert it."
        )
    values = scratch_array(*shape)
    target = values if kind == "csr_matrix" else values.T
    pointers, total = X["indptr"][()], X["data"].shape[0]
    for start in range(0, total, ENTRIES_A_READ):
        stop = min(start + ENTRIES_A_READ, total)
        major = np.searchsorted(pointers, np.arange(start, stop), side="right") - 1
        target[major, X["indices"][start:stop]] = X["data"][start:stop]
    return values
