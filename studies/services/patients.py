"""A patient's way through the study: screened, enrolled, excluded, transferred, merged."""

from __future__ import annotations

import secrets
from datetime import date
from typing import Any

from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.utils import timezone

from studies import registry
from studies.access import memberships_of, require, require_at
from studies.methods.cohort_table import PSEUDONYM_SAID, is_pseudonym
from studies.methods.course import MIRRORED
from studies.methods.dates import ClinicalDate
from studies.methods.plausible_dates import CHECK_YEAR, impossible_day
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.pseudonym import ALPHABET, LENGTH, make_pseudonym
from studies.methods.wording import marked, say
from studies.models import (
    FileUse,
    FormerPseudonym,
    MoveKind,
    Patient,
    PatientMove,
    PatientStatus,
    Site,
    Study,
    StudySite,
)
from studies.selectors import patients_by_former, said_former

from .endpoints import endpoints_compute, endpoints_hold
from .mirrors import mirrors_write

ANOTHER = marked("Choose another one, or leave it empty: the platform makes one.")
STATUS_AFTER = {
    MoveKind.SCREENED: PatientStatus.SCREENED,
    MoveKind.ENROLLED: PatientStatus.ENROLLED,
    MoveKind.EXCLUDED: PatientStatus.EXCLUDED,
    MoveKind.WITHDRAWN: PatientStatus.WITHDRAWN,
    MoveKind.MERGED: PatientStatus.EXCLUDED,
}
# What belongs to a pseudonym and not to the person: its log, its keys, what was derived for it.
STAYING = (
    "studies_patientmove",
    "studies_completeness",
    "studies_deidentificationkey",
    "studies_endpointvalue",
    "studies_formerpseudonym",
)


@transaction.atomic
def patient_screen(
    study: Study, user: Any, site: Site, on: date, pseudonym: str = "", reason: str = ""
) -> Patient:
    """A new patient in the screening log; without a pseudonym the platform makes one.

    Raises
    ------
    DataProblem
        A pseudonym that is taken or not admissible, a site that is not the user's, a day to come.
    """
    require(user, study, "enter")
    _require_site(study, user, site)
    _refuse_impossible(on)
    pseudonym = pseudonym.strip() or pseudonym_make(study)
    if not is_pseudonym(pseudonym):
        raise refuse("pseudonym", pseudonym, PSEUDONYM_SAID, ANOTHER, column="pseudonym")
    try:
        with transaction.atomic():
            patient = Patient.objects.create(
                study=study, site=site, pseudonym=pseudonym, status=PatientStatus.SCREENED
            )
    except IntegrityError as taken:
        found = _said_taken(study, user, pseudonym)
        raise refuse("pseudonym", found, "a pseudonym that is new in the study", ANOTHER,
                     column="pseudonym") from taken  # fmt: skip
    move_record(patient, user, MoveKind.SCREENED, on, reason)
    return patient


@transaction.atomic
def patient_new(
    study: Study, user: Any, site: Site, on: date, kind: str, pseudonym: str = ""
) -> Patient:
    """A new patient, screened only or enrolled on the same day: both steps stand in the log."""
    patient = patient_screen(study, user, site, on, pseudonym)
    if kind == MoveKind.ENROLLED:
        patient_status_set(patient, user, kind, on, "")
        patient.refresh_from_db()
    return patient


def _said_taken(study: Study, user: Any, pseudonym: str) -> str:
    """The pseudonym, and whose former one it is, to who reads that patient's rows."""
    former = patients_by_former(study, user).get(pseudonym)
    return said_former(pseudonym, former) if former else pseudonym


def pseudonym_make(study: Study) -> str:
    """One that nobody of the study has had."""
    had = FormerPseudonym.objects.filter(study=study)
    while True:
        made = make_pseudonym(secrets.randbelow(len(ALPHABET) ** LENGTH))
        now = Patient.objects.filter(study=study, pseudonym=made)
        if not now.exists() and not had.filter(pseudonym=made).exists():
            return made


