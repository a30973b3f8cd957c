"""What modeling keeps below a patient, for the day a consent is withdrawn."""

from __future__ import annotations

from django.db import connection, models, transaction
from django.utils import timezone

from modeling.models import (
    PURGING,
    DatasetSnapshot,
    ModelRun,
    PatientScore,
    Prediction,
    SnapshotMember,
)
from studies.models import Patient
from studies.services import file_drop

_BELOW: tuple[type[models.Model], ...] = (PatientScore, Prediction, SnapshotMember)
TABLES = tuple(model._meta.db_table for model in _BELOW)


def uses_of(patient: Patient) -> dict[str, int]:
    """Rows per table that hang on the patient."""
    return {
        model._meta.db_table: model._default_manager.filter(patient=patient).count()
        for model in _BELOW
    }


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
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL {PURGING} = 'on'")
        Prediction.objects.filter(patient=patient).delete()
        PatientScore.objects.filter(patient=patient).delete()
        cursor.execute(f"SET LOCAL {PURGING} = 'off'")
