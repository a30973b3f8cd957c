"""What a file wrote, taken back while nothing depends on it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.apps import apps
from django.db import transaction

from studies import registry
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import marked, say, say_number
from studies.models import (
    CohortMember,
    Completeness,
    EndpointValue,
    FormEntry,
    ImportBatch,
    Job,
    Patient,
)

from .endpoints import endpoints_compute, endpoints_hold
from .facts import FACT_TABLES, facts_write
from .lesion_revert import lesions_take_back
from .sets import execute, query

OWN = ("studies_formentry", "studies_endpointvalue", "studies_cohortmember", *FACT_TABLES)
NAMED = 5
LESIONS = "lesion_table"


@transaction.atomic
def batch_revert(
    batch: ImportBatch, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Values as they were before the file; patients or lesions that came with it are gone.

    Raises
    ------
    DataProblem
        Everything that depends on what the file wrote.
    """
    endpoints_hold(batch.study)
    take_back = lesions_take_back if batch.kind == LESIONS else _table_take_back
    summary = take_back(batch, progress, job)
    batch.mark_reverted({**batch.summary, **summary})
    progress(1, 1, "done")
    return summary


def _table_take_back(
    batch: ImportBatch, progress: Progress, job: Job | None = None
) -> dict[str, Any]:
    names = {"batch": batch.pk, "study": batch.study_id, **batch.written}
    progress(0, 4, say("looking for what depends on it"))
    execute(TOUCHED, names)
    try:
        if problems := list(_dependents(names)):
            raise DataProblem(problems)
        return _take_back(batch, names, progress, job)
    finally:
        if not transaction.get_connection().needs_rollback:
            execute("DROP TABLE IF EXISTS touched", {})


def _take_back(
    batch: ImportBatch, names: dict[str, Any], progress: Progress, job: Job | None
) -> dict[str, Any]:
    created = names["patients"]
    kept = [pk for (pk,) in query("SELECT DISTINCT patient_id FROM touched WHERE NOT created")]
    progress(1, 4, say("restoring values"))
    execute(RESTORE, names)
    CohortMember.objects.filter(pk__in=names["members"]).delete()
    execute(PARTITIONS, names)
    for table in FACT_TABLES:
        execute(f"DELETE FROM {table} WHERE batch_id = %(batch)s", names)
    new_forms = FormEntry.objects.filter(batch=batch, study=batch.study)
    new_forms.filter(pk__in=[pk for (pk,) in query(NEW_FORMS)]).delete()
    progress(2, 4, say("removing patients"))
    for model in (EndpointValue, CohortMember, Completeness):
        model.objects.filter(patient_id__in=created).delete()
    Patient.objects.filter(pk__in=created).delete()
    progress(3, 4, say("deriving endpoints"))
    facts_write(batch.study, kept)
    with_endpoints = EndpointValue.objects.filter(patient_id__in=kept).values("patient_id")
    endpoints_compute(batch.study, list(Patient.objects.filter(pk__in=with_endpoints)), job)
    return {"removed": len(created), "restored": len(kept)}


