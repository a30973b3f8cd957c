"""A new study and its administrator, from the shell of the server."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from studies.models import Study
from studies.services import password_path, study_create


class Command(BaseCommand):
    help = "Create a study and its first administrator; prints where they set their password."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("name", help="name of the study")
        parser.add_argument("--administrator", required=True, help="email of the administrator")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        email = options["administrator"]
        if Study.objects.filter(name=options["name"]).exists():
            raise CommandError(f"A study named {options['name']!r} exists already.")
        users = get_user_model()._default_manager
        user = users.filter(email__iexact=email).first()
        if user is None:
            user = users.create_user(username=email, email=email)  # type: ignore[attr-defined]
        study = study_create(options["name"], user)
        self.stdout.write(f"Study {study.uid} created; {email} administers it.")
        if not user.has_usable_password():
            self.stdout.write(f"First password, once: /welcome/{password_path(user)}/")
