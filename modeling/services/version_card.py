"""The model card: what a version is, for whom, how well it does and what it may not be used for.

Written from the records alone; nobody types it, so that it cannot say what was not stored.
"""

from __future__ import annotations

from typing import Any

from modeling.methods.scanner_plan import GROUPED_BY, RULES, SCANNERS, group_said
from modeling.models import Basis, ModelVersion, VersionKind
from modeling.selectors import look_numbers, order_only, proofs_of, state_of
from modeling.services.nomogram_performance import CORRECTED, performance_of
from modeling.services.prognosis_endpoints import landmark_of, landmark_told
from modeling.services.rad_score_judging import TARGET_TITLES
from modeling.services.version_life import ancestry_of
from studies.methods.wording import listed, marked, say
from studies.models import CohortUse
from studies.registry import spelling

INTENDED = {
    VersionKind.RAD_SCORE: marked(
        "Probability of the immune-enhanced (hot) phenotype of a tumour from "
        "PET and CT of before treatment. A high Rad-Score stands for low risk."
    ),
    VersionKind.RECALIBRATED: marked(
        "The Rad-Score it was made from, set right for one cohort by an "
        "intercept and a slope on the logit; the order of patients is the same."
    ),
    VersionKind.NOMOGRAM: marked("Survival by the columns of its axes, the Rad-Score among them."),
}
BOUNDS = ("estimate", "lower", "upper")
NOT_FOR = (
    marked("Not for diagnosis or treatment decisions."),
    marked("Not for scans made after treatment began."),
    marked("Not for patients whose features lie outside the training cohort's range."),
)


def version_card(version: ModelVersion) -> dict[str, Any]:
    """The card of a version as sections of plain values."""
    run, snapshot = version.run, version.fitting_snapshot
    looks = look_numbers(version.study)
    evaluations = list(version.evaluations.select_related("cohort", "snapshot").order_by("id"))
    return {
        "name": str(version),
        "state": state_of(version),
        "intended_use": INTENDED[VersionKind(version.kind)],
        "not_for": list(NOT_FOR),
        "method": spelling(version.method.replace("_", " ")),
        "endpoint": version.endpoint,
        **landmark_told(landmark_of(version.content)),
        "parameters": version.content.get("parameters", {}),
        "features": len(version.content.get("features", [])),
        "threshold": version.threshold,
        "recalibration": version.content.get("recalibration"),
        "harmonising": _harmonising(version),
        "choice": run.results.get("choice", {}).get("reason", ""),
        "trained_on": _trained_on(version),
        "missing_data": snapshot.question.get("missing", ""),
        "results": [
            *(_result(e, looks) for e in evaluations if "auc" in e.metrics),
            *_corrected(version),
        ],
        "baselines": _baselines(version),
        "notices": [notice["text"] for notice in (*run.notices, *snapshot.notices)],
        "made_with": [str(v) for v in ancestry_of(version)[1:]],
        "reproductions": [
            {
                "verdict": proof.verdict,
                "on": proof.created_at.date().isoformat(),
                "compared": proof.compared,
                "tolerance": proof.tolerance,
            }
            for proof in proofs_of(version).order_by("id")
        ],
        "history": [
            {
                "from": e.from_state,
                "to": e.to_state,
                "on": e.created_at.date().isoformat(),
                "reason": e.reason,
            }
            for e in version.events.order_by("number")
        ],
        "digests": {
            "version": version.sha256,
            "results": run.results_sha256,
            "snapshot": snapshot.sha256,
            "code": run.commit,
        },
        "libraries": run.library_versions,
        "seed": run.seed,
    }


def _harmonising(version: ModelVersion) -> dict[str, Any] | None:
    """How features lose their scanner before this version sees them; None where they keep it."""
    if version.kind not in (VersionKind.RAD_SCORE, VersionKind.RECALIBRATED):
        return None
    line = ancestry_of(version)
    told = next(v for v in line if v.kind == VersionKind.RAD_SCORE).content.get("harmonise")
    if not told:
        return None
    return {
        "method": "ComBat, fitted on the training cohort, frozen",
        "by": GROUPED_BY[told["by"]],
        "minimum": told["minimum"],
        "scanners": {
            SCANNERS[column]: [group_said(group) for group in groups]
            for column, groups in told["known"].items()
        },
        "unseen": RULES[told["unseen"]],
        "reference": (
            {SCANNERS[column]: group_said(group) for column, group in told["reference"].items()}
            if told["unseen"] == "reference"
            else {}
        ),
    }


