"""/api/v1/: everything the pages of studies do, with the same rights."""

from . import (
    cohorts,
    dictionaries,
    drawings,
    endpoints,
    entry,
    exports,
    glance,
    imports,
    people,
    reads,
    records,
    uploads,
)
from .explored import HasExploredFigures
from .records import PatientScopedSerializer, StudyScopedViewSet, StudyViewSet

ROUTES = [
    *records.ROUTES,
    *cohorts.ROUTES,
    *dictionaries.ROUTES,
    *drawings.ROUTES,
    *endpoints.ROUTES,
    *entry.ROUTES,
    *imports.ROUTES,
    *exports.ROUTES,
    *glance.ROUTES,
    *people.ROUTES,
    *reads.ROUTES,
    *uploads.ROUTES,
]

__all__ = [
    "ROUTES",
    "HasExploredFigures",
    "PatientScopedSerializer",
    "StudyScopedViewSet",
    "StudyViewSet",
]
