"""ComBat over the matrices of a study: fitted on the development cohort, frozen, applied to all."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.mcp_counter import log_per_million
from genomics.methods.quality import TOP_GENES, principal_components
from genomics.models import BatchCorrection, CellAbundance, ExpressionColumn, ExpressionMatrix
from genomics.selectors import (
    BESIDE,
    CLUSTERED,
    MARKERS,
    batch_of_specimens,
    training_ids,
)
from genomics.storage import matrix_file
from studies.jobs import Progress, no_progress
from studies.methods.batch_confounding import check_confounding
from studies.methods.combat import ComBatFit, apply_combat, check_batches, fit_combat
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say
from studies.models import Job, SpecimenChoice, Study
from studies.selectors import endpoint_table, members_table
from studies.services import derivation_record, file_store, file_use, inputs_digest

from .abundances import open_matrix, score, write_abundances
from .annotations import annotations_current
from .quality import write_quality

GENES_AT_ONCE = 4096
FEWEST_COMMON = 0.7
RESPONSE = "response_at_6_months"
STEPS = 6

Array = NDArray[np.float64]


@dataclass(frozen=True)
class _Matrix:
    """A matrix as it came, its columns, and where each common gene stands."""

    row: ExpressionMatrix
    tiles: ExpressionTiles
    columns: list[ExpressionColumn]
    batches: list[str]
    place: list[int]

    def logs(self, genes: Sequence[int]) -> Array:
        """Some of the common genes, specimens × genes."""
        values = self.tiles.rows([self.place[gene] for gene in genes])
        if self.row.scale != "log":
            values = log_per_million(values, self.tiles.facts.totals)
        return np.asarray(values.T)


def batch_correct(
    study: Study,
    params: dict[str, Any] | None = None,
    progress: Progress = no_progress,
    job: Job | None = None,
) -> dict[str, Any]:
    """Correct every matrix as it came; corrected abundances speak from then on.

    Fitted on log2(CPM + 1) of the development specimens that speak for their patients, without
    covariates, over the genes that all matrices have. The same inputs again bring the correction
    back that was lifted.

    Parameters
    ----------
    params : dict
        ``unseen``: refuse (default), or uncorrected for batches without development specimens.

    Raises
    ------
    DataProblem
        Specimens without a batch, one batch, batches that go with cohort or response, an unseen
        batch, matrices of other genes or scales.
    """
    unseen = str((params or {}).get("unseen") or "refuse")
    progress(0, STEPS, say("reading the matrices"))
    matrices, genes = _matrices(study)
    training = _training(study, matrices)
    digest = inputs_digest("combat", unseen, *_inputs(matrices, training))
    earlier = BatchCorrection.objects.filter(study=study, inputs_digest=digest).first()
    if earlier is not None:
        return _again(earlier)
    _check(study, matrices, training)
    progress(1, STEPS, say("fitting on the development cohort"))
    batches = _batches_of(matrices, training)
    fit = fit_combat(_training_blocks(matrices, training, len(genes)), batches)
    notices = [n for m in matrices for n in check_batches(fit, m.batches, unseen)]
    progress(2, STEPS, say("looking before and after"))
    coordinates = _components(matrices, fit, len(genes), unseen)
    with transaction.atomic():
        row = _write(study, fit, genes, (unseen, notices, digest), job)
        derivation_record(study, _seen(matrices, training), row.file.sha256, job)
        for done, matrix in enumerate(matrices):
            progress(
                3 + 3 * done / len(matrices),
                STEPS,
                say("correcting {filename}", filename=matrix.row.batch.filename),
            )
            _correct(row, matrix, fit, genes, coordinates, job)
    progress(STEPS, STEPS, "done")
    return {"correction": row.number, "batches": row.batches, "matrices": len(matrices),
            "genes": len(genes), "notices": row.notices}  # fmt: skip


def batch_correction_lift(study: Study, job: Job | None = None) -> dict[str, Any]:
    """Let the matrices as they came speak again; nothing is removed.

    Raises
    ------
    DataProblem
        No correction is in force.
    """
    rows = BatchCorrection.objects.filter(study=study, lifted_at__isnull=True)
    numbers = sorted(rows.values_list("number", flat=True))
    if not numbers:
        raise refuse(
            say("batch correction"), say("none in force"), "one", "There is nothing to lift."
        )
    rows.update(lifted_at=timezone.now())
    return {"lifted": numbers}


def _again(row: BatchCorrection) -> dict[str, Any]:
    others = BatchCorrection.objects.filter(study=row.study).exclude(pk=row.pk)
    others.filter(lifted_at__isnull=True).update(lifted_at=timezone.now())
    row.lifted_at = None
    row.save(update_fields=["lifted_at"])
    return {"correction": row.number, "batches": row.batches, "notices": row.notices}


def _matrices(study: Study) -> tuple[list[_Matrix], list[str]]:
    rows = ExpressionMatrix.objects.filter(study=study, correction=None)
    rows = rows.select_related("file", "batch").order_by("pk")
    if not rows:
        remedy = say("Upload the expression matrix first.")
        raise refuse(say("expression matrix"), say("none"), "at least one", remedy)
    if len({row.scale == "log" for row in rows}) > 1:
        scales = ", ".join(f"{row.batch.filename}: {row.scale}" for row in rows)
        remedy = say("Upload all matrices on one of the two.")
        raise refuse(say("expression matrices"), scales, "logarithms, or none", remedy)
    opened = [(row, open_matrix(row)) for row in rows]
    genes = _common([tiles for _, tiles in opened], [row.batch.filename for row in rows])
    known = batch_of_specimens(study)
    found = [_of(row, tiles, genes, known) for row, tiles in opened]
    _check_known(found)
    return found, genes


def _of(
    row: ExpressionMatrix, tiles: ExpressionTiles, genes: list[str], known: dict[int, str]
) -> _Matrix:
    held = row.columns.select_related("patient", "specimen")
    by_label = {column.label: column for column in held}
    columns = [by_label[label] for label in tiles.specimens]
    first = {gene: place for place, gene in reversed(list(enumerate(tiles.genes)))}
    batches = [known.get(column.specimen_id, "") for column in columns]
    return _Matrix(row, tiles, columns, batches, [first[gene] for gene in genes])


def _common(tables: list[ExpressionTiles], names: list[str]) -> list[str]:
    """Genes of all matrices, in the order of the first."""
    shared = set(tables[0].genes).intersection(*(table.genes for table in tables[1:]))
    problems = [
        Problem(
            name,
            say("{n} of {n_2} genes in all matrices", n=len(shared), n_2=len(table.genes)),
            say("at least {fewest_common:.0%}", fewest_common=FEWEST_COMMON),
            "Upload matrices of one annotation.",
        )
        for table, name in zip(tables, names, strict=True)
        if len(shared) < FEWEST_COMMON * len(set(table.genes))
    ]
    if problems:
        raise DataProblem(problems)
    return [gene for gene in dict.fromkeys(tables[0].genes) if gene in shared]


def _check_known(matrices: list[_Matrix]) -> None:
    problems = [
        Problem(m.row.batch.filename, say("no sequencing batch"), "a batch for every specimen",
                "Upload a specimen table with the column batch.", column=column.label)
        for m in matrices
        for column, batch in zip(m.columns, m.batches, strict=True)
        if not batch
    ]  # fmt: skip
    if problems:
        raise DataProblem(problems)


def _training(study: Study, matrices: list[_Matrix]) -> list[tuple[int, int]]:
    """Matrix and column of each development specimen that speaks; its newest matrix does."""
    choices = SpecimenChoice.objects.filter(study=study, purpose="rna")
    speaking = set(choices.values_list("specimen_id", flat=True))
    developing = training_ids(study)
    found: dict[int, tuple[int, int]] = {}
    for number, matrix in enumerate(matrices):
        for place, column in enumerate(matrix.columns):
            if column.specimen_id in speaking and column.patient_id in developing:
                found[column.specimen_id] = (number, place)
    return sorted(found.values())


def _inputs(matrices: list[_Matrix], training: list[tuple[int, int]]) -> Iterator[object]:
    for number, matrix in enumerate(matrices):
        yield matrix.row.file.sha256
        yield matrix.batches
        yield [place for n, place in training if n == number]


def _seen(matrices: list[_Matrix], training: list[tuple[int, int]]) -> list[str]:
    """Digests of the abundances of whom the correction was fitted to: whose they are is known."""
    columns = [matrices[number].columns[place].pk for number, place in training]
    rows = CellAbundance.objects.filter(column__in=columns)
    return sorted(set(rows.values_list("inputs_digest", flat=True)))


def _batches_of(matrices: list[_Matrix], training: list[tuple[int, int]]) -> list[str]:
    return [matrices[number].batches[place] for number, place in training]


def _check(study: Study, matrices: list[_Matrix], training: list[tuple[int, int]]) -> None:
    patients = [matrices[number].columns[place].patient_id for number, place in training]
    members = members_table(study)
    cohorts = dict(zip(members["patient_id"], members["cohort"], strict=True))
    response = endpoint_table(study, RESPONSE)["label"].to_dict()
    factors = {
        "cohort": [cohorts.get(patient) for patient in patients],
        "response": [response.get(patient) or None for patient in patients],
    }
    check_confounding(_batches_of(matrices, training), factors)


def _chunks(n_genes: int) -> Iterator[range]:
    for start in range(0, n_genes, GENES_AT_ONCE):
        yield range(start, min(start + GENES_AT_ONCE, n_genes))


def _training_blocks(
    matrices: list[_Matrix], training: list[tuple[int, int]], n_genes: int
) -> Iterator[Array]:
    mine = [[place for n, place in training if n == number] for number in range(len(matrices))]
    for genes in _chunks(n_genes):
        yield np.vstack([m.logs(genes)[rows] for m, rows in zip(matrices, mine, strict=True)])


def _components(
    matrices: list[_Matrix], fit: ComBatFit, n_genes: int, unseen: str
) -> dict[int, dict[str, list[float]]]:
    """First two components of all specimens, before and after, by column."""
    variance = np.concatenate(
        [np.vstack([m.logs(genes) for m in matrices]).var(axis=0) for genes in _chunks(n_genes)]
    )
    top = np.sort(np.argsort(-variance, kind="stable")[:TOP_GENES]).tolist()
    before = [m.logs(top) for m in matrices]
    after = [
        apply_combat(fit, logs, m.batches, genes=top, unseen=unseen)
        for logs, m in zip(before, matrices, strict=True)
    ]
    columns = [column.pk for matrix in matrices for column in matrix.columns]
    found: dict[int, dict[str, list[float]]] = {pk: {} for pk in columns}
    for name, parts in (("before", before), ("after", after)):
        table = np.vstack(parts)
        scores, _ = principal_components(table - table.mean(axis=0), 2)
        for pk, row in zip(columns, scores.tolist(), strict=True):
            found[pk][name] = row
    return found


def _write(
    study: Study,
    fit: ComBatFit,
    genes: list[str],
    found: tuple[str, list[Notice], str],
    job: Job | None,
) -> BatchCorrection:
    unseen, notices, digest = found
    BatchCorrection.objects.filter(study=study, lifted_at__isnull=True).update(
        lifted_at=timezone.now()
    )
    last = BatchCorrection.objects.filter(study=study).order_by("-number").first()
    number = last.number + 1 if last else 1
    data = fit_bytes(fit, genes)
    row = BatchCorrection.objects.create(
        study=study,
        number=number,
        file=file_store(study, data, "batch_correction", f"batch-correction-{number}.parquet"),
        batches=dict(zip(fit.batches, fit.counts, strict=True)),
        unseen=unseen,
        n_training=sum(fit.counts),
        n_genes=len(genes),
        notices=[notice.as_dict() for notice in notices],
        produced_by=job,
        inputs_digest=digest,
    )
    file_use(row.file, row)
    return row


def _correct(
    row: BatchCorrection,
    matrix: _Matrix,
    fit: ComBatFit,
    genes: list[str],
    coordinates: dict[int, dict[str, list[float]]],
    job: Job | None,
) -> None:
    """The corrected matrix beside the one that came, and its abundances."""
    tiles = ExpressionTiles(matrix.tiles.specimens, matrix.row.batch.filename)
    for some in _chunks(len(genes)):
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
    write_quality(made, tiles)
    _place(made, matrix.columns, coordinates)


def _score(
    made: ExpressionMatrix,
    tiles: ExpressionTiles,
    columns: list[ExpressionColumn],
    job: Job | None,
) -> None:
    names = [annotation for _, annotation in annotations_current(made.study)]
    of = partial(score, made.study, tiles, scale="log", annotations=names)
    for name, method in ((CLUSTERED, "ssgsea"), (BESIDE, "ssgsea"), (MARKERS, "mcpcounter")):
        try:
            scored = of(name, method=method)
        except DataProblem:
            if name == CLUSTERED:
                raise
            continue
        made.coverage[name] = [asdict(c) for c in scored.coverage]
        write_abundances(made, columns, scored, job)
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


def fit_bytes(fit: ComBatFit, genes: list[str]) -> bytes:
    """The frozen fit as a table: a row per gene."""
    columns: dict[str, Any] = {"gene": genes, "mean": fit.mean, "sd": fit.sd}
    for place, label in enumerate(fit.batches):
        columns[f"shift {label}"], columns[f"scale {label}"] = fit.shift[place], fit.scale[place]
    stream = io.BytesIO()
    pd.DataFrame(columns).to_parquet(stream, index=False, compression="zstd")
    return stream.getvalue()
