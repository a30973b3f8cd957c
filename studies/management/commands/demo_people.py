"""The simulated study and its three people: coordinator, statistician, collaborator elsewhere."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from rest_framework.authtoken.models import Token

from studies.access import acting_as
from studies.models import Role, Site, Study
from studies.services import membership_grant, site_of, study_create

PEOPLE = {
    "coordinator": Role.COORDINATOR,
    "statistician": Role.STATISTICIAN,
    "collaborator": Role.COLLABORATOR,
}
DESCRIPTION = (
    "A study with known truth, made by the simulation that ships with Isotherm: four cohorts as in "
    "the published study of PET/CT radiomics in metastatic colorectal cancer. No patient is real."
)


class Command(BaseCommand):
    help = "Make the demo's study and accounts; prints them as JSON. Running it again is harmless."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--study", required=True, help="name of the study")
        parser.add_argument("--password", required=True, help="password of the demo accounts")
        parser.add_argument("--site", default="South", help="the collaborator's hospital")

    @transaction.atomic
    def handle(self, *args: Any, **options: Any) -> None:
        people = {name: _person(name, options["password"]) for name in ("administrator", *PEOPLE)}
        founder = people["administrator"]
        study = Study.objects.filter(name=options["study"]).first() or study_create(
            options["study"], founder, DESCRIPTION, is_simulated=True
        )
        with acting_as(founder):
            site: Site = site_of(study, options["site"])
            for name, role in PEOPLE.items():
                place = site if role == Role.COLLABORATOR else None
                membership_grant(study, people[name], role, place)
        tokens = {name: Token.objects.get_or_create(user=user)[0].key
                  for name, user in people.items()}  # fmt: skip
        self.stdout.write(json.dumps({"study": str(study.uid), "tokens": tokens}))


def _person(name: str, password: str) -> Any:
    users = get_user_model()._default_manager
    user, _ = users.get_or_create(username=name, defaults={"email": f"{name}@example.org"})
    if not user.check_password(password):
        user.set_password(password)
        user.save(update_fields=["password"])
    return user
