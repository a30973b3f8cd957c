"""Pages of genomics."""

from .batches import batches, correction_figure
from .matrices import matrices, matrix, quality, quality_figure
from .phenotype import figure, labels_csv, phenotype
from .signatures import abundances_csv, signatures

__all__ = [
    "abundances_csv",
    "batches",
    "correction_figure",
    "figure",
    "labels_csv",
    "matrices",
    "matrix",
    "phenotype",
    "quality",
    "quality_figure",
    "signatures",
]
