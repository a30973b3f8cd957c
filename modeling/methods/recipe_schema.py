"""What a recipe of a Rad-Score run may say, and the recipes that come with the house."""

from __future__ import annotations

from typing import Any

from modeling.methods.classifiers import CLASSIFIERS
from modeling.methods.scanner_plan import SCHEMA as HARMONISE

ABLATIONS = (
    "pet_only", "ct_only", "volume_only", "suv_max_only", "mtv_only", "shuffled_voxels",
)  # fmt: skip
_whole = {"type": "integer"}
SCHEMA: dict[str, Any] = {
    "$schema": "https://json-schema.org/draft/2020-12/schema",
    "title": "Recipe of a Rad-Score run",
    "type": "object",
    "additionalProperties": False,
    "required": [
        "name",
        "format",
        "missing",
        "classifiers",
        "outer",
        "inner",
        "choose",
        "ablations",
        "bootstrap_resamples",
        "smallest_class",
    ],
    "properties": {
        "name": {"type": "string", "minLength": 1, "maxLength": 40},
        "format": {"const": 1},
        "missing": {"enum": ["complete_case", "median_in_fold"]},
        "classifiers": {
            "type": "array",
            "minItems": 1,
            "uniqueItems": True,
            "items": {"enum": list(CLASSIFIERS)},
        },
        "grids": {
            "type": "object",
            "propertyNames": {"enum": list(CLASSIFIERS)},
            "additionalProperties": {
                "type": "object",
                "additionalProperties": {"type": "array", "minItems": 1},
            },
        },
        "outer": {
            "type": "object",
            "additionalProperties": False,
            "required": ["folds", "repeats"],
            "properties": {
                "folds": {**_whole, "minimum": 2, "maximum": 20},
                "repeats": {**_whole, "minimum": 1, "maximum": 100},
            },
        },
        "inner": {
            "type": "object",
            "additionalProperties": False,
            "required": ["folds", "scoring"],
            "properties": {
                "folds": {**_whole, "minimum": 2, "maximum": 10},
                "scoring": {"enum": ["neg_brier_score", "neg_log_loss", "roc_auc"]},
            },
        },
        "choose": {
            "type": "object",
            "additionalProperties": False,
            "required": ["rule"],
            "properties": {
                "rule": {"enum": ["fixed", "one_standard_error"]},
                "classifier": {"enum": list(CLASSIFIERS)},
            },
            "if": {"properties": {"rule": {"const": "fixed"}}},
            "then": {"required": ["classifier"]},
        },
        "ablations": {
            "type": "array",
            "uniqueItems": True,
            "items": {"enum": list(ABLATIONS)},
        },
        "bootstrap_resamples": {**_whole, "minimum": 100, "maximum": 100_000},
        "smallest_class": {**_whole, "minimum": 2},
        "harmonise": HARMONISE,
    },
}
_PAPER: dict[str, Any] = {
    "name": "paper",
    "format": 1,
    "missing": "complete_case",
    "classifiers": list(CLASSIFIERS),
    "outer": {"folds": 5, "repeats": 10},
    "inner": {"folds": 3, "scoring": "neg_brier_score"},
    "choose": {"rule": "fixed", "classifier": "random_forest"},
    "ablations": list(ABLATIONS),
    "bootstrap_resamples": 10_000,
    "smallest_class": 10,
}
_DEMO: dict[str, Any] = {
    **_PAPER,
    "name": "demo",
    "grids": {
        "random_forest": {
            "classify__n_estimators": [100],
            "classify__min_samples_leaf": [5, 2],
        },
        "gradient_boosting": {"classify__n_estimators": [60], "classify__max_depth": [1, 2]},
        "ada_boost": {"classify__n_estimators": [50], "classify__learning_rate": [0.1, 0.5]},
    },
    "outer": {"folds": 5, "repeats": 2},
    "bootstrap_resamples": 2000,
    "smallest_class": 6,
}
_FULL: dict[str, Any] = {
    **_PAPER,
    "name": "full",
    "grids": {
        "random_forest": {
            "classify__n_estimators": [500],
            "classify__min_samples_leaf": [10, 5, 2],
            "classify__max_features": ["sqrt", 0.2],
        }
    },
    "inner": {"folds": 5, "scoring": "neg_brier_score"},
    "choose": {"rule": "one_standard_error"},
}
PRESETS: dict[str, dict[str, Any]] = {"demo": _DEMO, "paper": _PAPER, "full": _FULL}
