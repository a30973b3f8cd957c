"""An endpoint that the study named is retired, or offered again: from when, why, by whom."""

from __future__ import annotations

from datetime import date
from typing import Any

import pghistory
from django.db import transaction
from django.utils import timezone

from studies.access import require
from studies.endpoint_standings import is_retired
from studies.methods.endpoint_kinds import SHIPPED
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import EndpointDefinition, EndpointStanding, Study


@transaction.atomic
def endpoint_retire(
    study: Study, user: Any, name: str, since: date, reason: str
) -> EndpointStanding:
    """Offer an endpoint no more; its values are kept, and derived for the models that predict it.

    Raises
    ------
    DataProblem
        An endpoint that every study has, one that is retired, a day before it was defined or after
        today, no reason.
    PermissionDenied
        Without ``manage``.
    """
    require(user, study, "manage")
    first = _defined(study, name)
    if is_retired(study, name):
        raise refuse("endpoint", say("retired already"), "one that is offered", "Choose another.")
    began, today = timezone.localdate(first.created_at), timezone.localdate()
    problems = _blank(reason)
    if not began <= since <= today:
        expected = say("a day from {began} to {today}", began=began, today=today)
        problems.append(Problem("since", str(since), expected, "Correct it.", column="since"))
    if problems:
        raise DataProblem(problems)
    return _stand(study, name, False, since, reason)


@transaction.atomic
def endpoint_offer(study: Study, user: Any, name: str, reason: str) -> EndpointStanding:
    """Offer a retired endpoint again, from today.

    Raises
    ------
    DataProblem
        An endpoint that is not retired, no reason.
    PermissionDenied
        Without ``manage``.
    """
    require(user, study, "manage")
    _defined(study, name)
    if not is_retired(study, name):
        raise refuse("endpoint", say("offered already"), "one that is retired", "Choose another.")
    if problems := _blank(reason):
        raise DataProblem(problems)
    return _stand(study, name, True, timezone.localdate(), reason)


def _defined(study: Study, name: str) -> EndpointDefinition:
    """The first definition, held against a second retirement at the same time."""
    rows = EndpointDefinition.objects.select_for_update().filter(study=study, name=name)
    first = rows.order_by("version").first()
    if first is None or name in SHIPPED:
        expected = say("an endpoint that the study named itself")
        raise refuse("endpoint", repr(name), expected, "Choose another.")
    return first


def _blank(reason: str) -> list[Problem]:
    if reason.strip():
        return []
    return [Problem("reason", say("blank"), "why", "Write a line.", column="reason")]


def _stand(study: Study, name: str, is_offered: bool, since: date, reason: str) -> EndpointStanding:
    with pghistory.context(reason=reason.strip()):
        return EndpointStanding.objects.create(
            study=study, name=name, is_offered=is_offered, since=since, reason=reason.strip()
        )
