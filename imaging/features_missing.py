"""Who has no features, patient by patient, with the reason: the first that holds.

The database gives the reasons and counts them; only the patients that are shown are read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Case, Count, Exists, OuterRef, Q, QuerySet, TextField, Value, When

from imaging.models import (
    ExtractorVersion,
    FeatureFailure,
    Modality,
    PetCtPair,
    RoiChoice,
    Series,
    Timing,
)
from imaging.selectors import choices_complete, extractor_newest
from imaging.selectors.scans import choices_of
from studies import access
from studies.consents import IMAGING, refused_because
from studies.languages import spoken
from studies.methods.wording import marked
from studies.models import Patient, Study

SHOWN = 300
FAILED = marked("the region could not be read")
WAITS = marked("not extracted yet")
TRIED_AGAIN = (FAILED, WAITS)  # extracting again is all that is needed


@dataclass(frozen=True)
class Missing:
    """A patient without features; ``problems`` where a region was tried and could not be read."""

    patient: Patient
    reason: str
    problems: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class MissingFeatures:
    """Those without features that a user's rows reach, the first of them, and how many why."""

    rows: list[Missing]
    total: int
    waiting: int
    reasons: list[tuple[str, int]]


def features_missing(study: Study, user: Any) -> MissingFeatures:
    """Patients without features of the newest extractors of PET and CT, or of one of them."""
    versions = [v for m in Modality.values if (v := extractor_newest(study, m))]
    complete = choices_complete(study, versions) if versions else RoiChoice.objects.none()
    patients = access.visible(Patient.objects.all(), user, study)
    patients = patients.exclude(pk__in=complete.values("patient_id"))
    found = patients.annotate(why=_reason(study, versions))
    counts = dict(found.order_by().values_list("why").annotate(Count("pk")))
    told = sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    return MissingFeatures(
        _shown(study, versions, found),
        sum(counts.values()),
        sum(counts.get(reason, 0) for reason in TRIED_AGAIN),
        [(spoken(reason), n) for reason, n in told],
    )


def _reason(study: Study, versions: list[ExtractorVersion]) -> Case:
    """The first reason that holds of a patient, in English."""
    speaks = choices_of(study).filter(patient=OuterRef("pk"))
    pairs = PetCtPair.objects.filter(patient=OuterRef("pk"), pet__replaced_at__isnull=True)
    series = Series.objects.filter(patient=OuterRef("pk"), replaced_at__isnull=True)
    reasons: list[tuple[QuerySet, str]] = [
        (speaks.filter(roi__in=_failures(study, versions).values("roi")), FAILED),
        (speaks, WAITS),
        (pairs.filter(timing=Timing.BASELINE), marked("no region on the baseline PET/CT")),
        (pairs, marked("no PET/CT of before treatment")),
        (series.filter(modality=Modality.PT), marked("PET without CT")),
        (series, marked("CT without PET")),
    ]
    return Case(
        *refused_because(study, IMAGING),
        *(When(Exists(rows), then=Value(reason)) for rows, reason in reasons),
        default=Value(marked("no PET/CT")),
        output_field=TextField(),
    )


def _shown(study: Study, versions: list[ExtractorVersion], found: QuerySet) -> list[Missing]:
    """Those who failed before those who wait, and these before the others."""
    first = Case(
        *(When(why=reason, then=Value(place)) for place, reason in enumerate(TRIED_AGAIN)),
        default=Value(len(TRIED_AGAIN)),
    )
    patients = list(found.order_by(first, "pseudonym")[:SHOWN])
    failed = [patient.pk for patient in patients if patient.why == FAILED]
    rows = _failures(study, versions).filter(Q(patient__in=failed), roi__choices__isnull=False)
    problems = dict(rows.values_list("patient_id", "problems"))
    return [
        Missing(patient, spoken(patient.why), problems.get(patient.pk, [])) for patient in patients
    ]


def _failures(study: Study, versions: list[ExtractorVersion]) -> QuerySet[FeatureFailure]:
    return FeatureFailure.objects.filter(study=study, extractor_version__in=versions)
