"""After an upgrade: endpoint values of earlier versions of the method, derived again."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand

from studies.access import acting_as
from studies.models import Membership, Role, Study
from studies.services import endpoints_derive


class Command(BaseCommand):
    help = "Derive again the endpoints that an earlier version of the method gave, in every study."

    def handle(self, *args: Any, **options: Any) -> None:
        users = get_user_model()._default_manager
        for study in Study.objects.order_by("name"):
            whole = Membership.objects.filter(study=study, role=Role.ADMINISTRATOR, site=None)
            with acting_as(users.filter(pk__in=whole.values("user_id")).first()):
                found = endpoints_derive(study)
            self.stdout.write(f"{study}: {found.patients} patients, {found.changed} new values")
            for problem in found.problems:
                self.stderr.write("{where}: found {found}; expected {expected}".format(**problem))
