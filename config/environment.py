"""Reads the environment; a bad value stops the start with a sentence that names it."""

from __future__ import annotations

import os
import re
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured


def text(name: str, default: str | None = None) -> str:
    value = os.environ.get(name, default)
    if value is None or value == "":
        raise ImproperlyConfigured(
            f"{name} is not set. `make run` and `make test` set it; on a server of your own "
            "see docs/deployment.md."
        )
    return value


def boolean(name: str, default: bool) -> bool:
    value = os.environ.get(name, str(default))
    if value.lower() in {"true", "1", "yes"}:
        return True
    if value.lower() in {"false", "0", "no", ""}:
        return False
    raise ImproperlyConfigured(f"{name}={value!r} is not a truth value: write true or false.")


def integer(name: str, default: int, smallest: int = 0) -> int:
    value = os.environ.get(name, str(default))
    if not re.fullmatch(r"-?\d+", value) or int(value) < smallest:
        raise ImproperlyConfigured(
            f"{name}={value!r} is not a whole number of at least {smallest}."
        )
    return int(value)


def names(name: str, default: str) -> list[str]:
    return [part.strip() for part in os.environ.get(name, default).split(",") if part.strip()]


def database(name: str) -> dict[str, object]:
    """Django's database settings from ``postgresql://user:password@host:port/name?host=/socket``."""
    url = text(name)
    parts = urlsplit(url)
    shape = f"{name} must read postgresql://user:password@host:port/database"
    if parts.scheme not in {"postgres", "postgresql"}:
        raise ImproperlyConfigured(f"{shape}, not a URL of scheme {parts.scheme or 'none'!r}.")
    query = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    host = query.pop("host", parts.hostname and unquote(parts.hostname))
    try:
        port = query.pop("port", parts.port)
    except ValueError as error:
        raise ImproperlyConfigured(f"{shape}: the port is no number.") from error
    database_name = unquote(parts.path.lstrip("/"))
    if not database_name or not (parts.username or query.get("user")):
        raise ImproperlyConfigured(f"{shape}: the user or the database name is missing.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database_name,
        "USER": unquote(parts.username or query.pop("user", "")),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": host or "",
        "PORT": str(port or ""),
        "OPTIONS": query,
    }


def broker(name: str) -> str:
    url = text(name)
    if urlsplit(url).scheme not in {"redis", "rediss", "redis+socket"}:
        raise ImproperlyConfigured(
            f"{name} must be a Redis or Valkey address (redis://host:port/0 or "
            f"redis+socket:///path), not one of scheme {urlsplit(url).scheme or 'none'!r}."
        )
    return url


def cache_url(broker_url: str) -> str:
    """The same Valkey as a cache: redis-py spells a socket ``unix://``."""
    return re.sub(r"^redis\+socket://([^?]*).*$", r"unix://\1", broker_url)


def mail(name: str) -> dict[str, object]:
    """Django's mail settings from ``smtp://user:password@host:587?from=...``; empty: no mail."""
    url = os.environ.get(name, "")
    if not url:
        return {"EMAIL_BACKEND": "django.core.mail.backends.dummy.EmailBackend"}
    parts = urlsplit(url)
    sender = parse_qs(parts.query).get("from", [""])[-1]
    if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or "@" not in sender:
        raise ImproperlyConfigured(
            f"{name} must read smtp://user:password@host:587?from=isotherm@hospital.org "
            "(smtps:// for a connection that is encrypted from the start)."
        )
    encrypted = parts.scheme == "smtps"
    return {
        "EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend",
        "EMAIL_HOST": parts.hostname,
        "EMAIL_PORT": parts.port or (465 if encrypted else 587),
        "EMAIL_HOST_USER": unquote(parts.username or ""),
        "EMAIL_HOST_PASSWORD": unquote(parts.password or ""),
        "EMAIL_USE_SSL": encrypted,
        "EMAIL_USE_TLS": not encrypted,
        "DEFAULT_FROM_EMAIL": sender,
    }


def storage(name: str) -> str:
    """A folder (``file:///srv/isotherm``) or a bucket (``s3://bucket/prefix?endpoint=...``)."""
    url = text(name)
    parts = urlsplit(url)
    if parts.scheme == "file" and Path(unquote(parts.path)).is_absolute():
        return url
    if parts.scheme == "s3" and parts.netloc:
        return url
    raise ImproperlyConfigured(
        f"{name} must read file:///absolute/folder or s3://bucket/prefix?endpoint=..., "
        f"not one of scheme {parts.scheme or 'none'!r}."
    )


def version(changelog: Path) -> str:
    found = re.search(r"^## (\S+)", changelog.read_text("utf-8"), re.MULTILINE)
    if not found:
        raise ImproperlyConfigured(f"{changelog.name} has no heading '## <version>'.")
    return found[1]
