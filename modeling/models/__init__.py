"""The records of modeling."""

from .lives import MOVES, Examination, Reproduction, Verdict, VersionEvent, VersionState
from .plans import AnalysisPlan, SavedQuestion
from .reports import Report
from .runs import (
    Basis,
    Evaluation,
    ModelRun,
    ModelVersion,
    ModelVersionParent,
    Prediction,
    PredictionKind,
    Quantity,
    RunKind,
    VersionKind,
)
from .scores import PatientScore
from .snapshots import DatasetSnapshot, SnapshotMember
from .statements import StatementKey, StudyStatement

__all__ = [
    "MOVES",
    "AnalysisPlan",
    "Basis",
    "DatasetSnapshot",
    "Evaluation",
    "Examination",
    "ModelRun",
    "ModelVersion",
    "ModelVersionParent",
    "PatientScore",
    "Prediction",
    "PredictionKind",
    "Quantity",
    "Report",
    "Reproduction",
    "RunKind",
    "SavedQuestion",
    "SnapshotMember",
    "StatementKey",
    "StudyStatement",
    "Verdict",
    "VersionEvent",
    "VersionKind",
    "VersionState",
]
