"""Loaded by pytest before Django's settings: what `make test` sets, for a plain `pytest` too."""

import os
from pathlib import Path

from dev.services import environment

for _name, _value in environment(Path(__file__).resolve().parent.parent).items():
    os.environ.setdefault(_name, _value)
