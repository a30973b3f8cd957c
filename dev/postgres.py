"""The embedded PostgreSQL 18: initdb, start, stop, and new databases with the grants."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path
from urllib.parse import quote, urlsplit, urlunsplit

from dev.place import SOCKET_NAME, Place, SetupError, postgres_programs

DATABASE = "isotherm"
OWNER, APP, SUPERUSER = "isotherm_owner", "isotherm_app", "postgres"
START_SECONDS = 30
CLUSTER_OPTIONS = (
    "--auth=peer",
    "--encoding=UTF8",
    "--no-locale",
    "--locale-provider=builtin",  # the same order of text on every system
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
    "--no-sync",  # the system writes it down within the half minute
)
SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0777",  # the folder is private; peer authentication decides
    "shared_buffers": "256MB",
    "work_mem": "16MB",
    "maintenance_work_mem": "128MB",
    "effective_cache_size": "1GB",
    "random_page_cost": "1.1",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


def url(place: Place, role: str, database: str = DATABASE) -> str:
    return f"postgresql://{role}@/{database}?host={quote(str(place.postgres_sockets), safe='')}"


def is_running(place: Place) -> bool:
    if not (place.postgres_sockets / SOCKET_NAME).exists():
        return False
    try:  # a real query: a server that was just killed may still look alive to pg_isready
        return run_sql(url(place, SUPERUSER, "postgres"), "SELECT 1") == "1"
    except SetupError:
        return False


def start(place: Place) -> None:
    """Start the server, making the cluster at the first time; nothing when it runs."""
    if is_running(place):
        return
    if not place.cluster.exists():
        _initialise(place)
    _write_settings(place)
    _start_with_patience(place)
    superuser = url(place, SUPERUSER, "postgres")
    run_sql(superuser, file=_here("roles.sql"))
    names = run_sql(superuser, "SELECT datname FROM pg_database").splitlines()
    if DATABASE not in names:
        run_sql(superuser, f"CREATE DATABASE {DATABASE} OWNER {OWNER}")
    run_sql(url(place, OWNER), file=_here("grants.sql"))


def stop(place: Place) -> None:
    if not (place.cluster / "postmaster.pid").exists():
        return
    options = ["-D", str(place.cluster), "-m", "fast", "-w", "-t", "60"]
    command = [str(place.postgres / "pg_ctl"), *options, "stop"]
    answer = place.account.run(command, capture_output=True)
    if answer.returncode and is_running(place):
        raise SetupError(f"PostgreSQL did not stop: {answer.stderr.strip()}")


def run_sql(database_url: str, sql: str = "", file: Path | None = None) -> str:
    """Run SQL through psql and return what it prints, one row per line."""
    source = ["-f", str(file)] if file else ["-c", sql]
    options = ["-XqAt", "-v", "ON_ERROR_STOP=1", "-d", database_url]
    command = [postgres_programs() / "psql", *options, *source]
    answer = subprocess.run(
        command, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False
    )
    if answer.returncode:
        raise SetupError(f"PostgreSQL refused: {answer.stderr.strip()}")
    return answer.stdout.strip()


def create_database(owner_url: str, name: str, template: str | None = None) -> str:
    """Make a database for tests: the owner's, with the grants, empty or a copy of ``template``.

    An existing one of that name is dropped first. Returns the owner's URL of the new database.
    Its commits do not wait for the disk; those of the product's own database do.
    """
    drop_database(owner_url, name)
    copied = f' TEMPLATE "{template}"' if template else ""
    run_sql(owner_url, f'CREATE DATABASE "{name}"{copied}')
    run_sql(owner_url, f'ALTER DATABASE "{name}" SET synchronous_commit = off')
    new = with_database(owner_url, name)
    run_sql(new, file=_here("grants.sql"))  # a copy keeps those of tables, not this one
    return new


def drop_database(owner_url: str, name: str) -> None:
    try:
        run_sql(owner_url, f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
    except SetupError:  # autovacuum is in there: force may not end it, a plain drop sends it away
        run_sql(owner_url, f'DROP DATABASE IF EXISTS "{name}"')


def with_database(database_url: str, name: str) -> str:
    return urlunsplit(urlsplit(database_url)._replace(path="/" + quote(name, safe="")))


def _here(name: str) -> Path:
    return Path(__file__).resolve().parent / name


def _initialise(place: Place) -> None:
    """Into a folder aside, renamed when whole: a set-up killed half-way leaves no half cluster."""
    new = place.cluster.with_name("postgres.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(mode=0o700)
    if os.geteuid() == 0:
        os.chown(new, place.account.uid, place.account.gid)
    options = [f"--username={SUPERUSER}", *CLUSTER_OPTIONS]
    command = [str(place.postgres / "initdb"), "-D", str(new), *options]
    answer = place.account.run(command, capture_output=True, env=_plain_environment())
    if answer.returncode:
        raise SetupError(f"initdb failed: {answer.stderr.strip() or answer.stdout.strip()}")
    new.rename(place.cluster)


def _write_settings(place: Place) -> None:
    lines = [f"{key} = '{value}'" for key, value in SETTINGS.items()]
    folder = str(place.postgres_sockets).replace("'", "''")
    _write(place, "isotherm.conf", [*lines, f"unix_socket_directories = '\"{folder}\"'"])
    main = place.cluster / "postgresql.conf"
    if "isotherm.conf" not in main.read_text("utf-8"):
        with main.open("a", encoding="utf-8") as file:
            file.write("\ninclude = 'isotherm.conf'\n")
    _write(place, "pg_hba.conf", ["local all all peer map=isotherm"])
    people = {place.account.name, pwd.getpwuid(os.geteuid()).pw_name}
    _write(place, "pg_ident.conf", [f'isotherm "{name}" all' for name in sorted(people)])


def _write(place: Place, name: str, lines: list[str]) -> None:
    file = place.cluster / name
    file.write_text("\n".join(lines) + "\n", "utf-8")
    file.chmod(0o600)
    os.chown(file, place.account.uid, place.account.gid)


def _start_with_patience(place: Place) -> None:
    """After a kill -9 the old children hold the shared memory for a while: try again."""
    log = place.cluster / "server.log"
    options = ["-D", str(place.cluster), "-l", str(log), "-w", "-t", str(START_SECONDS)]
    command = [str(place.postgres / "pg_ctl"), *options, "start"]
    until = time.monotonic() + START_SECONDS
    while True:
        answer = place.account.run(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_plain_environment(),
            start_new_session=True,
        )
        if answer.returncode == 0 and is_running(place):
            return
        if time.monotonic() > until:
            tail = log.read_text("utf-8", "replace").splitlines()[-8:] if log.exists() else []
            raise SetupError("PostgreSQL does not start. Its log ends:\n" + "\n".join(tail))
        time.sleep(0.5)


def _plain_environment() -> dict[str, str]:
    """Nothing of the caller's PG* settings, and a HOME its user need not own."""
    return {"PATH": os.environ.get("PATH", os.defpath), "HOME": "/", "LC_ALL": "C", "TZ": "UTC"}
