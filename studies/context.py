"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def product(request: HttpRequest) -> dict[str, Any]:
    return {"product_version": settings.VERSION, "sends_mail": settings.SENDS_MAIL}
