"""What a scanner saw."""

from .features import ExtractorVersion, FeatureSet
from .scans import (
    DicomStudy,
    Modality,
    PetCtPair,
    Roi,
    RoiChoice,
    RoiMethod,
    Series,
    SeriesState,
    Timing,
    Uptake,
)

__all__ = [
    "DicomStudy",
    "ExtractorVersion",
    "FeatureSet",
    "Modality",
    "PetCtPair",
    "Roi",
    "RoiChoice",
    "RoiMethod",
    "Series",
    "SeriesState",
    "Timing",
    "Uptake",
]
