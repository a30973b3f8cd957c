"""Imaging records under /api/v1/studies/<uid>/."""

from . import scans

ROUTES = [*scans.ROUTES]
