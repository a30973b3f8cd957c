"""The verbs of genomics."""

from .abundances import abundances_compute
from .annotations import annotation_import
from .batch_correction import batch_correct, batch_correction_lift
from .expression import expression_import
from .phenotypes import phenotype_assign, phenotype_fit, phenotype_from_ihc
from .quality import quality_compute
from .signatures import signature_current, signature_import
from .specimen_typing import specimens_type
from .specimens import specimens_import

__all__ = [
    "abundances_compute",
    "annotation_import",
    "batch_correct",
    "batch_correction_lift",
    "expression_import",
    "phenotype_assign",
    "phenotype_fit",
    "phenotype_from_ihc",
    "quality_compute",
    "signature_current",
    "signature_import",
    "specimens_import",
    "specimens_type",
]
