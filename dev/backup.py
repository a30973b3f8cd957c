"""Backup and restore: the database by pg_dump, the files by copy, a manifest of digests.

The database goes first. Files are content-addressed and written before the row that names them,
so every file that the dump names is among those copied after it.
"""

from __future__ import annotations

import json
import re
import subprocess
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from dev import services
from dev.files import Files, Folder, digest, files_at
from dev.place import SetupError, postgres_programs
from dev.postgres import run_sql
from dev.progress import Stage

MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "files"
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
COPY = re.compile(rb'COPY public\."?([^" ]+)"? \(.*\) FROM stdin;\n')
END_OF_COPY = b"\\.\n"
Digests = dict[str, dict[str, str | int]]


def write_backup(project: Path, to: Path | None = None) -> Path:
    """Write a new folder; it gets its name only when it is complete."""
    now = datetime.now(UTC)
    target = (to or project / "backups" / now.strftime("%Y-%m-%d-%H%M%S")).resolve()
    if target.exists():
        raise SetupError(f"{target} exists already: name a new folder in TO=.")
    part = target.with_name(target.name + ".part")
    part.mkdir(parents=True, mode=0o700)
    with services.running(project) as values:
        owner = values["DATABASE_OWNER_URL"]
        with Stage("Dump the database"):
            _run(["pg_dump", "-Fc", "--no-owner", "-f", part / DUMP, "-d", owner])
        copied = _copy("Copy the files", files_at(values["STORAGE_URL"]), Folder(part / FILES))
    manifest = {
        "written_at": now.isoformat(timespec="seconds"),
        "database": {"sha256": _digest_of(part / DUMP), "rows": count_dumped(part / DUMP)},
        "files": copied,
    }
    (part / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    part.rename(target)
    return target


def restore_backup(project: Path, source: Path) -> None:
    """Into an empty database and an empty storage; everything is compared with the manifest."""
    manifest = _read_manifest(source)
    with services.running(project) as values:
        owner, storage = values["DATABASE_OWNER_URL"], files_at(values["STORAGE_URL"])
        _refuse_unless_empty(owner, storage)
        kept = Folder(source / FILES)
        _compare("Check the backup", kept, manifest["files"])
        with Stage("Restore the database"):
            options = ["--no-owner", "--exit-on-error", "--single-transaction", "-d", owner]
            _run(["pg_restore", *options, source / DUMP])
        _copy("Restore the files", kept, storage)
        _compare("Check what was restored", storage, manifest["files"])
        if count_rows(owner) != manifest["database"]["rows"]:
            raise SetupError("The restored tables do not hold the rows that the manifest counts.")


def count_rows(database_url: str) -> dict[str, int]:
    names = run_sql(database_url, TABLES).splitlines()
    query = " UNION ALL ".join(
        f"SELECT '{name}', count(*) FROM public.\"{name}\"" for name in names
    )
    lines = run_sql(database_url, query).splitlines() if names else []
    return {name: int(number) for name, number in (line.split("|") for line in lines)}


def count_dumped(dump: Path) -> dict[str, int]:
    """Rows of each table in the dump; the database itself may have gone on since."""
    command = [postgres_programs() / "pg_restore", "--data-only", "-f", "-", dump]
    rows: dict[str, int] = {}
    table = ""
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            if table and line == END_OF_COPY:
                table = ""
            elif table:
                rows[table] += 1
            elif start := COPY.match(line):
                table = start[1].decode()
                rows[table] = 0
    if process.returncode:
        raise SetupError(f"pg_restore cannot read {dump}.")
    return rows


def _copy(title: str, source: Files, target: Files) -> Digests:
    names, copied = source.names(), {}
    with Stage(title, len(names)) as stage:
        for number, name in enumerate(names, 1):
            with closing(source.open(name)) as file:
                target.put(name, file)
            copied[name] = _described(target, name)
            stage.update(number, name)
    return copied


def _described(files: Files, name: str) -> dict[str, str | int]:
    with closing(files.open(name)) as file:
        sha256, size = digest(file)
    return {"sha256": sha256, "size": size}


def _compare(title: str, files: Files, expected: Digests) -> None:
    names = files.names()
    missing = sorted(set(expected) - set(names))
    with Stage(title, len(names)) as stage:
        changed = []
        for number, name in enumerate(names, 1):
            if _described(files, name) != expected.get(name):
                changed.append(name)
            stage.update(number, name)
    if changed or missing:
        raise SetupError(f"{files}: files changed {changed[:5]}, files missing {missing[:5]}.")


def _read_manifest(source: Path) -> dict[str, dict]:
    file = source / MANIFEST
    if not file.exists():
        raise SetupError(f"{source} holds no backup ({MANIFEST} is missing): name one in FROM=.")
    manifest = json.loads(file.read_text("utf-8"))
    if _digest_of(source / DUMP) != manifest["database"]["sha256"]:
        raise SetupError(f"{source / DUMP} is not what the manifest describes: it was changed.")
    return manifest


def _digest_of(file: Path) -> str:
    with file.open("rb") as source:
        return digest(source)[0]


def _refuse_unless_empty(owner: str, storage: Files) -> None:
    tables = run_sql(owner, TABLES).splitlines()
    if tables:
        raise SetupError(
            f"The database is not empty ({len(tables)} tables). A backup is restored into an "
            "empty one only: begin with a fresh copy of the project, or set DATABASE_URL."
        )
    if storage.names():
        raise SetupError(f"The storage {storage} is not empty. Set STORAGE_URL to an empty place.")


def _run(command: list[str | Path]) -> None:
    program, *words = command
    answer = subprocess.run(
        [postgres_programs() / program, *words], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise SetupError(f"{program} failed: {answer.stderr.strip()}")
