"""Formats of sequencing programs: the same table from each; what is cut or vague is refused.

The files are written here as the manuals of the programs describe them; h5ad by h5py, MatrixMarket
by scipy.
"""

from __future__ import annotations

import gzip
import io
import zipfile
from typing import Any

import h5py
import numpy as np
import pandas as pd
import pytest
import scipy.io
import scipy.sparse

from genomics.methods.annotation import read_annotation
from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.formats import Reading, read_expression
from studies.methods.problems import DataProblem

GENES = [f"ENSG{n:011d}" for n in range(1, 9)]
LABELS = ["P1", "P2", "P3"]
COUNTS = np.random.default_rng(3).poisson(40, size=(8, 3))
TABLE = pd.DataFrame(COUNTS, index=GENES, columns=LABELS)


def packed(files: dict[str, str | bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def as_gct(version: str = "1.2") -> bytes:
    lines = [f"#{version}", "8\t3" if version == "1.2" else "8\t3\t2\t1"]
    beside = ["Description"] if version == "1.2" else ["length", "source"]
    lines.append("\t".join(["Name", *beside, *LABELS]))
    if version == "1.3":
        lines.append("\t".join(["tissue", "na", "na", "liver", "liver", "colon"]))
    extra = ["a long description"] if version == "1.2" else ["1200", "havana"]
    lines += ["\t".join([g, *extra, *map(str, row)]) for g, row in TABLE.T.items()]
    return "\n".join(lines).encode()


def as_feature_counts() -> bytes:
    header = ["Geneid", "Chr", "Start", "End", "Strand", "Length"]
    files = [f"/data/run 1/{name}Aligned.sortedByCoord.out.bam" for name in LABELS]
    lines = [
        '# Program:featureCounts v2.0.3; Command:"featureCounts" "-a"',
        "\t".join(header + files),
    ]
    lines += [
        "\t".join([g, "1;1", "11;40", "20;50", "+;+", "21", *map(str, row)])
        for g, row in TABLE.T.items()
    ]
    return "\n".join(lines).encode()


def star_file(column: int, values: Any) -> str:
    lines = [f"{name}\t9\t9\t9" for name in ("N_unmapped", "N_multimapping", "N_noFeature",
                                             "N_ambiguous")]  # fmt: skip
    for number, (gene, value) in enumerate(zip(GENES, values, strict=True)):
        three = [str(number % 3)] * 3
        three[column] = str(value)
        lines.append("\t".join([gene, *three]))
    return "\n".join(lines) + "\n"


def as_star(column: int = 2) -> bytes:
    return packed(
        {f"run/{name}_ReadsPerGene.out.tab": star_file(column, TABLE[name]) for name in LABELS}
    )


def as_salmon() -> bytes:
    """Two transcripts a gene, a third of the reads on the first."""
    files: dict[str, str | bytes] = {"quants/": ""}
    for name in LABELS:
        lines = ["Name\tLength\tEffectiveLength\tTPM\tNumReads"]
        for number, reads in enumerate(TABLE[name]):
            lines.append(f"ENST{2 * number:011d}.3\t900\t800\t{2 * reads}\t{reads / 4}")
            lines.append(f"ENST{2 * number + 1:011d}.1\t900\t800\t{6 * reads}\t{reads * 3 / 4}")
        files[f"quants/{name}/quant.sf"] = "\n".join(lines)
        files[f"quants/{name}/cmd_info.json"] = "{}"
    return packed(files)


TX2GENE = "TXNAME,GENEID\n" + "\n".join(
    f"ENST{k:011d}.7,{GENES[k // 2]}.4" for k in range(2 * len(GENES))
)
TRANSCRIPTS = read_annotation(TX2GENE, "tx2gene").gene_of


def as_matrix_market(**other: str) -> bytes:
    stream = io.BytesIO()
    scipy.io.mmwrite(stream, scipy.sparse.coo_matrix(COUNTS), field="integer")
    return packed(
        {
            "m/matrix.mtx.gz": gzip.compress(stream.getvalue()),
            "m/features.tsv": "\n".join(f"{g}\tsymbol {g}\tGene Expression" for g in GENES),
            "m/barcodes.tsv": "\n".join(LABELS),
        }
        | {f"m/{name.replace('_', '.')}": content for name, content in other.items()}
    )


def as_h5ad(kind: str = "array") -> bytes:
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        for name, values in (("obs", LABELS), ("var", GENES)):
            group = file.create_group(name)
            group.attrs["_index"] = "names"
            group["names"] = np.array(values, dtype=h5py.string_dtype())
        if kind == "array":
            file["X"] = COUNTS.T.astype(np.float32)
        else:
            found = getattr(scipy.sparse, kind)(COUNTS.T)
            group = file.create_group("X")
            group.attrs["encoding-type"], group.attrs["shape"] = kind, found.shape
            for part in ("data", "indices", "indptr"):
                group[part] = getattr(found, part)
    return stream.getvalue()


def read(data: bytes, **said: Any) -> ExpressionTiles:
    return read_expression(io.BytesIO(data), "the file", Reading(**said))


def refusal(data: bytes, **said: Any) -> str:
    with pytest.raises(DataProblem) as refused:
        read(data, **said)
    return " ".join(str(problem) for problem in refused.value.problems)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (TABLE.to_csv(index_label="gene").encode(), {}),
        (packed({"counts.tsv": TABLE.to_csv(sep="\t", index_label="gene")}), {}),
        (as_gct(), {}),
        (gzip.compress(as_gct()), {}),
        (as_gct("1.3"), {}),
        (as_feature_counts(), {}),
        (as_star(), {"strand": "reverse"}),
        (as_star(0), {"strand": "unstranded"}),
        (as_salmon(), {"gene_of": TRANSCRIPTS}),
        (as_matrix_market(), {}),
        (as_h5ad(), {}),
        (as_h5ad("csr_matrix"), {}),
        (as_h5ad("csc_matrix"), {}),
    ],
    ids=["csv", "zip", "gct", "gct gz", "gct 1.3", "featureCounts", "STAR", "STAR unstranded",
         "Salmon", "MatrixMarket", "h5ad", "h5ad csr", "h5ad csc"],
)  # fmt: skip
def test_every_format_gives_the_same_table(data: bytes, said: dict[str, Any]) -> None:
    tiles = read(data, **said)
    assert (tiles.genes, list(tiles.specimens)) == (GENES, LABELS)
    np.testing.assert_array_equal(tiles.columns(0, 3), COUNTS)
    np.testing.assert_array_equal(tiles.rows([5, 0]), COUNTS[[5, 0]])
    assert tiles.facts.totals.tolist() == COUNTS.sum(axis=0).tolist()


