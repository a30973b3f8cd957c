"""What genomics keeps below a patient, for the day a consent is withdrawn."""

from __future__ import annotations

from django.urls import reverse

from genomics.models import (
    CellAbundance,
    ExpressionColumn,
    ExpressionMatrix,
    Phenotype,
    PhenotypeFit,
    SequencingBatch,
)
from genomics.storage import checked, matrix_file, read_tiles
from studies.methods.wording import say
from studies.models import FileUse, Patient
from studies.registry import Trace
from studies.services import file_drop, file_open, file_store, file_use
from studies.withdrawal import Models, count_rows, tables_of

_BELOW: Models = (
    CellAbundance,
    ExpressionColumn,
    Phenotype,
    SequencingBatch,
)
TABLES = tables_of(_BELOW)


def uses_of(patient: Patient) -> dict[str, int]:
    """Rows per table that hang on the patient."""
    return count_rows(_BELOW, patient)


def purge(patient: Patient) -> None:
    """Scores emptied; the patient's columns cut out of every matrix, the raw uploads dropped.

    Labels and digests stay as proof of what went into a frozen fit.
    """
    CellAbundance.objects.filter(patient=patient).update(scores={})
    ExpressionColumn.objects.filter(patient=patient).update(quality={})
    matrices = ExpressionMatrix.objects.filter(columns__patient=patient).distinct()
    for matrix in matrices.select_related("file", "batch__file"):
        _cut(matrix, patient)


def _cut(matrix: ExpressionMatrix, patient: Patient) -> None:
    labels = set(matrix.columns.filter(patient=patient).values_list("label", flat=True))
    whole, raw = matrix.file, matrix.batch.file
    with file_open(whole) as stream:
        tiles = read_tiles(checked(stream, whole.sha256), whole.name)
    if labels & set(tiles.specimens):
        kept = tiles.only([label for label in tiles.specimens if label not in labels])
        with matrix_file(kept) as rest:
            matrix.file = file_store(matrix.study, rest, "expression", whole.name)
        matrix.save(update_fields=["file"])
        file_use(matrix.file, matrix)
        FileUse.objects.filter(file=whole, table=matrix._meta.db_table, row_id=matrix.pk).delete()
        file_drop(whole)
    if raw.bytes_dropped_at is None:
        file_drop(raw)


def traces(patient: Patient) -> list[Trace]:
    """Phenotype fits whose centroids the patient took part in."""
    fits = PhenotypeFit.objects.filter(
        phenotypes__in=Phenotype.objects.filter(patient=patient, in_training=True)
    ).distinct()
    url = reverse("genomics:phenotype", args=[patient.study.uid])
    return [
        Trace(fit._meta.db_table, fit.pk, say("{what}, fitted to it", what=fit), url)
        for fit in fits
    ]
