"""``manage.py policy_reports``: what browsers said that pages tried to load against the policy."""

import json
from typing import Any

from django.core.management.base import BaseCommand

from studies.policy import reports


class Command(BaseCommand):
    help = "What browsers reported against the Content-Security-Policy, as JSON with counts."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(json.dumps(reports(), indent=2, sort_keys=True))
