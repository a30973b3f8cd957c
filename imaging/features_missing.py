"""Who has no features, patient by patient, with the reason: the first that holds."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from django.utils.translation import gettext as _

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
from studies.consents import IMAGING, refusals
from studies.languages import spoken
from studies.models import Patient, Study

SHOWN = 300


@dataclass(frozen=True)
class Missing:
    """A patient without features; ``problems`` where a region was tried and could not be read."""

    patient: Patient
    reason: str
    waits: bool = False  # extracting again is all that is needed
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
    said = _Reasons(study, versions)
    found = [said.of(patient) for patient in patients.order_by("pseudonym")]
    found.sort(key=lambda one: (not one.problems, not one.waits))
    counted = Counter(one.reason for one in found)
    waiting = sum(one.waits for one in found)
    return MissingFeatures(found[:SHOWN], len(found), waiting, counted.most_common())


class _Reasons:
    """What is known of everybody, read once."""

    def __init__(self, study: Study, versions: list[ExtractorVersion]):
        self.refused = refusals(study, IMAGING)
        self.chosen = dict(choices_of(study).values_list("patient_id", "roi_id"))
        rows = FeatureFailure.objects.filter(study=study, extractor_version__in=versions)
        self.failed = {row.roi_id: row.problems for row in rows}
        pairs = PetCtPair.objects.filter(study=study, pet__replaced_at__isnull=True)
        self.timings: dict[int, set[str]] = {}
        for patient, timing in pairs.values_list("patient_id", "timing"):
            self.timings.setdefault(patient, set()).add(timing)
        self.series: dict[int, set[str]] = {}
        known = Series.objects.filter(study=study, replaced_at__isnull=True)
        for patient, modality in known.values_list("patient_id", "modality"):
            self.series.setdefault(patient, set()).add(modality)

    def of(self, patient: Patient) -> Missing:
        if patient.pk in self.refused:
            return Missing(patient, spoken(self.refused[patient.pk]))
        roi = self.chosen.get(patient.pk)
        if roi in self.failed:
            reason = _("the region could not be read")
            return Missing(patient, reason, True, self.failed[roi])
        if roi is not None:
            return Missing(patient, _("not extracted yet"), True)
        return Missing(patient, self._of_scans(patient.pk))

    def _of_scans(self, patient: int) -> str:
        timings, series = self.timings.get(patient, set()), self.series.get(patient, set())
        if Timing.BASELINE in timings:
            return _("no region on the baseline PET/CT")
        if timings:
            return _("no PET/CT of before treatment")
        if series:
            return _("PET without CT") if Modality.PT in series else _("CT without PET")
        return _("no PET/CT")
