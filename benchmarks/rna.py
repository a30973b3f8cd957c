"""RNA side by side: ssGSEA, import of a matrix, memory at 60,000 genes of 5,000 specimens.

python -m benchmarks.rna [--large] [--repetitions 5]

ssGSEA against gseapy and R's GSVA where they are installed, and against the definition written with
numpy and pandas, specimen by specimen, as a user would. Import against pandas, pyarrow, and polars
where it is installed. All in one run, interleaved, medians; one thread of BLAS on both sides; R
times itself, start and reading left out. Then 20,000 x 5,000 in float32 with its peak memory;
``--large`` adds the import of 60,000 x 5,000 with its own (a 1 GB file in the temporary folder).
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import resource
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv as pacsv

from genomics.methods.abundance import estimate_abundances
from genomics.methods.formats import read_expression
from genomics.methods.signature import read_signature
from genomics.methods.ssgsea import ssgsea
from genomics.storage import matrix_file

SIGNATURE = Path(__file__).parents[1] / "genomics" / "signatures" / "bindea24.csv"


def made(genes: int, specimens: int, seed: int = 0) -> tuple[np.ndarray, list[str]]:
    """Counts with the 490 genes of the 24 sets among them."""
    rng = np.random.default_rng(seed)
    known = [gene.symbol for gene in signature().genes]
    labels = known + [f"G{k}" for k in range(genes - len(known))]
    mean = np.exp(rng.normal(3, 2, size=(genes, 1)))
    return rng.poisson(mean * rng.lognormal(0, 0.4, size=(genes, specimens))), labels


def signature() -> Any:
    return read_signature(SIGNATURE.read_text(encoding="utf-8"), "bindea24")


def medians(repetitions: int, **ways: Callable[[], Any]) -> dict[str, float]:
    """Median seconds of each way, in turn."""
    return clocked(repetitions, ways)[0]


def clocked(
    repetitions: int, ways: dict[str, Callable[[], Any]]
) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds of each way, in turn: by the clock, and of the processor."""
    wall: dict[str, list[float]] = {name: [] for name in ways}
    processor: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repetitions):
        for name, way in ways.items():
            began, spent = time.perf_counter(), time.process_time()
            way()
            wall[name].append(time.perf_counter() - began)
            processor[name].append(time.process_time() - spent)
    return tuple(  # type: ignore[return-value]
        {name: float(np.median(seconds)) for name, seconds in taken.items()}
        for taken in (wall, processor)
    )


def by_the_book(values: np.ndarray, sets: list[list[int]]) -> np.ndarray:
    """The definition, specimen by specimen: rank, sort, two running sums."""
    n = len(values)
    scores = np.empty((len(sets), values.shape[1]))
    for column in range(values.shape[1]):
        rank = pd.Series(values[:, column]).rank().astype(int).to_numpy()
        order = np.argsort(-rank, kind="stable")
        for number, genes in enumerate(sets):
            inside = np.isin(order, genes)
            weight = np.where(inside, rank[order] ** 0.25, 0.0)
            up, down = np.cumsum(weight) / weight.sum(), np.cumsum(~inside) / (n - len(genes))
            scores[number, column] = (up - down).sum()
    return scores


GSVA = """
suppressMessages(library(GSVA))
arguments <- commandArgs(TRUE)
genes <- readLines(file.path(arguments[1], "genes.txt"))
values <- readBin(file.path(arguments[1], "values.bin"), "double", length(genes) * 306)
values <- matrix(values, nrow = length(genes), dimnames = list(genes, paste0("P", 1:306)))
lines <- strsplit(readLines(file.path(arguments[1], "sets.txt")), "\t")
sets <- setNames(lapply(lines, function(l) l[-1]), sapply(lines, `[`, 1))
began <- proc.time()[["elapsed"]]
found <- gsva(values, sets, method = "ssgsea", ssgsea.norm = FALSE, verbose = FALSE, min.sz = 1)
cat(proc.time()[["elapsed"]] - began, as.character(packageVersion("GSVA")), found[1, 1])
"""


