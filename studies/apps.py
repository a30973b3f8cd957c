from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class StudiesConfig(AppConfig):
    name = "studies"

    def ready(self) -> None:
        """Every app's ``registration`` says what it offers."""
        autodiscover_modules("registration")
