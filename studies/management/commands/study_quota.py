"""How much room for files a study has, from the shell of the server."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from studies.access import acting_as
from studies.models import Membership, Role, Study
from studies.services import quota_of, quota_set, study_bytes

GB = 10**9


class Command(BaseCommand):
    help = "Show or set the room for files that a study has."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="name of the study")
        parser.add_argument("--gigabytes", type=float, help="10^9 bytes; 0 is without limit")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(name=options["name"]).first()
        if study is None:
            raise CommandError(f"No study is named {options['name']!r}.")
        administrators = Membership.objects.filter(study=study, role=Role.ADMINISTRATOR)
        users = get_user_model()._default_manager
        with acting_as(users.filter(pk__in=administrators.values("user_id")).first()):
            if options["gigabytes"] is not None:
                quota_set(study, round(options["gigabytes"] * GB))
            used, quota = study_bytes(study), quota_of(study)
        room = f"room for {quota / GB:g} GB" if quota else "no limit"
        self.stdout.write(f"{study.name}: {used / GB:.3f} GB in use, {room}")
