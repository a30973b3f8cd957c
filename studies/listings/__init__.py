"""The lists of studies: columns, what sorts and searches them, what an empty one says."""

from .cells import NOTHING, day, link, moment, patient_link
from .cohorts import COHORTS, cohorts_listing
from .patients import (
    ELIGIBILITY,
    PATIENTS,
    SCREENING,
    SPECIMENS,
    completeness_listing,
    without_column,
)
from .people import AUDIT, PEOPLE, READS, people_listing
from .queries import QUERIES
from .work import EXPORTS, JOBS, UPLOADS

__all__ = [
    "AUDIT",
    "COHORTS",
    "ELIGIBILITY",
    "EXPORTS",
    "JOBS",
    "NOTHING",
    "PATIENTS",
    "PEOPLE",
    "QUERIES",
    "READS",
    "SCREENING",
    "SPECIMENS",
    "UPLOADS",
    "cohorts_listing",
    "completeness_listing",
    "day",
    "link",
    "moment",
    "patient_link",
    "people_listing",
    "without_column",
]
