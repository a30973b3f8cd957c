"""Reads of modeling."""

from .origins import (
    frozen_fits,
    image_digests,
)
from .rows import (
    RadScoreRows,
    current_digests,
    is_development,
    label_notices,
    parents_of,
    rad_score_rows,
    targets_of,
    unjudged_reasons,
    uses_of_cohorts,
)
from .versions import (
    active_version,
    look_numbers,
    looks_at,
    maker_of,
    question_named,
    scope_of,
    state_of,
    states_of,
    version_named,
    version_to_reproduce,
)

__all__ = [
    "RadScoreRows",
    "active_version",
    "current_digests",
    "frozen_fits",
    "image_digests",
    "is_development",
    "label_notices",
    "look_numbers",
    "looks_at",
    "maker_of",
    "parents_of",
    "question_named",
    "rad_score_rows",
    "scope_of",
    "state_of",
    "states_of",
    "targets_of",
    "unjudged_reasons",
    "uses_of_cohorts",
    "version_named",
    "version_to_reproduce",
]
