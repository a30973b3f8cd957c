"""Signatures as versions of a study."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import Any

from django.db import transaction

from genomics.methods.annotation import Annotation, make_annotation
from genomics.methods.expression_text import refuse_no_text
from genomics.methods.identifiers import Signature
from genomics.methods.signature import annotate_signature, read_signature
from genomics.models import SignatureVersion
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import ImportBatch, Job, Study
from studies.services import file_read

SHIPPED = Path(__file__).parents[1] / "signatures"
CLUSTERABLE = ("bindea24", "mcpcounter10", "paper_markers")
NAME = re.compile(r"[A-Za-z0-9][\w.+-]{0,39}")


def shipped_signature(name: str) -> Signature:
    """A list that comes with the product."""
    return read_signature((SHIPPED / f"{name}.csv").read_text(encoding="utf-8"), name)


def shipped_annotation() -> Annotation:
    """Every gene of the shipped lists under all its names: what is known without any table."""
    names = [path.stem for path in sorted(SHIPPED.glob("*.csv"))]
    return make_annotation(gene for name in names for gene in shipped_signature(name).genes)


def signature_text(data: bytes, name: str) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise refuse_no_text(name, error) from error


def signature_current(study: Study, name: str) -> SignatureVersion:
    """The newest version of a signature; a shipped list becomes version 1.

    Raises
    ------
    DataProblem
        Neither uploaded nor shipped.
    """
    newest = SignatureVersion.objects.filter(study=study, name=name).order_by("-version").first()
    if newest is not None:
        return newest
    if name not in CLUSTERABLE:
        uploaded = SignatureVersion.objects.filter(study=study).values_list("name", flat=True)
        known = ", ".join(dict.fromkeys([*CLUSTERABLE, *uploaded]))
        raise refuse(
            "signature",
            name,
            say("one of {known}", known=known),
            "Upload the list, or choose another.",
        )
    return signature_create(study, name, (SHIPPED / f"{name}.csv").read_text(encoding="utf-8"))


@transaction.atomic
def signature_create(study: Study, name: str, content: str) -> SignatureVersion:
    """Take a list in; the same list again is the version it was."""
    signature = read_signature(content, name)
    number = SignatureVersion.objects.filter(study=study, name=name).count() + 1
    version, _ = SignatureVersion.objects.get_or_create(
        study=study,
        name=name,
        digest=hashlib.sha256(content.encode()).hexdigest(),
        defaults={
            "version": number,
            "content": content,
            "n_cell_types": len(signature.sets),
            "n_pairs": sum(len(genes) for genes in signature.sets.values()),
        },
    )
    return version


def signature_import(batch: ImportBatch, job: Job | None = None) -> dict[str, Any]:
    """An uploaded list becomes the newest version of the name its file (or option) has.

    Raises
    ------
    DataProblem
        No list of pairs and no GMT; a name that is none.
    """
    name = str(batch.options.get("name") or batch.filename.split(".")[0])
    if not NAME.fullmatch(name):
        expected = say("letters, digits, - _ . and +, at most 40")
        raise refuse(
            batch.filename, say("the name {name}", name=name), expected, "Rename the file."
        )
    text = signature_text(file_read(batch.file), batch.filename)
    earlier = SignatureVersion.objects.filter(study=batch.study, name=name)
    if not earlier.exists() and name in CLUSTERABLE:
        signature_current(batch.study, name)  # the shipped list stays version 1
    version = signature_create(batch.study, name, text)
    summary = {
        "signature": version.name,
        "version": version.version,
        "cell_types": version.n_cell_types,
        "pairs": version.n_pairs,
    }
    batch.mark_ready(summary)
    return summary


def with_all_names(signature: Signature, annotations: list[Annotation]) -> Signature:
    """Genes under the names that the annotations, and the shipped lists, know."""
    for annotation in [*annotations, shipped_annotation()]:
        signature = annotate_signature(signature, annotation)
    return signature
