"""What a matrix says of its own quality, kept below the patients it is of."""

from __future__ import annotations

from typing import Any

import numpy as np
from django.db import transaction

from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.quality import estimate_quality
from genomics.models import ExpressionColumn, ExpressionMatrix
from studies.jobs import Progress, no_progress
from studies.models import Job, Study

from .abundances import matrix_open, refuse_no_matrix
from .signatures import shipped_signature

MARKERS = "quality_genes"


def quality_write(matrix: ExpressionMatrix, tiles: ExpressionTiles) -> None:
    """Per specimen below its patient; pairs of specimens by their positions."""
    found = estimate_quality(tiles, matrix.scale, shipped_signature(MARKERS))
    matrix.quality = {
        "explained": found.explained.tolist(),
        "twins": [list(pair) for pair in found.twins],
        "genes": found.genes,
    }
    matrix.save(update_fields=["quality"])
    place = {label: position for position, label in enumerate(tiles.specimens)}
    columns = [column for column in matrix.columns.all() if column.label in place]
    for column in columns:
        at = place[column.label]
        column.quality = {
            "library_size": float(found.library_size[at]),
            "detected": int(found.detected[at]),
            "housekeeping": _number(found.housekeeping[at]),
            "xist": _number(found.xist[at]),
            "chromosome_y": _number(found.chromosome_y[at]),
            "components": found.components[at].tolist(),
        }
    ExpressionColumn.objects.bulk_update(columns, ["quality"])


def _number(value: Any) -> float | None:
    return float(value) if np.isfinite(value) else None


def quality_compute(
    study: Study, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Look at the quality of every matrix again.

    Raises
    ------
    DataProblem
        No matrix.
    """
    matrices = list(ExpressionMatrix.objects.filter(study=study).select_related("file", "batch"))
    if not matrices:
        raise refuse_no_matrix()
    for done, matrix in enumerate(matrices):
        progress(done, len(matrices), matrix.batch.filename)
        with transaction.atomic():
            quality_write(matrix, matrix_open(matrix))
    return {"matrices": len(matrices)}
