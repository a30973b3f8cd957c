"""Specimens and whose they are: those of the study, and columns that wait for a patient."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet

from genomics.models import ExpressionColumn, SequencingBatch
from genomics.selectors import RNA
from studies import access
from studies.models import BatchState, ImportBatch, Patient, Specimen, SpecimenChoice, Study

MOST_NAMES = 2000


def columns_waiting(user: Any, study: Study) -> list[str]:
    """Columns of the newest matrix, where it was refused because nobody's they are."""
    batches = ImportBatch.objects.filter(kind="expression_matrix")
    newest = access.visible(batches, user, study).first()
    if newest is None or newest.state != BatchState.FAILED:
        return []
    if not access.reads_names(user, study, newest.uploaded_by_id, newest.site_ids):
        return []
    known = set(Specimen.objects.filter(study=study).values_list("label", flat=True))
    found = [
        problem["found"]
        for problem in newest.problems
        if problem.get("column") and problem["found"] == problem["column"]
    ]
    return [label for label in dict.fromkeys(found) if label not in known]


def specimens_shown(user: Any, study: Study) -> QuerySet:
    """Visible specimens with their RNA, their batch and whether they speak for the patient."""
    rows = Specimen.objects.visible_to(user).filter(study=study).select_related("patient")
    mine = {"specimen": OuterRef("pk")}
    named = SequencingBatch.objects.filter(**mine).order_by("-id").values("name")[:1]
    speaks = SpecimenChoice.objects.filter(study=study, purpose=RNA, **mine)
    return rows.annotate(
        has_rna=Exists(ExpressionColumn.objects.filter(**mine)),
        sequencing_batch=named,
        speaks=Exists(speaks),
    )


def pseudonyms(user: Any, study: Study) -> list[str]:
    """Of the patients whom the user may see, for the form to offer."""
    rows = Patient.objects.visible_to(user).filter(study=study).order_by("pseudonym")
    return list(rows.values_list("pseudonym", flat=True)[:MOST_NAMES])
