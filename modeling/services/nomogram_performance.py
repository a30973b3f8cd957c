"""How well a nomogram does: headline numbers per cohort, and what the Rad-Score adds to them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from modeling.models import Basis, Evaluation, ModelVersion, VersionKind
from modeling.selectors import look_numbers
from modeling.services.prognosis_endpoints import landmark_of, landmark_told
from modeling.services.report_content import cohort_order
from modeling.services.report_survival import evaluations_of

CORRECTED = "optimism_corrected"
NOTHING = {"value": None, "lower": None, "upper": None}


def nomogram_performance(version: ModelVersion) -> dict[str, Any]:
    """Per cohort C, AUC(t) and Brier at the headline horizon, slope, n and events; and the same
    with and without the Rad-Score.

    Training stands twice: apparent, and corrected for optimism (which AUC(t) and Brier are not).
    """
    found, looks = evaluations_of(version, version.endpoint), look_numbers(version.study)
    results = version.run.results
    rows = [row for e in found for row in (_row(e, looks), *_corrected(e, results))]
    months = found[0].metrics["headline_months"] if found else None
    added = results.get("added_value") or {}
    beside = list(_added(added, months))
    return {
        "version": str(version),
        "uid": str(version.uid),
        "endpoint": version.endpoint,
        "headline_months": months,
        **landmark_told(landmark_of(version.content)),
        "cohorts": rows,
        "added_value": {
            "likelihood_ratio": added.get("likelihood_ratio"),
            "said": added.get("said", ""),
            "cohorts": beside,
            "corrected": any(row["basis"] == CORRECTED for row in beside),
        },
        "corrected": any(row["basis"] == CORRECTED for row in rows),
    }


def performance_of(version: ModelVersion) -> dict[str, Any] | None:
    """Of a nomogram that was judged; nothing of another version."""
    if version.kind != VersionKind.NOMOGRAM:
        return None
    found = nomogram_performance(version)
    return found if found["cohorts"] else None


def _row(evaluation: Evaluation, looks: dict[int, int]) -> dict[str, Any]:
    metrics = evaluation.metrics
    months, calibration = metrics["headline_months"], metrics["calibration"]
    return {
        "cohort": evaluation.cohort.name,
        "basis": evaluation.basis,
        "look": looks.get(evaluation.pk),
        "n": metrics["n"],
        "events": metrics["events"],
        "concordance": metrics["concordance"] or NOTHING,
        "auc": _at(metrics["auc"], months),
        "brier": _at(metrics["brier"], months),
        "slope": calibration["slope"],
        "observed_expected": calibration["observed_expected"],
    }


def _at(rows: list[dict[str, Any]], months: float) -> dict[str, Any]:
    return next((row for row in rows if row["horizon_months"] == months), NOTHING)


def _corrected(evaluation: Evaluation, results: dict[str, Any]) -> Iterable[dict[str, Any]]:
    """The apparent row's own, less what resamples of the whole pipeline say is optimism."""
    found = results.get("optimism")
    if evaluation.basis != Basis.APPARENT or not found:
        return []
    c, slope = found["c"], found["indexes"]["slope"]
    return [{
        "cohort": evaluation.cohort.name,
        "basis": CORRECTED,
        "look": None,
        "n": evaluation.metrics["n"],
        "events": evaluation.metrics["events"],
        "concordance": {"value": c["corrected"], "lower": c["ci"][0], "upper": c["ci"][1]},
        "auc": NOTHING,
        "brier": NOTHING,
        "slope": {"value": slope["corrected"], "lower": None, "upper": None},
        "observed_expected": None,
        "resamples": found["usable"],
    }]  # fmt: skip


def _added(stored: dict[str, Any], months: float | None) -> Iterable[dict[str, Any]]:
    """Training first, where the difference is less its optimism; elsewhere both are frozen."""
    parts = [("training", CORRECTED, stored["training"])] if stored.get("training") else []
    elsewhere = stored.get("cohorts") or {}
    parts += [(name, "applied", elsewhere[name]) for name in sorted(elsewhere, key=cohort_order)]
    for name, basis, part in parts:
        auc = next((row for row in part["auc"] if row["horizon_months"] == months), None)
        yield {"cohort": name, "basis": basis, "n": part["n"], "events": part["events"],
               "concordance": part["c"], "auc": auc}  # fmt: skip


def headline_numbers(versions: Iterable[ModelVersion]) -> dict[int, dict[str, Any]]:
    """One honest number per version, by its id, for lists: never an apparent one.

    Of a nomogram C corrected for optimism, else C in the first cohort that validates it; of a
    Rad-Score its out-of-fold AUC in training, of a recalibrated one that of its first look.
    """
    rows = list(versions)
    nomograms = [row for row in rows if row.kind == VersionKind.NOMOGRAM]
    found = _corrected_c(nomograms)
    looks = Evaluation.objects.filter(version__in=rows).exclude(basis=Basis.APPARENT)
    told = looks.order_by("id").values_list(
        "version_id", "basis", "cohort__name", "target", "n", "metrics__auc", "metrics__concordance"
    )
    for pk, basis, cohort, target, n, auc, c in told:
        value = c or (auc if isinstance(auc, dict) else None)
        if value is None or pk in found:
            continue
        estimate = value.get("value", value.get("estimate"))
        found[pk] = {
            "measure": "C" if c else "AUC", "cohort": cohort, "basis": basis, "target": target,
            "n": n, "value": estimate, "lower": value["lower"], "upper": value["upper"],
        }  # fmt: skip
    return found


def _corrected_c(versions: list[ModelVersion]) -> dict[int, dict[str, Any]]:
    by_run = {version.run_id: version for version in versions}
    rows = ModelVersion.objects.filter(run__in=by_run).values_list(
        "run_id", "run__results__optimism__c", "endpoint", "content__n"
    )
    return {
        by_run[run].pk: {
            "measure": "C", "cohort": "training", "basis": CORRECTED, "target": endpoint, "n": n,
            "value": c["corrected"], "lower": c["ci"][0], "upper": c["ci"][1],
        }
        for run, c, endpoint, n in rows
        if c
    }  # fmt: skip
