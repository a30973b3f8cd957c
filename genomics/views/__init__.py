"""Pages of genomics."""

from .batches import batches
from .matrices import matrices, matrix, quality
from .phenotype import labels_csv, phenotype
from .signatures import abundances_csv, signatures
from .specimens import specimens

__all__ = [
    "abundances_csv",
    "batches",
    "labels_csv",
    "matrices",
    "matrix",
    "phenotype",
    "quality",
    "signatures",
    "specimens",
]
