"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from studies.methods.wording import say as _

THEMES = (("", _("System")), ("light", _("Light")), ("dark", _("Dark")))
THEME_COOKIE = "theme"


def product(request: HttpRequest) -> dict[str, Any]:
    theme = request.COOKIES.get(THEME_COOKIE, "")
    return {
        "product_version": settings.VERSION,
        "sends_mail": settings.SENDS_MAIL,
        "themes": THEMES,
        "theme": theme if theme in dict(THEMES) else "",
    }
