"""The parts the product stands on, embedded unless the environment names one's own."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

from dev import kernels, postgres, valkey
from dev.place import Place, find_place, locked, state_folder


def environment(project: Path) -> dict[str, str]:
    """What the product reads from the environment; what is set already stays as it is."""
    state = state_folder(project)
    values = {
        "ISOTHERM_SECRET_KEY": os.environ.get("ISOTHERM_SECRET_KEY") or _secret_key(state),
        "NUMBA_CACHE_DIR": str(kernels.cache_folder(project)),
        "STORAGE_URL": os.environ.get("STORAGE_URL") or _storage(state),
    }
    place = find_place(project) if _embeds("DATABASE_URL") or _embeds("CELERY_BROKER_URL") else None
    return values | _database(place) | _broker(place)


def up(project: Path, keep: bool = True) -> dict[str, str]:
    """Start what is embedded and does not run; with ``keep`` until ``down``."""
    state = state_folder(project)
    with locked(state / "services.lock"):
        values = environment(project)
        if _embeds("DATABASE_URL"):
            postgres.start(find_place(project))
        if _embeds("CELERY_BROKER_URL"):
            valkey.start(find_place(project))
        if keep:
            (state / "keep").touch()
    return values


def down(project: Path) -> None:
    state = state_folder(project)
    with locked(state / "services.lock"):
        (state / "keep").unlink(missing_ok=True)
        _stop(find_place(project))


@contextmanager
def running(project: Path) -> Iterator[dict[str, str]]:
    """The services for as long as somebody needs them: the last user of a copy stops them.

    After ``up`` with ``keep`` they go on until ``down``.
    """
    state = state_folder(project)
    users = os.open(state / "in-use.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(users, fcntl.LOCK_SH)
        yield up(project, keep=False)
    finally:
        with locked(state / "services.lock"):
            if not (state / "keep").exists() and _is_last(users):
                _stop(find_place(project))
        os.close(users)


def _stop(place: Place) -> None:
    valkey.stop(place)
    postgres.stop(place)
    shutil.rmtree(place.sockets)  # which may lie outside of the copy


def _is_last(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _embeds(name: str) -> bool:
    return not os.environ.get(name)


def _database(place: Place | None) -> dict[str, str]:
    own = os.environ.get("DATABASE_URL")
    if own:
        return {
            "DATABASE_URL": own,
            "DATABASE_OWNER_URL": os.environ.get("DATABASE_OWNER_URL") or own,
        }
    return {
        "DATABASE_URL": postgres.url(place, postgres.APP),
        "DATABASE_OWNER_URL": postgres.url(place, postgres.OWNER),
    }


def _broker(place: Place | None) -> dict[str, str]:
    return {"CELERY_BROKER_URL": os.environ.get("CELERY_BROKER_URL") or valkey.url(place)}


def _storage(state: Path) -> str:
    folder = state / "files"
    folder.mkdir(mode=0o700, exist_ok=True)
    return f"file://{quote(str(folder))}"


def _secret_key(state: Path) -> str:
    file = state / "secret_key"
    if not file.exists():
        descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as key:
            key.write(secrets.token_urlsafe(48))
    return file.read_text("utf-8")