def test_salmon_gives_tpm_when_that_is_declared() -> None:
    tiles = read(as_salmon(), gene_of=TRANSCRIPTS, scale="tpm")
    np.testing.assert_array_equal(tiles.columns(0, 3), 8 * COUNTS)


def test_star_without_a_strand_is_asked_with_what_the_reads_suggest() -> None:
    for column, strand in enumerate(("unstranded", "forward", "reverse")):
        said = refusal(as_star(column))
        assert f"The reads look {strand}" in said
    codes = [notice.code for notice in read(as_star(1), strand="unstranded").notices]
    assert "strand_unlikely" in codes


@pytest.mark.parametrize(
    ("data", "said", "words"),
    [
        (as_gct().rsplit(b"\n", 2)[0], {}, "6 genes of 3 specimens"),
        (as_gct().replace(b"8\t3", b"8 x"), {}, "2 whole numbers"),
        (as_salmon(), {}, "Upload the annotation"),
        (as_salmon(), {"gene_of": {"ENST00000000000": "A"}}, "another one"),
        (as_salmon(), {"gene_of": TRANSCRIPTS, "scale": "log"}, "NumReads"),
        (as_star(), {"strand": "left"}, "'left'"),
        (packed({"a/P1_ReadsPerGene.out.tab": star_file(0, TABLE["P1"]),
                 "b/P1_ReadsPerGene.out.tab": star_file(0, TABLE["P2"])}),
         {"strand": "unstranded"}, "'P1' 2 times"),
        (packed({"P1_ReadsPerGene.out.tab": star_file(0, TABLE["P1"]),
                 "P2_ReadsPerGene.out.tab": star_file(0, TABLE["P2"]).replace(GENES[3], "X")}),
         {"strand": "unstranded"}, "other genes"),
        (as_matrix_market(barcodes_tsv="P1\nP2"), {}, "8 genes and 2 specimens"),
        (as_matrix_market(features_tsv="\n".join(LABELS), barcodes_tsv="\n".join(GENES)), {},
         "transposed"),
        (packed({"matrix.mtx": "%%MatrixMarket matrix coordinate real general\n9 9 0\n"}), {},
         "features.tsv"),
        (b"%%MatrixMarket matrix coordinate real general\n8 3 1\n1 1 5\n", {}, "alone"),
        (packed({"a.csv": "x", "b.csv": "y"}), {}, "2 files"),
        (packed({}), {}, "no file"),
        (b"PK\x03\x04 broken", {}, "a zip that opens"),
        (as_h5ad()[:700], {}, "h5ad file that opens"),
    ],
)  # fmt: skip
def test_what_is_cut_turned_or_vague_is_refused(
    data: bytes, said: dict[str, Any], words: str
) -> None:
    assert words in refusal(data, **said)


def test_a_matrix_market_that_lost_its_end_is_refused() -> None:
    stream = io.BytesIO()
    scipy.io.mmwrite(stream, scipy.sparse.coo_matrix(COUNTS), field="integer")
    cut = "\n".join(stream.getvalue().decode().splitlines()[:-3])
    data = packed(
        {"matrix.mtx": cut, "genes.tsv": "\n".join(GENES), "barcodes.tsv": "\n".join(LABELS)}
    )
    assert "as stated" in refusal(data)


def test_tiles_hold_counts_logarithms_and_large_numbers_exactly() -> None:
    tiles = ExpressionTiles(["a", "b"])
    blocks = [
        np.array([[1, 2], [3, 4]]),
        np.array([[0.1, 1e12], [1 / 3, 7.25]]),
        np.array([[2.0**33, 1.5], [2.5, 3.5]]),
    ]
    for number, block in enumerate(blocks):
        tiles.add([f"g{number}", f"h{number}"], block)
    np.testing.assert_array_equal(tiles.columns(0, 2).T, np.hstack(blocks))
    np.testing.assert_array_equal(tiles.columns(1, 2).T, np.hstack(blocks)[1:])
    assert tiles.only(["b"]).columns(0, 1).T.tolist() == np.hstack(blocks)[1:].tolist()
