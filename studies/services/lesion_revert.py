"""A table of lesions taken back: rows as they were before it, while nothing depends on them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import F
from django.utils import timezone

from studies import registry
from studies.jobs import Progress
from studies.methods.course import FACT_KINDS
from studies.methods.course_checks import check_course
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import english, say, say_number
from studies.models import FormEntry, ImportBatch, Job, Patient

from .endpoints import endpoints_compute
from .fact_rows import facts_of, read_row, texts_of
from .sets import execute, query

NAMED = 100


def lesions_take_back(
    batch: ImportBatch, progress: Progress, job: Job | None = None
) -> dict[str, Any]:
    """Lesions that the file replaced are as before, those that it brought are gone.

    Raises
    ------
    DataProblem
        Everything that depends on what the file wrote, and courses that could not be without it.
    """
    names = {"batch": batch.pk, "study": batch.study_id, **batch.written}
    progress(0, 3, say("looking for what depends on it"))
    rows = query(TOUCHED, names)
    patients = list(Patient.objects.filter(pk__in={patient for _, patient, _ in rows}))
    if problems := list(_dependents(names, [patient.pk for patient in patients])):
        raise DataProblem(problems)
    before = {patient.pk: _impossible(patient) for patient in patients}
    progress(1, 3, say("restoring values"))
    execute(RESTORE, {"before": [event for _, _, event in rows if event]})
    gone = [row for row, _, event in rows if not event]
    execute("DELETE FROM studies_lesionmeasurement WHERE id = ANY(%(gone)s)", {"gone": gone})
    told = [
        _left(patient, found)
        for patient in patients
        for known, found in sorted(_impossible(patient).items())
        if known not in before[patient.pk]
    ]
    if told:
        raise DataProblem(told)
    FormEntry.objects.filter(patient__in=patients, form="baseline").update(
        row_version=F("row_version") + 1
    )
    progress(2, 3, say("deriving endpoints"))
    endpoints_compute(batch.study, patients, job)
    return {"removed": len(gone), "restored": len(rows) - len(gone)}


def _impossible(patient: Patient) -> dict[str, str]:
    """What cannot be in the course that is stored of a patient, by its English."""
    read = (
        read_row(FACT_KINDS[kind], str(row.uid), texts_of(kind, row)).fact
        for kind, rows in facts_of(patient).items()
        for row in rows
    )
    problems = check_course([fact for fact in read if fact], timezone.localdate())
    return {english(problem.found): problem.found for problem in problems}


def _left(patient: Patient, found: str) -> Problem:
    return Problem(
        patient.pseudonym,
        say("without this file: {found}", found=found),
        "a course that can be",
        "Take back or correct what came after the file first.",
    )


def _dependents(names: dict[str, Any], patients: list[int]) -> Iterator[Problem]:
    remedy = "Change them by hand instead."
    for who, lesion, day in query(CHANGED_SINCE, names):
        found = say("{lesion} of {day}, changed since", lesion=lesion, day=day)
        yield Problem(who, found, "the values that the file wrote", remedy)
    for who, state in query(CLOSED, {"patients": patients}):
        found = say("a form that is {state}", state=say(state))
        yield Problem(who, found, "a form that is open", "Open the form again first.")
    for table in sorted({table for use in registry.all_uses().values() for table in use.frozen}):
        rows = query(FROZEN.format(table=table), names | {"patients": patients})
        for who, number in rows:
            found = say_number("frozen {number} time since", "frozen {number} times since", number)
            yield Problem(who, found, "nothing that came after the file", remedy)


# The state before is the newest that is older than all that the file said of the row.
TOUCHED = """
SELECT m.id, m.patient_id, (
    SELECT max(v.pgh_id) FROM studies_lesionmeasurementevent v
    WHERE v.pgh_obj_id = m.id AND v.pgh_id < (
        SELECT min(own.pgh_id) FROM studies_lesionmeasurementevent own
        WHERE own.pgh_obj_id = m.id AND own.batch_id = %(batch)s
    )
)
FROM studies_lesionmeasurement m
WHERE m.study_id = %(study)s AND m.batch_id = %(batch)s
"""
CHANGED_SINCE = f"""
SELECT DISTINCT p.pseudonym, v.lesion, v.date::text
FROM studies_lesionmeasurementevent v
JOIN studies_patient p ON p.id = v.patient_id
LEFT JOIN studies_lesionmeasurement m ON m.id = v.pgh_obj_id
WHERE v.study_id = %(study)s AND v.batch_id = %(batch)s
    AND m.batch_id IS DISTINCT FROM %(batch)s
ORDER BY 1, 3, 2 LIMIT {NAMED}
"""
CLOSED = f"""
SELECT p.pseudonym, e.state FROM studies_formentry e
JOIN studies_patient p ON p.id = e.patient_id
WHERE e.patient_id = ANY(%(patients)s::bigint[]) AND e.form = 'baseline'
    AND e.state IN ('verified', 'locked') ORDER BY 1 LIMIT {NAMED}
"""
FROZEN = f"""
SELECT p.pseudonym, count(*) FROM {{table}} t JOIN studies_patient p ON p.id = t.patient_id
WHERE t.study_id = %(study)s AND t.created_at > %(until)s
    AND t.patient_id = ANY(%(patients)s::bigint[])
GROUP BY 1 ORDER BY 1 LIMIT {NAMED}
"""
RESTORE = """
UPDATE studies_lesionmeasurement m
SET date = v.date, precision = v.precision, lesion = v.lesion, role = v.role, organ = v.organ,
    diameter_mm = v.diameter_mm, finding = v.finding, batch_id = v.batch_id,
    source_row = v.source_row
FROM studies_lesionmeasurementevent v
WHERE v.pgh_id = ANY(%(before)s::bigint[]) AND m.id = v.pgh_obj_id
"""
