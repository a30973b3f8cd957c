"""Reads for the pages: one study at a glance, its cohorts, one patient. Nothing is written here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.db.models import Count, F, QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from studies import access, registry
from studies.kept_stages import stage_states
from studies.languages import spoken
from studies.methods.course import FACT_KINDS
from studies.models import (
    Cohort,
    CohortMember,
    CohortRole,
    ImportBatch,
    Job,
    JobState,
    Membership,
    Patient,
    Query,
    QueryState,
    Site,
    Study,
    StudySite,
    Variable,
)
from studies.value_words import word_of


@dataclass(frozen=True)
class Step:
    """Something a user may do next: an upload (it has a url) or an action."""

    kind: str
    title: str
    description: str = ""
    url: str = ""
    primary: bool = False
    page: str = ""  # where an action is prepared before it starts


@dataclass(frozen=True)
class StageView:
    key: str
    title: str
    state: registry.StageState
    steps: tuple[Step, ...] = ()
    again: tuple[Step, ...] = ()


@dataclass(frozen=True)
class StudyCard:
    study: Study
    sites: list[str]
    part: str
    patients: int
    stages: list[StageView]


def study_cards(user: Any) -> list[StudyCard]:
    return [
        StudyCard(
            study,
            sites_of(study),
            part_of(user, study),
            patients_of(user, study).count(),
            stages_of(user, study),
        )
        for study in Study.objects.visible_to(user)
    ]


def at_a_glance(user: Any, study: Study) -> dict[str, Any]:
    """What the study's first page shows; ``busy`` while one of its newest jobs is under way."""
    stages, jobs = stages_with_steps(user, study), latest_jobs(study)
    return {
        "stages": stages,
        "done": sum(stage.state.state == "ready" for stage in stages),
        "sites": sites_of(study),
        "part": part_of(user, study),
        "patients": patients_of(user, study).count(),
        "readable": access.reads_names(user, study),
        "jobs": jobs,
        "busy": any(not job.has_ended for job in jobs),
        "batches": latest_batches(study),
        "queries": query_counts(user, study) if "rows" in access.rights_of(user, study) else None,
    }


def stages_of(user: Any, study: Study) -> list[StageView]:
    return [StageView(stage.key, stage.title, state) for stage, state in stage_states(user, study)]


def stages_with_steps(user: Any, study: Study) -> list[StageView]:
    """The stages, each with what the user may do now; the first unfinished one leads."""
    rights = access.rights_of(user, study)
    done = _finished_kinds(study)
    shown: list[StageView] = []
    led = False
    for stage in stages_of(user, study):
        before = shown[-1].state.state if shown else "ready"
        steps = _steps(stage.key, study, rights)
        now = _next_step(stage, steps, done, before)
        leads = not led and stage.state.state != "ready"
        chosen = tuple(replace(step, primary=leads) for step in now)
        led = led or (leads and bool(chosen))
        again = () if _waits(stage, done, before) else tuple(s for s in steps if s not in now)
        shown.append(replace(stage, steps=chosen, again=again))
    return shown


def _next_step(stage: StageView, steps: list[Step], done: set[str], before: str) -> list[Step]:
    """One step at most: an upload that is missing, else a step not done, else what went stale."""
    state = stage.state.state
    if state == "running":
        return []
    if _waits(stage, done, before):
        return [step for step in steps if step.url and step.kind not in done][:1]
    waiting = [step for step in steps if not step.url and step.kind not in done]
    again = steps if state in {"stale", "failed", "empty"} else []
    return (waiting or again)[:1]


def _waits(stage: StageView, done: set[str], before: str) -> bool:
    """Its own files are missing, or there are none and the stage before it is empty."""
    doors = [kind.job_kind for kind in registry.upload_kinds() if kind.stage == stage.key]
    if doors:
        return not done.issuperset(doors)
    return stage.state.state == "empty" and before == "empty"