@transaction.atomic
def patient_status_set(
    patient: Patient, user: Any, kind: str, on: date, reason: str
) -> PatientMove:
    """Enrol, exclude, or take back into screening; every step but enrolling needs a reason.

    Raises
    ------
    DataProblem
        No reason, the status the patient has already, or a patient who has withdrawn.
    """
    require_at(user, patient, "enter")
    if kind not in (MoveKind.SCREENED, MoveKind.ENROLLED, MoveKind.EXCLUDED):
        raise refuse("status", kind, "screened, enrolled or excluded",
                     "A withdrawal has a page of its own.", column="kind")  # fmt: skip
    _refuse_impossible(on)
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    if patient.status == PatientStatus.WITHDRAWN:
        raise refuse("status", say("withdrawn"), "a patient who has not withdrawn",
                     "A withdrawal is final here.", column="kind")  # fmt: skip
    if patient.status == STATUS_AFTER[MoveKind(kind)]:
        raise refuse(
            "status",
            say("{status} already", status=patient.status),
            "another status",
            "Choose another status.",
            column="kind",
        )
    return move_record(patient, user, kind, on, reason)


@transaction.atomic
def patient_transfer(patient: Patient, user: Any, site: Site, on: date, reason: str) -> PatientMove:
    """Move a patient with every row below to another site of the study.

    Raises
    ------
    DataProblem
        No reason, the present site, or a site that is not of the study.
    PermissionDenied
        The user may not enter data at both sites.
    """
    require(user, patient.study, "enter")
    _require_site(patient.study, user, site)
    _require_site(patient.study, user, patient.site)
    _refuse_impossible(on)
    if site == patient.site:
        raise refuse("site", site.name, "another site", "Choose another site.", column="site")
    before = patient.site.name
    Patient.objects.filter(pk=patient.pk).update(site=site)
    patient.refresh_from_db()
    details = {"from": before, "to": site.name}
    return move_record(patient, user, MoveKind.TRANSFERRED, on, reason, details=details)


@transaction.atomic
def patients_merge(kept: Patient, other: Patient, user: Any, on: date, reason: str) -> PatientMove:
    """One person, two pseudonyms: rows of ``other`` pass to ``kept``, who speaks from now on.

    A row that ``kept`` has already (the same form, the same day) stays with ``other``, who is
    excluded but not deleted; so do rows that were frozen. What stayed is listed in the move.

    Raises
    ------
    DataProblem
        The same patient, another study, the two sides of development and validation, no reason,
        or one of them has withdrawn.
    """
    require(user, kept.study, "enter")
    for patient in (kept, other):
        _require_site(kept.study, user, patient.site)
    _refuse_impossible(on)
    endpoints_hold(kept.study)
    kept, other = (Patient.objects.select_for_update().get(pk=p.pk) for p in (kept, other))
    problems = list(_merge_problems(kept, other))
    if problems:
        raise DataProblem(problems)
    if kept.partition is None and other.partition is not None:
        kept.partition = other.partition
        kept.save(update_fields=["partition"])
    _make_room(other, kept)
    moved, stayed = _pass_rows(other, kept)
    mirrors_write(kept, set(MIRRORED.values()))
    endpoints_compute(kept.study, [kept])
    details = {"into": str(kept.uid), "moved": moved, "stayed": stayed}
    move = move_record(other, user, MoveKind.MERGED, on, reason, other=kept, details=details)
    move_record(kept, user, MoveKind.MERGED, on, reason, other=other,
                details={"from": str(other.uid), "moved": moved, "stayed": stayed},
                status=kept.status)  # fmt: skip
    return move


def _merge_problems(kept: Patient, other: Patient) -> list[Problem]:
    problems = []
    if kept.pk == other.pk or kept.study_id != other.study_id:
        problems.append(Problem("other", say("the same patient") if kept.pk == other.pk
                                else say("a patient of another study"),
                                "two patients of this study", "Choose the other pseudonym.",
                                column="other"))  # fmt: skip
    if kept.partition and other.partition and kept.partition != other.partition:
        problems.append(
            Problem(
                "other",
                say(
                    "{partition} and {partition_2}",
                    partition=other.partition,
                    partition_2=kept.partition,
                ),
                "both in development or both in validation",
                "Models were fitted or judged with both: exclude one instead.",
                column="other",
            )
        )
    for patient in (kept, other):
        if patient.status == PatientStatus.WITHDRAWN:
            problems.append(
                Problem(
                    "other",
                    say("{pseudonym} has withdrawn", pseudonym=patient.pseudonym),
                    "patients who have not withdrawn",
                    "Withdraw the other one, too.",
                    column="other",
                )
            )
    return problems


