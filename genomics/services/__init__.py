"""The verbs of genomics."""

from .expression import expression_import
from .phenotypes import phenotype_fit, phenotype_from_ihc
from .signatures import signature_current

__all__ = ["expression_import", "phenotype_fit", "phenotype_from_ihc", "signature_current"]
