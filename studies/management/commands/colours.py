"""``manage.py colours``: write static/colours.css from studies/colours.py."""

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from studies.colours import stylesheet


class Command(BaseCommand):
    help = "Write static/colours.css from studies/colours.py."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        (settings.BASE_DIR / "static" / "colours.css").write_text(stylesheet(), "utf-8")
