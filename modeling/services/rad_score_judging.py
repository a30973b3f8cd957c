"""The numbers of a Rad-Score run: the comparison in training, the version in every cohort."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd
from scipy.stats import false_discovery_control

from modeling.methods.auc import compare_auc_paired
from modeling.methods.binary_evaluation import evaluate_binary
from modeling.methods.classifiers import CLASSIFIERS
from modeling.methods.kappa import estimate_kappa
from modeling.methods.threshold_metrics import fit_youden_threshold
from modeling.models import Basis
from modeling.services.rad_score_state import Fitted, Judged, RadScoreRun
from studies.methods.problems import Notice
from studies.methods.wording import marked, named, say, say_number

TARGET_TITLES = {
    "rna": marked("hot by RNA"),
    "ihc": marked("hot by IHC (Immunoscore 3-4)"),
    "response": marked("responder (CR or PR at 6 months)"),
}


def classifiers_judge(run: RadScoreRun, fitted: Fitted) -> list[dict[str, Any]]:
    """All classifiers in training, out of fold, each with its difference to the chosen one."""
    rows = []
    for name, found in fitted.compared.results.items():
        threshold = fit_youden_threshold(run.y, found.probability)
        metrics = evaluate_binary(
            run.keys, run.y, found.probability, threshold, run.resamples, run.seed
        )
        rows.append({
            "name": name,
            "title": CLASSIFIERS[name].title,
            "chosen": name == fitted.choice.classifier,
            "tuned": [_plain(parameters) for parameters in found.chosen],
            "difference": _difference(run.y, found.probability, fitted.out_of_fold),
            **metrics,
        })  # fmt: skip
    others = [
        row["difference"]
        for row in rows
        if not row["chosen"] and row["difference"]["p"] is not None
    ]
    if others:
        adjusted = false_discovery_control([difference["p"] for difference in others])
        for difference, p in zip(others, adjusted, strict=True):
            difference["p_adjusted"] = float(p)
    return rows


def version_judge(run: RadScoreRun, fitted: Fitted) -> list[Judged]:
    """The chosen model: out of fold and (once, so labelled) apparent in training, applied else."""
    training = str(run.fitting["cohort"].iloc[0])
    judged = [
        Judged(training, "rna", basis, _metrics(run, run.keys, run.y, scores, fitted.threshold))
        for basis, scores in (
            (Basis.OUT_OF_FOLD, fitted.out_of_fold),
            (Basis.APPARENT, fitted.apparent),
        )
    ]
    for cohort, rows in run.cohorts:
        judged += _judge_cohort(run, fitted, cohort, rows)
    return judged


def _judge_cohort(
    run: RadScoreRun, fitted: Fitted, cohort: str, rows: pd.DataFrame
) -> Iterator[Judged]:
    for target in run.snapshot.targets[cohort]:
        known = rows[rows[f"target_{target}"].notna()]
        outcome = known[f"target_{target}"].astype(int)
        if outcome.nunique() < 2:
            text = say_number(
                "{cohort}: {number} patient, {target}: one class only, not judged.",
                "{cohort}: {number} patients of one class, {target}: not judged.",
                len(known), cohort=named(cohort), target=say(TARGET_TITLES[target]),
            )  # fmt: skip
            run.notices.append(Notice("cohort_not_judged", text))
            continue
        scores = fitted.applied[known.index]
        metrics = _metrics(run, list(known["pseudonym"]), outcome, scores, fitted.threshold)
        if target == "rna" and "ihc" in run.snapshot.targets[cohort]:
            metrics["kappa_with_ihc"] = _kappa(known)
        yield Judged(cohort, target, Basis.APPLIED, metrics)


def _metrics(
    run: RadScoreRun, keys: list[str], outcome: Any, scores: Any, threshold: float
) -> dict[str, Any]:
    return evaluate_binary(keys, outcome, scores, threshold, run.resamples, run.seed)


def _kappa(rows: pd.DataFrame) -> dict[str, Any] | None:
    both = rows[rows["target_ihc"].notna()]
    if both.empty:
        return None
    found = estimate_kappa(both["target_rna"], both["target_ihc"])
    return {
        "estimate": found.estimate,
        "lower": found.lower,
        "upper": found.upper,
        "agreement": found.agreement,
        "n": found.n,
    }


def _difference(outcome: Any, one: Any, other: Any) -> dict[str, Any]:
    found = compare_auc_paired(outcome, one, other)
    return {
        "estimate": found.difference,
        "lower": found.lower,
        "upper": found.upper,
        "p": found.p,
    }


def _plain(parameters: dict[str, Any]) -> dict[str, Any]:
    return {
        name.removeprefix("classify__"): value.item() if isinstance(value, np.generic) else value
        for name, value in parameters.items()
    }
