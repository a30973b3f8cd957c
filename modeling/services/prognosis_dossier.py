"""The dossier of a nomogram as JSON: optimism, stability, added value, residuals, splines, size."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import numpy as np

from modeling.methods.added_value import AddedValue
from modeling.methods.cox_validation import CoxValidation
from modeling.methods.pipeline_validation import PipelineValidation
from modeling.methods.prognosis_dossier import PrognosisDossier
from modeling.services.prognosis_metrics import json_ready

DIGITS = 5  # of predictions and residuals, which are drawn


def dossier_results(dossier: PrognosisDossier) -> dict[str, Any]:
    """Everything a run keeps of it; what was not estimable is null."""
    return json_ready(
        {
            "optimism": dossier.pipeline and _pipeline(dossier.pipeline),
            "fixed_columns": dossier.fixed and _fixed(dossier.fixed),
            "schoenfeld": {
                "names": list(dossier.schoenfeld.names),
                "time": dossier.schoenfeld.time,
                "transformed": dossier.schoenfeld.transformed.round(DIGITS),
                "scaled": dossier.schoenfeld.scaled.round(DIGITS),
            },
            "splines": [
                {**asdict(effect), "curvature": asdict(effect.curvature)}
                for effect in dossier.splines
            ],
            "sample_size": {
                **asdict(dossier.sample_size),
                "required": dossier.sample_size.required,
                "enough": dossier.sample_size.enough,
            },
            "added_value": {
                "likelihood_ratio": dossier.added_test and asdict(dossier.added_test),
                "training": dossier.added and added_as_dict(dossier.added),
            },
        }
    )


def added_as_dict(found: AddedValue) -> dict[str, Any]:
    """With, without and their difference, of each measure."""
    return json_ready(
        {
            "n": found.n,
            "events": found.events,
            "corrected": found.corrected,
            "resamples": found.resamples,
            "usable": found.usable,
            "c": {"with": found.c[0], "without": found.c[1], **asdict(found.c_difference)},
            "auc": [
                {"horizon_months": t, "with": pair[0], "without": pair[1], **asdict(difference)}
                for t, pair, difference in zip(
                    found.horizons, found.auc, found.auc_differences, strict=True
                )
            ],
            "net_benefit": {
                "horizon_months": found.headline,
                "threshold": found.thresholds,
                **{
                    key: [getattr(part, key) for part in found.net_benefit]
                    for key in ("value", "lower", "upper")
                },
            },
        }
    )


def added_said(
    test: dict[str, Any] | None, cohorts: dict[str, dict[str, Any]], penalty: str = "none"
) -> str:
    """In words whether the Rad-Score adds anything, by what was tested and what was seen."""
    if test is None:
        return "What the Rad-Score adds could not be tested."
    ratio = "penalised likelihood ratio" if penalty == "firth" else "likelihood ratio"
    told = f"{ratio} {test['statistic']:.2f}, p {_p(test['p_value'])}"
    better = [
        name.replace("_", " ") for name, part in cohorts.items() if (part["c"]["lower"] or 0) > 0
    ]
    worse = [
        name.replace("_", " ") for name, part in cohorts.items() if (part["c"]["upper"] or 0) < 0
    ]
    if test["p_value"] >= 0.05 and not better:
        return (
            f"The Rad-Score adds nothing that can be told from chance ({told}; no cohort in which "
            "the interval of ΔC lies above zero)."
        )
    where = (
        f"ΔC lies above zero in: {', '.join(better)}"
        if better
        else ("in no cohort does the interval of ΔC lie above zero")
    )
    against = f"; below zero in: {', '.join(worse)}" if worse else ""
    verb = "adds to the fit" if test["p_value"] < 0.05 else "does not add to the fit"
    return f"The Rad-Score {verb} ({told}); {where}{against}."


def _p(value: float) -> str:
    return "< 0.0001" if value < 0.0001 else f"{value:.4f}"


def _pipeline(found: PipelineValidation) -> dict[str, Any]:
    return {
        "method": found.method,
        "resamples": found.resamples,
        "usable": found.usable,
        "c": {**asdict(found.c), "ci": list(found.c_interval)},
        "indexes": {name: asdict(index) for name, index in found.indexes.items()},
        "refused": found.refused,
    }


def _fixed(found: CoxValidation) -> dict[str, Any]:
    groups, moving = found.groups, found.instability
    return {
        "resamples": found.resamples,
        "usable": found.usable,
        "c": {**asdict(found.c), "ci": list(found.c_interval)},
        "slope": asdict(found.indexes["slope"]),
        "groups": groups and asdict(groups),
        "instability": moving and {
            "horizon": moving.horizon,
            "predicted": moving.predicted.round(DIGITS),
            "resampled": moving.resampled.round(DIGITS),
            "mean_absolute_error": float(np.nanmean(moving.mean_absolute_error)),
        },
    }  # fmt: skip
