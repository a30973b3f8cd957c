"""A patient who comes later, through a released version: with consent, and where it applies."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from django.core.exceptions import PermissionDenied
from django.db import transaction

from imaging.selectors import scanners_of
from modeling.methods.applicability import apply_applicability, fit_applicability
from modeling.methods.leak_guard import check_measured_before, refuse_leaks
from modeling.methods.scanner_plan import SCANNERS as MODALITIES
from modeling.methods.scanner_plan import group_said, rule_said, unseen_groups
from modeling.models import ModelVersion, PatientScore, PredictionKind, VersionState
from modeling.selectors import SCANNERS, is_development, patient_dates, state_of
from modeling.services.snapshots import snapshot_read
from modeling.services.version_applying import (
    check_rad_score,
    harmonised_by,
    root_of,
    row_for,
    version_apply,
)
from studies.access import rights_of
from studies.consents import IMAGING, in_force, refusals
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import Consent, Patient
from studies.services import inputs_digest


@transaction.atomic
def patient_score(version: ModelVersion, patient: Patient, user: Any) -> PatientScore:
    """Score a patient whom the version was not fitted to.

    Outside the training distribution no value is given: the reasons stand in its place. The same
    features again give the earlier score.

    Raises
    ------
    DataProblem
        A version that is not released, a patient without consent to imaging, of the fitting
        cohort, without features of the version's encoders, or scanned after treatment began.
    PermissionDenied
        Neither the right to enter nor to run.
    """
    if not {"enter", "run"} & rights_of(user, version.study):
        raise PermissionDenied("This needs the right 'enter' or 'run' in the study.")
    check_rad_score(version)
    _check_released(version)
    consents = _check_consent(patient)
    _check_not_fitted(version, patient)
    features, digests = _features(version, patient)
    scanned, treated = patient_dates(patient)
    refuse_leaks(check_measured_before([patient.pseudonym], [scanned], [treated]))
    judged = _applicability(version, features)
    names, scanners = root_of(version).content["features"], _scanners(version, patient)
    row = pd.DataFrame([features], columns=names).assign(**scanners)
    value = float(version_apply(version, row, patient.pseudonym)[0]) if judged.inside else None
    digest = inputs_digest("patient score", version.sha256, patient.pk, *sorted(digests))
    above = None if value is None else value >= (version.threshold or 0.5)
    row, _ = PatientScore.objects.get_or_create(
        version=version,
        patient=patient,
        inputs_digest=digest,
        defaults={
            "study_id": patient.study_id,
            "site_id": patient.site_id,
            "value": value,
            "above_threshold": above,
            "applicable": judged.inside,
            "distance": judged.distance,
            "distance_percentile": judged.percentile,
            "reasons": [*judged.reasons, *scanners_said(version, patient)],
            "features_digest": inputs_digest(*sorted(digests)),
            "consent": consents,
            "asked_by": user,
        },
    )
    return row


def _check_released(version: ModelVersion) -> None:
    state = state_of(version)
    if state != VersionState.RELEASED:
        raise refuse(
            str(version),
            say("a version that is {state}", state=state),
            "a released version",
            "Only what two people stand for is used on new patients.",
            column="version",
        )


def _check_consent(patient: Patient) -> list[dict[str, str]]:
    """The consents that allow it, for the record, a study's waiver or not."""
    only = Patient.objects.filter(pk=patient.pk)
    rows = Consent.objects.filter(in_force(), patient=patient, scope=IMAGING)
    refused = refusals(patient.study, IMAGING, only).get(patient.pk)
    if refused is None and not rows.exists():
        refused = "no consent to imaging in force"
    if refused:
        raise refuse(
            patient.pseudonym,
            refused,
            "a consent to imaging in force",
            "Record the consent first, or leave the patient out.",
            column="patient",
        )
    return [{"uid": str(row.uid), "scope": row.scope} for row in rows]


def _check_not_fitted(version: ModelVersion, patient: Patient) -> None:
    fitted = version.predictions.filter(patient=patient, kind=PredictionKind.OUT_OF_FOLD)
    fitted_root = root_of(version).predictions.filter(
        patient=patient, kind=PredictionKind.OUT_OF_FOLD
    )
    if fitted.exists() or fitted_root.exists():
        raise refuse(
            patient.pseudonym,
            say("a patient the version was fitted to"),
            "somebody else",
            "Its out-of-fold score is the honest one.",
            column="patient",
        )


def _features(version: ModelVersion, patient: Patient) -> tuple[list[float], list[str]]:
    values, digests = row_for(version, patient)
    wanted = root_of(version).content["features"]
    missing = [name for name in wanted if not np.isfinite(values.get(name, np.nan))]
    if missing:
        raise refuse(
            patient.pseudonym,
            say("{n} of the version's features missing", n=len(missing)),
            "PET and CT features of the version's own encoders",
            "Upload a baseline PET/CT with its region and extract the features.",
            column="patient",
        )
    return [float(values[name]) for name in wanted], digests


def _scanners(version: ModelVersion, patient: Patient) -> dict[str, str | None]:
    """What the patient's PET and CT were made by, where the version harmonises."""
    if harmonised_by(version) is None:
        return {}
    found = scanners_of(version.study, patient).get(patient.pk, {})
    return {SCANNERS[modality]: found.get(modality) for modality in SCANNERS}


def scanners_said(version: ModelVersion, patient: Patient) -> list[str]:
    """What becomes of a patient's images whose scanner a version's training did not have."""
    plan = harmonised_by(version)
    if plan is None:
        return []
    unseen = unseen_groups(plan, pd.DataFrame([_scanners(version, patient)]))
    return [
        say("{modality} of a scanner that training did not have ({group}): {rule}",
            modality=MODALITIES[column], group=group_said(group), rule=rule_said(plan, column))
        for column, counts in unseen.items()
        for group in counts
    ]  # fmt: skip


def _applicability(version: ModelVersion, features: list[float]) -> Any:
    """Against the rows the root was fitted to; whatever was filled in the fold is left out."""
    root = root_of(version)
    rows = snapshot_read(root.fitting_snapshot)
    training = rows[is_development(rows)]
    X = training[root.content["features"]].to_numpy(float)
    whole = np.isfinite(X).all(axis=1)
    fit = fit_applicability(
        list(training.loc[whole, "pseudonym"]), X[whole], root.content["features"]
    )
    return apply_applicability(fit, [features])[0]
