"""Imaging records under /api/v1/studies/<uid>/."""

from . import arrivals, dicomweb, scans, slides

ROUTES = [*arrivals.ROUTES, *scans.ROUTES, *slides.ROUTES]
PATHS = dicomweb.PATHS
