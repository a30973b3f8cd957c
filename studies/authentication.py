"""Tokens at the API."""

from __future__ import annotations

from typing import Any

from rest_framework.authentication import TokenAuthentication
from rest_framework.request import Request

from studies.access import set_acting_user


class ActingTokenAuthentication(TokenAuthentication):
    """A token's user becomes the user whose rows the database shows."""

    def authenticate(self, request: Request) -> Any:
        found = super().authenticate(request)
        if found is not None:
            set_acting_user(found[0].pk)
        return found
