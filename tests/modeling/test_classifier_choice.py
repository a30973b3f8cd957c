import numpy as np

from modeling.methods.classifier_choice import choose_classifier


def test_a_fixed_choice_looks_at_nothing():
    choice = choose_classifier([0, 1], {}, {"rule": "fixed", "classifier": "random_forest"})
    assert choice.classifier == "random_forest"
    assert "before the run" in choice.reason


def test_best_brier_within_one_standard_error_of_the_best_auc():
    rng = np.random.default_rng(1)
    y = np.arange(80) % 2
    p = np.clip(0.5 + 0.25 * (2 * y - 1) + rng.normal(0, 0.2, 80), 0.01, 0.99)
    found = choose_classifier(
        y, {"squeezed": 0.5 + (p - 0.5) / 50, "plain": p, "noise": rng.uniform(size=80)},
        {"rule": "one_standard_error"},
    )  # fmt: skip
    assert found.classifier == "plain"  # equal AUC, better Brier
    assert "2 classifiers" in found.reason
