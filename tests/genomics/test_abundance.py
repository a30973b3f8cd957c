"""The command against R GSVA 1.46, real cancers against what is known of them, signature files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from django.core.management import CommandError, call_command
from scipy.stats import spearmanr
from sklearn.metrics import roc_auc_score

from genomics.methods.annotation import read_annotation
from genomics.methods.mcp_counter import marker_mean
from genomics.methods.signature import annotate_signature, read_signature
from studies.methods.problems import DataProblem
from tests.genomics.made import shipped


def abundance(matrix: Path, out: Path, **options: object) -> pd.DataFrame:
    call_command("abundance", str(matrix), out=out, **options)
    return pd.read_csv(out, index_col=0)


@pytest.mark.parametrize(
    ("method", "ties", "normalised", "reference"),
    [
        ("ssgsea", "gsva_compatible", False, "ssgsea_gsva146_normFALSE"),
        ("ssgsea", "gsva_compatible", True, "ssgsea_gsva146_normTRUE"),
        ("zscore", "order_invariant", False, "zscore_gsva146"),
    ],
)
def test_the_command_equals_gsva_1_46(
    shared: Path, tmp_path: Path, method: str, ties: str, normalised: bool, reference: str
) -> None:
    folder = shared / "data" / "genomics" / "reference"
    found = abundance(
        folder / "small_expr.csv", tmp_path / "o.csv", signature=str(folder / "small_sets.csv"),
        method=method, ties=ties, normalised=normalised,
    )  # fmt: skip
    expected = pd.read_csv(folder / f"small_{reference}.csv", index_col=0)
    assert list(found.index) == list(expected.index)
    assert list(found.columns) == list(expected.columns)
    assert np.abs(found - expected).to_numpy().max() < 1e-10


def test_real_cancers_are_infiltrated_as_is_known_of_them(shared: Path, tmp_path: Path) -> None:
    folder = shared / "data" / "genomics" / "crc_tcga_subset"
    found = abundance(folder / "crcTCGAsubset_expr.csv.gz", tmp_path / "o.csv").T
    about = pd.read_csv(folder / "crcTCGAsubset_pdata.csv", index_col=0).reindex(found.index)
    known = about["MSI"].isin(["MSIH", "MSS"])
    unstable = about.loc[known, "MSI"] == "MSIH"
    assert found.shape == (92, 24)
    assert roc_auc_score(unstable, found.loc[known, "Cytotoxic cells"]) >= 0.85
    assert 0.4 <= roc_auc_score(unstable, found.loc[known, "Mast cells"]) <= 0.6
    purity = about["absolute"]
    rho = spearmanr(found.loc[purity.notna(), "T cells"], purity.dropna()).statistic
    assert rho < -0.25


def test_a_refusal_lists_what_is_wrong_and_writes_nothing(tmp_path: Path) -> None:
    counts = pd.DataFrame(
        np.random.default_rng(0).poisson(30, (490, 4)),
        index=[gene.symbol for gene in shipped("bindea24").genes],
        columns=list("abcd"),
    )
    for table, words in ((counts.T, "transposed"), (counts.iloc[:200], "missing genes")):
        table.to_csv(tmp_path / "m.csv")
        with pytest.raises(CommandError, match=words):
            abundance(tmp_path / "m.csv", tmp_path / "o.csv")
        assert not (tmp_path / "o.csv").exists()
    counts.rename(index=lambda symbol: symbol).to_csv(tmp_path / "m.csv")
    assert abundance(tmp_path / "m.csv", tmp_path / "o.csv", method="mcpcounter").shape == (24, 4)


def test_marker_mean_is_the_mean() -> None:
    values = np.random.default_rng(1).normal(size=(9, 4))
    np.testing.assert_allclose(marker_mean(values, [[1, 4, 8]])[0], values[[1, 4, 8]].mean(axis=0))


@pytest.mark.parametrize(
    "text",
    [
        "cell_type,gene_symbol\nT,CD3D\nT,CD8A\nB,MS4A1\n",
        "HUGO symbols\tCell population\nCD3D\tT\nCD8A\tT\nMS4A1\tB\n",
        "T\thttp://example.org\tCD3D\tCD8A\t\nB\t\tMS4A1\n",
        '"set";"gene"\n"T";"CD3D"\n"T";"CD8A"\n\n"B";"MS4A1"\n',
    ],
)
def test_signatures_are_read_as_tables_and_as_gmt(text: str) -> None:
    found = read_signature(text, "own")
    sets = {cell: [gene.symbol for gene in genes] for cell, genes in found.sets.items()}
    assert sets == {"T": ["CD3D", "CD8A"], "B": ["MS4A1"]}


@pytest.mark.parametrize("text", ["T\tno genes\n", "T\t\tCD3D\tCD3D\n", "just words\n"])
def test_a_gmt_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(DataProblem):
        read_signature(text, "own")


def test_an_annotation_gives_genes_all_their_names(shared: Path) -> None:
    path = shared / "data" / "genomics" / "gene_identifiers" / "hgnc_gene_info_2025-10.tsv.gz"
    text = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False).to_csv(sep="\t")
    hgnc = read_annotation(text, "hgnc")
    for label in ("CD3D", "915", "ENSG00000167286", "ENSG00000167286.17", "HGNC:1673", "CD3-DELTA"):
        assert hgnc.find(label).symbol == "CD3D", label
    own = annotate_signature(read_signature("T\t\tMARCH6\t915\n", "own"), hgnc)
    renamed, numbered = own.sets["T"]
    assert (renamed.symbol, renamed.ensembl) == ("MARCH6", "ENSG00000145495")
    assert "CD3D" in numbered.previous
