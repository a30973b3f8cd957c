"""The stages of a study: one next step leads, and nothing is offered that cannot work."""

from __future__ import annotations

from typing import Any

import pytest

from studies import overviews, registry
from studies.access import acting_as
from studies.jobs import enqueue
from studies.models import Job, JobState
from studies.registry import Action, Stage, StageState, UploadKind
from tests.people import People


@pytest.fixture
def states(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Three stages: scans (an upload), features (needs scans), report."""
    held = {"scans": "empty", "features": "empty", "report": "empty"}

    def stage(key: str, order: int) -> Stage:
        return Stage(key, key.capitalize(), order, lambda study, user: StageState(held[key], key))

    door = UploadKind("zip", "Scans", "t.import", ".zip", "help", stage="scans")
    steps = [
        Action("t.fit", "Fit", "features", "", order=1),
        Action("t.extract", "Extract", "features", "", order=2),
    ]
    monkeypatch.setattr(registry.steps, "_stages", {k: stage(k, n) for n, k in enumerate(held)})
    monkeypatch.setattr(registry.doors, "_uploads", {"zip": door})
    monkeypatch.setattr(registry.steps, "_actions", {a.kind: a for a in steps})
    return held


def shown(people: People, user: Any) -> dict[str, list[tuple[str, bool]]]:
    with acting_as(user):
        stages = overviews.stages_with_steps(user, people.study)
    return {stage.key: [(step.title, step.primary) for step in stage.steps] for stage in stages}


def finish(people: People, *kinds: str) -> None:
    with acting_as(people.statistician):
        for kind in kinds:
            job = enqueue(kind, people.study, people.statistician)
            Job.objects.filter(pk=job.pk).update(state=JobState.DONE)


def test_the_upload_leads_who_may_upload(people: People, states: dict[str, str]):
    assert shown(people, people.coordinator)["scans"] == [("Scans", True)]
    assert shown(people, people.statistician) == {"scans": [], "features": [], "report": []}


def test_steps_follow_one_another(people: People, states: dict[str, str]):
    states["scans"] = "ready"
    finish(people, "t.import")
    assert shown(people, people.statistician)["features"] == [("Fit", True)]
    finish(people, "t.fit")
    assert shown(people, people.statistician)["features"] == [("Extract", True)]
    states["features"] = "running"
    assert shown(people, people.statistician)["features"] == []
    states["features"] = "ready"
    assert shown(people, people.statistician)["features"] == [("Extract", False)]
    finish(people, "t.extract")
    assert shown(people, people.statistician)["features"] == []
    states["features"] = "stale"
    assert shown(people, people.statistician)["features"] == [("Fit", True)]
