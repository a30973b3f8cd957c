"""What was staged becomes patients, memberships, form entries and dated facts, set by set."""

from __future__ import annotations

from typing import Any

from django.utils import timezone

from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say
from studies.models import (
    USE_OF_ROLE,
    Cohort,
    CohortMember,
    CohortUse,
    DictionaryVersion,
    FormEntry,
    ImportBatch,
    Patient,
)

from .facts import facts_write
from .people import site_of
from .sets import execute, insert_select, query


def staged_write(batch: ImportBatch, dictionary: DictionaryVersion) -> list[int]:
    """Write the staged lines in the caller's transaction; the patients whose values changed.

    Raises
    ------
    DataProblem
        Pseudonyms that another site uses, which the user's rows do not show.
    """
    names = {"study": batch.study_id, "batch": batch.pk, "dictionary": dictionary.pk}
    _places(batch)
    newest = query("SELECT COALESCE(max(id), 0) FROM studies_patient", {})[0][0]
    insert_select(Patient, PATIENT, PATIENT_SOURCE, names, "(study_id, pseudonym)")
    if taken := query(TAKEN, names):
        raise DataProblem([taken_elsewhere(row, who) for row, who in taken])
    execute(PARTITIONS, names)
    members = query(NEW_MEMBERS, names)
    insert_select(CohortMember, MEMBER, MEMBER_SOURCE, names, "(patient_id, cohort_id)")
    insert_select(FormEntry, ENTRY, ENTRY_SOURCE, names)
    execute(CHANGED_ENTRIES, names)
    created = query(CREATED, names | {"newest": newest})
    changed = [pk for (pk,) in query(CHANGED_PATIENTS, names)]
    batch.written = {
        "at": timezone.now().isoformat(),
        "patients": [pk for (pk,) in created],
        "members": _members_of_known(members, names, {pk for (pk,) in created}),
    }
    facts_write(batch.study, changed)
    return changed


def _places(batch: ImportBatch) -> None:
    """Sites and cohorts that the file names first."""
    for (name,) in query("SELECT DISTINCT site FROM staged_line ORDER BY 1", {}):
        site_of(batch.study, name)
    for (name,) in query("SELECT DISTINCT cohort FROM staged_member ORDER BY 1", {}):
        defaults = {"role": name, "use": USE_OF_ROLE.get(name)}
        Cohort.objects.get_or_create(study=batch.study, name=name, defaults=defaults)


def taken_elsewhere(row: int, who: str) -> Problem:
    """The database knows the pseudonym, the reader's rows do not hold it."""
    return Problem(
        who,
        say("a pseudonym that another site of the study uses"),
        "a pseudonym that is new, or one of your own site",
        "Give the patient another pseudonym, or take the line out.",
        row,
        "patient_id",
    )


def _members_of_known(
    members: list[tuple[int, int]], names: dict[str, Any], created: set[int]
) -> list[int]:
    """Memberships that patients who were there already got from the file."""
    pairs = {(patient, cohort) for patient, cohort in members if patient not in created}
    rows = CohortMember.objects.filter(patient_id__in={patient for patient, _ in pairs})
    found = rows.values_list("pk", "patient_id", "cohort_id")
    return [pk for pk, patient, cohort in found if (patient, cohort) in pairs]


_FIRST_LINES = "(SELECT DISTINCT ON (pseudonym) * FROM staged_line ORDER BY pseudonym, row) l"
_SIDES = f"""
(SELECT m.pseudonym, min(c.use) AS use FROM staged_member m
 JOIN staged_cohort c ON c.name = m.cohort WHERE c.use <> '{CohortUse.DESCRIPTIVE}'
 GROUP BY m.pseudonym) side
"""
PATIENT = {
    "study_id": "%(study)s",
    "site_id": "s.id",
    "pseudonym": "l.pseudonym",
    "partition": "side.use",
}
PATIENT_SOURCE = f"""
FROM {_FIRST_LINES} JOIN studies_site s ON s.name = l.site
LEFT JOIN {_SIDES} ON side.pseudonym = l.pseudonym
WHERE NOT EXISTS (SELECT 1 FROM studies_patient p
                  WHERE p.study_id = %(study)s AND p.pseudonym = l.pseudonym)
ORDER BY l.row
"""
TAKEN = f"""
SELECT l.row, l.pseudonym FROM {_FIRST_LINES}
WHERE NOT EXISTS (SELECT 1 FROM studies_patient p
                  WHERE p.study_id = %(study)s AND p.pseudonym = l.pseudonym)
ORDER BY l.row
"""
PARTITIONS = f"""
UPDATE studies_patient p SET partition = side.use FROM {_SIDES}
WHERE p.study_id = %(study)s AND p.pseudonym = side.pseudonym AND p.partition IS NULL
"""
CREATED = f"""
SELECT p.id FROM studies_patient p JOIN {_FIRST_LINES} ON l.pseudonym = p.pseudonym
WHERE p.study_id = %(study)s AND p.id > %(newest)s
"""
NEW_MEMBERS = """
SELECT p.id, c.id FROM staged_member m
JOIN studies_cohort c ON c.study_id = %(study)s AND c.name = m.cohort
JOIN studies_patient p ON p.study_id = %(study)s AND p.pseudonym = m.pseudonym
WHERE NOT EXISTS (SELECT 1 FROM studies_cohortmember o
                  WHERE o.patient_id = p.id AND o.cohort_id = c.id)
"""
MEMBER = {
    "study_id": "p.study_id",
    "site_id": "p.site_id",
    "patient_id": "p.id",
    "cohort_id": "c.id",
    "use": "c.use",
}
MEMBER_SOURCE = """
FROM (SELECT DISTINCT pseudonym, cohort FROM staged_member) m
JOIN studies_cohort c ON c.study_id = %(study)s AND c.name = m.cohort
JOIN studies_patient p ON p.study_id = %(study)s AND p.pseudonym = m.pseudonym
WHERE NOT EXISTS (SELECT 1 FROM studies_cohortmember o
                  WHERE o.patient_id = p.id AND o.cohort_id = c.id)
ORDER BY p.id
"""
ENTRY = {
    "study_id": "p.study_id",
    "site_id": "p.site_id",
    "patient_id": "p.id",
    "form": "d.form",
    "dictionary_id": "%(dictionary)s",
    "values": "d.after",
    "batch_id": "%(batch)s",
    "source_row": "d.row",
}
ENTRY_SOURCE = """
FROM difference d
JOIN studies_patient p ON p.study_id = %(study)s AND p.pseudonym = d.pseudonym
WHERE d.kind = 'new' ORDER BY p.id
"""
CHANGED_ENTRIES = """
UPDATE studies_formentry e
SET values = d.after, dictionary_id = %(dictionary)s, batch_id = %(batch)s, source_row = d.row,
    row_version = e.row_version + 1
FROM difference d WHERE d.kind = 'changed' AND e.id = d.entry_id
"""
CHANGED_PATIENTS = """
SELECT DISTINCT p.id FROM difference d
JOIN studies_patient p ON p.study_id = %(study)s AND p.pseudonym = d.pseudonym
WHERE d.kind <> 'same' ORDER BY p.id
"""
