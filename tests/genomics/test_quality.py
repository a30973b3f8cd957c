"""Quality from its definitions, the sex of real cancers, and pairs that are one specimen."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.decomposition import PCA

from genomics.methods.agreement import compare_markers
from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.formats import read_expression
from genomics.methods.quality import (
    call_sex,
    estimate_quality,
    find_twins,
    principal_components,
    robust_outliers,
)
from tests.genomics.made import shipped


def tiles_of(values: pd.DataFrame) -> ExpressionTiles:
    tiles = ExpressionTiles([str(label) for label in values.columns])
    tiles.add([str(gene) for gene in values.index], values.to_numpy().T)
    return tiles


def test_sex_by_expression_is_the_recorded_one_of_real_cancers(shared: Path) -> None:
    folder = shared / "data" / "genomics" / "crc_tcga_subset"
    with (folder / "crcTCGAsubset_expr.csv.gz").open("rb") as stream:
        tiles = read_expression(stream)
    found = estimate_quality(tiles, "counts", shipped("quality_genes"))
    about = pd.read_csv(folder / "crcTCGAsubset_pdata.csv", index_col=0)
    recorded = about["gender"].reindex(tiles.specimens).to_numpy()
    called = [call_sex(x, y) for x, y in zip(found.xist, found.chromosome_y, strict=True)]
    clear = np.array(called) != "unclear"
    assert clear.mean() > 0.7
    assert (np.array(called)[clear] == recorded[clear]).mean() > 0.95
    assert found.twins == ()
    assert found.genes["Housekeeping"] >= 9


def test_components_are_those_of_scikit_learn() -> None:
    values = np.random.default_rng(2).normal(size=(12, 40)) * np.linspace(1, 4, 40)
    centred = values - values.mean(axis=0)
    scores, explained = principal_components(centred)
    pca = PCA(4, svd_solver="full").fit(centred)
    np.testing.assert_allclose(np.abs(scores), np.abs(pca.transform(centred)), atol=1e-8)
    np.testing.assert_allclose(explained, pca.explained_variance_ratio_)


def test_a_specimen_measured_twice_is_found_and_strangers_are_not() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(30, 400))
    values[17] = values[5] + rng.normal(0, 0.2, 400)
    assert [(a, b) for a, b, _ in find_twins(values - values.mean(axis=0))] == [(5, 17)]


@pytest.mark.parametrize(
    ("xist", "y", "called"),
    [(8, 0, "female"), (0, 5, "male"), (0.2, 0.5, "unclear"), (None, 5, "unclear"),
     (float("nan"), 1, "unclear")],
)  # fmt: skip
def test_sex_is_called_only_when_it_is_clear(xist: float, y: float, called: str) -> None:
    assert call_sex(xist, y) == called


def test_depth_genes_and_housekeeping_follow_their_definitions() -> None:
    genes = [g.symbol for cells in shipped("quality_genes").sets.values() for g in cells]
    counts = pd.DataFrame(
        np.random.default_rng(0).poisson(50, (len(genes) + 30, 9)),
        index=[*genes, *(f"X{k}" for k in range(30))],
        columns=[f"P{k}" for k in range(9)],
    )
    counts.iloc[-5:, 2] = 0
    found = estimate_quality(tiles_of(counts), "counts", shipped("quality_genes"))
    np.testing.assert_array_equal(found.library_size, counts.sum())
    np.testing.assert_array_equal(found.detected, (counts > 0).sum())
    logs = np.log2(counts / counts.sum() * 1e6 + 1)
    steady = logs.loc[[g.symbol for g in shipped("quality_genes").sets["Housekeeping"]]]
    np.testing.assert_allclose(found.housekeeping, steady.sub(steady.median(axis=1), axis=0).std())
    np.testing.assert_allclose(found.xist, logs.loc["XIST"])


def test_outliers_are_far_and_nothing_else() -> None:
    values = [1.0, 1.1, 0.9, 1.05, 0.95, 9.0, float("nan")]
    assert robust_outliers(values).tolist() == [False] * 5 + [True, False]
    assert not robust_outliers([2.0, 2.0, 2.0]).any()


def test_markers_agree_with_densities_as_spearman_says() -> None:
    rng = np.random.default_rng(6)
    rna = pd.DataFrame({"T cell (CD3)": rng.normal(size=20), "other": 0.0}, index=range(20))
    densities = {k: {("CD3", "tumor_center"): float(np.exp(rna.iat[k, 0])),
                     ("CD3", "invasive_margin"): 5.0} for k in range(18)}  # fmt: skip
    table, found = compare_markers(rna, densities)
    assert len(table) == 36
    rows = found.set_index("region")
    assert rows.loc["tumor_center", ["n", "rho"]].tolist() == [18, 1.0]
    assert np.isnan(rows.loc["invasive_margin", "rho"])