def gsva_seconds(folder: Path, values: np.ndarray, labels: list[str]) -> tuple[float, str] | None:
    """Seconds that R's GSVA takes for the same, and its version; nothing without it."""
    rscript = shutil.which("Rscript")
    if rscript is None:
        return None
    (folder / "genes.txt").write_text("\n".join(labels) + "\n", encoding="utf-8")
    (folder / "values.bin").write_bytes(np.ascontiguousarray(values.T).tobytes())
    sets = [
        "\t".join([cell, *(g.symbol for g in genes)]) for cell, genes in signature().sets.items()
    ]
    (folder / "sets.txt").write_text("\n".join(sets) + "\n", encoding="utf-8")
    (folder / "gsva.R").write_text(GSVA, encoding="utf-8")
    command = [rscript, "--vanilla", str(folder / "gsva.R"), str(folder)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        return None
    seconds, version, first = answer.stdout.split()[-3:]
    place = {label: row for row, label in enumerate(labels)}
    own = [[place[g.symbol] for g in genes] for genes in signature().sets.values()]
    assert abs(ssgsea(values[:, :1], own, "gsva_compatible")[0, 0] - float(first)) < 1e-3
    return float(seconds), version


def bench_ssgsea(repetitions: int, folder: Path) -> None:
    values, labels = made(20_000, 306)
    place = {label: row for row, label in enumerate(labels)}
    sets = [[place[g.symbol] for g in genes] for genes in signature().sets.values()]
    counts = values.astype(np.float64)
    ways: dict[str, Callable[[], Any]] = {"isotherm": lambda: ssgsea(counts, sets)}
    if importlib.util.find_spec("gseapy"):
        ways["gseapy, 2 threads"] = lambda: gseapy_scores(counts, labels)
    found = medians(repetitions, **ways)
    few = counts[:, :10]
    book = medians(3, book=lambda: by_the_book(few, sets))["book"] * 30.6
    assert np.abs(by_the_book(few, sets) - ssgsea(few, sets, "gsva_compatible")).max() < 1e-8
    if r := gsva_seconds(folder, counts, labels):
        found[f"R, GSVA {r[1]}, once"] = r[0]
    print("ssGSEA, 24 sets, 20,000 genes of 306 specimens (float64 counts)")
    for name, seconds in {**found, "numpy and pandas, by the book (10 of 306)": book}.items():
        print(f"  {name:45s} {seconds:8.3f} s  {seconds / found['isotherm']:7.1f} x")


def gseapy_scores(values: np.ndarray, labels: list[str]) -> Any:
    import gseapy  # only where a user has put it

    table = pd.DataFrame(values, index=labels)
    sets = {cell: [g.symbol for g in genes] for cell, genes in signature().sets.items()}
    return gseapy.ssgsea(table, sets, outdir=None, no_plot=True, threads=2, min_size=1,
                         sample_norm_method="rank", correl_norm_type="rank")  # fmt: skip


def write(path: Path, values: np.ndarray, labels: list[str]) -> None:
    with path.open("w", encoding="utf-8") as stream:
        stream.write("\t".join(["gene", *(f"P{k:05d}" for k in range(values.shape[1]))]) + "\n")
        for label, row in zip(labels, values, strict=True):
            stream.write(label + "\t" + "\t".join(map(str, row.tolist())) + "\n")


def bench_import(repetitions: int, folder: Path) -> None:
    values, labels = made(20_000, 306)
    path = folder / "counts.tsv"
    write(path, values, labels)
    ways: dict[str, Callable[[], Any]] = {
        "isotherm": lambda: read(path),
        "pyarrow": lambda: pacsv.read_csv(path, parse_options=pacsv.ParseOptions(delimiter="\t")),
        "pandas": lambda: pd.read_csv(path, sep="\t", index_col=0),
    }
    if importlib.util.find_spec("polars"):
        ways["polars"] = lambda: polars_table(path)
    ways["isotherm"]()  # a worker loads the compiled reader once
    found, spent = clocked(repetitions, ways)
    print("import of a TSV, 20,000 genes of 306 specimens, checked cell by cell here only")
    for name, seconds in found.items():
        ratios = [
            taken[name] / min(value for other, value in taken.items() if other != "isotherm")
            for taken in (found, spent)
        ]
        print(f"  {name:45s} {seconds:8.3f} s, {spent[name]:.3f} of the processor; "
              f"{ratios[0]:.2f} and {ratios[1]:.2f} x the fastest")  # fmt: skip


def polars_table(path: Path) -> Any:
    import polars  # only where a user has put it

    return polars.read_csv(path, separator="\t")


def read(path: Path) -> Any:
    with path.open("rb") as stream:
        return read_expression(stream, path.name)


def large_ssgsea() -> None:
    """In a process of its own; the matrix is made piece by piece, so that the peak is ssGSEA's."""
    rng, values = np.random.default_rng(1), np.empty((20_000, 5_000), np.float32)
    for start in range(0, 20_000, 500):
        values[start : start + 500] = rng.standard_normal((500, 5_000), np.float32)
    sets = [list(range(k, 20_000, 970)) for k in range(24)]
    ssgsea(values[:, :64], sets)  # what is loaded on first use is not the matrix's
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.perf_counter()
    ssgsea(values, sets)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    beyond = (peak - before) / 2**10
    print(f"ssGSEA, 20,000 x 5,000 float32 ({values.nbytes / 2**20:.0f} MB): {seconds:.2f} s, "
          f"{beyond:.0f} MB beyond the matrix (goal: half of it and 200 MB)")  # fmt: skip


def write_large(path: Path) -> None:
    """60,000 genes of 5,000 specimens, a block at a time."""
    known = [gene.symbol for gene in signature().genes]
    labels = known + [f"G{k}" for k in range(60_000 - len(known))]
    rng = np.random.default_rng(2)
    names = [f"P{k:05d}" for k in range(5_000)]
    plain = pacsv.WriteOptions(include_header=False, delimiter="\t", quoting_style="none")
    with path.open("wb") as stream:
        stream.write(("\t".join(["gene", *names]) + "\n").encode())
        for start in range(0, 60_000, 500):
            block = rng.poisson(np.exp(rng.normal(2, 2, size=(500, 1))), size=(500, 5_000))
            columns = [pa.array(labels[start : start + 500]), *(pa.array(c) for c in block.T)]
            table = pa.Table.from_arrays(columns, names=["gene", *names])
            pacsv.write_csv(table, stream, plain)


def large_import(path: Path) -> None:
    began = time.perf_counter()
    tiles = read(path)
    read_in = time.perf_counter() - began
    found = estimate_abundances(tiles, signature())
    scored = time.perf_counter() - began
    with matrix_file(tiles) as stored:
        size = stored.seek(0, 2)
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    text = path.stat().st_size / 2**30
    print(f"import of 60,000 x 5,000 ({text:.2f} GiB of text): read {read_in:.0f} s, "
          f"{len(found.cell_types)} sets scored {scored - read_in:.0f} s, stored "
          f"{seconds - scored:.0f} s ({size / 2**20:.0f} MB); peak {peak:.2f} GiB")  # fmt: skip


def apart(work: Callable[..., None], *arguments: Any) -> None:
    """In a process of its own, so that the peak is its own."""
    process = multiprocessing.get_context("spawn").Process(target=work, args=arguments)
    process.start()
    process.join()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--repetitions", type=int, default=5)
    parser.add_argument("--large", action="store_true", help="import of 60,000 x 5,000, too")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench_ssgsea(options.repetitions, Path(folder))
        bench_import(options.repetitions, Path(folder))
        apart(large_ssgsea)
        if options.large:
            path = Path(folder) / "large.tsv"
            apart(write_large, path)
            apart(large_import, path)


if __name__ == "__main__":
    main()
