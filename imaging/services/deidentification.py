"""Stored scans brought under the rules of today."""

from __future__ import annotations

from typing import Any

from django.db import transaction
from pydicom.dataset import Dataset

from imaging.methods.deidentification import PROFILE, Identity
from imaging.methods.deidentification_report import deidentify_headers
from imaging.models import DicomStudy, Series, UidMap
from studies.jobs import Progress, no_progress
from studies.methods.wording import say
from studies.models import Study

from .identities import NewUids, identity_of, new_uids, uid_map_write
from .scan_preparing import kept_header, moved_steps


def scans_deidentify(study: Study, progress: Progress = no_progress) -> dict[str, Any]:
    """Every series whose report is not of today's profile, de-identified again.

    What was never given new UIDs gets them, its dates move, and the header that was kept goes
    through the rules; a series that is up to date is left alone, so that a re-run changes nothing.
    """
    rows = Series.objects.filter(study=study).select_related("patient", "dicom_study")
    waiting = [row for row in rows if row.deidentification.get("profile") != PROFILE]
    uids = new_uids(study)
    for done, series in enumerate(waiting):
        progress(
            done,
            len(waiting),
            say("de-identifying scans of {pseudonym}", pseudonym=series.patient.pseudonym),
        )
        with transaction.atomic():
            _again(series, uids)
    return {"series": len(rows), "changed": len(waiting)}


def _again(series: Series, uids: NewUids) -> None:
    identity = identity_of(series.patient, uids)
    if not UidMap.objects.filter(series=series).exists():
        _rename(series, uids)
        series.suv_working = moved_steps(series.suv_working, identity.offset_days)
    header, report = deidentify_headers([_stored_header(series, identity)], identity)
    series.header = kept_header(header)
    series.deidentification = report
    series.save(update_fields=["header", "deidentification", "suv_working", "series_uid",
                               "frame_of_reference_uid"])  # fmt: skip


def _rename(series: Series, uids: NewUids) -> None:
    """New UIDs for a series that kept those it came with."""
    visit = DicomStudy.objects.get(pk=series.dicom_study_id)
    study_uid = visit.dicom_study_uid
    if renamed := UidMap.objects.filter(series__dicom_study=visit).first():
        study_uid = renamed.study_uid  # by another series of the visit
    originals = {
        "study_uid": study_uid,
        "series_uid": series.series_uid,
        "frame_of_reference_uid": series.frame_of_reference_uid,
    }
    DicomStudy.objects.filter(pk=visit.pk).update(dicom_study_uid=uids(study_uid))
    series.series_uid = uids(series.series_uid)
    if series.frame_of_reference_uid:
        series.frame_of_reference_uid = uids(series.frame_of_reference_uid)
    uid_map_write(series, originals)


def _stored_header(series: Series, identity: Identity) -> Dataset:
    header = Dataset()
    for keyword, value in series.header.items():
        setattr(header, keyword, value)
    header.PatientID = identity.patient_id
    return header
