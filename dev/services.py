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

SERVERS = ("DATABASE_URL", "DATABASE_OWNER_URL", "CELERY_BROKER_URL")


def environment(project: Path) -> dict[str, str]:
    """What the product reads from the environment; what is set already stays as it is."""
    state = state_folder(project)
    return {
        "ISOTHERM_SECRET_KEY": os.environ.get("ISOTHERM_SECRET_KEY") or _secret_key(state),
        "NUMBA_CACHE_DIR": str(kernels.cache_folder(project)),
        "STORAGE_URL": os.environ.get("STORAGE_URL") or _storage(state),
        **_servers(_place(project)),
    }


def up(project: Path, keep: bool = True) -> dict[str, str]:
    """Start what is embedded and does not run; with ``keep`` until ``down``."""
    state = state_folder(project)
    with locked(state / "services.lock"):
        values = environment(project)
        place = _place(project)
        if place and values["DATABASE_URL"] == postgres.url(place, postgres.APP):
            postgres.start(place)
        if place and values["CELERY_BROKER_URL"] == valkey.url(place):
            valkey.start(place)
        if keep:
            (state / "keep").touch()
    return values


def down(project: Path) -> None:
    state = state_folder(project)
    with locked(state / "services.lock"):
        (state / "keep").unlink(missing_ok=True)
        _stop(_place(project))


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
                _stop(_place(project))
        os.close(users)


def _stop(place: Place | None) -> None:
    if place is None:
        return
    valkey.stop(place)
    postgres.stop(place)
    shutil.rmtree(place.sockets)  # which may lie outside of the copy


def _is_last(users: int) -> bool:
    try:
        fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _place(project: Path) -> Place | None:
    """None when both servers are one's own, so that nothing of ours is made."""
    both_set = os.environ.get("DATABASE_URL") and os.environ.get("CELERY_BROKER_URL")
    if both_set and not (state_folder(project) / "place.json").exists():
        return None
    return find_place(project)


def _servers(place: Place | None) -> dict[str, str]:
    database, owner, broker = (os.environ.get(name) for name in SERVERS)
    if not database:
        database, owner = postgres.url(place, postgres.APP), postgres.url(place, postgres.OWNER)
    return dict(
        zip(SERVERS, (database, owner or database, broker or valkey.url(place)), strict=True)
    )


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
