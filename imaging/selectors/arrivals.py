"""What came in and what of it waits, as far as a reader may know names."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, Q, QuerySet

from imaging.models import WAITING, ArrivalState, ArrivedFile, Decision, ScanArrival
from studies.access import memberships_of, reads_names
from studies.models import Study

OFFERED = {
    ArrivalState.CONFLICT: (Decision.KEEP, Decision.TAKE),
    ArrivalState.QUARANTINED: (Decision.ASSIGN,),
}


@dataclass(frozen=True)
class VisitWaiting:
    """The series of one visit in one upload that go in or wait together."""

    arrivals: list[ScanArrival]

    @property
    def first(self) -> ScanArrival:
        return self.arrivals[0]

    @property
    def waits(self) -> bool:
        return any(arrival.waits for arrival in self.arrivals)

    @property
    def offered(self) -> list[tuple[str, str]]:
        """Decisions that fit, and their words."""
        states = [ArrivalState(arrival.state) for arrival in self.arrivals]
        fitting = [choice for state in states for choice in OFFERED.get(state, ())]
        choices = dict.fromkeys([*fitting, Decision.DISCARD])
        return [(choice.value, choice.label) for choice in choices]

    @property
    def problems(self) -> list[dict[str, Any]]:
        found = [problem for arrival in self.arrivals for problem in arrival.problems]
        return [problem for at, problem in enumerate(found) if problem not in found[:at]]


def arrivals_readable(user: Any, study: Study) -> QuerySet[ScanArrival]:
    """Series of uploads whose names are open to ``user``."""
    rows = ScanArrival.objects.visible_to(user).filter(study=study)
    return rows if reads_names(user, study) else rows.filter(_of_readable(user, study))


def files_readable(user: Any, study: Study) -> QuerySet[ArrivedFile]:
    rows = ArrivedFile.objects.visible_to(user).filter(study=study)
    return rows if reads_names(user, study) else rows.filter(_of_readable(user, study))


def _of_readable(user: Any, study: Study) -> Q:
    """Of uploads that the user brought, or that are of sites whose rows the user reads."""
    sites = [m.site_id for m in memberships_of(user, study) if m.site_id and "rows" in m.rights]
    own = Q(batch__site_ids__contained_by=sites) & Q(batch__site_ids__len__gt=0)
    return Q(batch__uploaded_by=user) | own


def named(rows: QuerySet[Any], search: str, path: str = "") -> QuerySet[Any]:
    """Series, or files (``path``: from a row to its series), of patients whose names begin so.

    The PatientID that came counts, and the pseudonym that was decided on.
    """
    if not search:
        return rows
    claimed = Q(**{f"{path}claimed_patient_id__istartswith": search})
    return rows.filter(claimed | Q(**{f"{path}patient__pseudonym__istartswith": search}))


def visits_of(arrivals: Iterable[ScanArrival]) -> list[VisitWaiting]:
    groups: dict[tuple[int, str, str], list[ScanArrival]] = {}
    for arrival in arrivals:
        key = (arrival.batch_id, arrival.claimed_patient_id, arrival.visit_uid)
        groups.setdefault(key, []).append(arrival)
    return [VisitWaiting(group) for group in groups.values()]


def visits_waiting(
    user: Any, study: Study, search: str = "", most: int = 200
) -> list[VisitWaiting]:
    """What waits for a person, newest upload first."""
    rows = named(arrivals_readable(user, study).filter(state__in=WAITING), search)
    rows = rows.select_related("batch", "patient").order_by("-batch_id", "id")
    return visits_of(rows[:most])


def waiting_count(user: Any, study: Study) -> int:
    rows = arrivals_readable(user, study).filter(state__in=WAITING)
    return rows.values("batch_id", "claimed_patient_id", "visit_uid").distinct().count()


def file_counts(files: QuerySet[ArrivedFile]) -> dict[str, int]:
    """How many of them are in each state."""
    rows = files.order_by().values_list("state").annotate(Count("id"))
    return {state.value: n for state in ArrivalState if (n := dict(rows).get(state.value))}
