"""A matrix handed in becomes checked columns, specimens and cell abundances at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, cast

import numpy as np
from django.db import transaction
from numpy.typing import NDArray

from genomics.methods.expression_table import ExpressionTable, read_expression_table
from genomics.methods.identifiers import Coverage, check_coverage, map_identifiers
from genomics.methods.scale import Scale, check_scale, estimate_scale
from genomics.methods.ssgsea import ssgsea
from genomics.models import (
    CellAbundance,
    ExpressionColumn,
    ExpressionMatrix,
    SignatureVersion,
    Ties,
)
from genomics.selectors import BESIDE, CLUSTERED, signature_content
from genomics.storage import matrix_bytes
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Notice
from studies.models import ImportBatch, Job, Patient
from studies.services import (
    derivation_record,
    derivations_record,
    file_read,
    file_store,
    file_use,
    inputs_digest,
)

from .signatures import signature_current
from .specimens import choose_specimens, patients_of_columns, specimens_of_columns

Scores = NDArray[np.float64]


@dataclass(frozen=True)
class _Scored:
    """Abundances of all columns by one signature."""

    version: SignatureVersion
    cell_types: tuple[str, ...]
    scores: Scores  # cell types × specimens
    coverage: tuple[Coverage, ...]
    notices: tuple[Notice, ...]


def expression_import(
    batch: ImportBatch, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Check a matrix, score 24 subpopulations in each specimen, write all of it or nothing.

    Options of the batch: ``scale`` (counts, cpm, tpm, log; what the values look like when it is
    not declared), ``ties``, ``unknown_specimens`` = ``leave_out``.

    Raises
    ------
    DataProblem
        Every problem of the table; columns of nobody; poor coverage of the signature.
    """
    if ExpressionMatrix.objects.filter(batch=batch).exists():  # taken up again after its commit
        batch.mark_ready(batch.summary, batch.notices)
        return dict(batch.summary)
    progress(0, 6, "reading the matrix")
    options = batch.options
    table = read_expression_table(file_read(batch.file), batch.filename, options.get("scale"))
    progress(1, 6, "checking scale and identifiers")
    scale, notices = _scale(table, options.get("scale"))
    leave_out = options.get("unknown_specimens") == "leave_out"
    patients, left = patients_of_columns(batch.study, table.specimens, batch.filename, leave_out)
    table = _columns(table, list(patients))
    ties = options.get("ties", Ties.ORDER_INVARIANT)
    scored, beside = _score(batch, table, ties, progress)
    notices = [*table.notices, *notices, *left, *(n for s in scored for n in s.notices), *beside]
    progress(4, 6, "storing the matrix")
    parquet = matrix_bytes(table)
    progress(5, 6, f"writing {len(patients)} specimens")
    with transaction.atomic():
        stored = file_store(batch.study, parquet, "expression", f"{batch.filename}.parquet")
        matrix = ExpressionMatrix.objects.create(
            study=batch.study,
            batch=batch,
            file=stored,
            scale=scale,
            n_genes=len(table.genes),
            n_specimens=len(patients),
            coverage={s.version.name: [asdict(c) for c in s.coverage] for s in scored},
            notices=[notice.as_dict() for notice in notices],
            produced_by=job,
            inputs_digest=inputs_digest(batch.file.sha256, scale, options),
        )
        file_use(stored, matrix)
        derivation_record(batch.study, [batch.file.sha256], stored.sha256, job)
        _write(matrix, patients, scored, ties, job)
        summary = _summary(matrix, patients, scored)
        batch.mark_ready(summary, notices)
    progress(6, 6, "done")
    return summary


def _scale(table: ExpressionTable, declared: str | None) -> tuple[Scale, list[Notice]]:
    found = estimate_scale(table.values)
    scale = cast(Scale, declared or ("counts" if found == "fractional" else found))
    notices = list(check_scale(table.values, scale))
    if declared is None:
        text = f"The scale was not declared; the values look like {scale} and are read as such."
        notices.append(Notice("scale_not_declared", text))
    return scale, notices