def _make_room(other: Patient, kept: Patient) -> None:
    """Lesions keep their regions: they get numbers of their own, and one target remains."""
    taken = kept.lesions.order_by("-number").values_list("number", flat=True).first() or 0
    has_target = kept.lesions.filter(is_target=True).exists()
    for number, lesion in enumerate(other.lesions.order_by("number"), start=taken + 1):
        lesion.number = number
        lesion.is_target = lesion.is_target and not has_target
        lesion.save(update_fields=["number", "is_target"])


def _pass_rows(other: Patient, kept: Patient) -> tuple[dict[str, int], dict[str, int]]:
    """Rows per table that moved and that had to stay."""
    moved: dict[str, int] = {}
    stayed: dict[str, int] = {}
    tables = [table for uses in registry.all_uses().values() for table in uses.tables]
    for table in sorted(set(tables) - set(STAYING)):
        for row_id in _ids(table, other):
            into = moved if _pass_row(table, row_id, kept) else stayed
            into[table] = into.get(table, 0) + 1
        if table.endswith("choice"):  # who speaks for the patient was chosen for the one kept
            stayed.pop(table, None)
            _forget(table, other)
    return moved, stayed


def _ids(table: str, patient: Patient) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT id FROM {table} WHERE patient_id = %s ORDER BY id", [patient.pk])
        return [row[0] for row in cursor.fetchall()]


def _pass_row(table: str, row_id: int, kept: Patient) -> bool:
    """Whether the row could pass: not when ``kept`` has its like, nor when it was frozen."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET patient_id = %s, site_id = %s WHERE id = %s",
                [kept.pk, kept.site_id, row_id],
            )
            FileUse.objects.filter(table=table, row_id=row_id).update(patient_id=kept.pk)
    except IntegrityError:
        return False
    except ProgrammingError as refusal:
        if "pgtrigger" not in str(refusal):
            raise
        return False
    return True


def _forget(table: str, patient: Patient) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"DELETE FROM {table} WHERE patient_id = %s", [patient.pk])


def move_record(
    patient: Patient, user: Any, kind: str, on: date, reason: str,
    other: Patient | None = None, details: dict[str, Any] | None = None, status: str = "",
) -> PatientMove:  # fmt: skip
    """Write the step and the patient's status after it.

    Raises
    ------
    DataProblem
        A step that needs a reason has none.
    """
    if kind not in (MoveKind.SCREENED, MoveKind.ENROLLED) and not reason.strip():
        raise refuse("reason", say("nothing"), "the reason", "Say why.", column="reason")
    after = status or STATUS_AFTER.get(MoveKind(kind))
    if (after and after != patient.status) or kind == MoveKind.SCREENED:
        patient.status, patient.status_on = after or patient.status, on
        patient.status_reason = reason.strip()
        patient.row_version += 1
        patient.save(update_fields=["status", "status_on", "status_reason", "row_version"])
    return PatientMove.objects.create(
        patient=patient, kind=kind, date=on, reason=reason.strip(), decided_by=user, other=other,
        details=details or {},
    )  # fmt: skip


def _require_site(study: Study, user: Any, site: Site) -> None:
    held = [m for m in memberships_of(user, study) if "enter" in m.rights]
    mine = any(m.site_id in (None, site.pk) for m in held)
    known = StudySite.objects.filter(study=study, site=site).exists()
    if not (mine and known):
        raise refuse("site", site.name, "a site of the study at which you may enter data",
                     "Choose your own site, or ask a coordinator of all sites.",
                     column="site")  # fmt: skip


def _refuse_impossible(on: date) -> None:
    if expected := impossible_day(ClinicalDate(on), timezone.localdate()):
        raise refuse("date", str(on), expected, CHECK_YEAR, column="on")