def _dependents(names: dict[str, Any]) -> Iterator[Problem]:
    for who, found in query(CHANGED_SINCE, names):
        expected, remedy = (
            say("the values that the file wrote"),
            say("Change them by hand instead."),
        )
        said = SINCE.get(found) or say("a form that is {state}", state=say(found))
        yield Problem(who, say(said), expected, remedy)
    for who, cohort in query(FROZEN, names):
        expected = say("no member of a frozen cohort")
        yield Problem(
            who,
            say("a member of {cohort}, frozen", cohort=cohort),
            expected,
            "Exclude the patient.",
        )
    words = {model._meta.db_table: str(model._meta.verbose_name) for model in apps.get_models()}
    for table in sorted({table for use in registry.all_uses().values() for table in use.tables}):
        own = "AND batch_id IS DISTINCT FROM %(batch)s" if table in FACT_TABLES else ""
        if table in OWN and table not in FACT_TABLES:
            continue
        rows = query(
            f"SELECT p.pseudonym, count(*) FROM {table} t JOIN studies_patient p "
            f"ON p.id = t.patient_id WHERE t.study_id = %(study)s AND t.created_at > %(until)s "
            f"AND t.patient_id IN (SELECT patient_id FROM touched) {own} "
            f"GROUP BY 1 ORDER BY 1 LIMIT {NAMED}",
            names,
        )
        for who, number in rows:
            found = say_number(
                "{number} record that came since: {what}",
                "{number} records that came since: {what}",
                number,
                what=say(words[table]),
            )
            expected = say("nothing that came after the file")
            remedy = say("Take it away first where that is possible, or exclude the patient.")
            yield Problem(who, found, expected, remedy)


SINCE = {
    "changed": marked("values that were changed since"),
    "elsewhere": marked("values that another file or person changed since"),
}
TOUCHED = """
CREATE TEMP TABLE touched ON COMMIT DROP AS
SELECT e.id AS entry_id, e.patient_id, e.patient_id = ANY(%(patients)s::bigint[]) AS created,
       e.row_version, e.state, before.pgh_id AS before, before.batch_id AS before_batch
FROM studies_formentry e
LEFT JOIN LATERAL (
    SELECT v.pgh_id, v.batch_id FROM studies_formentryevent v
    WHERE v.pgh_obj_id = e.id AND v.row_version = e.row_version - 1
    ORDER BY v.pgh_id DESC LIMIT 1
) before ON true
WHERE e.study_id = %(study)s AND e.batch_id = %(batch)s
"""
CHANGED_SINCE = """
SELECT pseudonym, found FROM (
    SELECT p.pseudonym, 'changed' AS found
    FROM touched t JOIN studies_patient p ON p.id = t.patient_id
    WHERE t.before_batch = %(batch)s
    UNION
    SELECT p.pseudonym, t.state
    FROM touched t JOIN studies_patient p ON p.id = t.patient_id
    WHERE t.state IN ('verified', 'locked')
    UNION
    SELECT p.pseudonym, 'elsewhere'
    FROM studies_formentryevent v
    JOIN studies_formentry e ON e.id = v.pgh_obj_id
    JOIN studies_patient p ON p.id = e.patient_id
    WHERE v.study_id = %(study)s AND v.batch_id = %(batch)s
        AND e.batch_id IS DISTINCT FROM %(batch)s
) AS found ORDER BY 1, 2 LIMIT 100
"""
FROZEN = f"""
SELECT p.pseudonym, c.name FROM studies_cohortmember m
JOIN studies_cohort c ON c.id = m.cohort_id AND c.frozen_at IS NOT NULL
JOIN studies_patient p ON p.id = m.patient_id
WHERE m.id = ANY(%(members)s::bigint[]) OR m.patient_id = ANY(%(patients)s::bigint[])
ORDER BY 1, 2 LIMIT {NAMED}
"""
RESTORE = """
UPDATE studies_formentry e
SET values = v.values, dictionary_id = v.dictionary_id, batch_id = v.batch_id,
    source_row = v.source_row, state = v.state, row_version = e.row_version + 1
FROM touched t JOIN studies_formentryevent v ON v.pgh_id = t.before
WHERE e.id = t.entry_id
"""
NEW_FORMS = "SELECT entry_id FROM touched WHERE before IS NULL"
PARTITIONS = """
UPDATE studies_patient p SET partition = NULL
WHERE p.study_id = %(study)s AND p.partition IS NOT NULL
    AND p.id IN (SELECT patient_id FROM touched WHERE NOT created)
    AND NOT EXISTS (SELECT 1 FROM studies_cohortmember m
                    WHERE m.patient_id = p.id AND m.partition IS NOT NULL)
"""