def _columns(table: ExpressionTable, labels: list[str]) -> ExpressionTable:
    if len(labels) == len(table.specimens):
        return table
    place = {label: position for position, label in enumerate(table.specimens)}
    values = np.ascontiguousarray(table.values[:, [place[label] for label in labels]])
    return ExpressionTable(table.genes, tuple(labels), values, table.notices)


def _score(
    batch: ImportBatch, table: ExpressionTable, ties: str, progress: Progress
) -> tuple[list[_Scored], list[Notice]]:
    """The clustered signature, and the one beside it where the matrix covers it."""
    main = _score_one(signature_current(batch.study, CLUSTERED), table, ties, progress)
    try:
        other = _score_one(signature_current(batch.study, BESIDE), table, ties, progress)
    except DataProblem as refusal:
        found = refusal.problems[0].found.split(";")[0]
        text = f"No stromal score: the matrix has {found} of {BESIDE}."
        return [main], [Notice("stromal_unavailable", text)]
    return [main, other], []


def _score_one(
    version: SignatureVersion, table: ExpressionTable, ties: str, progress: Progress
) -> _Scored:
    signature = signature_content(version)
    genes = map_identifiers(table.genes, table.values, signature)
    coverage, notices = check_coverage(genes, table.genes, signature)
    sets = [
        [genes.rows[gene.symbol] for gene in members if gene.symbol in genes.rows]
        for members in signature.sets.values()
    ]
    report = partial(_report, progress, version.name)
    scores = ssgsea(table.values, sets, ties, report)  # type: ignore[arg-type]
    return _Scored(version, tuple(signature.sets), scores, coverage, (*genes.notices, *notices))


def _report(progress: Progress, name: str, done: int, total: int) -> None:
    start = 2.0 if name == CLUSTERED else 3.0
    progress(start + done / total, 6, f"{name}: {done} of {total} specimens")


def _write(
    matrix: ExpressionMatrix,
    patients: dict[str, Patient],
    scored: list[_Scored],
    ties: str,
    job: Job | None,
) -> None:
    specimens = specimens_of_columns(matrix.study, patients)
    columns = ExpressionColumn.objects.bulk_create(
        ExpressionColumn(
            patient=patient,
            matrix=matrix,
            specimen=specimens[label],
            position=position,
            label=label,
        )
        for position, (label, patient) in enumerate(patients.items())
    )
    choose_specimens(specimens.values())
    for one in scored:
        _write_abundances(matrix, columns, one, ties, job)


def _write_abundances(
    matrix: ExpressionMatrix,
    columns: list[ExpressionColumn],
    scored: _Scored,
    ties: str,
    job: Job | None,
) -> None:
    parts = (matrix.file.sha256, scored.version.digest, "ssgsea", ties)
    rows = CellAbundance.objects.bulk_create(
        CellAbundance(
            patient=column.patient,
            specimen=column.specimen,
            column=column,
            signature=scored.version,
            ties=ties,
            scores=dict(zip(scored.cell_types, values.tolist(), strict=True)),
            produced_by=job,
            inputs_digest=inputs_digest(*parts, column.label),
        )
        for column, values in zip(columns, scored.scores.T, strict=True)
    )
    pairs = [(parent, row.inputs_digest) for row in rows for parent in parts[:2]]
    derivations_record(matrix.study, pairs, job)


def _summary(
    matrix: ExpressionMatrix, patients: dict[str, Patient], scored: list[_Scored]
) -> dict[str, Any]:
    covered = {
        one.version.name: f"{sum(c.present for c in one.coverage)} of {one.version.n_pairs} pairs"
        for one in scored
    }
    return {
        "genes": matrix.n_genes,
        "specimens": matrix.n_specimens,
        "patients": len({patient.pk for patient in patients.values()}),
        "scale": matrix.scale,
        "coverage": covered,
    }
