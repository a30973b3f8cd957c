"""What modeling keeps below a patient, for the day a consent is withdrawn."""

from __future__ import annotations

from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from modeling.models import (
    DatasetSnapshot,
    Evaluation,
    ModelRun,
    ModelVersion,
    PatientScore,
    Prediction,
    Report,
    SnapshotMember,
)
from studies.methods.wording import say
from studies.models import Partition, Patient
from studies.models.protect import purging
from studies.registry import Trace
from studies.services import file_drop
from studies.withdrawal import Models, count_rows, tables_of

_BELOW: Models = (PatientScore, Prediction, SnapshotMember)
TABLES = tables_of(_BELOW)
FROZEN = (SnapshotMember._meta.db_table,)


def uses_of(patient: Patient) -> dict[str, int]:
    """Rows per table that hang on the patient."""
    return count_rows(_BELOW, patient)


@transaction.atomic
def purge(patient: Patient) -> None:
    """Predictions go, tables with the patient's row lose their bytes; member lists stay."""
    holding = DatasetSnapshot.objects.filter(members__patient=patient, members__included=True)
    for snapshot in holding.filter(not_reproducible_since__isnull=True).select_related("table"):
        DatasetSnapshot.objects.filter(pk=snapshot.pk).update(not_reproducible_since=timezone.now())
        file_drop(snapshot.table)
        for run in ModelRun.objects.filter(snapshot=snapshot).select_related("predictions"):
            if run.predictions is not None:
                file_drop(run.predictions)
    with purging():
        Prediction.objects.filter(patient=patient).delete()
        PatientScore.objects.filter(patient=patient).delete()


def traces(patient: Patient) -> list[Trace]:
    """Snapshots with the patient in them, what was fitted to or judged on these, and reports."""
    holding = DatasetSnapshot.objects.filter(
        study=patient.study_id, members__patient=patient, members__included=True
    ).distinct()
    fitted = ModelVersion.objects.filter(
        models.Q(fitting_snapshot__in=holding) | models.Q(parents__fitting_snapshot__in=holding)
    ).distinct()
    judged = ModelVersion.objects.filter(
        pk__in=Evaluation.objects.filter(snapshot__in=holding).values("version")
    ).exclude(pk__in=fitted.values("pk"))
    digests = {row.sha256 for rows in (holding, fitted, judged) for row in rows}
    found = [_trace(row, str(row), "snapshot", patient) for row in holding]
    # A run freezes both sides of the wall in one table, and fits to one of them.
    judges = patient.partition == Partition.VALIDATION
    found += [
        _trace(row, _judged(row) if judges else _fitted(row), "version", patient) for row in fitted
    ]
    found += [_trace(row, _judged(row), "version", patient) for row in judged]
    for report in Report.objects.filter(study=patient.study_id):
        if digests & _cited(report):
            found.append(_trace(report, str(report), "report_version", patient))
    return found


def _fitted(version: ModelVersion) -> str:
    return say("{version}, fitted to it", version=version)


def _judged(version: ModelVersion) -> str:
    return say("{version}, judged on it", version=version)


def _cited(report: Report) -> set[str]:
    named = ("version_sha256", "snapshot_sha256")
    return {str(source.get(name)) for source in report.content.get("sources", []) for name in named}


def _trace(row: DatasetSnapshot | ModelVersion | Report, title: str, page: str, patient: Patient
           ) -> Trace:  # fmt: skip
    url = reverse(f"modeling:{page}", args=[patient.study.uid, row.uid])
    return Trace(row._meta.db_table, row.pk, title, url)
