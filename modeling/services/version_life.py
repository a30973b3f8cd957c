"""States of a version: each move a reasoned event, a release by a second person."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from modeling.models import (
    MOVES,
    Basis,
    ModelVersion,
    ModelVersionParent,
    VersionEvent,
    VersionState,
)
from modeling.selectors import active_version, maker_of, scope_of, state_of
from modeling.services.numbering import next_number
from studies.access import require
from studies.methods.problems import refuse
from studies.methods.wording import listed, say
from studies.models import CohortUse

SHORTEST_REASON = 10


@transaction.atomic
def version_move(version: ModelVersion, user: Any, to_state: str, reason: str) -> VersionEvent:
    """Move a version to another state.

    A release retires the version that was active for the same purpose; releasing a retired
    version is a rollback.

    Raises
    ------
    DataProblem
        A move that is not known, no reason, a validation without a validating cohort, a release
        by the one who ran it.
    PermissionDenied
        The user may neither run nor (for a release) manage.
    """
    _check_right(version, user, to_state)
    next_number(ModelVersion, version.study, kind=version.kind)  # one mover at a time
    now = state_of(version)
    _check_move(now, to_state)
    reason = _checked_reason(reason)
    if to_state == VersionState.VALIDATED:
        _check_validated(version)
    if to_state == VersionState.RELEASED:
        _check_second_person(version, user)
        _check_was_released(version, now)
        _supersede(version, user, reason)
    return _write(version, user, now, to_state, reason)


def _check_right(version: ModelVersion, user: Any, to_state: str) -> None:
    try:
        require(user, version.study, "run")
    except PermissionDenied:
        if to_state != VersionState.RELEASED:
            raise
        require(user, version.study, "manage")


def _check_move(now: str, to_state: str) -> None:
    possible = [b for a, b in MOVES if a == now]
    if to_state not in possible:
        raise refuse(
            "state",
            say("{now} to {to_state}", now=now, to_state=to_state),
            listed([say("{now} to {b}", now=now, b=b) for b in possible], "{first} or {rest}"),
            "Choose one of these moves.",
            column="to_state",
        )


def _checked_reason(reason: str) -> str:
    text = str(reason).strip()
    if not SHORTEST_REASON <= len(text) <= 1000:
        found = f"{len(text)} characters"
        raise refuse(
            "reason",
            found,
            say("{shortest_reason} to 1000 characters", shortest_reason=SHORTEST_REASON),
            "Say why, for those who read the history later.",
            column="reason",
        )
    return text


def _check_validated(version: ModelVersion) -> None:
    judged = version.evaluations.filter(basis=Basis.APPLIED, cohort__use=CohortUse.VALIDATION)
    fitted = {e.cohort_id for e in version.evaluations.exclude(basis=Basis.APPLIED)}
    if not judged.exclude(cohort_id__in=fitted).exists():
        raise refuse(
            str(version),
            say("no evaluation in a validating cohort"),
            "one at least",
            "Validate it in a cohort it was not fitted to.",
        )


def _check_second_person(version: ModelVersion, user: Any) -> None:
    maker = maker_of(version)
    if maker is None:
        raise refuse(
            str(version),
            say("nobody is recorded as having run it"),
            "a run started by a person",
            "Run it as a step of the study: a release needs two people.",
        )
    if maker == user.pk:
        raise refuse(
            "release",
            say("the one who ran it"),
            "a second person",
            "Ask a colleague to look at it and release it.",
            column="to_state",
        )


def _check_was_released(version: ModelVersion, now: str) -> None:
    once = version.events.filter(to_state=VersionState.RELEASED).exists()
    if now == VersionState.RETIRED and not once:
        raise refuse(
            str(version),
            say("retired without ever having been released"),
            "a version that was released before",
            "Run it again and validate the new version.",
        )


def _supersede(version: ModelVersion, user: Any, reason: str) -> None:
    """One version of a purpose is active at a time."""
    active = active_version(version.study, *scope_of(version))
    if active is not None:
        text = f"Superseded by {version}: {reason}"[:1000]
        _write(active, user, VersionState.RELEASED, VersionState.RETIRED, text)


def _write(version: ModelVersion, user: Any, now: str, to_state: str, reason: str) -> VersionEvent:
    return VersionEvent.objects.create(
        study=version.study,
        version=version,
        number=version.events.count() + 1,
        from_state=now,
        to_state=to_state,
        reason=reason,
        acted_by=user,
    )


def ancestry_of(version: ModelVersion) -> list[ModelVersion]:
    """The version and everything it was made with, nearest first."""
    found, waiting = {version.pk: version}, [version.pk]
    while waiting:
        links = ModelVersionParent.objects.filter(version_id__in=waiting).select_related("parent")
        new = {link.parent_id: link.parent for link in links if link.parent_id not in found}
        found |= new
        waiting = list(new)
    return list(found.values())
