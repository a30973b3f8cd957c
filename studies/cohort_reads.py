"""Reads of cohorts: members by site, and who stands in two."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F

from studies import access
from studies.models import (
    Cohort,
    CohortMember,
    CohortRole,
    Site,
    Study,
)


@dataclass(frozen=True)
class CohortLine:
    cohort: Cohort
    by_site: list[int]
    total: int


@dataclass(frozen=True)
class MembersCounted:
    """Members by cohort and site, as far as a user sees them."""

    sites: list[Site]
    numbers: Counter[tuple[int, int]]

    def lines(self, cohorts: Iterable[Cohort]) -> list[CohortLine]:
        rows = []
        for cohort in cohorts:
            by_site = [self.numbers[cohort.pk, site.pk] for site in self.sites]
            rows.append(CohortLine(cohort, by_site, sum(by_site)))
        return rows


def members_counted(user: Any, study: Study) -> MembersCounted:
    members = access.visible(CohortMember.objects.all(), user, study)
    counted: Counter[tuple[int, int]] = Counter()
    for cohort_id, site_id, number in (
        members.order_by().values_list("cohort_id", "site_id").annotate(Count("id"))
    ):
        counted[cohort_id, site_id] = number
    sites = list(Site.objects.filter(id__in={site for _, site in counted}).order_by("name"))
    return MembersCounted(sites, counted)


@dataclass(frozen=True)
class Overlap:
    """Patients that two cohorts share."""

    one: Cohort
    other: Cohort
    shared: int


def cohort_overlaps(user: Any, study: Study) -> list[Overlap]:
    """Pairs of cohorts with patients in both, as far as the user sees them."""
    cohorts = {cohort.pk: cohort for cohort in Cohort.objects.filter(study=study)}
    mine = access.visible(CohortMember.objects.all(), user, study)
    pairs = (
        mine.filter(patient__cohort_memberships__cohort_id__gt=F("cohort_id"))
        .order_by("cohort_id", "patient__cohort_memberships__cohort_id")
        .values_list("cohort_id", "patient__cohort_memberships__cohort_id")
        .annotate(Count("id"))
    )
    return [Overlap(cohorts[one], cohorts[other], shared) for one, other, shared in pairs]


def role_and_name(cohort: Cohort) -> tuple[int, str]:
    return CohortRole.values.index(cohort.role), cohort.name
