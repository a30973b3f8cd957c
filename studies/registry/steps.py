"""Steps that users start, how their jobs go, and how the stages of a study stand."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Action:
    """A step that a user starts and a job does; ``page`` names the page that starts it."""

    kind: str
    title: str
    stage: str
    description: str
    right: str = "run"
    order: int = 0
    params: dict[str, Any] = field(default_factory=dict)
    page: str = ""


@dataclass(frozen=True)
class StageState:
    """How a stage stands: empty, ready, running, stale or failed."""

    state: str
    headline: str
    detail: str = ""
    url: str = ""


@dataclass(frozen=True)
class Stage:
    key: str
    title: str
    order: int
    state: Callable[[Any, Any], StageState]


@dataclass(frozen=True)
class JobCourse:
    """How a long job goes: (per cent at its end, name) of each stage, and where its result is.

    ``result_key`` of the job's result is the uid that the page ``result_page`` takes.
    """

    kind: str
    stages: tuple[tuple[float, str], ...] = ()
    result_key: str = ""
    result_page: str = ""
    result_word: str = "The result"


# The name and address of the record that a uid names for a user; None where they do not see it.
Named = Callable[[Any, Any, str], tuple[str, str] | None]

_actions: dict[str, Action] = {}
_job_titles: dict[str, str] = {}
_stages: dict[str, Stage] = {}
_courses: dict[str, JobCourse] = {}
_named: dict[str, Named] = {}


def register_action(action: Action) -> None:
    _actions[action.kind] = action


def actions(stage: str | None = None) -> list[Action]:
    found = [a for a in _actions.values() if stage is None or a.stage == stage]
    return sorted(found, key=lambda action: (action.order, action.kind))


def action(kind: str) -> Action | None:
    return _actions.get(kind)


def register_job_title(kind: str, title: str) -> None:
    """What a job does that is neither a step nor the import of a file."""
    _job_titles[kind] = title


def job_title(kind: str) -> str:
    return _job_titles.get(kind, kind)


def register_stage(stage: Stage) -> None:
    _stages[stage.key] = stage


def stages() -> list[Stage]:
    return sorted(_stages.values(), key=lambda stage: stage.order)


def register_job_course(course: JobCourse) -> None:
    _courses[course.kind] = course


def job_course(kind: str) -> JobCourse | None:
    return _courses.get(kind)


def register_named(key: str, find: Named) -> None:
    """What a job was asked or gave under ``key`` is the uid of a record: ``find(user, study, uid)``
    gives its name and address.
    """
    _named[key] = find


def named(key: str) -> Named | None:
    return _named.get(key)
