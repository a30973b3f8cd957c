from django.apps import AppConfig
from django.db.models.signals import post_migrate
from django.utils.module_loading import autodiscover_modules

from studies import completeness, marks


class StudiesConfig(AppConfig):
    name = "studies"

    def ready(self) -> None:
        """Every app's ``registration`` says what it offers."""
        autodiscover_modules("registration")
        post_migrate.connect(_make_triggers, sender=self)


def _make_triggers(using: str, **_: object) -> None:
    """The triggers of what is registered now."""
    completeness.install(using)
    marks.install(using)
