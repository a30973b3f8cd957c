"""Prepared scans become rows, in the caller's transaction."""

from __future__ import annotations

import re
from dataclasses import asdict
from datetime import date

from imaging.methods.scan_case import lesion_key
from imaging.methods.uptake import Uptake as Measured
from imaging.models import DicomStudy, PetCtPair, Roi, Series, SeriesState, Uptake
from imaging.selectors.scans import uptake_digest
from imaging.storage import Piece, Shelf
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import (
    ImportBatch,
    Job,
    Lesion,
    LesionKind,
    StoredFile,
)
from studies.services import derivation_record, file_store, file_use, inputs_digest

from .identities import uid_map_write
from .scan_preparing import PreparedPatient, PreparedRoi, PreparedSeries
from .targets import index_treatment, target_choose, timing_of


def scan_write(
    batch: ImportBatch, prepared: PreparedPatient, shelf: Shelf, job: Job | None
) -> dict[str, int]:
    """Write the rows of one patient's visit; counts of what was new."""
    return _Writing(batch, job, prepared, shelf).write()


class _Writing:
    """One patient's rows, in the caller's transaction."""

    def __init__(
        self, batch: ImportBatch, job: Job | None, prepared: PreparedPatient, shelf: Shelf
    ):
        self.batch, self.job, self.prepared, self.shelf = batch, job, prepared, shelf
        self.patient = prepared.patient
        self.scanned: dict[str, date] = {}

    def write(self) -> dict[str, int]:
        for series in self.prepared.series:
            self._series(series)
        stored = Series.objects.filter(patient=self.patient, replaced_at__isnull=True)
        stored = stored.select_related("volume")
        rows = {row.series_uid: row for row in stored}
        for pet, ct, quality in self.prepared.pairs:
            self._pair(rows[pet], rows[ct], quality)
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
                say("{pseudonym}: StudyInstanceUID (0020,000D)", pseudonym=self.patient.pseudonym),
                say("the visit of another patient"),
                "one patient per DICOM study",
                "Correct the PatientID or the UIDs.",
            )
        volume = self._file(found.volume, "volume", f"{found.fields['modality']}.nii.gz")
        row = Series.objects.create(
            patient=self.patient, dicom_study=visit, batch=self.batch, series_uid=found.uid,
            content_digest=found.content_digest, volume=volume, state=SeriesState.READY,
            produced_by=self.job, inputs_digest=inputs_digest("series/1", found.content_digest),
            **found.fields,
        )  # fmt: skip
        file_use(volume, row)
        uid_map_write(row, found.originals)
        self.scanned[found.uid] = found.scanned_on
        parents = [found.content_digest, self.batch.file.sha256]
        derivation_record(self.patient.study, parents, volume.sha256, self.job)

    def _file(self, piece: Piece, kind: str, name: str) -> StoredFile:
        return file_store(self.patient.study, self.shelf.get(piece), kind, name)

    def _pair(self, pet: Series, ct: Series, quality: list[dict[str, str]]) -> None:
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
                "quality": quality,
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
        mask = self._file(found.mask, "mask", "region.nii.gz")
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
            uptake_write(found.uptake, row, series, self.job)


def uptake_write(measured: Measured, roi: Roi, drawn_on: Series, job: Job | None = None) -> Uptake:
    """The uptake of a region that was drawn on a PET, or on the CT beside one."""
    values = asdict(measured)
    mtv, tlg = values.pop("mtv_ml"), values.pop("tlg")
    values["notices"] = [notice.as_dict() for notice in measured.notices]
    return Uptake.objects.create(
        patient=roi.patient, roi=roi, produced_by=job,
        inputs_digest=uptake_digest(drawn_on.stored.sha256, roi.mask.sha256),
        **{f"mtv_{key}_ml": value for key, value in mtv.items()},
        **{f"tlg_{key}": value for key, value in tlg.items()},
        **values,
    )  # fmt: skip


def _number_in(key: str) -> int | None:
    found = re.search(r"(\d+)$", key)
    return int(found.group(1)) if found else None