def _steps(key: str, study: Study, rights: frozenset[str]) -> list[Step]:
    """Uploads first, then actions, as far as the user may."""
    uploads = [
        Step(kind.job_kind, kind.title, url=reverse("studies:upload", args=[study.uid, kind.name]))
        for kind in registry.upload_kinds()
        if kind.stage == key and kind.right in rights
    ]
    actions = [
        Step(action.kind, action.title, action.description, page=_page_of(action, study))
        for action in registry.actions(key)
        if action.right in rights
    ]
    return uploads + actions


def _page_of(action: registry.Action, study: Study) -> str:
    return reverse(action.page, args=[study.uid]) if action.page else ""


def _finished_kinds(study: Study) -> set[str]:
    jobs = Job.objects.filter(study=study, state=JobState.DONE).order_by()
    return set(jobs.values_list("kind", flat=True).distinct())


def sites_of(study: Study) -> list[str]:
    rows = StudySite.objects.filter(study=study).order_by("site__name")
    return list(rows.values_list("site__name", flat=True))


def part_of(user: Any, study: Study) -> str:
    """``coordinator, North Clinic`` - role and site of each membership."""
    return "; ".join(
        f"{word_of(member.role)}, {member.site.name if member.site else _('all sites')}"
        for member in access.memberships_of(user, study)
    )


def patients_of(user: Any, study: Study) -> QuerySet[Patient]:
    return access.visible(Patient.objects.all(), user, study)


def latest_jobs(study: Study, number: int = 6) -> list[Job]:
    return with_filenames(Job.objects.filter(study=study, parent=None).order_by("-id")[:number])


def title_of(kind: str) -> str:
    """What a kind of job does, in the words of the app that registered it."""
    if action := registry.action(kind):
        return action.title
    doors = [door for door in registry.upload_kinds() if door.job_kind == kind]
    return _("Import: {title}").format(title=doors[0].title) if doors else registry.job_title(kind)


def with_filenames(jobs: Iterable[Job]) -> list[Job]:
    """The jobs, each import with the ``filename`` it takes in."""
    named = list(jobs)
    table = ImportBatch._meta.db_table
    ids = [job.subject_id for job in named if job.subject_table == table]
    names = dict(ImportBatch.objects.filter(pk__in=ids).values_list("pk", "filename"))
    for job in named:
        job.filename = names.get(job.subject_id) if job.subject_table == table else None
    return named


def latest_batches(study: Study, number: int = 6) -> list[ImportBatch]:
    return list(ImportBatch.objects.filter(study=study).order_by("-id")[:number])


def job_of_batch(batch: ImportBatch) -> Job | None:
    table = ImportBatch._meta.db_table
    jobs = Job.objects.filter(subject_table=table, subject_id=batch.pk, study_id=batch.study_id)
    return jobs.order_by("-id").first()


def batch_of_job(job: Job) -> ImportBatch | None:
    if job.subject_table != ImportBatch._meta.db_table:
        return None
    return ImportBatch.objects.filter(study_id=job.study_id, pk=job.subject_id).first()


@dataclass(frozen=True)
class CohortLine:
    cohort: Cohort
    by_site: list[int]
    total: int


def cohort_rows(user: Any, study: Study) -> tuple[list[Site], list[CohortLine]]:
    """Members by cohort and site, as far as the user sees them."""
    members = access.visible(CohortMember.objects.all(), user, study)
    counted: Counter[tuple[int, int]] = Counter()
    for cohort_id, site_id, number in (
        members.order_by().values_list("cohort_id", "site_id").annotate(Count("id"))
    ):
        counted[cohort_id, site_id] = number
    sites = list(Site.objects.filter(id__in={site for _, site in counted}).order_by("name"))
    rows = []
    for cohort in sorted(Cohort.objects.filter(study=study), key=role_and_name):
        numbers = [counted[cohort.pk, site.pk] for site in sites]
        rows.append(CohortLine(cohort, numbers, sum(numbers)))
    return sites, rows


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


