"""The key that signs manifests: Ed25519, from the settings."""

from __future__ import annotations

import base64
import hashlib

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings


def public_key() -> str:
    """What others check a signature with, in base64."""
    raw = (
        _private_key()
        .public_key()
        .public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
    )
    return base64.b64encode(raw).decode()


def sign(data: bytes) -> str:
    return base64.b64encode(_private_key().sign(data)).decode()


def is_signed(data: bytes, signature: str, key: str) -> bool:
    """Whether ``signature`` over ``data`` was made with the private half of ``key``."""
    try:
        public = Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
        public.verify(base64.b64decode(signature, validate=True), data)
    except (InvalidSignature, ValueError):
        return False
    return True


def _private_key() -> Ed25519PrivateKey:
    """The seed is a digest of the secret, so that any long text may be one."""
    seed = hashlib.sha256(b"isotherm manifest\x1f" + settings.SIGNING_SECRET.encode()).digest()
    return Ed25519PrivateKey.from_private_bytes(seed)
