from dataclasses import replace

import numpy as np
import pytest

from modeling.methods.auc import estimate_auc
from modeling.methods.classifiers import CLASSIFIERS, build_classifier
from modeling.methods.nested_cross_validation import (
    Tuning,
    estimate_out_of_fold,
    fit_classifier,
)
from modeling.methods.scanner_plan import ScannerPlan
from studies.methods.problems import DataProblem

SMALL = Tuning(
    inner_folds=2,
    grids={
        "random_forest": {"classify__n_estimators": [20]},
        "gradient_boosting": {"classify__n_estimators": [10]},
        "ada_boost": {"classify__n_estimators": [10]},
        "gaussian_process": {"classify__kernel__k2__length_scale": [4.0]},
    },
)


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(11)
    y = np.arange(48) % 2
    X = rng.normal(size=(48, 12))
    X[:, :4] += 1.1 * y[:, None]
    return [f"P-{i:02d}" for i in range(48)], X, [f"f{j:02d}" for j in range(12)], y


def test_all_seven_find_a_signal_out_of_fold(table):
    keys, X, names, y = table
    found = estimate_out_of_fold(keys, X, names, y, folds=3, tuning=SMALL)
    assert len(found.results) == 7
    for result in found.results.values():
        assert ((result.probability >= 0) & (result.probability <= 1)).all()
        assert estimate_auc(y, result.probability).auc > 0.7


def test_shuffled_labels_give_chance(table):
    keys, X, names, y = table
    shuffled = np.random.default_rng(3).permutation(y)
    found = estimate_out_of_fold(keys, X, names, shuffled, ["logistic_regression"], folds=4)
    auc = estimate_auc(shuffled, found.results["logistic_regression"].probability)
    assert auc.lower < 0.5 < auc.upper


def test_order_of_rows_and_columns_changes_no_bit(table):
    keys, X, names, y = table
    rng = np.random.default_rng(5)
    rows, columns = rng.permutation(48), rng.permutation(12)
    chosen = ["random_forest", "logistic_regression"]
    plain = estimate_out_of_fold(keys, X, names, y, chosen, folds=3, tuning=SMALL)
    other = estimate_out_of_fold(
        [keys[i] for i in rows], X[np.ix_(rows, columns)], [names[j] for j in columns], y[rows],
        chosen, folds=3, tuning=SMALL,
    )  # fmt: skip
    for name in chosen:
        np.testing.assert_array_equal(
            other.results[name].probability, plain.results[name].probability[rows]
        )
    np.testing.assert_array_equal(other.folds, plain.folds[:, rows])


def test_one_and_three_processes_agree_to_the_bit(table):
    """Harmonised over scanners, too. Two are asked in a whole run; starting one costs seconds."""
    keys, X, names, y = table
    plan = ScannerPlan("scanner", "pooled", 3, {"scanner.pet": ("A", "B")}, {"scanner.pet": "A"})
    X = np.column_stack([X, np.arange(48) // 2 % 2])
    names = [*(f"pet.{name}" for name in names), "scanner.pet"]
    tuning = replace(SMALL, harmonise=plan)
    chosen = ["random_forest", "ada_boost", "support_vector_machine"]
    by_workers = [
        estimate_out_of_fold(
            keys, X, names, y, chosen, folds=3, repeats=2, tuning=tuning, workers=n
        )
        for n in (1, 3)
    ]
    for name in chosen:
        first = by_workers[0].results[name]
        assert all((other.results[name].by_repeat == first.by_repeat).all() for other in by_workers)
        assert all(other.results[name].chosen == first.chosen for other in by_workers)


def test_mean_over_repeats(table):
    keys, X, names, y = table
    found = estimate_out_of_fold(
        keys, X, names, y, ["logistic_regression"], folds=3, repeats=3, tuning=SMALL
    ).results["logistic_regression"]
    np.testing.assert_allclose(found.probability, found.by_repeat.mean(axis=0))
    assert found.by_repeat.shape == (3, 48)
    assert len(found.chosen) == 9


def test_progress_may_stop_the_work(table):
    keys, X, names, y = table

    class Stop(Exception):
        pass

    def stop(done, total, message):
        raise Stop

    with pytest.raises(Stop):
        estimate_out_of_fold(keys, X, names, y, folds=3, tuning=SMALL, progress=stop)


def test_what_a_task_refuses_comes_through(table):
    keys, X, names, _ = table
    few = np.array([1] * 3 + [0] * 45)
    with pytest.raises(DataProblem, match="2 positive"):
        estimate_out_of_fold(
            keys, X, names, few, ["logistic_regression"], folds=3,
            tuning=Tuning(inner_folds=3),
        )  # fmt: skip


def test_an_error_in_a_fit_comes_through(table):
    keys, X, names, y = table
    wrong = X.copy()
    wrong[3, 3] = np.inf
    with pytest.raises(ValueError, match="infinity"):
        estimate_out_of_fold(keys, wrong, names, y, ["logistic_regression"], folds=3, tuning=SMALL)


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_grids_are_small_and_everything_learns_inside_the_pipeline(name):
    points = np.prod([len(values) for values in CLASSIFIERS[name].grid.values()])
    assert points <= 8
    pipeline = build_classifier(name, 0, "median_in_fold")
    assert [step for step, _ in pipeline.steps] == ["fill", "vary", "scale", "select", "classify"]


def test_a_gaussian_process_is_no_coin_at_256_features():
    rng = np.random.default_rng(8)
    y = np.arange(60) % 2
    X = rng.normal(size=(60, 256)) + 0.6 * y[:, None] * (np.arange(256) < 40)
    found = estimate_out_of_fold(
        [f"P{i:02d}" for i in range(60)], X, [f"f{j:03d}" for j in range(256)], y,
        ["gaussian_process"], folds=3,
    )  # fmt: skip
    assert estimate_auc(y, found.results["gaussian_process"].probability).auc > 0.8


def test_the_final_fit_takes_sorted_columns(table):
    keys, X, names, y = table
    backwards = list(range(12))[::-1]
    one, _ = fit_classifier("logistic_regression", keys, X, names, y, tuning=SMALL)
    other, _ = fit_classifier(
        "logistic_regression", keys, X[:, backwards], [names[j] for j in backwards], y,
        tuning=SMALL,
    )  # fmt: skip
    np.testing.assert_array_equal(one.predict_proba(X), other.predict_proba(X))
