"""Lists of genes, tables of names, and what was computed by them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db.models import Count, Max

from genomics.models import AnnotationVersion, CellAbundance, SignatureVersion
from genomics.selectors import abundance_table, scores_of
from studies.models import Patient, Study


def signatures_context(user: Any, study: Study) -> dict[str, Any]:
    computed = (
        CellAbundance.objects.filter(study=study)
        .values("signature__name", "signature__version", "method", "ties")
        .annotate(specimens=Count("specimen", distinct=True), newest=Max("created_at"))
        .order_by("signature__name", "-signature__version", "method", "ties")
    )
    return {
        "signatures": SignatureVersion.objects.filter(study=study).defer("content"),
        "annotations": AnnotationVersion.objects.filter(study=study).select_related("batch"),
        "computed": computed,
    }


def abundance_rows(
    user: Any, study: Study, signature: str, method: str
) -> tuple[list[str], Iterable[list[Any]]]:
    """A line per visible patient; raw scores."""
    table = scores_of(abundance_table(study, signature, method))
    patients = Patient.objects.visible_to(user).filter(study=study, pk__in=table.index)
    names = dict(patients.values_list("pk", "pseudonym"))
    rows = ([names[pk], *row] for pk, *row in table.itertuples() if pk in names)
    return ["patient_id", *table.columns], rows
