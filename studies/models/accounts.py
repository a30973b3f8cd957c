"""Accounts and tokens of the frameworks, with history by trigger; secrets stay out of it."""

from __future__ import annotations

import pghistory
from django.contrib.auth.models import User
from rest_framework.authtoken.models import Token

from .base import every_change


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    pghistory.UpdateEvent("password", condition=pghistory.AnyChange("password")),
    pghistory.DeleteEvent(),
    exclude=["password", "last_login"],
)
class Person(User):
    """Who signs in; that a password was changed is kept, the password is not."""

    class Meta:
        proxy = True


@every_change(fields=["user", "created"], obj_field=None, model_name="AccessTokenEvent")
class AccessToken(Token):
    """The key itself never enters the history."""

    class Meta:
        proxy = True
