"""Tables of gene names and transcripts as versions of a study."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from genomics.methods.annotation import Annotation, read_annotation
from genomics.methods.expression_text import opener
from genomics.models import AnnotationVersion
from studies.models import ImportBatch, Job, Study
from studies.services import file_open

from .signatures import signature_text


def _text(batch: ImportBatch) -> str:
    with file_open(batch.file) as stream:
        return signature_text(opener(stream, batch.filename)().read(), batch.filename)


@transaction.atomic
def annotation_import(batch: ImportBatch, job: Job | None = None) -> dict[str, Any]:
    """A table of HGNC or Ensembl becomes the newest version of the name its file has.

    Raises
    ------
    DataProblem
        Not a table of two or more kinds of names.
    """
    found = read_annotation(_text(batch), batch.filename)
    name = str(batch.options.get("name") or batch.filename.split(".")[0])[:80]
    rows = AnnotationVersion.objects.filter(study=batch.study, name=name)
    version, _ = AnnotationVersion.objects.get_or_create(
        study=batch.study,
        name=name,
        digest=batch.file.sha256,
        defaults={
            "version": rows.count() + 1,
            "batch": batch,
            "n_genes": len(found.genes),
            "n_transcripts": len(found.gene_of),
        },
    )
    summary = {
        "annotation": name,
        "version": version.version,
        "genes": version.n_genes,
        "transcripts": version.n_transcripts,
    }
    batch.mark_ready(summary)
    return summary


def annotations_current(study: Study) -> list[tuple[AnnotationVersion, Annotation]]:
    """The newest version of each table of the study, the newest table first."""
    rows = AnnotationVersion.objects.filter(study=study).select_related("batch__file")
    newest = {row.name: row for row in rows.order_by("version")}
    found = sorted(newest.values(), key=lambda row: -row.pk)
    return [(row, read_annotation(_text(row.batch), row.batch.filename)) for row in found]


def transcripts_of(annotations: list[tuple[AnnotationVersion, Annotation]]) -> dict[str, str]:
    """The gene of each transcript, by the newest table that has transcripts."""
    for _, annotation in annotations:
        if annotation.gene_of:
            return annotation.gene_of
    return {}
