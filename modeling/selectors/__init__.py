"""Reads of modeling."""

from .origins import (
    extractors_behind,
    frozen_fits,
    image_digests,
    patient_dates,
)
from .rows import (
    RadScoreRows,
    analysed_patients,
    current_digests,
    is_development,
    label_notices,
    parents_of,
    rad_score_rows,
    targets_of,
    unjudged_reasons,
    uses_of_cohorts,
)
from .scores import rad_score_of, rad_score_said, speaking_of, speaking_version
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
    "analysed_patients",
    "current_digests",
    "extractors_behind",
    "frozen_fits",
    "image_digests",
    "is_development",
    "label_notices",
    "look_numbers",
    "looks_at",
    "maker_of",
    "parents_of",
    "patient_dates",
    "question_named",
    "rad_score_of",
    "rad_score_rows",
    "rad_score_said",
    "scope_of",
    "speaking_of",
    "speaking_version",
    "state_of",
    "states_of",
    "targets_of",
    "unjudged_reasons",
    "uses_of_cohorts",
    "version_named",
    "version_to_reproduce",
]
