"""One visit: whose it is, what of it is new, and its numbers; or why it is not taken in."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass, field

from django.db.models import Q
from pydicom.dataset import Dataset

from imaging.methods.dicom_archive import Entry, content_digest, read_entries
from imaging.methods.dicom_visits import Visit
from imaging.methods.scan_case import CaseRefused, ScanSeries, read_case
from imaging.models import ArrivalState, Decision, DicomStudy, Roi, Series
from imaging.storage import Shelf, read_volume
from studies.consents import IMAGING, refusals
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say
from studies.models import ImportBatch, Patient
from studies.selectors import notice_former
from studies.services import file_read

from .identities import NewUids
from .scan_preparing import PreparedPatient, prepare_case

WORDS = {"PT": "PET", "CT": "CT", "RTSTRUCT": "RTSTRUCT", "SEG": "SEG"}
Problems = tuple[Problem, ...]


@dataclass(frozen=True)
class Decided:
    """What a person decided on a series that waited."""

    decision: str = ""
    patient: Patient | None = None


@dataclass
class Taken:
    """What became of a visit, and what is to be written of it."""

    visit: Visit
    digests: dict[str, str]
    patient: Patient | None = None
    states: dict[str, tuple[ArrivalState, Problems]] = field(default_factory=dict)
    prepared: PreparedPatient | None = None
    replaced: list[Series] = field(default_factory=list)

    @property
    def stored(self) -> list[str]:
        return [uid for uid, (state, _) in self.states.items() if state == ArrivalState.STORED]

    @property
    def problems(self) -> list[Problem]:
        """Each once, in the order of the series."""
        return list(dict.fromkeys(p for _, problems in self.states.values() for p in problems))

    def wait(self, state: ArrivalState, by_series: dict[str, Problems]) -> Taken:
        """Series with problems are in ``state``, the others held back by them."""
        self.prepared = None
        for uid in self.visit.by_series:
            if problems := by_series.get(uid, ()):
                self.states[uid] = state, problems
            elif uid not in self.states or self.states[uid][0] == ArrivalState.STORED:
                self.states[uid] = ArrivalState.HELD, ()
        return self

    def wait_whole(self, state: ArrivalState, problems: Problems) -> Taken:
        return self.wait(state, dict.fromkeys(self.visit.by_series, problems))


def visit_take(
    batch: ImportBatch,
    archive: zipfile.ZipFile,
    visit: Visit,
    shelf: Shelf,
    uids: NewUids,
    shared: set[str],
    decided: dict[tuple[str, str], Decided],
) -> Taken:
    """Check and compute one visit: all of it is to be written, or none with the reasons."""
    taken = Taken(visit, {uid: content_digest(group) for uid, group in visit.by_series.items()})
    choices = {uid: decided.get((visit.patient_id, uid), Decided()) for uid in taken.digests}
    assigned = next((c.patient for c in choices.values() if c.decision == Decision.ASSIGN), None)
    taken.patient = assigned or _patient_named(batch, visit.patient_id)
    if doubts := _whose(batch, taken, shared, assigned):
        return taken.wait_whole(ArrivalState.QUARANTINED, doubts)
    patient = taken.patient
    assert patient is not None  # else there were doubts
    rows = Patient.objects.filter(pk=patient.pk)
    if why := refusals(batch.study, IMAGING, rows).get(patient.pk):
        return taken.wait_whole(ArrivalState.REFUSED, (_unusable(patient, why),))
    if visit.problems:
        return taken.wait_whole(ArrivalState.REFUSED, visit.problems)
    new, conflicts = _compare(patient, taken, choices)
    if conflicts:
        return taken.wait(ArrivalState.CONFLICT, conflicts)
    try:
        _prepare(patient, archive, taken, new, shelf, uids)
    except CaseRefused as refusal:
        return taken.wait(ArrivalState.REFUSED, refusal.by_series)
    except DataProblem as refusal:
        return taken.wait_whole(ArrivalState.REFUSED, refusal.problems)
    if taken.prepared and not assigned and visit.patient_id != patient.pseudonym:
        taken.prepared.notices.append(notice_former(visit.patient_id, patient))
    return taken


def _patient_named(batch: ImportBatch, pseudonym: str) -> Patient | None:
    """The patient whose pseudonym, or former one that was not freed, is the files' PatientID."""
    rows = Patient.objects.filter(study=batch.study).select_related("site", "study")
    found = rows.filter(pseudonym=pseudonym).first() if pseudonym else None
    former = Q(former_pseudonyms__pseudonym=pseudonym, former_pseudonyms__freed_at__isnull=True)
    return found or (rows.filter(former).first() if pseudonym else None)


