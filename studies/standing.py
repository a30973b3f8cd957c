"""Counts that read every patient: made on the spot, or by a job and kept where there are many."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.utils import timezone

from studies import access, eligibility, table_one
from studies.methods.problems import DataProblem
from studies.models import Cohort, Patient, Study

LARGE = 3000
KEPT_SECONDS = 30 * 24 * 3600
TABLE_ONE, ATTRITION = "table_one", "attrition"
FORMAT = 2  # of what is kept: another one counts anew


@dataclass(frozen=True)
class Standing:
    """What was counted, and when: nothing in ``at`` is now, nothing in ``found`` is not yet.

    ``by_job``: the study is too large for a page; ``params`` are those of the job that counts.
    """

    found: Any
    at: datetime | None
    by_job: bool
    params: dict[str, str]


def standing(user: Any, study: Study, what: str, cohorts: Sequence[Cohort]) -> Standing:
    """A count as it stands: live where it is quick, else the newest that a job made."""
    params = {"what": what, "cohorts": ",".join(str(cohort.uid) for cohort in cohorts)}
    if not is_large(user, study):
        return Standing(_COUNTS[what](user, study, cohorts), None, False, params)
    found, at = cache.get(_key(user, study, params), (None, None))
    return Standing(found, at, True, params)


def is_large(user: Any, study: Study) -> bool:
    seen = access.visible(Patient.objects.all(), user, study).order_by()
    return seen.values("pk")[: LARGE + 1].count() > LARGE


def count_and_keep(user: Any, study: Study, what: str, cohorts: Sequence[Cohort]) -> None:
    """Count for everybody who sees what ``user`` sees."""
    params = {"what": what, "cohorts": ",".join(str(cohort.uid) for cohort in cohorts)}
    kept = (_COUNTS[what](user, study, cohorts), timezone.now())
    cache.set(_key(user, study, params), kept, KEPT_SECONDS)


def _key(user: Any, study: Study, params: dict[str, str]) -> str:
    """One per study, question and reach: who sees one site never gets another's numbers."""
    held = access.memberships_of(user, study)
    reach = sorted({(m.site_id or 0, "rows" in m.rights) for m in held})
    text = repr((FORMAT, settings.VERSION, str(study.uid), sorted(params.items()), reach))
    return "standing:" + hashlib.sha256(text.encode()).hexdigest()


def _table_one(user: Any, study: Study, cohorts: Sequence[Cohort]) -> Any:
    """None when none of the cohorts has a patient who may be used."""
    try:
        return table_one.table_one(study, cohorts)
    except DataProblem:
        return None


def _attrition(user: Any, study: Study, cohorts: Sequence[Cohort]) -> Any:
    return eligibility.attrition(user, study, cohorts[0] if cohorts else None)


_COUNTS: dict[str, Callable[[Any, Study, Sequence[Cohort]], Any]] = {
    TABLE_ONE: _table_one,
    ATTRITION: _attrition,
}
