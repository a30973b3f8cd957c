"""Prepared scans become rows, and a region is chosen to speak for the patient."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import asdict
from datetime import date
from typing import Any

from django.conf import settings

from imaging.methods.scan_case import lesion_key
from imaging.methods.uptake import Uptake as Measured
from imaging.models import (
    DicomStudy,
    PetCtPair,
    Roi,
    RoiChoice,
    Series,
    SeriesState,
    Timing,
    Uptake,
)
from imaging.selectors.scans import TARGET_RULE, baseline_uptakes
from studies.jobs import Progress
from studies.methods.problems import refuse
from studies.models import (
    ImportBatch,
    Job,
    Lesion,
    LesionKind,
    Patient,
    Precision,
    StoredFile,
    Study,
    Treatment,
)
from studies.services import derivation_record, file_use, inputs_digest
from studies.storage import StoredDigest

from .scan_preparing import PreparedPatient, PreparedRoi, PreparedSeries


def scans_write(
    batch: ImportBatch, prepared: list[PreparedPatient], job: Job | None, progress: Progress
) -> dict[str, Any]:
    """Write every patient's rows; counts of what was new."""
    counts: Counter[str] = Counter()
    for done, patient in enumerate(prepared):
        progress(95 + 5 * done / len(prepared), 100, f"writing {patient.patient.pseudonym}")
        counts.update(_Writing(batch, job, patient).write())
    return {"patients": len(prepared), **counts}


class _Writing:
    """One patient's rows, in the caller's transaction."""

    def __init__(self, batch: ImportBatch, job: Job | None, prepared: PreparedPatient):
        self.batch, self.job, self.prepared = batch, job, prepared
        self.patient = prepared.patient
        self.scanned: dict[str, date] = {}

    def write(self) -> dict[str, int]:
        for series in self.prepared.series:
            self._series(series)
        stored = Series.objects.filter(patient=self.patient).select_related("volume")
        rows = {row.series_uid: row for row in stored}
        for pet, ct in self.prepared.pairs:
            self._pair(rows[pet], rows[ct])
        lesions = self._lesions()
        for roi in self.prepared.rois:
            self._roi(roi, rows[roi.series_uid], lesions)
        target_choose(self.patient)
        return {
            "series": len(self.prepared.series),
            "regions": len(self.prepared.rois),
            "same": self.prepared.same,
        }

    def _series(self, found: PreparedSeries) -> None:
        visit, _ = DicomStudy.objects.get_or_create(
            study=self.patient.study,
            dicom_study_uid=found.dicom_study_uid,
            defaults={
                "patient": self.patient,
                "site_id": self.patient.site_id,
                "scanned_on": found.scanned_on,
            },
        )
        if visit.patient_id != self.patient.pk:
            raise refuse(
                f"{self.patient.pseudonym}: StudyInstanceUID (0020,000D)",
                "the visit of another patient",
                "one patient per DICOM study",
                "Correct the PatientID or the UIDs.",
            )
        volume = _file(
            self.patient.study, found.volume, "volume", f"{found.fields['modality']}.nii.gz"
        )
        row = Series.objects.create(
            patient=self.patient, dicom_study=visit, batch=self.batch, series_uid=found.uid,
            content_digest=found.content_digest, volume=volume, state=SeriesState.READY,
            produced_by=self.job, inputs_digest=inputs_digest("series/1", found.content_digest),
            **found.fields,
        )  # fmt: skip
        file_use(volume, row)
        self.scanned[found.uid] = found.scanned_on
        parents = [found.content_digest, self.batch.file.sha256]
        derivation_record(self.patient.study, parents, volume.sha256, self.job)

    def _pair(self, pet: Series, ct: Series) -> None:
        acquired_on = self.scanned.get(pet.series_uid, pet.dicom_study.scanned_on)
        timing, days = timing_of(index_treatment(self.patient), acquired_on)
        PetCtPair.objects.get_or_create(
            pet=pet,
            defaults={
                "patient": self.patient,
                "study_id": self.patient.study_id,
                "site_id": self.patient.site_id,
                "ct": ct,
                "acquired_on": acquired_on,
                "timing": timing,
                "days_before_treatment": days,
            },
        )

    def _lesions(self) -> dict[str, Lesion]:
        """Lesions by the key of their regions' names; new keys get lesions of their own."""
        rois = Roi.objects.filter(patient=self.patient).select_related("lesion").order_by("id")
        lesions = {lesion_key(roi.name): roi.lesion for roi in rois}
        used = set(Lesion.objects.filter(patient=self.patient).values_list("number", flat=True))
        for key in dict.fromkeys(lesion_key(r.fields["name"]) for r in self.prepared.rois):
            if key not in lesions:
                number = _number_in(key) or 0
                if number in used or not 0 < number < 1000:
                    number = max(used, default=0) + 1
                used.add(number)
                lesions[key] = Lesion.objects.create(
                    patient=self.patient, number=number, kind=LesionKind.UNKNOWN
                )
        return lesions

    def _roi(self, found: PreparedRoi, series: Series, lesions: dict[str, Lesion]) -> None:
        mask = _file(self.patient.study, found.mask, "mask", "region.nii.gz")
        reader = str(self.batch.options.get("reader", ""))[:120]
        earlier = Roi.objects.filter(
            series=series, name=found.fields["name"], reader=reader, superseded_by__isnull=True
        ).first()
        row = Roi.objects.create(
            patient=self.patient, series=series, batch=self.batch, mask=mask, reader=reader,
            lesion=lesions[lesion_key(found.fields["name"])], supersedes=earlier,
            produced_by=self.job,
            inputs_digest=inputs_digest("roi/1", found.fields["source_digest"],
                                        series.content_digest),
            **found.fields,
        )  # fmt: skip
        file_use(mask, row)
        parents = [found.fields["source_digest"], series.content_digest]
        derivation_record(self.patient.study, parents, mask.sha256, self.job)
        if found.uptake is not None:
            self._uptake(found.uptake, row, series)

    def _uptake(self, measured: Measured, roi: Roi, series: Series) -> None:
        values = asdict(measured)
        mtv, tlg = values.pop("mtv_ml"), values.pop("tlg")
        values["notices"] = [notice.as_dict() for notice in measured.notices]
        Uptake.objects.create(
            patient=self.patient, roi=roi, produced_by=self.job,
            inputs_digest=inputs_digest("uptake/1", series.stored.sha256, roi.mask.sha256),
            **{f"mtv_{key}_ml": value for key, value in mtv.items()},
            **{f"tlg_{key}": value for key, value in tlg.items()},
            **values,
        )  # fmt: skip