def _whose(
    batch: ImportBatch, taken: Taken, shared: set[str], assigned: Patient | None
) -> Problems:
    """Why it is in doubt whose files these are."""
    visit, patient = taken.visit, taken.patient
    if patient is None:
        return (
            Problem(
                say("{filename}: PatientID (0010,0020)", filename=batch.filename),
                visit.patient_id or say("nothing"),
                "the pseudonym of a patient of this study and of your site",
                "Upload the cohort table with this patient first, or say whose files they are.",
            ),
        )
    uids = {visit.uid, *visit.by_series}
    others = set(
        Series.objects.filter(study=batch.study, series_uid__in=uids)
        .exclude(patient=patient)
        .values_list("series_uid", flat=True)
    ) | set(
        DicomStudy.objects.filter(study=batch.study, dicom_study_uid__in=uids)
        .exclude(patient=patient)
        .values_list("dicom_study_uid", flat=True)
    )
    if others or (uids & shared and assigned is None):
        return (foreign_problem(patient, sorted(others or uids & shared)),)
    return ()


def foreign_problem(patient: Patient, uids: list[str]) -> Problem:
    """The identifiers belong to somebody else already."""
    return Problem(
        say(
            "{pseudonym}: StudyInstanceUID (0020,000D), SeriesInstanceUID (0020,000E)",
            pseudonym=patient.pseudonym,
        ),
        say("identifiers that come with another patient too: {uids}", uids=", ".join(uids[:3])),
        "one patient per visit and series",
        "Find out whose scan it is; then say so, or throw the files away.",
    )


def _unusable(patient: Patient, why: str) -> Problem:
    return Problem(
        patient.pseudonym,
        why,
        "patients of the study whose scans may be used",
        "Record the consent first, or leave this patient's files out.",
    )


def _compare(
    patient: Patient, taken: Taken, choices: dict[str, Decided]
) -> tuple[list[str], dict[str, Problems]]:
    """Series not stored yet (or to replace stored ones), and those in conflict with stored ones."""
    groups = taken.visit.by_series
    stored = {
        row.series_uid: row
        for row in Series.objects.filter(
            study=patient.study, series_uid__in=groups, replaced_at__isnull=True
        )
    }
    drawn = set(
        Roi.objects.filter(patient=patient, series__replaced_at__isnull=True).values_list(
            "source_digest", "series__series_uid"
        )
    )
    new: list[str] = []
    conflicts: dict[str, Problems] = {}
    for uid, group in sorted(groups.items(), key=lambda item: bool(item[1][0].refers)):
        row, digest = stored.get(uid), taken.digests[uid]
        if row is None:
            known = {series for source, series in drawn if source == digest}
            replaced = {old.series_uid for old in taken.replaced}
            is_new = not known or bool(known & replaced)
        else:
            is_new = row.content_digest != digest and choices[uid].decision == Decision.TAKE
            if is_new:
                taken.replaced.append(row)
            elif row.content_digest != digest and choices[uid].decision != Decision.KEEP:
                conflicts[uid] = (_conflict(patient, group[0]),)
        if is_new:
            new.append(uid)
        state = ArrivalState.STORED if is_new else ArrivalState.SAME
        if row is not None and choices[uid].decision == Decision.KEEP:
            state = ArrivalState.DISCARDED
        taken.states[uid] = state, ()
    return new, conflicts


def _conflict(patient: Patient, entry: Entry) -> Problem:
    return Problem(
        say(
            "{pseudonym}, {words}: SeriesInstanceUID (0020,000E)",
            pseudonym=patient.pseudonym,
            words=WORDS[entry.modality],
        ),
        say("a series that is stored already, with other content"),
        "the same files as before, or a series of its own UID",
        "Decide which of the two is right.",
    )


def _prepare(
    patient: Patient,
    archive: zipfile.ZipFile,
    taken: Taken,
    new: list[str],
    shelf: Shelf,
    uids: NewUids,
) -> None:
    files = taken.visit.by_series
    groups: dict[str, list[Dataset]] = {
        uid: [dataset for _, dataset in read_entries(archive, files[uid], uids)] for uid in new
    }
    known = _known_series(patient, taken, set(new)) if groups else {}
    case = read_case(patient.pseudonym, groups, known)
    same = len(taken.digests) - len(new)
    taken.prepared = prepare_case(patient, case, taken.digests, same, shelf, uids)


def _known_series(patient: Patient, taken: Taken, new: set[str]) -> dict[str, ScanSeries]:
    """Stored series of the visit, and those on which regions of it were drawn."""
    refers = {uid for entry in taken.visit.entries for uid in entry.refers}
    rows = Series.objects.filter(patient=patient, replaced_at__isnull=True)
    rows = rows.filter(dicom_study__dicom_study_uid=taken.visit.uid) | rows.filter(
        series_uid__in=refers
    )
    known = {}
    for row in rows.exclude(series_uid__in=new).select_related("volume__study", "dicom_study"):
        header = Dataset()
        header.StudyInstanceUID = row.dicom_study.dicom_study_uid
        header.FrameOfReferenceUID = row.frame_of_reference_uid
        volume = read_volume(file_read(row.stored))
        known[row.series_uid] = ScanSeries(row.series_uid, row.modality, volume, header)
    return known
