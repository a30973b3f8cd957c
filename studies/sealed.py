"""A search in an address: whoever opens it gets the same list, and no pseudonym can be read in it.

Addresses stay in histories, logs and mails, so what is searched is encrypted there with the
installation's secret; the same words give the same address.
"""

from __future__ import annotations

import base64
import binascii
import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from django.conf import settings

MARK = "~"
LONGEST = 64


def seal(text: str, place: str) -> str:
    """``text`` as an address may carry it; ``place`` (a study) is the only one where it is read."""
    sealed = _cipher().encrypt(text.encode(), [place.encode()])
    return MARK + base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def unseal(said: str, place: str) -> str:
    """What was sealed here; anything else is a text by itself, and finds what it says."""
    if not said.startswith(MARK):
        return said
    data = said.removeprefix(MARK)
    try:
        sealed = base64.urlsafe_b64decode(data + "=" * (-len(data) % 4))
        return _cipher().decrypt(sealed, [place.encode()]).decode()
    except (binascii.Error, InvalidTag, ValueError):
        return said


def searched(said: str) -> str:
    """A search as it was typed, without what no record holds."""
    return said.replace("\0", "").strip()[:LONGEST]


def _cipher() -> AESSIV:
    return AESSIV(hashlib.sha256(b"search:" + settings.SECRET_KEY.encode()).digest())
