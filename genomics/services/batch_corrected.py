"""A corrected matrix beside the one that came, with its abundances and its quality."""

from __future__ import annotations

from dataclasses import asdict
from functools import partial

from genomics.methods.expression_tiles import ExpressionTiles
from genomics.models import BatchCorrection, ExpressionColumn, ExpressionMatrix
from genomics.selectors import (
    BESIDE,
    CLUSTERED,
    MARKERS,
)
from genomics.storage import matrix_file
from studies.methods.combat import ComBatFit, apply_combat
from studies.methods.problems import DataProblem
from studies.models import Job
from studies.services import derivation_record, file_store, file_use, inputs_digest

from .abundances import abundances_write, matrix_score
from .annotations import annotations_current
from .batch_inputs import MatrixAsItCame, gene_chunks
from .quality import quality_write


def matrix_correct(
    row: BatchCorrection,
    matrix: MatrixAsItCame,
    fit: ComBatFit,
    genes: list[str],
    coordinates: dict[int, dict[str, list[float]]],
    job: Job | None,
) -> None:
    """The corrected matrix beside the one that came, and its abundances."""
    tiles = ExpressionTiles(matrix.tiles.specimens, matrix.row.batch.filename)
    for some in gene_chunks(len(genes)):
        logs = matrix.logs(some)
        values = apply_combat(fit, logs, matrix.batches, genes=some, unseen=row.unseen)
        tiles.add([genes[gene] for gene in some], values)
    with matrix_file(tiles) as parquet:
        name = f"{matrix.row.batch.filename}.corrected-{row.number}.parquet"
        stored = file_store(row.study, parquet, "expression", name)
    made = ExpressionMatrix.objects.create(
        study=row.study,
        batch=matrix.row.batch,
        correction=row,
        file=stored,
        scale="log",
        n_genes=len(genes),
        n_specimens=len(matrix.columns),
        notices=row.notices,
        produced_by=job,
        inputs_digest=inputs_digest(matrix.row.file.sha256, row.file.sha256),
    )
    file_use(stored, made)
    parents = [matrix.row.file.sha256, row.file.sha256]
    derivation_record(row.study, parents, stored.sha256, job)
    columns = ExpressionColumn.objects.bulk_create(
        ExpressionColumn(
            patient=column.patient,
            matrix=made,
            specimen=column.specimen,
            position=column.position,
            label=column.label,
        )
        for column in matrix.columns
    )
    _score(made, tiles, columns, job)
    quality_write(made, tiles)
    _place(made, matrix.columns, coordinates)


def _score(
    made: ExpressionMatrix,
    tiles: ExpressionTiles,
    columns: list[ExpressionColumn],
    job: Job | None,
) -> None:
    names = [annotation for _, annotation in annotations_current(made.study)]
    of = partial(matrix_score, made.study, tiles, scale="log", annotations=names)
    for name, method in ((CLUSTERED, "ssgsea"), (BESIDE, "ssgsea"), (MARKERS, "mcpcounter")):
        try:
            scored = of(name, method=method)
        except DataProblem:
            if name == CLUSTERED:
                raise
            continue
        made.coverage[name] = [asdict(c) for c in scored.coverage]
        abundances_write(made, columns, scored, job)
    made.save(update_fields=["coverage"])


def _place(
    made: ExpressionMatrix,
    originals: list[ExpressionColumn],
    coordinates: dict[int, dict[str, list[float]]],
) -> None:
    by_label = {column.label: column.pk for column in originals}
    columns = list(made.columns.all())
    for column in columns:
        column.quality |= coordinates[by_label[column.label]]
    ExpressionColumn.objects.bulk_update(columns, ["quality"])
