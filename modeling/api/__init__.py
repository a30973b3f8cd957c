"""Records of modeling under /api/v1/studies/<uid>/."""

from .plans import AnalysisPlanViewSet, SavedQuestionViewSet
from .results import (
    EvaluationViewSet,
    ExaminationViewSet,
    LookViewSet,
    PatientScoreViewSet,
    PredictionViewSet,
    ReportViewSet,
)
from .runs import ModelRunViewSet, ReproductionViewSet, SnapshotMemberViewSet, SnapshotViewSet
from .versions import LineageViewSet, ModelVersionViewSet, VersionEventViewSet

ROUTES = [
    ("snapshots", SnapshotViewSet, "snapshot"),
    ("snapshot-members", SnapshotMemberViewSet, "snapshot-member"),
    ("questions", SavedQuestionViewSet, "question"),
    ("analysis-plans", AnalysisPlanViewSet, "analysis-plan"),
    ("runs", ModelRunViewSet, "run"),
    ("model-versions", ModelVersionViewSet, "model-version"),
    ("version-events", VersionEventViewSet, "version-event"),
    ("reproductions", ReproductionViewSet, "reproduction"),
    ("lineage", LineageViewSet, "lineage"),
    ("evaluations", EvaluationViewSet, "evaluation"),
    ("looks", LookViewSet, "look"),
    ("predictions", PredictionViewSet, "prediction"),
    ("examinations", ExaminationViewSet, "examination"),
    ("patient-scores", PatientScoreViewSet, "patient-score"),
    ("reports", ReportViewSet, "report"),
]
