"""Signatures as versions of a study."""

from __future__ import annotations

import hashlib
from pathlib import Path

from django.db import transaction

from genomics.methods.identifiers import read_signature
from genomics.models import SignatureVersion
from studies.models import Study

SHIPPED = Path(__file__).parents[1] / "signatures"


def signature_current(study: Study, name: str) -> SignatureVersion:
    """The newest version of a signature; the shipped list becomes version 1."""
    newest = SignatureVersion.objects.filter(study=study, name=name).order_by("-version").first()
    if newest is not None:
        return newest
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
