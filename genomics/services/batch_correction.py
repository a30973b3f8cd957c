"""ComBat over the matrices of a study: fitted on the development cohort, frozen, applied to all."""

from __future__ import annotations

import io
from typing import Any

import numpy as np
import pandas as pd
from django.db import transaction
from django.utils import timezone

from genomics.methods.quality import TOP_GENES, principal_components
from genomics.models import BatchCorrection
from studies.jobs import Progress, no_progress
from studies.methods.combat import ComBatFit, apply_combat, check_batches, fit_combat
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say
from studies.models import Job, Study
from studies.services import derivation_record, file_store, file_use

from .batch_corrected import matrix_correct
from .batch_inputs import BatchInputs, gene_chunks, read_batch_inputs

STEPS = 6


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
    inputs = read_batch_inputs(study)
    digest = inputs.digest(unseen)
    earlier = BatchCorrection.objects.filter(study=study, inputs_digest=digest).first()
    if earlier is not None:
        return _again(earlier)
    inputs.check_apart()
    progress(1, STEPS, say("fitting on the development cohort"))
    fit = fit_combat(inputs.blocks(), inputs.batches)
    notices = [n for m in inputs.matrices for n in check_batches(fit, m.batches, unseen)]
    progress(2, STEPS, say("looking before and after"))
    coordinates = _components(inputs, fit, unseen)
    with transaction.atomic():
        row = _write(study, fit, inputs.genes, (unseen, notices, digest), job)
        derivation_record(study, inputs.digests_fitted_to(), row.file.sha256, job)
        for done, matrix in enumerate(inputs.matrices):
            progress(
                3 + 3 * done / len(inputs.matrices),
                STEPS,
                say("correcting {filename}", filename=matrix.row.batch.filename),
            )
            matrix_correct(row, matrix, fit, inputs.genes, coordinates, job)
    progress(STEPS, STEPS, "done")
    return {"correction": row.number, "batches": row.batches, "matrices": len(inputs.matrices),
            "genes": len(inputs.genes), "notices": row.notices}  # fmt: skip


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


def _components(
    inputs: BatchInputs, fit: ComBatFit, unseen: str
) -> dict[int, dict[str, list[float]]]:
    """First two components of all specimens, before and after, by column."""
    matrices, n_genes = inputs.matrices, len(inputs.genes)
    variance = np.concatenate(
        [np.vstack([m.logs(genes) for m in matrices]).var(axis=0) for genes in gene_chunks(n_genes)]
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


def fit_bytes(fit: ComBatFit, genes: list[str]) -> bytes:
    """The frozen fit as a table: a row per gene."""
    columns: dict[str, Any] = {"gene": genes, "mean": fit.mean, "sd": fit.sd}
    for place, label in enumerate(fit.batches):
        columns[f"shift {label}"], columns[f"scale {label}"] = fit.shift[place], fit.scale[place]
    stream = io.BytesIO()
    pd.DataFrame(columns).to_parquet(stream, index=False, compression="zstd")
    return stream.getvalue()
