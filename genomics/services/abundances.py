"""Cell abundances of stored matrices by any signature and method."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

from django.db import transaction
from numpy.typing import NDArray

from genomics.methods.abundance import estimate_abundances
from genomics.methods.annotation import Annotation
from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.identifiers import Coverage
from genomics.models import (
    CellAbundance,
    ExpressionColumn,
    ExpressionMatrix,
    SignatureVersion,
    Ties,
)
from genomics.selectors import (
    CLUSTERED,
    abundance_digest,
    matrices_in_force,
    signature_content,
)
from genomics.storage import checked, read_tiles
from studies.consents import GENOMICS, refusals
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Notice, refuse
from studies.methods.wording import say
from studies.models import Job, Study
from studies.services import derivations_record, file_open

from .annotations import annotations_current
from .signatures import signature_current, with_all_names


@dataclass(frozen=True)
class Scored:
    """Abundances of all columns by one signature and method."""

    version: SignatureVersion
    method: str
    ties: str
    cell_types: tuple[str, ...]
    specimens: tuple[str, ...]
    scores: NDArray  # cell types × specimens
    coverage: tuple[Coverage, ...]
    notices: tuple[Notice, ...]


def matrix_score(
    study: Study,
    tiles: ExpressionTiles,
    name: str,
    *,
    scale: str,
    annotations: list[Annotation],
    method: str = "ssgsea",
    ties: str = Ties.ORDER_INVARIANT,
    report: Callable[[int, int], None] | None = None,
) -> Scored:
    """Scores of a table by the newest version of a signature; nothing is written.

    Means and z-scores are taken of log2(CPM + 1), or of logarithms as they are.
    """
    version = signature_current(study, name)
    signature = with_all_names(signature_content(version), annotations)
    per_million = method != "ssgsea" and scale != "log"
    found = estimate_abundances(tiles, signature, method, ties, per_million, report)
    return Scored(
        version, method, ties, found.cell_types, found.specimens, found.scores, found.coverage,
        found.notices,
    )  # fmt: skip


def abundances_write(
    matrix: ExpressionMatrix, columns: list[ExpressionColumn], scored: Scored, job: Job | None
) -> int:
    """A row per specimen that may be used; those that stand already stay as they are."""
    refused = refusals(matrix.study, GENOMICS)
    mine = {column.label: column for column in columns if column.patient_id not in refused}
    parts = (matrix.file.sha256, scored.version.digest, scored.method, scored.ties)
    rows = [
        CellAbundance(
            patient=column.patient,
            specimen=column.specimen,
            column=column,
            signature=scored.version,
            method=scored.method,
            ties=scored.ties,
            scores=dict(zip(scored.cell_types, values.tolist(), strict=True)),
            produced_by=job,
            inputs_digest=abundance_digest(*parts, label),
        )
        for label, values in zip(scored.specimens, scored.scores.T, strict=True)
        if (column := mine.get(label)) is not None
    ]
    CellAbundance.objects.bulk_create(rows, ignore_conflicts=True)
    pairs = [(parent, row.inputs_digest) for row in rows for parent in parts[:2]]
    derivations_record(matrix.study, pairs, job)
    return len(rows)


def refuse_no_matrix() -> DataProblem:
    """The refusal of a step that needs a matrix, in a study that has none."""
    remedy = say("Upload the expression matrix first.")
    return refuse(say("expression matrix"), say("none"), "at least one", remedy)


def matrix_open(matrix: ExpressionMatrix) -> ExpressionTiles:
    """The stored matrix, its digest checked."""
    with file_open(matrix.file) as stream:
        return read_tiles(checked(stream, matrix.file.sha256), matrix.batch.filename)


def abundances_compute(
    study: Study,
    params: dict[str, Any] | None = None,
    progress: Progress = no_progress,
    job: Job | None = None,
) -> dict[str, Any]:
    """Score every matrix in force by the newest version of a signature.

    Parameters
    ----------
    params : dict
        ``signature`` (bindea24), ``method`` (ssgsea, zscore, mcpcounter), ``ties``.

    Raises
    ------
    DataProblem
        No matrix; an unknown signature, method or rule for ties; poor coverage.
    """
    params = params or {}
    matrices = list(matrices_in_force(study).select_related("file", "batch"))
    if not matrices:
        raise refuse_no_matrix()
    annotations = [annotation for _, annotation in annotations_current(study)]
    name = str(params.get("signature") or CLUSTERED)
    of = partial(
        matrix_score,
        study,
        name=name,
        annotations=annotations,
        method=str(params.get("method") or "ssgsea"),
        ties=str(params.get("ties") or Ties.ORDER_INVARIANT),
    )
    found = []
    for done, matrix in enumerate(matrices):
        progress(done, len(matrices), matrix.batch.filename)
        found.append((matrix, of(matrix_open(matrix), scale=matrix.scale)))
    with transaction.atomic():
        written = sum(_store(matrix, scored, job) for matrix, scored in found)
    version = found[0][1].version
    return {"signature": str(version), "matrices": len(found), "specimens": written}


def _store(matrix: ExpressionMatrix, scored: Scored, job: Job | None) -> int:
    matrix.coverage[scored.version.name] = [asdict(c) for c in scored.coverage]
    matrix.save(update_fields=["coverage"])
    held = matrix.columns.select_related("patient", "specimen").order_by("position")
    return abundances_write(matrix, list(held), scored, job)
