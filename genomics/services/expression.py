"""A matrix handed in becomes checked columns, specimens and cell abundances at once."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from functools import partial
from typing import Any, cast

from django.db import transaction

from genomics.methods.annotation import Annotation
from genomics.methods.expression_tiles import ExpressionTiles
from genomics.methods.formats import Reading, read_expression
from genomics.methods.identifiers import check_orientation
from genomics.methods.scale import Scale, check_scale, estimate_scale
from genomics.models import ExpressionColumn, ExpressionMatrix, Ties
from genomics.selectors import BESIDE, CLUSTERED, MARKERS, signature_content
from genomics.storage import checked, matrix_file
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Notice
from studies.methods.wording import say
from studies.models import ImportBatch, Job, Patient
from studies.services import derivation_record, file_open, file_store, file_use, inputs_digest

from .abundances import Scored, abundances_write, matrix_score
from .annotations import annotations_current, transcripts_of
from .quality import quality_write
from .signatures import signature_current, with_all_names
from .specimens import patients_of_columns, specimens_choose, specimens_of_columns

STEPS = 7


@dataclass(frozen=True)
class _Checked:
    """What is known of a matrix before anything of it is written."""

    tiles: ExpressionTiles
    scale: Scale
    patients: dict[str, Patient]
    scored: list[Scored]
    notices: list[Notice]


def expression_import(
    batch: ImportBatch, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Check a matrix, score 24 subpopulations in each specimen, write all of it or nothing.

    Options of the batch: ``scale`` (counts, cpm, tpm, log; what the values look like when it is
    not declared), ``strand`` (of STAR's counts), ``ties``, ``unknown_specimens`` = ``leave_out``.

    Raises
    ------
    DataProblem
        Every problem of the table; columns of nobody; poor coverage of the signature.
    """
    if ExpressionMatrix.objects.filter(batch=batch).exists():  # taken up again after its commit
        batch.mark_ready(batch.summary, batch.notices)
        return dict(batch.summary)
    found = _check(batch, progress)
    progress(4, STEPS, say("storing the matrix"))
    with matrix_file(found.tiles) as parquet, transaction.atomic():
        stored = file_store(batch.study, parquet, "expression", f"{batch.filename}.parquet")
        matrix = _write(batch, found, stored, job)
        progress(5, STEPS, say("looking at quality"))
        quality_write(matrix, found.tiles)
        progress(6, STEPS, say("wrote {n} specimens", n=len(found.patients)))
        summary = _summary(matrix, found)
        batch.mark_ready(summary, found.notices)
    progress(STEPS, STEPS, "done")
    return summary


def _check(batch: ImportBatch, progress: Progress) -> _Checked:
    progress(0, STEPS, say("reading the matrix"))
    options, annotations = batch.options, annotations_current(batch.study)
    declared = options.get("scale") or None
    reading = Reading(declared, options.get("strand") or None, transcripts_of(annotations))
    with file_open(batch.file) as stream:
        tiles = read_expression(checked(stream, batch.file.sha256), batch.filename, reading)
    progress(1, STEPS, say("checking scale and identifiers"))
    names = [annotation for _, annotation in annotations]
    clustered = signature_content(signature_current(batch.study, CLUSTERED))
    check_orientation(tiles.genes, tiles.specimens, with_all_names(clustered, names))
    scale, notices = _scale(tiles, declared)
    leave_out = options.get("unknown_specimens") == "leave_out"
    patients, left = patients_of_columns(batch.study, tiles.specimens, batch.filename, leave_out)
    tiles = tiles.only(list(patients))
    scored, beside = _score(batch, tiles, scale, names, progress)
    said = [*tiles.notices, *notices, *left, *(n for s in scored for n in s.notices), *beside]
    return _Checked(tiles, scale, patients, scored, said)


def _scale(tiles: ExpressionTiles, declared: str | None) -> tuple[Scale, list[Notice]]:
    facts = tiles.facts
    found = estimate_scale(facts)
    scale = cast(Scale, declared or ("counts" if found == "fractional" else found))
    notices = list(check_scale(facts, scale))
    if declared is None:
        text = say(
            "The scale was not declared; the values look like {scale} and are read as such.",
            scale=say(scale),
        )
        notices.append(Notice("scale_not_declared", text))
    return scale, notices


def _score(
    batch: ImportBatch,
    tiles: ExpressionTiles,
    scale: str,
    annotations: list[Annotation],
    progress: Progress,
) -> tuple[list[Scored], list[Notice]]:
    """The clustered signature; beside it, where the matrix covers them, stroma and markers."""
    ties = batch.options.get("ties") or Ties.ORDER_INVARIANT
    of = partial(matrix_score, batch.study, tiles, scale=scale, annotations=annotations, ties=ties)
    scored = [of(CLUSTERED, report=partial(_report, progress, 2.0, CLUSTERED))]
    notices = []
    for name, method in ((BESIDE, "ssgsea"), (MARKERS, "mcpcounter")):
        try:
            scored.append(of(name, method=method, report=partial(_report, progress, 3.0, name)))
        except DataProblem as refusal:
            found = refusal.problems[0].found.split(";")[0]
            code = "stromal_unavailable" if name == BESIDE else "markers_unavailable"
            what = "stromal score" if name == BESIDE else "marker genes"
            notices.append(
                Notice(
                    code,
                    say(
                        "No {what}: the matrix has {found} of {name}.",
                        what=what,
                        found=found,
                        name=name,
                    ),
                )
            )
    return scored, notices


def _report(progress: Progress, start: float, name: str, done: int, total: int) -> None:
    progress(
        start + done / total,
        STEPS,
        say("{name}: {done} of {total} specimens", name=name, done=done, total=total),
    )


def _write(batch: ImportBatch, found: _Checked, stored: Any, job: Job | None) -> ExpressionMatrix:
    matrix = ExpressionMatrix.objects.create(
        study=batch.study,
        batch=batch,
        file=stored,
        scale=found.scale,
        n_genes=len(found.tiles.genes),
        n_specimens=len(found.patients),
        coverage={s.version.name: [asdict(c) for c in s.coverage] for s in found.scored},
        notices=[notice.as_dict() for notice in found.notices],
        produced_by=job,
        inputs_digest=inputs_digest(batch.file.sha256, found.scale, batch.options),
    )
    file_use(stored, matrix)
    derivation_record(batch.study, [batch.file.sha256], stored.sha256, job)
    specimens = specimens_of_columns(matrix.study, found.patients)
    columns = ExpressionColumn.objects.bulk_create(
        ExpressionColumn(
            patient=patient,
            matrix=matrix,
            specimen=specimens[label],
            position=position,
            label=label,
        )
        for position, (label, patient) in enumerate(found.patients.items())
    )
    specimens_choose(specimens.values())
    for one in found.scored:
        abundances_write(matrix, columns, one, job)
    return matrix


def _summary(matrix: ExpressionMatrix, found: _Checked) -> dict[str, Any]:
    covered = {
        one.version.name: say(
            "{coverage} of {n_pairs} pairs",
            coverage=sum(c.present for c in one.coverage),
            n_pairs=one.version.n_pairs,
        )
        for one in found.scored
    }
    return {
        "genes": matrix.n_genes,
        "specimens": matrix.n_specimens,
        "patients": len({patient.pk for patient in found.patients.values()}),
        "scale": matrix.scale,
        "coverage": covered,
    }
