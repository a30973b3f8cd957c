"""Reads for the pages: one study at a glance, its cohorts, one patient. Nothing is written here."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from django.urls import reverse

from studies import access, job_reads, query_reads, registry, scopes
from studies.kept_stages import stage_states
from studies.models import (
    Job,
    JobState,
    Study,
)


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
            scopes.sites_of(study),
            scopes.part_of(user, study),
            scopes.patients_of(user, study).count(),
            stages_of(user, study),
        )
        for study in Study.objects.visible_to(user)
    ]


def at_a_glance(user: Any, study: Study) -> dict[str, Any]:
    """What the study's first page shows; ``busy`` while one of its newest jobs is under way."""
    stages, jobs = stages_with_steps(user, study), job_reads.latest_jobs(user, study)
    return {
        "stages": stages,
        "done": sum(stage.state.state == "ready" for stage in stages),
        "sites": scopes.sites_of(study),
        "part": scopes.part_of(user, study),
        "patients": scopes.patients_of(user, study).count(),
        "readable": access.reads_names(user, study),
        "jobs": jobs,
        "busy": any(not job.has_ended for job in jobs),
        "batches": job_reads.latest_batches(user, study),
        "queries": query_reads.query_counts(user, study)
        if "rows" in access.rights_of(user, study)
        else None,
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
