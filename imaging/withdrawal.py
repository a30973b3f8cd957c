"""What imaging keeps below a patient, for the day a consent is withdrawn."""

from __future__ import annotations

from django.db import models
from django.db.models import Value
from django.db.models.functions import Cast, Concat
from django.urls import reverse

from imaging.models import (
    WAITING,
    ArrivalState,
    ArrivedFile,
    CellCount,
    CellDensity,
    DicomStudy,
    ExtractorVersion,
    FeatureFailure,
    FeatureSet,
    Immunoscore,
    ImmunoscoreRule,
    PetCtPair,
    Roi,
    RoiAgreement,
    RoiChoice,
    ScanArrival,
    Series,
    SlideRegion,
    TargetDecision,
    UidMap,
    Uptake,
    WholeSlide,
)
from studies.methods.wording import say
from studies.models import Derivation, FileUse, Partition, Patient, StoredFile
from studies.models.protect import purging
from studies.registry import Trace
from studies.services import file_drop
from studies.withdrawal import Models, count_rows, tables_of

_BELOW: Models = (
    CellCount,
    CellDensity,
    DicomStudy,
    FeatureFailure,
    FeatureSet,
    Immunoscore,
    PetCtPair,
    Roi,
    RoiAgreement,
    RoiChoice,
    ScanArrival,
    Series,
    UidMap,
    SlideRegion,
    TargetDecision,
    Uptake,
    WholeSlide,
)
TABLES = tables_of(_BELOW)


def uses_of(patient: Patient) -> dict[str, int]:
    """Rows per table that hang on the patient."""
    return count_rows(_BELOW, patient)


def _purge_arrivals(patient: Patient) -> None:
    """What waits is thrown away with its upload's bytes; names of files may name somebody."""
    arrivals = ScanArrival.objects.filter(patient=patient)
    waiting = arrivals.filter(state__in=WAITING).select_related("batch__file__study")
    for stored in {row.batch.file for row in waiting}:
        file_drop(stored)
    ArrivedFile.objects.filter(arrival__in=arrivals).update(name="", reason="")
    waiting.update(state=ArrivalState.DISCARDED)
    nobody = Concat(Value("purged "), Cast("id", models.CharField()))
    arrivals.update(claimed_patient_id=nobody, problems=[], decision_reason="")


def purge(patient: Patient) -> None:
    """Features, uptake and choices go; scans and masks lose their bytes and keep their digests."""
    FeatureSet.objects.filter(patient=patient).delete()
    FeatureFailure.objects.filter(patient=patient).delete()
    Uptake.objects.filter(patient=patient).delete()
    RoiAgreement.objects.filter(patient=patient).delete()
    RoiChoice.objects.filter(patient=patient).delete()
    with purging():
        TargetDecision.objects.filter(patient=patient).delete()
    UidMap.objects.filter(patient=patient).delete()
    CellDensity.objects.filter(patient=patient).update(per_mm2=None, as_entered="", working="")
    CellCount.objects.filter(patient=patient).update(
        n_cells=0, tissue_mm2=0, per_mm2=None, cells=None, notices=[]
    )
    WholeSlide.objects.filter(patient=patient).update(stain_histogram=[], notices=[])
    Series.objects.filter(patient=patient).update(header={}, suv_working=[], notices=[])
    _purge_arrivals(patient)
    kept = (CellCount, Roi, Series, WholeSlide)
    tables = [model._meta.db_table for model in kept]
    uses = FileUse.objects.filter(table__in=tables, patient_id=patient.pk)
    files = list(StoredFile.objects.filter(uses__in=uses).distinct())
    uses.delete()
    for stored in files:
        if not stored.uses.exists():
            file_drop(stored)


def traces(patient: Patient) -> list[Trace]:
    """Encoders fitted to the patient's volumes, and cuts taken from the patient's densities."""
    volumes = Series.objects.filter(patient=patient).values("volume__sha256")
    went_into = Derivation.objects.filter(study=patient.study_id, parent_digest__in=volumes)
    encoders = ExtractorVersion.objects.filter(
        study=patient.study_id, weights__sha256__in=went_into.values("child_digest")
    )
    rules = ImmunoscoreRule.objects.none()
    if patient.partition == Partition.DEVELOPMENT:
        scored = Immunoscore.objects.filter(patient=patient)
        rules = ImmunoscoreRule.objects.filter(pk__in=scored.values("rule"))
    uid = patient.study.uid
    features, slides = (
        reverse("imaging:features", args=[uid]),
        reverse("imaging:slides", args=[uid]),
    )
    return [
        *(
            Trace(v._meta.db_table, v.pk, say("{what}, fitted to it", what=v), features)
            for v in encoders
        ),
        *(Trace(r._meta.db_table, r.pk, say("{what}, cut on it", what=r), slides) for r in rules),
    ]
