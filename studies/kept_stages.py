"""How the stages of a study stand: kept by the marks of what each was read from.

A stage that comes out the same costs a row; one of whose tables anything was written is asked anew.
What it reads is noted while it reads, so nothing has to be declared, and nothing forgotten.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from django.utils.translation import get_language

from studies import access, registry
from studies.languages import spoken
from studies.marks import is_marked, mark_of, marks_of, noting
from studies.models import KeptStage, Study
from studies.registry import Stage, StageState

PASSING = "running"  # moves with a job's progress: never kept
ALL_SITES = 0


def stage_states(user: Any, study: Study) -> list[tuple[Stage, StageState]]:
    """Every stage with its state, as far as the user's rows reach."""
    return kept_states(user, study, registry.stages())


def kept_states(user: Any, study: Study, stages: Sequence[Stage]) -> list[tuple[Stage, StageState]]:
    """The same of some stages, whether or not the study's page shows them."""
    marks = marks_of(study)  # before any row is read
    site_ids, reach = reach_of(user, study)
    scope = _scope(study, reach)
    kept = _kept(scope, marks)
    found = []
    for stage in stages:
        state = kept.get(stage.key)
        if state is None:
            state, sources = _read(stage, study, user)
            if sources and state.state != PASSING and is_marked(sources):
                _keep(stage, state, sources, mark_of(marks, sources), site_ids, scope)
        found.append((stage, state))
    return found


def state_at_hand(user: Any, study: Study, stage: Stage) -> StageState | None:
    """The state of a stage that was kept and still holds; nothing is read for another."""
    _site_ids, reach = reach_of(user, study)
    return _kept(_scope(study, reach), marks_of(study)).get(stage.key)


def _scope(study: Study, reach: str) -> dict[str, Any]:
    return {"study": study, "reach": reach, "language": get_language() or ""}


def _kept(scope: dict[str, Any], marks: dict[str, str]) -> dict[str, StageState]:
    """By stage those of which nothing was written since."""
    return {
        row.stage: StageState(row.state, row.headline, row.detail, row.url)
        for row in KeptStage.objects.filter(**scope)
        if row.mark == mark_of(marks, row.sources)
    }


def reach_of(user: Any, study: Study) -> tuple[list[int], str]:
    """The sites whose rows a user sees (0: all), and one word for that and for who reads rows."""
    held = access.memberships_of(user, study)
    sites = sorted({member.site_id or ALL_SITES for member in held})
    told = sorted({(member.site_id or ALL_SITES, "rows" in member.rights) for member in held})
    site_ids = [ALL_SITES] if ALL_SITES in sites else sites
    return site_ids, sha256(repr(told).encode()).hexdigest()


def _read(stage: Stage, study: Study, user: Any) -> tuple[StageState, set[str]]:
    with noting() as sources:
        return stage.state(study, user), sources


def _keep(
    stage: Stage, state: StageState, sources: set[str], mark: str, site_ids: list[int],
    scope: dict[str, Any],
) -> None:  # fmt: skip
    said = {"state": state.state, "headline": spoken(state.headline),
            "detail": spoken(state.detail), "url": state.url}  # fmt: skip
    row = KeptStage(
        stage=stage.key, site_ids=site_ids, sources=sorted(sources), mark=mark, **said, **scope
    )
    KeptStage.objects.bulk_create(
        [row],
        update_conflicts=True,
        unique_fields=["study", "stage", "reach", "language"],
        update_fields=["site_ids", "sources", "mark", *said],
    )