def query_counts(user: Any, study: Study) -> dict[str, int]:
    """Queries by state, as far as the user sees them; those asked of the user and not closed."""
    seen = access.visible(Query.objects.all(), user, study).order_by()
    found = dict.fromkeys(QueryState.values, 0)
    found |= dict(seen.values_list("state").annotate(Count("id")))
    mine = seen.filter(assignee=user).exclude(state=QueryState.CLOSED).count()
    return {**found, "mine": mine, "unsettled": found["open"] + found["answered"]}


def label_of_field(query: Query) -> str:
    """What a query is about, as the form spells it."""
    if not query.field:
        return _("the form {form}").format(form=word_of(query.form))
    if query.field in FACT_KINDS:
        return spoken(FACT_KINDS[query.field].title)
    rows = Variable.objects.filter(dictionary__study_id=query.study_id, name=query.field)
    newest = rows.order_by("-dictionary__number").first()
    return spoken(newest.label) if newest else query.field


def scope_of(user: Any, study: Study) -> str:
    """Whose patients a list shows, in words."""
    if access.sees_all_sites(user, study):
        return _("Patients of all sites.")
    sites = sorted({m.site.name for m in access.memberships_of(user, study) if m.site})
    return _("Patients of {sites}: your membership is for that site.").format(
        sites=", ".join(sites)
    )


def seen_by(user: Any, study: Study) -> list[tuple[str, int]]:
    """Patients by site that a person sees, asked of the same rule as their pages."""
    rows = Patient.objects.visible_to(user).filter(study=study).order_by("site__name")
    return list(rows.values_list("site__name").annotate(Count("id")))


@dataclass(frozen=True)
class SiteRow:
    """A hospital of the study: since when, and how many people are there now."""

    name: str
    since: Any
    people: int


def site_rows(study: Study) -> list[SiteRow]:
    members = Membership.objects.current().filter(study=study)
    counted = Counter(members.values_list("site", flat=True))
    rows = StudySite.objects.filter(study=study).select_related("site").order_by("site__name")
    return [SiteRow(row.site.name, row.created_at, counted[row.site_id]) for row in rows]


def sites_seen(user: Any, study: Study) -> QuerySet[Site]:
    """Sites whose patients the user sees: of the membership, or all of the study."""
    sites = Site.objects.filter(study_sites__study=study)
    if access.sees_all_sites(user, study):
        return sites
    own = [member.site_id for member in access.memberships_of(user, study)]
    return sites.filter(pk__in=own)


def sites_entered(user: Any, study: Study) -> QuerySet[Site]:
    """Sites of the study at which the user may enter data."""
    held = [m for m in access.memberships_of(user, study) if "enter" in m.rights]
    sites = Site.objects.filter(study_sites__study=study)
    if any(member.site_id is None for member in held):
        return sites
    return sites.filter(pk__in=[member.site_id for member in held])


def members_of(study: Study) -> QuerySet[Membership]:
    return (
        Membership.objects.filter(study=study)
        .select_related("user", "site")
        .order_by("ends_on", "user__email", "user__username", "id")
    )


def is_making(exports: QuerySet) -> bool:
    """Whether one of them is under way."""
    table, states = exports.model._meta.db_table, (JobState.QUEUED, JobState.RUNNING)
    jobs = Job.objects.filter(subject_table=table, state__in=states)
    return jobs.filter(subject_id__in=exports.order_by().values("pk")).exists()


def with_jobs(exports: Iterable[Any]) -> list[Any]:
    """Each export with the newest ``job`` that makes it."""
    rows = list(exports)
    ids = [row.pk for row in rows]
    table = rows[0]._meta.db_table if rows else ""
    jobs = Job.objects.filter(subject_table=table, subject_id__in=ids).order_by("id")
    newest = {job.subject_id: job for job in jobs}
    for row in rows:
        row.job = newest.get(row.pk)
    return rows


def is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
