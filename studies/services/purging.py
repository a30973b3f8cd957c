"""What studies itself forgets of a withdrawn patient: facts, endpoints, history, and raw tables."""

from __future__ import annotations

from typing import Any

from django.db import models

from studies.models import EndpointValue, ImportBatch, Patient

from .fact_rows import MODEL_OF
from .files import file_drop
from .sets import execute, query

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
    names = {"patient": patient.pk}
    batches = [pk for (pk,) in query(BATCHES, names)]
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
        _forget_file(batch, patient.pseudonym)
    return digests


def _forget_file(batch: ImportBatch, pseudonym: str) -> None:
    """The bytes of a table with the patient go; its digest and what became of it stay."""
    for name in FILES:
        stored = getattr(batch, name)
        if stored is not None and stored.bytes_dropped_at is None:
            file_drop(stored)
    batch.problems = [p for p in batch.problems if p.get("where") != pseudonym]
    told: dict[str, Any] = batch.difference
    if "first" in told:
        told["first"] = [change for change in told["first"] if change["pseudonym"] != pseudonym]
        told["new"] = [name for name in told.get("new", []) if name != pseudonym]
    batch.look = {name: said for name, said in batch.look.items() if name in ("header", "lines")}
    batch.save(update_fields=["problems", "difference", "look"])


BATCHES = " UNION ".join(
    f"SELECT batch_id FROM {table} WHERE patient_id = %(patient)s AND batch_id IS NOT NULL"
    for table in (ENTRIES, "studies_lesionmeasurementevent")
)
DIGEST = """
SELECT encode(sha256(convert_to(string_agg(to_jsonb(e)::text, E'\\n' ORDER BY e.pgh_id), 'UTF8')),
              'hex')
FROM {table} e WHERE e.patient_id = %(patient)s
"""
