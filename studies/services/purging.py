"""What studies itself forgets of a withdrawn patient: facts, endpoints, history, and raw tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import models

from studies.methods.problems import Problem
from studies.methods.wording import say
from studies.models import BatchState, EndpointValue, ImportBatch, Job, Patient, Specimen

from .endpoints import endpoints_hold
from .exports import exports_drop
from .fact_rows import MODEL_OF
from .files import file_drop
from .sets import execute, query
from .tables_naming import batches_naming, is_naming

FACTS: dict[str, type[models.Model]] = {k: m for k, m in MODEL_OF.items() if k != "consent"}
EVENTS = tuple(f"{model._meta.db_table}event" for model in FACTS.values())
ENTRIES, MESSAGES = "studies_formentryevent", "studies_querymessageevent"
FILES = ("file", "problems_file", "difference_file", "checked_file")


def patient_forget(patient: Patient) -> dict[str, str]:
    """Remove what was said of the patient, now and before; consents and steps stay as proof.

    Returns
    -------
    dict of str to str
        By history table the sha256 of what it said, which is all that is left of it.
    """
    endpoints_hold(patient.study)
    names = {"patient": patient.pk}
    specimens = Specimen.objects.filter(patient=patient)
    former = patient.former_pseudonyms.values_list("pseudonym", flat=True)
    called = [patient.pseudonym, *former, *specimens.values_list("label", flat=True)]
    batches = {pk for (pk,) in query(BATCHES, names)}
    batches |= {batch.pk for batch in batches_naming(patient.study, called)}
    EndpointValue.objects.filter(patient=patient).delete()
    for model in FACTS.values():
        model._default_manager.filter(patient=patient).delete()
    digests = {table: found for table in (ENTRIES, MESSAGES, *EVENTS)
               if (found := query(DIGEST.format(table=table), names)[0][0])}  # fmt: skip
    execute(f"UPDATE {ENTRIES} SET values = '{{}}' WHERE patient_id = %(patient)s", names)
    execute(f"UPDATE {MESSAGES} SET text = '' WHERE patient_id = %(patient)s", names)
    for table in EVENTS:
        execute(f"DELETE FROM {table} WHERE patient_id = %(patient)s", names)
    for batch in ImportBatch.objects.filter(pk__in=batches).select_related(*FILES):
        _forget_file(batch, {patient.pseudonym, *former})
    _forget_told(patient, called)
    exports_drop(patient.study)
    return digests


def _forget_file(batch: ImportBatch, pseudonyms: set[str]) -> None:
    """The bytes of a table with the patient go; its digest and what became of it stay."""
    for name in FILES:
        stored = getattr(batch, name)
        if stored is not None and stored.bytes_dropped_at is None:
            file_drop(stored)
    told: dict[str, Any] = batch.difference
    if "first" in told:
        told["first"] = [
            change for change in told["first"] if change["pseudonym"] not in pseudonyms
        ]
        told["new"] = [name for name in told.get("new", []) if name not in pseudonyms]
    batch.look = {name: said for name, said in batch.look.items() if name in ("header", "lines")}
    batch.save(update_fields=["difference", "look"])
    if batch.state in (BatchState.LOOKED, BatchState.CHECKED):
        batch.mark_failed([_withdrawn(batch).as_dict()])


def _withdrawn(batch: ImportBatch) -> Problem:
    return Problem(
        batch.filename,
        say("a patient who has withdrawn, for which the file was removed"),
        say("patients whose data may be used"),
        say("Take the patient out and upload the file again."),
    )


def _forget_told(patient: Patient, called: Sequence[str]) -> None:
    """What imports and their jobs said of the patient: problems and notices hold values."""
    for batch in ImportBatch.objects.filter(study=patient.study):
        problems = [told for told in batch.problems if not is_naming(told, called)]
        notices = [told for told in batch.notices if not is_naming(told, called)]
        if (problems, notices) != (batch.problems, batch.notices):
            batch.problem_count -= len(batch.problems) - len(problems)
            batch.problems, batch.notices = problems, notices
            batch.save(update_fields=["problems", "notices", "problem_count"])
    for job in Job.objects.filter(study=patient.study).exclude(problems=[]):
        problems = [told for told in job.problems if not is_naming(told, called)]
        if problems != job.problems:
            Job.objects.filter(pk=job.pk).update(problems=problems)


BATCHES = " UNION ".join(
    f"SELECT batch_id FROM {table} WHERE patient_id = %(patient)s AND batch_id IS NOT NULL"
    for table in (ENTRIES, "studies_lesionmeasurementevent")
)
DIGEST = """
SELECT encode(sha256(convert_to(string_agg(to_jsonb(e)::text, E'\\n' ORDER BY e.pgh_id), 'UTF8')),
              'hex')
FROM {table} e WHERE e.patient_id = %(patient)s
"""
