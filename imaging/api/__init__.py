"""Imaging records under /api/v1/studies/<uid>/."""

from . import scans, slides

ROUTES = [*scans.ROUTES, *slides.ROUTES]
