"""Hot and cold: known groups, laws of order and seed, refusals, and 92 real colorectal cancers."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from genomics.methods import phenotype
from genomics.methods.identifiers import map_identifiers
from genomics.methods.phenotype import (
    CORE,
    MYELOID,
    PhenotypeFit,
    apply_phenotype,
    standardise_abundances,
)
from genomics.methods.signature import read_signature
from genomics.methods.ssgsea import ssgsea
from studies.methods.problems import DataProblem

CELLS = [*CORE, *MYELOID, "NK cells", "Tcm", "Eosinophils"]
FOLDER = Path(__file__).parents[2] / "genomics" / "signatures"


def fit_phenotype(table, **options):
    """The method without the comparison of cluster numbers, which has tests of its own."""
    return phenotype.fit_phenotype(table, **{"subsamples": 100, "compared_counts": ()} | options)


def abundances(n=40, shift=2.0, cells=CORE, seed=0):
    """Half the specimens lie higher in some cell types; raw scores on a scale of thousands."""
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(n, len(CELLS)))
    values[: n // 2, [CELLS.index(cell) for cell in cells]] += shift
    names = [f"P{i:02d}" for i in range(n)]
    return pd.DataFrame(3000 + 500 * values, index=names, columns=CELLS)


@pytest.fixture(scope="module")
def fit():
    return fit_phenotype(abundances(), compared_counts=[2, 3])


def test_phenotype_finds_the_infiltrated_half_and_calls_it_hot(fit):
    labels = apply_phenotype(fit, abundances()).label
    assert (labels[:20] == "hot").sum() >= 19
    assert (labels[20:] == "cold").sum() >= 19
    assert fit.names == ("hot", "cold")
    assert sum(fit.sizes) == 40


def test_phenotype_does_not_depend_on_the_order_of_specimens_or_cell_types(fit):
    rng = np.random.default_rng(7)
    table = abundances()
    shuffled = table.iloc[rng.permutation(40), rng.permutation(len(CELLS))]
    assert fit_phenotype(shuffled, compared_counts=[2, 3]) == fit


def test_phenotype_does_not_depend_on_the_seed(fit):
    other = fit_phenotype(abundances(), seed=12345)
    np.testing.assert_allclose(other.centroids, fit.centroids)
    labels = apply_phenotype(fit, abundances()).label
    assert apply_phenotype(other, abundances()).label.equals(labels)


def test_phenotype_does_not_depend_on_which_cluster_comes_first():
    core = np.array([0, 1])
    centroids = np.array([[2.0, 2.0, 0.0], [-1.0, -1.0, 5.0]])
    named, difference = phenotype._named(centroids, core)
    swapped, again = phenotype._named(centroids[::-1], core)
    np.testing.assert_array_equal(named, swapped)
    assert difference == again == 3.0


def test_phenotype_does_not_depend_on_units(fit):
    scaled = fit_phenotype(abundances() * 7.0 + 100.0)
    np.testing.assert_allclose(scaled.centroids, fit.centroids, atol=1e-9)


def test_phenotype_assigns_new_patients_one_by_one_as_together(fit):
    new = abundances(seed=5)
    together = apply_phenotype(fit, new)
    alone = pd.concat([apply_phenotype(fit, new.iloc[[i]]) for i in range(len(new))])
    pd.testing.assert_frame_equal(alone, together)


def test_margin_is_one_on_the_centroid_and_zero_half_way(fit):
    hot, cold = np.array(fit.centroids)
    z = np.array([hot, cold, (hot + cold) / 2])
    raw = pd.DataFrame(
        z * np.array(fit.sd) + np.array(fit.mean), index=list("hcm"), columns=list(fit.cell_types)
    )
    result = apply_phenotype(fit, raw)
    np.testing.assert_allclose(standardise_abundances(fit, raw), z, atol=1e-9)
    np.testing.assert_allclose(result.margin, [1, 1, 0], atol=1e-9)
    assert list(result.label[:2]) == ["hot", "cold"]
    assert list(result.borderline) == [False, False, True]


def test_stability_is_the_share_of_subsampled_fits_that_agree(fit):
    new = abundances(seed=3)
    swapped = [c[::-1] for c in fit.subsample_centroids[:25]]
    shaken = replace(fit, subsample_centroids=(*swapped, *fit.subsample_centroids[25:]))
    clear = apply_phenotype(fit, new).stability == 1
    assert clear.any()
    np.testing.assert_allclose(apply_phenotype(shaken, new).stability[clear], 0.75)
    assert apply_phenotype(shaken, new).borderline[clear].all()


def test_fit_survives_json(fit):
    assert PhenotypeFit.from_dict(json.loads(json.dumps(fit.as_dict()))) == fit


def test_more_clusters_are_named_from_hot_to_cold():
    table = abundances(n=60)
    table.iloc[40:, :6] -= 1500
    fit = fit_phenotype(table, k=3)
    assert fit.names == ("hot", "intermediate", "cold")
    assert apply_phenotype(fit, table).groupby("label").core.mean().idxmax() == "hot"


def test_clusters_that_do_not_differ_in_the_core_stay_unnamed():
    table = abundances(shift=6.0, cells=["Tcm", "Eosinophils", "NK cells"])
    table[list(CORE)] = np.tile(table[list(CORE)].to_numpy()[:20], (2, 1))
    with pytest.raises(DataProblem, match="unnamed"):
        fit_phenotype(table)


def test_specimens_that_are_all_alike_are_refused():
    table = pd.DataFrame(5.0, index=range(20), columns=CELLS)
    with pytest.raises(DataProblem, match="one class only"):
        fit_phenotype(table)


def test_a_cell_type_that_never_varies_is_refused_by_name():
    table = abundances()
    table["Tcm"] = 1.0
    with pytest.raises(DataProblem, match="Tcm"):
        fit_phenotype(table)


def test_missing_values_and_few_specimens_are_refused_together():
    table = abundances(n=6)
    table.iloc[2, 1] = np.nan
    with pytest.raises(DataProblem) as refused:
        fit_phenotype(table)
    assert [p.where for p in refused.value.problems] == ["specimen P02", "training cohort"]


def test_a_signature_without_the_core_is_refused():
    with pytest.raises(DataProblem, match="immune core"):
        fit_phenotype(abundances()[["Tcm", "NK cells", "Macrophages"]])


def test_apply_refuses_other_cell_types_and_missing_values(fit):
    with pytest.raises(DataProblem, match="Tcm"):
        apply_phenotype(fit, abundances().drop(columns="Tcm"))
    table = abundances()
    table.iloc[0, 0] = np.nan
    with pytest.raises(DataProblem, match="P00"):
        apply_phenotype(fit, table)


def test_myeloid_split_and_stromal_label_are_said():
    table = abundances(shift=3.0, cells=[*MYELOID, "T cells", "B cells", "aDC"])
    table[["T cells", "B cells", "aDC"]] -= np.where(np.arange(40) < 20, 1000, 0)[:, None]
    stroma = table[["Macrophages", "Neutrophils"]]
    codes = {notice.code for notice in fit_phenotype(table, stromal=stroma).notices}
    assert codes == {"phenotype_myeloid", "phenotype_stromal"}


def scores(values, name, cells=None):
    text = (FOLDER / f"{name}.csv").read_text(encoding="utf-8")
    signature = read_signature(text, name)
    genes = map_identifiers(list(values.index), values.to_numpy(), signature)
    cells = cells or list(signature.sets)
    sets = [
        [genes.rows[g.symbol] for g in signature.sets[cell] if g.symbol in genes.rows]
        for cell in cells
    ]
    return pd.DataFrame(ssgsea(values.to_numpy(), sets).T, index=values.columns, columns=cells)


def test_real_colorectal_cancers_from_counts_to_hot_and_cold(shared):
    folder = shared / "data" / "genomics" / "crc_tcga_subset"
    counts = pd.read_csv(folder / "crcTCGAsubset_expr.csv.gz", index_col=0).astype(float)
    about = pd.read_csv(folder / "crcTCGAsubset_pdata.csv", index_col=0).loc[counts.columns]
    table = scores(counts, "bindea24")
    stroma = scores(counts, "mcpcounter10", ["Fibroblasts", "Endothelial cells"])
    fit = fit_phenotype(table, stromal=stroma, compared_counts=[2])
    result = apply_phenotype(fit, table)
    hot = result.label == "hot"

    assert fit.sizes == (35, 57)
    assert 0.15 < fit.criteria[0].silhouette < 0.22
    assert hot[about.MSI == "MSIH"].mean() > hot[about.MSI == "MSS"].mean() + 0.1
    assert hot[about["CMS.Syn"] == "CMS4"].sum() == 19  # all mesenchymal tumours: hence the notice
    assert {n.code for n in fit.notices} == {"phenotype_myeloid", "phenotype_stromal"}
    t_cells = counts.loc[["CD3D", "CD3E", "CD8A"]].div(counts.sum()).mean()
    assert t_cells[hot].median() > 1.5 * t_cells[~hot].median()
