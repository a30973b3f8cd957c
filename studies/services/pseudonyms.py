"""A pseudonym that was entered wrongly: corrected, its former one remembered, and freed."""

from __future__ import annotations

from typing import Any

import pghistory
from django.db import IntegrityError, transaction
from django.utils import timezone

from studies.access import require_at, visible
from studies.methods.cohort_table import PSEUDONYM_SAID, is_pseudonym
from studies.methods.problems import refuse
from studies.methods.wording import marked, say
from studies.models import FormerPseudonym, MoveKind, Patient, PatientMove
from studies.selectors import said_former

from .patients import move_record

KEPT, FREED = "kept", "freed"
NEW = marked("a pseudonym that is new in the study")


@transaction.atomic
def pseudonym_correct(
    patient: Patient, user: Any, pseudonym: str, former: str, reason: str, so_far: str = ""
) -> PatientMove:
    """Give a patient the pseudonym that they should have had; every row stays with the patient.

    ``former`` says what the wrong one means from now on. ``kept``: still this patient, so that
    scans, RNA and slides that carry it are theirs, and a table of values with it is refused;
    ``freed``: another patient, who may be given it. What was frozen or reported keeps it.
    ``so_far`` is the wrong one as whoever decides saw it, so that it is not another one by now.

    Raises
    ------
    DataProblem
        A pseudonym that is not admissible, is the present one or is taken; nothing said of the
        former one; no reason; somebody corrected it meanwhile.
    PermissionDenied
        The user may not enter and verify at the patient's site.
    """
    require_at(user, patient, "enter", "verify")
    pseudonym, reason = pseudonym.strip(), reason.strip()
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    before = patient.pseudonym
    if so_far and so_far != before:
        raise refuse("pseudonym", say("{pseudonym}, corrected meanwhile", pseudonym=before), so_far,
                     "Look at the patient again, then decide.", column="pseudonym")  # fmt: skip
    _check(patient, user, pseudonym, former, reason)
    with pghistory.context(reason=reason):
        if former == KEPT:
            FormerPseudonym.objects.get_or_create(patient=patient, pseudonym=before, freed_at=None)
        else:
            _free(patient, before)
            FormerPseudonym.objects.create(
                patient=patient, pseudonym=before, freed_at=timezone.now()
            )
        _rename(patient, pseudonym)
    details = {"from": before, "to": pseudonym, "former": former}
    today = timezone.localdate()
    return move_record(patient, user, MoveKind.RENAMED, today, reason, details=details)


@transaction.atomic
def pseudonym_free(patient: Patient, user: Any, pseudonym: str, reason: str) -> PatientMove:
    """Let another patient have a former pseudonym: from now on files with it are not this one's.

    Raises
    ------
    DataProblem
        Not a former pseudonym of the patient that is still theirs; no reason.
    PermissionDenied
        As ``pseudonym_correct``.
    """
    require_at(user, patient, "enter", "verify")
    with pghistory.context(reason=reason.strip()):
        if not _free(patient, pseudonym.strip()):
            raise refuse("former", pseudonym, "a former pseudonym of the patient, not freed so far",
                         "Choose one of them.", column="former")  # fmt: skip
    details = {"freed": pseudonym.strip()}
    today = timezone.localdate()
    return move_record(patient, user, MoveKind.FREED, today, reason, details=details)


def _check(patient: Patient, user: Any, pseudonym: str, former: str, reason: str) -> None:
    if not is_pseudonym(pseudonym):
        raise refuse("pseudonym", pseudonym or say("nothing"), PSEUDONYM_SAID,
                     "Write the pseudonym as it should be.", column="pseudonym")  # fmt: skip
    if pseudonym == patient.pseudonym:
        raise refuse("pseudonym", say("{pseudonym}, as it is", pseudonym=pseudonym),
                     "another pseudonym", "Write the right one.", column="pseudonym")  # fmt: skip
    if former not in (KEPT, FREED):
        raise refuse("former", former or say("nothing"), "'kept' or 'freed'",
                     "Say whose the wrong pseudonym is.", column="former")  # fmt: skip
    if not reason:
        raise refuse("reason", say("nothing"), "the reason", "Say why.", column="reason")
    others = FormerPseudonym.objects.filter(
        study=patient.study, pseudonym=pseudonym, freed_at__isnull=True
    ).exclude(patient=patient)
    mine = visible(others, user, patient.study)  # of others no more is told than that it is taken
    if other := mine.select_related("patient").first():
        remedy = marked("Merge them if they are one; if not, free the former pseudonym there.")
        raise refuse("pseudonym", said_former(pseudonym, other.patient), NEW, remedy,
                     column="pseudonym")  # fmt: skip


def _free(patient: Patient, pseudonym: str) -> int:
    mine = FormerPseudonym.objects.filter(patient=patient, pseudonym=pseudonym)
    return mine.filter(freed_at__isnull=True).update(freed_at=timezone.now())


def _rename(patient: Patient, pseudonym: str) -> None:
    patient.pseudonym = pseudonym
    patient.row_version += 1
    try:
        with transaction.atomic():
            patient.save(update_fields=["pseudonym", "row_version"])
    except IntegrityError as taken:
        raise refuse(
            "pseudonym",
            say("{pseudonym}, which another patient has", pseudonym=pseudonym),
            NEW,
            "Correct the other one first, or merge them if they are one person.",
            column="pseudonym",
        ) from taken
