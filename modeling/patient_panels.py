"""What the patient's page shows of models: Rad-Score, and survival by released nomograms."""

from __future__ import annotations

from typing import Any

from django.db.models.fields.json import KeyTransform
from django.urls import reverse

from modeling.models import ModelVersion, Prediction, Quantity, VersionKind, VersionState
from modeling.selectors import speaking_of, states_of
from modeling.services.patient_score import scanners_said
from modeling.services.prognosis_endpoints import ENDPOINTS, endpoint_named
from studies.methods.wording import marked, say
from studies.models import Patient, Study

KINDS = {
    "out_of_fold": marked("out of fold: the model was fitted without this patient"),
    "applied": marked("the model was fitted to others"),
}


def models_panel(patient: Patient) -> dict[str, Any]:
    """One Rad-Score, and per endpoint survival by the released nomogram or why there is none."""
    states = states_of(patient.study)
    kinds = (VersionKind.RAD_SCORE, VersionKind.NOMOGRAM)
    found = ModelVersion.objects.filter(study=patient.study, kind__in=kinds)
    found = found.annotate(landmark=KeyTransform("landmark_days", "content"))
    versions = list(found.defer("content").order_by("-number"))
    newest = [version for version in versions if version.kind == VersionKind.NOMOGRAM]
    score = speaking_of([v for v in versions if v.kind == VersionKind.RAD_SCORE], states)
    rows = Prediction.objects.filter(patient=patient, version__in=versions)
    predictions = list(rows.order_by("horizon_months"))
    return {
        "rad_score": _rad_score(patient, score, predictions, states) if score else None,
        "survival": [
            _survival(patient, endpoint, title, newest, predictions, states)
            for endpoint, title in _endpoints(patient.study, newest).items()
        ],
    }


def _endpoints(study: Study, nomograms: list[ModelVersion]) -> dict[str, str]:
    """Those of every study, and the study's own that a nomogram predicts."""
    own = sorted({version.endpoint for version in nomograms} - set(ENDPOINTS))
    return {name: endpoint_named(study, name).title for name in (*ENDPOINTS, *own)}


def _rad_score(
    patient: Patient, version: ModelVersion, rows: list[Prediction], states: dict[int, str]
) -> dict[str, Any]:
    mine = [
        row for row in rows if row.version_id == version.pk and row.quantity == Quantity.PROBABILITY
    ]
    found = mine[0] if mine else None
    threshold = version.threshold
    return {
        "version": str(version),
        "state": states.get(version.pk, VersionState.DRAFT.value),
        "url": reverse("modeling:version", args=[patient.study.uid, version.uid]),
        "value": found.value if found else None,
        "kind": found.kind if found else "",
        "words": KINDS[found.kind] if found else "",
        "threshold": threshold,
        "x": None if found is None else round(100 * found.value, 1),
        "threshold_x": None if threshold is None else round(100 * threshold, 1),
        "above": None if found is None or threshold is None else found.value >= threshold,
        "scanners": scanners_said(version, patient) if found else [],
    }


def _survival(
    patient: Patient, endpoint: str, title: str, versions: list[ModelVersion],
    rows: list[Prediction], states: dict[int, str],
) -> dict[str, Any]:  # fmt: skip
    mine = [version for version in versions if version.endpoint == endpoint]
    mine.sort(key=lambda version: version.landmark or 0)  # from the start of treatment first
    released = next((v for v in mine if states.get(v.pk) == VersionState.RELEASED), None)
    said = {"endpoint": endpoint, "title": title, "version": "", "url": "", "predicted": []}
    if released is None:
        reason = say("no nomogram is released")
        if mine:
            state = say(states.get(mine[0].pk, "draft"))
            reason = say("no nomogram is released; {version} is a {state}",
                         version=mine[0], state=state)  # fmt: skip
        return said | {"reason": reason}
    predicted = [
        {"months": row.horizon_months, "survival": row.value, "kind": row.kind}
        for row in rows
        if row.version_id == released.pk and row.quantity == Quantity.SURVIVAL
    ]
    if released.landmark:
        said["title"] = say("{endpoint} from day {days} on", endpoint=say(title),
                            days=released.landmark)  # fmt: skip
    return said | {
        "version": str(released),
        "url": reverse("modeling:nomogram", args=[patient.study.uid, released.uid]),
        "predicted": predicted,
        "reason": "" if predicted else marked("it was fitted to this patient, or not applied yet"),
    }
