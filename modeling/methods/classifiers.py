"""The seven classifiers that are compared, each a pipeline with its tuning grid."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from studies.methods.problems import refuse
from studies.methods.wording import marked

if TYPE_CHECKING:
    from sklearn.base import BaseEstimator
    from sklearn.pipeline import Pipeline

Grid = dict[str, list[Any]]


@dataclass(frozen=True)
class Classifier:
    """How one classifier is built, tuned and called: at the head of a row, and in a sentence."""

    name: str
    title: str
    words: str
    build: Callable[[int], BaseEstimator]
    grid: Grid
    cost: float  # relative time of one fit, to start the slow ones first


def _random_forest(seed: int) -> BaseEstimator:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(n_estimators=200, max_features="sqrt", random_state=seed)


def _logistic_regression(seed: int) -> BaseEstimator:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(max_iter=5000, random_state=seed)


def _support_vector_machine(seed: int) -> BaseEstimator:
    from sklearn.calibration import CalibratedClassifierCV
    from sklearn.svm import SVC

    machine = SVC(kernel="rbf", gamma="scale", random_state=seed)
    return CalibratedClassifierCV(machine, method="sigmoid", cv=3, ensemble=False)


def _gaussian_process(seed: int) -> BaseEstimator:
    from sklearn.gaussian_process import GaussianProcessClassifier
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel

    kernel = ConstantKernel(1.0, "fixed") * RBF(16.0, "fixed")
    return GaussianProcessClassifier(kernel, optimizer=None, random_state=seed)


def _gradient_boosting(seed: int) -> BaseEstimator:
    from sklearn.ensemble import GradientBoostingClassifier

    return GradientBoostingClassifier(
        n_estimators=100, learning_rate=0.05, subsample=0.8, max_features="sqrt", random_state=seed
    )


def _ada_boost(seed: int) -> BaseEstimator:
    from sklearn.ensemble import AdaBoostClassifier
    from sklearn.tree import DecisionTreeClassifier

    stump = DecisionTreeClassifier(max_depth=1, max_features="sqrt")
    return AdaBoostClassifier(stump, n_estimators=100, random_state=seed)


def _nearest_neighbours(seed: int) -> BaseEstimator:
    from sklearn.neighbors import KNeighborsClassifier

    del seed
    # no tree of neighbours: it would have to be stored with the model
    return KNeighborsClassifier(weights="distance", algorithm="brute")


# Grids run from the plainest to the most flexible: of equally good points the first is taken.
CLASSIFIERS: dict[str, Classifier] = {
    c.name: c
    for c in (
        Classifier(
            "random_forest",
            marked("Random forest"),
            marked("random forest"),
            _random_forest,
            {"classify__min_samples_leaf": [10, 5, 2]},
            cost=20,
        ),
        Classifier(
            "logistic_regression",
            marked("Logistic regression (ridge)"),
            marked("logistic regression"),
            _logistic_regression,
            {"classify__C": [0.0003, 0.001, 0.003, 0.01, 0.1]},
            cost=1,
        ),
        Classifier(
            "support_vector_machine",
            marked("Support vector machine (RBF)"),
            marked("support vector machine"),
            _support_vector_machine,
            {"classify__estimator__C": [0.1, 1.0, 10.0], "select__percentile": [100, 25]},
            cost=2,
        ),
        Classifier(
            "gaussian_process",
            marked("Gaussian process"),
            marked("Gaussian process"),
            _gaussian_process,
            {
                "classify__kernel__k1__constant_value": [1.0, 4.0],
                "classify__kernel__k2__length_scale": [32.0, 16.0, 8.0],
            },
            cost=1,
        ),
        Classifier(
            "gradient_boosting",
            marked("Gradient boosting"),
            marked("gradient boosting"),
            _gradient_boosting,
            {"classify__max_depth": [1, 2, 3]},
            cost=10,
        ),
        Classifier(
            "ada_boost",
            marked("AdaBoost"),
            marked("AdaBoost"),
            _ada_boost,
            {"classify__learning_rate": [0.1, 0.5]},
            cost=15,
        ),
        Classifier(
            "k_nearest_neighbours",
            marked("k-nearest neighbours"),
            marked("k-nearest neighbours"),
            _nearest_neighbours,
            {"classify__n_neighbors": [25, 15, 9, 5], "select__percentile": [100, 25]},
            cost=1,
        ),
    )
}


def load_classifiers() -> None:
    """Import all that building the seven takes; nothing is fitted, so no thread begins."""
    for name in CLASSIFIERS:
        build_classifier(name, 0, "median_in_fold")


def build_classifier(name: str, seed: int, missing: str = "complete_case") -> Pipeline:
    """Unfitted pipeline: (fill,) drop constants, scale, select by F test, classify.

    Parameters
    ----------
    name : str
        A key of ``CLASSIFIERS``.
    seed : int
        Random state of the estimator.
    missing : {"complete_case", "median_in_fold"}
        The second fills with the median of the rows the pipeline is fitted on.

    Returns
    -------
    sklearn.pipeline.Pipeline
        Everything that learns from rows is a step, so that fitting it inside a fold is enough.

    Raises
    ------
    DataProblem
        An unknown name.
    """
    from sklearn.feature_selection import SelectPercentile, VarianceThreshold, f_classif
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import StandardScaler

    if name not in CLASSIFIERS:
        raise refuse("classifier", name, " | ".join(CLASSIFIERS), "Choose one of these.")
    fill = [("fill", SimpleImputer(strategy="median"))] if missing == "median_in_fold" else []
    steps = [
        ("vary", VarianceThreshold()),
        ("scale", StandardScaler()),
        ("select", SelectPercentile(f_classif, percentile=100)),
        ("classify", CLASSIFIERS[name].build(seed)),
    ]
    return Pipeline([*fill, *steps])