def _trained_on(version: ModelVersion) -> dict[str, Any]:
    """Whom the estimator was fitted to; a recalibrated version has its parent's."""
    line = ancestry_of(version)
    made = next((v for v in line if v.kind != VersionKind.RECALIBRATED), version)
    members = made.fitting_snapshot.members.filter(included=True)
    fitted = members.filter(cohort__use=CohortUse.DEVELOPMENT)
    honest = made.evaluations.filter(basis=Basis.OUT_OF_FOLD).first()
    classes = (
        {}
        if honest is None
        else {"hot": honest.metrics.get("positives"), "cold": honest.metrics.get("negatives")}
    )
    events = made.content.get("events")
    return {
        "cohorts": sorted(set(fitted.values_list("cohort__name", flat=True))),
        "patients": fitted.count(),
        **classes,
        **({} if events is None else {"events": events}),
    }


def _result(evaluation: Any, looks: dict[int, int]) -> dict[str, Any]:
    metrics = evaluation.metrics
    survival = isinstance(metrics["auc"], list)
    return {
        "cohort": evaluation.cohort.name,
        "use": evaluation.cohort.use,
        "target": evaluation.target,
        "basis": evaluation.basis,
        "n": evaluation.n,
        **(_of_survival(metrics) if survival else _of_a_class(evaluation.target, metrics)),
        "look": looks.get(evaluation.pk),
        "date": evaluation.looked_at.date().isoformat(),
    }


def _corrected(version: ModelVersion) -> list[dict[str, Any]]:
    """A nomogram in training less its optimism: its apparent numbers flatter it."""
    told = performance_of(version)
    return [
        {
            "cohort": row["cohort"], "use": CohortUse.DEVELOPMENT, "target": version.endpoint,
            "basis": row["basis"], "n": row["n"], "auc": dict.fromkeys(BOUNDS),
            "concordance": row["concordance"], "brier": None, "slope": row["slope"]["value"],
            "horizon_months": None, "look": None,
            "date": version.created_at.date().isoformat(),
        }
        for row in (told["cohorts"] if told else ())
        if row["basis"] == CORRECTED
    ]  # fmt: skip


def _of_a_class(target: str, metrics: dict[str, Any]) -> dict[str, Any]:
    reason = order_only(target)
    calibration = {} if reason else metrics.get("calibration", {})
    return {
        **({"calibration_left_out": reason} if reason else {}),
        "auc": {key: metrics["auc"].get(key) for key in BOUNDS},
        "brier": calibration.get("brier", {}).get("estimate"),
        "slope": calibration.get("slope", {}).get("estimate"),
        "horizon_months": None,
    }


def _of_survival(metrics: dict[str, Any]) -> dict[str, Any]:
    """At the horizon that was declared before the run."""
    months = metrics["headline_months"]
    auc, brier = (
        next((row for row in metrics[name] if row["horizon_months"] == months), {})
        for name in ("auc", "brier")
    )
    return {
        "auc": {"estimate": auc.get("value"), "lower": auc.get("lower"), "upper": auc.get("upper")},
        "concordance": metrics["concordance"],
        "brier": brier.get("value"),
        "slope": metrics["calibration"]["slope"].get("value"),
        "horizon_months": months,
    }


def _baselines(version: ModelVersion) -> list[dict[str, Any]]:
    """Where the Rad-Score does not beat less, said in a sentence."""
    told = []
    for row in version.run.results.get("ablations", []):
        for cell in row["cohorts"]:
            gain = cell["rad_score_gains"]
            beats = gain["lower"] is not None and gain["lower"] > 0
            told.append(
                {
                    "columns": row["title"],
                    "cohort": cell["cohort"],
                    "target": cell["target"],
                    "gain": gain,
                    "beats": beats,
                }
            )
    return told


def not_beaten(version: ModelVersion) -> list[str]:
    """A sentence for every baseline that the Rad-Score does not surely beat, and where."""
    places: dict[str, list[str]] = {}
    for row in _baselines(version):
        if not row["beats"]:
            place = say("{cohort}, {target}", cohort=say(row["cohort"].replace("_", " ")),
                        target=say(TARGET_TITLES[row["target"]]))  # fmt: skip
            places.setdefault(row["columns"], []).append(place)
    return [
        say(
            "{columns} is not surely beaten (the interval of the gain in AUC reaches zero) in: "
            "{places}.",
            columns=say(columns),
            places=listed(found, marked("{first}; {rest}")),
        )
        for columns, found in places.items()
    ]
