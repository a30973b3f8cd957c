"""Harmonising against R's sva, and its laws."""

import numpy as np
import pandas as pd
import pytest

from imaging.methods.harmonise import apply_harmoniser, fit_harmoniser
from imaging.methods.scanner_groups import (
    known_groups,
    largest_group,
    scanner_group,
    scanner_text,
)
from studies.methods.problems import DataProblem


def test_harmonising_equals_sva(shared):
    folder = shared / "data/genomics/reference"
    if not (folder / "combat_in.csv").exists():
        pytest.skip("no ComBat reference")
    values = pd.read_csv(folder / "combat_in.csv", index_col=0).to_numpy().T
    batch = pd.read_csv(folder / "combat_meta.csv")["batch"].astype(str).tolist()
    expected = pd.read_csv(folder / "combat_sva_nocov.csv", index_col=0).to_numpy().T
    found, notices = apply_harmoniser(fit_harmoniser(values, batch), values, batch)
    assert np.abs(found - expected).max() < 1e-6
    assert notices == ()


def scans(seed=0):
    rng = np.random.default_rng(seed)
    base = rng.normal(0, 1, (60, 12)) * np.linspace(1, 5, 12) + np.arange(12)
    scanners = ["A"] * 20 + ["B"] * 25 + ["C"] * 15
    changed = base.copy()
    changed[20:45] = changed[20:45] * 1.5 + 3
    return changed, scanners


def test_scanners_lose_their_difference_and_patients_keep_their_order():
    values, scanners = scans()
    found, _ = apply_harmoniser(fit_harmoniser(values, scanners), values, scanners)
    before = abs(values[:20].mean(axis=0) - values[20:45].mean(axis=0))
    after = abs(found[:20].mean(axis=0) - found[20:45].mean(axis=0))
    assert (after < 0.35 * before).all()
    for rows in (slice(0, 20), slice(20, 45)):
        assert np.array_equal(values[rows, 3].argsort(), found[rows, 3].argsort())


def test_a_new_patient_is_moved_by_the_frozen_fit_alone():
    values, scanners = scans()
    fit = fit_harmoniser(values[:-1], scanners[:-1])
    alone, _ = apply_harmoniser(fit, values[-1:], scanners[-1:])
    among, _ = apply_harmoniser(fit, values, scanners)
    assert np.array_equal(alone[0], among[-1])


def test_the_rule_for_an_unseen_scanner():
    values, scanners = scans()
    pooled = fit_harmoniser(values, scanners)
    found, [notice] = apply_harmoniser(pooled, values[:2], ["A", "New"])
    assert np.array_equal(found[1], values[1])
    assert "New" in notice.text
    # taken for the scanner of most patients, or for the one that is named
    for named, stands_for in (("", "B"), ("C", "C")):
        fit = fit_harmoniser(values, scanners, "reference", named)
        found, [notice] = apply_harmoniser(fit, values[:2], ["A", "New"])
        asked, _ = apply_harmoniser(fit, values[:2], ["A", stands_for])
        assert np.array_equal(found, asked)
        assert stands_for in notice.text
    with pytest.raises(DataProblem, match="New"):
        apply_harmoniser(fit_harmoniser(values, scanners, "refuse"), values[:2], ["A", "New"])


def test_one_scanner_few_patients_and_flat_features():
    values, scanners = scans()
    values[:, 5] = 7
    found, _ = apply_harmoniser(fit_harmoniser(values, scanners), values, scanners)
    assert (found[:, 5] == 7).all()
    for labels, said in ((["A"] * 60, "at least two"), (["A"] * 58 + ["B"] * 2, "scanner B")):
        with pytest.raises(DataProblem, match=said):
            fit_harmoniser(values, labels)
    for wrong, said in ((("guess",), "unseen"), (("reference", "Z"), "reference")):
        with pytest.raises(DataProblem, match=said):
            fit_harmoniser(values, scanners, *wrong)


@pytest.mark.parametrize(
    ("text", "by", "group"),
    [
        ("Siemens | Biograph  mCT | PSF", "scanner", "SIEMENS | BIOGRAPH MCT | PSF"),
        ("SIEMENS | Biograph mCT | OSEM", "model", "SIEMENS | BIOGRAPH MCT"),
        ("? | Biograph mCT | ?", "model", "? | BIOGRAPH MCT"),
        ("? | Biograph mCT | ?", "manufacturer", ""),
        (None, "scanner", ""),
    ],
)
def test_capitals_and_blanks_make_no_other_scanner(text, by, group):
    assert scanner_group(text, by) == group


def test_small_groups_are_none():
    groups = ["A"] * 5 + ["B"] * 4 + ["C"] * 5 + [""] * 9
    assert known_groups(groups, 5) == ("A", "C")
    assert largest_group(groups, ("A", "C")) == "A", "of equals the first by name"
    assert scanner_text("A|B", "", "") == "A/B | ? | ?"
    assert scanner_text("", "", "") is None
