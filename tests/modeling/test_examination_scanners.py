"""Harmonising over scanners is learned inside the fold; an unseen scanner is left and named."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from modeling.methods.auc import estimate_auc
from modeling.methods.nested_cross_validation import Tuning
from modeling.services import examination_scanners
from modeling.services.examination_scanners import scanners_harmonised
from studies.methods.problems import DataProblem

NAMES = [f"{prefix}.f{j}" for prefix in ("pet", "ct") for j in range(6)]
SEEN = {"A": 0.0, "B": 8.0}


def asked(elsewhere="C", scanners=SEEN):
    """80 patients on two scanners, of which one shifts every feature; 40 elsewhere."""
    random = np.random.default_rng(1)
    y = random.integers(0, 2, 120)
    label = np.where(np.arange(120) < 80, random.choice(list(scanners), 120), elsewhere)
    values = 0.6 * y[:, None] + random.normal(size=(120, len(NAMES)))
    values += np.array([scanners.get(name, 0.0) for name in label])[:, None]
    rows = pd.DataFrame(values, columns=NAMES).assign(
        pseudonym=[f"P{i:03}" for i in range(120)], target_rna=y.astype(float), score=0.5,
        use=np.where(np.arange(120) < 80, "development", "validation"),
        cohort=np.where(np.arange(120) < 80, "training", "validation"),
    )  # fmt: skip
    text = [f"{name} | ? | ?" for name in label]
    rows = rows.assign(**{"scanner.pet": text, "scanner.ct": text})
    snapshot = SimpleNamespace(targets={"training": ["rna"], "validation": ["rna"]})
    run = SimpleNamespace(recipe={"outer": {"folds": 4}})
    version = SimpleNamespace(method="k_nearest_neighbours", study=None, run=run,
                              fitting_snapshot=snapshot)  # fmt: skip
    return SimpleNamespace(version=version, rows=rows, names=NAMES, seed=3, notices=[])


TUNING = Tuning(2, "neg_brier_score", "complete_case",
                {"k_nearest_neighbours": {"classify__n_neighbors": [9]}})  # fmt: skip


def test_a_shift_of_one_scanner_is_taken_out_of_fold():
    given = asked()
    found = {cohort: (y, score) for cohort, _, y, score, _ in scanners_harmonised(given, TUNING)}
    assert set(found) == {"training", "validation"}
    assert estimate_auc(*found["training"]).auc > 0.75
    [notice] = {notice.text for notice in given.notices}
    assert notice.startswith("C | ? | ?: no training scanner"), "the rule for an unseen one is said"


def test_what_is_held_out_teaches_nothing(monkeypatch):
    """Another patient's values, however wild, do not move the harmoniser of a fold he is out of."""
    learned = []
    real = examination_scanners.fit_harmoniser

    def watched(features, scanners, unseen):
        learned.append(len(features))
        return real(features, scanners, unseen)

    monkeypatch.setattr(examination_scanners, "fit_harmoniser", watched)
    list(scanners_harmonised(asked(), TUNING))
    assert max(learned[:-4]) <= 61, "a fold's fit sees three quarters of the training patients"
    assert set(learned[-4:]) == {80}, "what is applied elsewhere was learned on all of them"


def test_one_scanner_is_nothing_to_harmonise():
    with pytest.raises(DataProblem, match="at least two"):
        list(scanners_harmonised(asked(scanners={"A": 0.0}), TUNING))
