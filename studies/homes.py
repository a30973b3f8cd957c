"""The first page of a study for each role: what is missing, what comes next, what is released."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils.http import urlencode

from studies import access, desks, job_reads, overviews, registry, scopes
from studies.models import (
    Completeness,
    Job,
    JobState,
    Query,
    QueryMessage,
    QueryState,
    Role,
    Study,
)
from studies.overviews import StageView, Step

MOST_COUNTED = 50_000
WAITING = 6
OUT_OF_DATE = ("stale", "failed")


@dataclass(frozen=True)
class Gap:
    """Patients of one site who lack one thing, and the page that lists them."""

    number: int
    url: str


@dataclass(frozen=True)
class SiteGaps:
    site: str
    patients: int
    gaps: list[Gap]


@dataclass(frozen=True)
class Missing:
    titles: list[str]
    sites: list[SiteGaps]


def role_of(rights: frozenset[str]) -> str:
    """Whose home it is: who runs, who enters, who looks."""
    if "run" in rights:
        return Role.STATISTICIAN
    return Role.COORDINATOR if "enter" in rights or "manage" in rights else Role.COLLABORATOR


def home_of(user: Any, study: Study) -> dict[str, Any]:
    """All that the page shows, in a number of queries that no row of data changes."""
    rights = access.rights_of(user, study)
    role = role_of(rights)
    glance = overviews.at_a_glance(user, study)
    stages = glance["stages"]
    panels = registry.page_panels("studies:overview", study, user)
    context = {
        **glance,
        "role": role,
        "panels": [{"title": p.title, "template": p.template, "context": c} for p, c in panels],
        "next": next_step(stages),
        "late": [stage for stage in stages if stage.state.state in OUT_OF_DATE],
        "running": running_jobs(user, study),
        "visit": desks.visit_of(user, study),
        "tour_length": len(registry.tour(role)),
    }
    if role == Role.COORDINATOR:
        context |= {"missing": missing_by_site(user, study), "waiting": waiting_for(user, study)}
    return context


def next_step(stages: list[StageView]) -> tuple[StageView, Step] | None:
    """The one step that leads on, with the stage it belongs to."""
    return next(((stage, step) for stage in stages for step in stage.steps if step.primary), None)


def running_jobs(user: Any, study: Study) -> list[Job]:
    states = (JobState.QUEUED, JobState.RUNNING)
    rows = job_reads.jobs_seen(user, study).filter(state__in=states).order_by("-id")[:10]
    return job_reads.with_filenames(rows)


def waiting_for(user: Any, study: Study) -> list[Query]:
    """Open queries asked of somebody, or of anybody who enters, with their words; oldest first."""
    words = QueryMessage.objects.filter(query=OuterRef("pk")).exclude(text="").order_by("-id")
    seen = access.visible(Query.objects.all(), user, study).filter(state=QueryState.OPEN)
    mine = seen.filter(Q(assignee=user) | Q(assignee=None)).select_related("patient", "site")
    mine = mine.annotate(asked=Subquery(words.values("text")[:1]))
    return list(mine.order_by("id")[:WAITING])


def missing_by_site(user: Any, study: Study) -> Missing | None:
    """Patients without each thing by site; nothing where they are too many to count here."""
    patients = scopes.patients_of(user, study).filter(status="enrolled")
    if patients.order_by()[: MOST_COUNTED + 1].count() > MOST_COUNTED:
        return None
    columns = registry.completeness_columns()
    lacks = {
        f"lacks_{k}": Count("patient_id", filter=~Q(present__contains=[column.key]))
        for k, column in enumerate(columns)
    }
    rows = access.visible(Completeness.objects.all(), user, study).filter(
        patient__status="enrolled"
    )
    counted = (
        rows.order_by("site__name")
        .values("site__name", "site__uid")
        .annotate(n=Count("patient_id"), **lacks)
    )
    grid = reverse("studies:completeness", args=[study.uid])
    sites = [
        SiteGaps(
            row["site__name"],
            row["n"],
            [
                Gap(row[f"lacks_{k}"], _narrowed(grid, column.key, row["site__uid"]))
                for k, column in enumerate(columns)
            ],
        )
        for row in counted
    ]
    return Missing([column.title for column in columns], sites)


def _narrowed(grid: str, key: str, site: Any) -> str:
    return f"{grid}?{urlencode({'lacking': key, 'site': site, 'status': 'enrolled'})}"
