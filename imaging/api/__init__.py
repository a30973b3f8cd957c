"""Imaging records under /api/v1/studies/<uid>/."""

from . import arrivals, dicomweb, scans, slides, targets

ROUTES = [*arrivals.ROUTES, *scans.ROUTES, *slides.ROUTES, *targets.ROUTES]
PATHS = dicomweb.PATHS
