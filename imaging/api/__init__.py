"""Imaging records under /api/v1/studies/<uid>/."""

from . import arrivals, scans, slides

ROUTES = [*arrivals.ROUTES, *scans.ROUTES, *slides.ROUTES]
