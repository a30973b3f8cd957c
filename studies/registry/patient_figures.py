"""Which figures show patients one by one: each app says it of its own, by their keys."""

from __future__ import annotations

from enum import Enum


class Shows(Enum):
    """How far a figure goes down to one patient."""

    ROWS = "every mark is a patient, and a line of its table"
    MARKS = "every mark is a patient; the table has summaries of groups"
    GROUPS = "every mark is a group of patients, which may be a small one"


_figures: dict[str, Shows] = {}


def register_patient_figures(shows: Shows, *keys: str) -> None:
    """``keys``: whole, or what stands before an underscore (``violin`` of ``violin_training``)."""
    _figures.update(dict.fromkeys(keys, shows))


def patients_shown_in(key: str) -> Shows | None:
    """None: no mark of the figure is of one patient."""
    known = (k for k in _figures if key == k or key.startswith(f"{k}_"))
    longest = max(known, key=len, default="")
    return _figures.get(longest)
