"""What a scanner saw."""

from .arrivals import WAITING, ArrivalState, ArrivedFile, Decision, ScanArrival
from .features import ExtractorRole, ExtractorVersion, FeatureFailure, FeatureSet
from .identities import UidMap, UidSecret
from .peers import DicomPeer, PeerKind
from .scans import (
    DicomStudy,
    Modality,
    PetCtPair,
    Roi,
    RoiAgreement,
    RoiMethod,
    Series,
    SeriesState,
    Timing,
    Uptake,
)
from .slides import CellDensity, CutKind, Immunoscore, ImmunoscoreRule, Marker, Reading, Region
from .targets import RoiChoice, TargetDecision, TargetRule
from .whole_slides import (
    CellCount,
    CellCountingRule,
    LaboratoryProfile,
    RegionSource,
    SlideRegion,
    WholeSlide,
)

__all__ = [
    "WAITING",
    "ArrivalState",
    "ArrivedFile",
    "CellCount",
    "CellCountingRule",
    "CellDensity",
    "CutKind",
    "Decision",
    "DicomPeer",
    "DicomStudy",
    "ExtractorRole",
    "ExtractorVersion",
    "FeatureFailure",
    "FeatureSet",
    "Immunoscore",
    "ImmunoscoreRule",
    "LaboratoryProfile",
    "Marker",
    "Modality",
    "PeerKind",
    "PetCtPair",
    "Reading",
    "Region",
    "RegionSource",
    "Roi",
    "RoiAgreement",
    "RoiChoice",
    "RoiMethod",
    "ScanArrival",
    "Series",
    "SeriesState",
    "SlideRegion",
    "TargetDecision",
    "TargetRule",
    "Timing",
    "UidMap",
    "UidSecret",
    "Uptake",
    "WholeSlide",
]
