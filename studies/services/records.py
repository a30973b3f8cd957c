"""One patient's form written once: values, dated facts and what follows from them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pghistory
from django.db import transaction

from studies.access import require_at
from studies.methods.course import treatment_start
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import EntryState, FormEntry, LabResult, Patient, PatientStatus

from .dictionary import dictionary_current, dictionary_derived, dictionary_specs
from .endpoints import endpoints_compute, endpoints_hold
from .fact_rows import lab_fields, write_row
from .facts import MARKERS
from .record_checking import Checked, read_facts, record_check
from .record_reading import CLOSED, OCCASION, Record, record_read


class RecordChangedError(Exception):
    """Somebody saved this form since it was read: merge, show, and ask."""


@transaction.atomic
def record_write(
    patient: Patient,
    user: Any,
    form: str,
    cells: Mapping[str, str],
    version: int,
    complete: bool = True,
    reason: str = "",
    unread: Sequence[Problem] = (),
) -> FormEntry:
    """Store a form and what follows from it: facts, mirrored variables, endpoints.

    ``unread`` is what of a page could not even be read; it is told with everything else.

    A cell that is not given keeps what it holds. A change to a verified form needs a reason and
    leaves it complete, to be verified again.

    Raises
    ------
    RecordChangedError
        ``version`` is not the stored one.
    DataProblem
        Everything that is wrong, by the cell it stands in.
    PermissionDenied
        Without the rights to enter data and to see dates at the patient's site.
    """
    require_at(user, patient, "enter", "identifiers")
    endpoints_hold(patient.study)
    patient = Patient.objects.select_for_update().select_related("study", "site").get(pk=patient.pk)
    record = record_read(patient, form)
    if record.version != version:
        raise RecordChangedError
    cells = {**record.cells, **cells}
    changed = [key for key in cells if cells[key] != record.cells.get(key, "")]
    state = EntryState.COMPLETE if complete else EntryState.DRAFT
    as_it_is = record.state in CLOSED or record.state == state
    if record.entry and as_it_is and not changed and not unread:
        return record.entry
    checked = record_check(record, cells, complete)
    problems = [*_closed(record, reason), *unread, *checked.problems]
    if problems:
        raise DataProblem(problems)
    with pghistory.context(reason=reason.strip()):
        _write_facts(record, checked, changed)
        entry = _write_entry(record, checked, state)
        _write_markers(record, checked)
    endpoints_compute(patient.study, [patient])
    return entry


@transaction.atomic
def record_take_over(patient: Patient, user: Any, form: str) -> FormEntry:
    """Read an older entry under the dictionary in force.

    Raises
    ------
    DataProblem
        Every value that the new version does not admit, or a form that is verified or locked.
    """
    require_at(user, patient, "enter", "identifiers")
    record = record_read(patient, form)
    current = dictionary_current(patient.study)
    if record.entry is None or record.entry.dictionary_id == current.pk:
        raise refuse(
            "dictionary",
            say("version {number}", number=record.dictionary.number),
            "an earlier version",
            "Nothing has to be done.",
        )
    if record.state in CLOSED:
        raise refuse("state", record.state, "a form that is open", "Open it again first.")
    newer = Record(**{**record.__dict__, "dictionary": current,
                      "specs": dictionary_specs(current, form),
                      "derived": dictionary_derived(current)})  # fmt: skip
    checked = record_check(newer, record.cells, complete=False)
    if checked.problems:
        raise DataProblem(checked.problems)
    entry = record.entry
    with pghistory.context(
        reason=say("taken over into dictionary {number}", number=current.number)
    ):
        entry.dictionary, entry.values = current, checked.values
        entry.row_version += 1
        entry.save()
    return entry


def _closed(record: Record, reason: str) -> list[Problem]:
    if record.patient.status == PatientStatus.WITHDRAWN:
        return [
            Problem(
                "patient", say("withdrawn"), "a patient of the study", "Nothing more is entered."
            )
        ]
    if record.state == EntryState.LOCKED:
        return [
            Problem("state", say("locked"), "an open form", "Ask an administrator to unlock it.")
        ]
    if record.state == EntryState.VERIFIED and not reason.strip():
        return [Problem("reason", say("blank"), "why a verified form changes", "Write a line.",
                        column="reason")]  # fmt: skip
    return []


def _write_facts(record: Record, checked: Checked, changed: list[str]) -> None:
    """Removed rows first, so that a day they held is free."""
    stored = {f"{kind}:{row.uid}": row for kind, rows in record.rows.items() for row in rows}
    facts = {f"{fact.kind}:{fact.key}": fact for fact in checked.facts}
    for key in changed:
        if key in stored and key not in facts:
            stored[key].delete()
    for key in changed:
        if key in facts:
            write_row(record.patient, facts[key], stored.get(key))


def _write_entry(record: Record, checked: Checked, state: str) -> FormEntry:
    entry = record.entry or FormEntry(
        patient=record.patient,
        form=record.form,
        occasion=OCCASION,
        dictionary=record.dictionary,
        row_version=0,
    )
    entry.values = checked.values
    entry.state = EntryState.COMPLETE if record.state in CLOSED else state
    entry.row_version += 1
    entry.save()
    return entry


def _write_markers(record: Record, checked: Checked) -> None:
    """Markers before treatment are laboratory results of the day it starts."""
    start = treatment_start(checked.facts)
    before = treatment_start(read_facts(record.cells))
    of_patient = LabResult.objects.filter(patient=record.patient)
    for spec in record.asked:
        if spec.name not in MARKERS or not record.has_course:
            continue
        analyte, value = MARKERS[spec.name], checked.values.get(spec.name, {})
        wanted = lab_fields(value, spec.unit) if "v" in value and start else None
        if before and before != start:
            of_patient.filter(analyte=analyte, date=before.earliest).delete()
        if start is None:
            continue
        stored = of_patient.filter(analyte=analyte, date=start.earliest).first()
        if wanted is None and stored:
            stored.delete()
        elif wanted and (not stored or any(getattr(stored, k) != v for k, v in wanted.items())):
            of_patient.update_or_create(
                analyte=analyte,
                date=start.earliest,
                defaults=wanted,
                create_defaults={**wanted, "patient": record.patient, "study": record.patient.study,
                                 "site": record.patient.site, "precision": start.precision},
            )  # fmt: skip
