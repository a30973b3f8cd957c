"""/api/v1/: everything the pages of studies do, with the same rights."""

from .records import ROUTES, PatientScopedSerializer, StudyScopedViewSet, StudyViewSet

__all__ = ["ROUTES", "PatientScopedSerializer", "StudyScopedViewSet", "StudyViewSet"]
