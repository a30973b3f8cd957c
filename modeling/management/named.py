"""What the commands of modeling share: the version that is meant, and who acts."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.core.management.base import CommandError

from modeling.models import ModelVersion
from studies.access import acting_as
from studies.models import Membership


def acting_user(name: str) -> Any:
    users = get_user_model()._default_manager
    user = users.filter(username=name).first() or users.filter(email__iexact=name).first()
    if user is None:
        raise CommandError(f"Nobody is called {name!r}: name a user who may run models.")
    return user


@contextmanager
def version_as(uid: str, name: str) -> Iterator[ModelVersion]:
    """The version of a uid as ``name`` may see it; commands have nobody's rights of their own."""
    user = acting_user(name)
    with acting_as(user):
        version = _version(uid)
        rights = Membership.objects.in_force(user).filter(
            study=version.study, site=None, rights__contains=["run"]
        )
        if not rights.exists():
            raise CommandError(f"{name!r} has not the right 'run' at all sites of the study.")
        yield version


def _version(uid: str) -> ModelVersion:
    try:
        wanted = UUID(uid)
    except ValueError as error:
        raise CommandError(f"{uid!r} is no uid of a model version.") from error
    rows = ModelVersion.objects.select_related("run__snapshot", "fitting_snapshot", "file", "study")
    version = rows.filter(uid=wanted).first()
    if version is None:
        raise CommandError(f"No model version {uid} that this user may see.")
    return version
