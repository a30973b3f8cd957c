"""After an upgrade: endpoint values of earlier versions of the method, derived again."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from studies.access import acting_as
from studies.models import Membership, Study
from studies.services import endpoints_derive


def _administrator(study: Study) -> Any:
    """Whose memberships of today reach every row: else the database would show none of them."""
    whole = Membership.objects.current().filter(
        study=study, site=None, rights__contains=["manage", "rows"]
    )
    users = get_user_model()._default_manager.filter(is_active=True)
    return users.filter(pk__in=whole.values("user_id")).order_by("pk").first()


class Command(BaseCommand):
    help = "Derive again the endpoints that an earlier version of the method gave, in every study."

    def handle(self, *args: Any, **options: Any) -> None:
        for study in Study.objects.order_by("name"):
            administrator = _administrator(study)
            if administrator is None:
                self.stderr.write(f"{study}: nothing derived, for nobody manages it who sees rows")
                continue
            with acting_as(administrator):
                found = endpoints_derive(study)
            self.stdout.write(f"{study}: {found.patients} patients, {found.changed} new values")
            for problem in found.problems:
                self.stderr.write("{where}: found {found}; expected {expected}".format(**problem))
