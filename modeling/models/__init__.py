"""The records of modeling."""

from .protect import PURGING
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
from .snapshots import DatasetSnapshot, SnapshotMember

__all__ = [
    "PURGING",
    "Basis",
    "DatasetSnapshot",
    "Evaluation",
    "ModelRun",
    "ModelVersion",
    "ModelVersionParent",
    "Prediction",
    "PredictionKind",
    "Quantity",
    "Report",
    "RunKind",
    "SnapshotMember",
    "VersionKind",
]
