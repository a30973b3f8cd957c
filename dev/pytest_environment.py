"""Loaded by pytest before Django's settings: what `make test` sets, for a plain `pytest` too."""

import os
from pathlib import Path

from dev.services import environment

_VALUES = environment(Path(__file__).resolve().parent.parent)
# What was not there before: of these the embedded servers are this run's to start.
FILLED = tuple(name for name in _VALUES if name not in os.environ)
os.environ.update(_VALUES)
