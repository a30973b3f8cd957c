"""Gene identifiers: HGNC's own table as reference, real TCGA symbols, and spoiled spellings."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genomics.methods.identifiers import check_coverage, map_identifiers
from genomics.methods.signature import read_signature
from studies.methods.problems import DataProblem

FOLDER = Path(__file__).parents[2] / "genomics" / "signatures"
BINDEA = read_signature((FOLDER / "bindea24.csv").read_text(encoding="utf-8"), "bindea24")


def mapped(labels, values=None):
    values = np.ones((len(labels), 2)) if values is None else np.asarray(values, dtype=float)
    return map_identifiers(labels, values, BINDEA)


def codes(notices):
    return [notice.code for notice in notices]


def test_signature_has_the_24_subpopulations_of_bindea_table_s1(shared):
    expected = pd.read_csv(shared / "data" / "genomics" / "signatures" / "bindea24.csv")
    pairs = {(cell, gene.symbol) for cell, genes in BINDEA.sets.items() for gene in genes}
    assert pairs == set(expected.itertuples(index=False, name=None))
    assert (len(BINDEA.sets), len(pairs), len(BINDEA.genes)) == (24, 496, 490)


def test_every_shipped_identifier_is_hgncs(shared):
    path = shared / "data" / "genomics" / "gene_identifiers" / "hgnc_gene_info_2025-10.tsv.gz"
    hgnc = pd.read_csv(path, sep="\t", dtype=str, keep_default_na=False).set_index("symbol")
    for gene in BINDEA.genes:
        row = hgnc.loc[gene.symbol]
        assert (gene.hgnc, gene.entrez, gene.ensembl) == (
            row.hgnc_id,
            row.entrez_id,
            row.ensembl_id,
        )
        assert not set(gene.previous) & set(hgnc.index)  # a previous symbol is nobody's now


@pytest.mark.parametrize("kind", ["symbol", "entrez", "ensembl", "versioned", "joined"])
def test_identifiers_of_every_kind_find_the_same_genes(kind):
    genes = [gene for gene in BINDEA.genes if gene.ensembl and gene.entrez]
    spelled = {
        "symbol": lambda g: g.symbol,
        "entrez": lambda g: g.entrez,
        "ensembl": lambda g: g.ensembl,
        "versioned": lambda g: f"{g.ensembl}.17",
        "joined": lambda g: f"{g.symbol}|{g.entrez}",
    }[kind]
    assert mapped([spelled(g) for g in genes]).rows == {g.symbol: i for i, g in enumerate(genes)}


def test_a_previous_symbol_is_read_and_said():
    found = mapped(["MARCH6", "IL8RA"])
    assert found.rows == {"MARCHF6": 0, "CXCR1": 1}
    assert codes(found.notices) == ["genes_renamed"]


def test_the_current_symbol_wins_over_a_previous_one():
    assert mapped(["IL8RA", "CXCR1"], [[9, 9], [1, 1]]).rows == {"CXCR1": 1}


def test_of_repeated_genes_the_strongest_row_is_used_and_said():
    found = mapped(["CD3D", "ENSG00000167286.9", "X", "X"], [[1, 2], [5, 6], [0, 0], [0, 0]])
    assert found.rows == {"CD3D": 1}
    assert codes(found.notices) == ["genes_repeated", "identifiers_repeated"]


@pytest.mark.parametrize("label", ["1-Mar", "2-Sep", "Sep-02", "1-DEC", "2.31E+13"])
def test_what_a_spreadsheet_spoiled_is_reported_and_not_guessed(label):
    found = mapped([label, "CD3D"])
    assert codes(found.notices) == ["identifiers_mangled"]
    assert found.rows == {"CD3D": 1}


def test_coverage_of_real_colorectal_cancers(shared):
    path = shared / "data" / "genomics" / "crc_tcga_subset" / "crcTCGAsubset_expr.csv.gz"
    labels = list(pd.read_csv(path, usecols=[0]).iloc[:, 0])
    genes = mapped(labels)
    coverage, notices = check_coverage(genes, labels, BINDEA)
    assert genes.rows["ELAPOR1"] == labels.index("KIAA1324")
    assert sum(c.present for c in coverage) == 461
    assert [n.text.split(":")[0] for n in notices] == ["Tgd", "NK CD56dim cells"]


def test_coverage_below_70_percent_is_refused_with_the_missing_genes():
    labels = [gene.symbol for gene in BINDEA.genes][:300]
    with pytest.raises(DataProblem) as refused:
        check_coverage(mapped(labels), labels, BINDEA)
    (problem,) = refused.value.problems
    assert BINDEA.genes[-1].symbol in problem.found
    assert "70%" in problem.expected


def test_unknown_genes_are_refused_and_a_mouse_is_recognised():
    labels = [gene.symbol.capitalize() for gene in BINDEA.genes]
    with pytest.raises(DataProblem, match="mouse"):
        check_coverage(mapped(labels), labels, BINDEA)
    with pytest.raises(DataProblem, match="probe_1"):
        check_coverage(mapped(["probe_1", "probe_2"]), ["probe_1", "probe_2"], BINDEA)


def test_a_cell_type_without_any_gene_is_refused():
    labels = [gene.symbol for gene in BINDEA.genes if gene.symbol != "FOXP3"]
    with pytest.raises(DataProblem, match="TReg"):
        check_coverage(mapped(labels), labels, BINDEA)


@pytest.mark.parametrize(
    "text",
    ["cell,gene_count\nA,B\n", "cell_type,gene_symbol\n", "cell_type,gene_symbol\nT,\n,CD3D\n"],
)
def test_signature_refuses_what_is_incomplete(text):
    with pytest.raises(DataProblem):
        read_signature(text, "own list")


def test_signature_refuses_a_repeated_pair():
    with pytest.raises(DataProblem) as refused:
        read_signature("cell_type,gene_symbol\nT,CD3D\nT,CD3D\n", "own list")
    assert refused.value.problems[0].row == 3
