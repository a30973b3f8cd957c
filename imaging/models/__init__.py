"""What a scanner saw."""

from .features import ExtractorVersion, FeatureSet
from .identities import UidMap, UidSecret
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
from .slides import CellDensity, CutKind, Immunoscore, ImmunoscoreRule, Marker, Region

__all__ = [
    "CellDensity",
    "CutKind",
    "DicomStudy",
    "ExtractorVersion",
    "FeatureSet",
    "Immunoscore",
    "ImmunoscoreRule",
    "Marker",
    "Modality",
    "PetCtPair",
    "Region",
    "Roi",
    "RoiChoice",
    "RoiMethod",
    "Series",
    "SeriesState",
    "Timing",
    "UidMap",
    "UidSecret",
    "Uptake",
]
