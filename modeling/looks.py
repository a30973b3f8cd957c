"""Every look at a validating cohort: what was shown there, when, by whose step, and the figure."""

from __future__ import annotations

from typing import Any

from django.db.models import F, Window
from django.db.models.functions import FirstValue

from modeling.models import Basis, Evaluation, VersionKind
from modeling.services.external_validation import PURPOSE
from studies.methods.wording import marked
from studies.models import CohortUse, Study

FIELDS = (
    "pk", "first", "cohort__uid", "cohort__name", "cohort__role", "version__uid", "version__kind",
    "version__number", "snapshot__uid", "snapshot__number", "snapshot__question__purpose",
    "snapshot__question__landmark_days",
    "version__run__uid", "target", "n", "looked_at", "metrics__auc", "metrics__concordance",
    "metrics__hazard_ratio",
    "produced_by__acting_user__username", "version__produced_by__acting_user__username",
    "version__run__produced_by__acting_user__username",
)  # fmt: skip
BY = [name for name in FIELDS if name.endswith("username")]
HOW = {
    "later": marked("validated later"),
    "run": marked("with the run that made it"),
    "prognosis": marked("with a prognosis"),
}


def looks_told(study: Study) -> list[dict[str, Any]]:
    """Every look at every validating cohort, by cohort, the first one first.

    A look is a version judged on a frozen table; its targets belong together. Evaluations cannot
    be deleted, so that no look is forgotten.
    """
    shown = Evaluation.objects.filter(
        study=study, basis=Basis.APPLIED, cohort__use=CohortUse.VALIDATION
    )
    of_a_look = [F("cohort_id"), F("version_id"), F("snapshot_id")]
    first = Window(FirstValue("pk"), partition_by=of_a_look, order_by=F("pk").asc())
    rows = shown.annotate(first=first).order_by("cohort_id", "pk").values(*FIELDS)
    looks: dict[int, dict[str, Any]] = {}
    numbers: dict[Any, int] = {}
    for row in rows:
        look = looks.get(row["first"])
        if look is None:
            numbers[row["cohort__uid"]] = number = numbers.get(row["cohort__uid"], 0) + 1
            look = looks[row["first"]] = _look(row, number)
        look["judged"].append(_judged(row))
    return list(looks.values())


def _look(row: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "key": row["first"],
        "number": number,
        "cohort": row["cohort__name"],
        "cohort_uid": row["cohort__uid"],
        "role": row["cohort__role"],
        "looked_at": row["looked_at"],
        "by": next((row[name] for name in BY if row[name]), ""),
        "version": row["version__uid"],
        "version_kind": row["version__kind"],
        "version_number": row["version__number"],
        "run": row["version__run__uid"],
        "snapshot": row["snapshot__uid"],
        "snapshot_number": row["snapshot__number"],
        "how": _how(row),
        "judged": [],
    }


def _how(row: dict[str, Any]) -> str:
    purpose = row["snapshot__question__purpose"] or ""
    if purpose == PURPOSE:
        return "later"
    of_prognosis = row["version__kind"] == VersionKind.NOMOGRAM or purpose.startswith("prognosis")
    return "prognosis" if of_prognosis else "run"


def _judged(row: dict[str, Any]) -> dict[str, Any]:
    """The leading figure of a target: AUC, Harrell's C, or the hazard ratio of low against high."""
    auc, c, hazard = (row[f"metrics__{name}"] for name in ("auc", "concordance", "hazard_ratio"))
    told: dict[str, Any] = {"target": row["target"], "n": row["n"], "measure": "", "estimate": None,
                            "lower": None, "upper": None,
                            "landmark_days": row["snapshot__question__landmark_days"]}  # fmt: skip
    if isinstance(auc, dict):
        told |= {"measure": "AUC", **{k: auc.get(k) for k in ("estimate", "lower", "upper")}}
    for measure, found in (("C", c), ("HR", hazard)):
        if isinstance(found, dict) and not told["measure"]:
            told |= {"measure": measure, "estimate": found.get("value"),
                     "lower": found.get("lower"), "upper": found.get("upper")}  # fmt: skip
    return told