def _file(study: Study, written: StoredDigest, kind: str, name: str) -> StoredFile:
    """The row of bytes that are in the storage already."""
    stored, created = StoredFile.objects.get_or_create(
        study=study, sha256=written.sha256,
        defaults={"size": written.size, "kind": kind, "name": name},
    )  # fmt: skip
    if not created and stored.bytes_dropped_at is not None:
        stored.bytes_dropped_at = None
        stored.save(update_fields=["bytes_dropped_at"])
    return stored


def _number_in(key: str) -> int | None:
    found = re.search(r"(\d+)$", key)
    return int(found.group(1)) if found else None


def index_treatment(patient: Patient) -> Treatment | None:
    """The treatment from which endpoints count, when its start is known to the day."""
    return patient.treatments.filter(is_index=True, precision=Precision.DAY).first()


def timing_of(treatment: Treatment | None, scanned_on: date) -> tuple[Timing, int | None]:
    """Where a scan stands to the treatment, and how many days before it."""
    if treatment is None:
        return Timing.UNKNOWN, None
    days = (treatment.date - scanned_on).days
    if days < 0:
        return Timing.FOLLOWUP, days
    return (Timing.BASELINE if days <= settings.BASELINE_SCAN_DAYS else Timing.EARLIER), days


def pairs_retime(study: Study) -> int:
    """Bring the timing of stored pairs in line with treatment dates that changed since."""
    dates = {
        row.patient_id: row
        for row in Treatment.objects.filter(study=study, is_index=True, precision=Precision.DAY)
    }
    changed = []
    for pair in PetCtPair.objects.filter(study=study).select_related("patient"):
        timing, days = timing_of(dates.get(pair.patient_id), pair.acquired_on)
        if (timing, days) != (pair.timing, pair.days_before_treatment):
            pair.timing, pair.days_before_treatment = timing, days
            pair.save(update_fields=["timing", "days_before_treatment"])
            changed.append(pair.patient)
    for patient in changed:
        target_choose(patient)
    return len(changed)


def target_choose(patient: Patient) -> Roi | None:
    """The target lesion: largest volume at or above 41 % of SUVmax on the baseline scan."""
    uptakes = baseline_uptakes(patient)
    choices = RoiChoice.objects.filter(patient=patient, rule=TARGET_RULE)
    if not uptakes:
        choices.delete()
        return None
    best = max(uptakes, key=lambda uptake: (uptake.mtv_41_percent_ml, uptake.roi_id)).roi
    RoiChoice.objects.update_or_create(
        patient=patient, rule=TARGET_RULE,
        defaults={"roi": best, "study_id": patient.study_id, "site_id": patient.site_id},
    )  # fmt: skip
    Lesion.objects.filter(patient=patient, is_target=True).exclude(pk=best.lesion_id).update(
        is_target=False
    )
    Lesion.objects.filter(pk=best.lesion_id, is_target=False).update(is_target=True)
    return best
