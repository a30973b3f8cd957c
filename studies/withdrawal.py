"""What studies itself keeps below a patient, for the day a consent is withdrawn."""

from __future__ import annotations

from django.db import models

from studies.glance_files import drop_tables
from studies.models import (
    CohortMember,
    Completeness,
    Consent,
    Contact,
    Death,
    DeidentificationKey,
    Drawing,
    EligibilityOverride,
    EndpointValue,
    FormEntry,
    FormerPseudonym,
    LabResult,
    Lesion,
    LesionMeasurement,
    Patient,
    PatientMove,
    Progression,
    Query,
    QueryMessage,
    ResponseAssessment,
    Specimen,
    SpecimenChoice,
    Surgery,
    Treatment,
)

Models = tuple[type[models.Model], ...]
_BELOW: Models = (
    CohortMember,
    Completeness,
    Consent,
    Contact,
    Death,
    DeidentificationKey,
    EligibilityOverride,
    EndpointValue,
    FormEntry,
    FormerPseudonym,
    LabResult,
    Lesion,
    LesionMeasurement,
    PatientMove,
    Progression,
    Query,
    QueryMessage,
    ResponseAssessment,
    Specimen,
    SpecimenChoice,
    Surgery,
    Treatment,
)


def tables_of(rows: Models) -> tuple[str, ...]:
    return tuple(model._meta.db_table for model in rows)


def count_rows(rows: Models, patient: Patient) -> dict[str, int]:
    """How many rows of each table hang on the patient."""
    return {
        model._meta.db_table: model._default_manager.filter(patient=patient).count()
        for model in rows
    }


TABLES = tables_of(_BELOW)


def uses_of(patient: Patient) -> dict[str, int]:
    """Rows per table that hang on the patient."""
    return count_rows(_BELOW, patient)


def purge(patient: Patient) -> None:
    """Empty the form entries and what was said of them; who was a member of what stays."""
    for entry in FormEntry.objects.filter(patient=patient):
        entry.values = {}
        entry.row_version += 1
        entry.save(update_fields=["values", "row_version"])
    QueryMessage.objects.filter(patient=patient).update(text="")
    Drawing.objects.filter(study=patient.study, site_ids__contains=[patient.site_id]).delete()
    DeidentificationKey.objects.filter(patient=patient).delete()
    drop_tables(patient.study)
