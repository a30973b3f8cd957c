"""Backup and restore: the database by pg_dump, the files by copy, a manifest of digests.

The database goes first. Files are content-addressed and written before the row that names them,
so every file that the dump names is among those copied after it.
"""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote, urlsplit

from dev import services
from dev.place import SetupError, postgres_programs
from dev.postgres import run_sql
from dev.progress import Stage

MANIFEST, DUMP, FILES = "manifest.json", "database.dump", "files"
CHUNK = 2**20
TABLES = "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"


def write_backup(project: Path, to: Path | None = None) -> Path:
    """Write a new folder; it gets its name only when it is complete."""
    now = datetime.now(UTC)
    target = (to or project / "backups" / now.strftime("%Y-%m-%d-%H%M%S")).resolve()
    if target.exists():
        raise SetupError(f"{target} exists already: name a new folder in TO=.")
    part = target.with_name(target.name + ".part")
    part.mkdir(parents=True, mode=0o700)
    with services.running(project) as values:
        owner, storage = values["DATABASE_OWNER_URL"], storage_folder(values["STORAGE_URL"])
        with Stage("Dump the database"):
            _run(["pg_dump", "-Fc", "--no-owner", "-f", part / DUMP, "-d", owner])
            tables = count_rows(owner)
        files = _copy_files(storage, part / FILES)
    manifest = {
        "written_at": now.isoformat(timespec="seconds"),
        "database": {"sha256": digest(part / DUMP), "rows": tables},
        "files": files,
    }
    (part / MANIFEST).write_text(json.dumps(manifest, indent=1) + "\n", "utf-8")
    part.rename(target)
    return target


def restore_backup(project: Path, source: Path) -> None:
    """Into an empty database and an empty storage; everything is compared with the manifest."""
    manifest = _read_manifest(source)
    with services.running(project) as values:
        owner, storage = values["DATABASE_OWNER_URL"], storage_folder(values["STORAGE_URL"])
        _refuse_unless_empty(owner, storage)
        with Stage("Check the backup"):
            _compare_files(source / FILES, manifest["files"])
        with Stage("Restore the database"):
            command = ["--no-owner", "--exit-on-error", "--single-transaction", "-d", owner]
            _run(["pg_restore", *command, source / DUMP])
        _copy_files(source / FILES, storage)
        _compare_files(storage, manifest["files"])
        if count_rows(owner) != manifest["database"]["rows"]:
            raise SetupError("The restored tables do not hold the rows that the manifest counts.")


def count_rows(database_url: str) -> dict[str, int]:
    names = run_sql(database_url, TABLES).splitlines()
    query = " UNION ALL ".join(
        f"SELECT '{name}', count(*) FROM public.\"{name}\"" for name in names
    )
    lines = run_sql(database_url, query).splitlines() if names else []
    return {name: int(number) for name, number in (line.split("|") for line in lines)}


def storage_folder(url: str) -> Path:
    parts = urlsplit(url)
    if parts.scheme != "file":
        raise SetupError(
            f"STORAGE_URL names {parts.scheme}://, which make backup does not copy: use the "
            "versioning or replication of that store, and pg_dump for the database "
            "(docs/deployment.md)."
        )
    return Path(unquote(parts.path))


def digest(file: Path) -> str:
    sha256 = hashlib.sha256()
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            sha256.update(chunk)
    return sha256.hexdigest()


def _copy_files(source: Path, target: Path) -> dict[str, dict[str, str | int]]:
    names = _names(source)
    target.mkdir(mode=0o700, parents=True, exist_ok=True)
    copied: dict[str, dict[str, str | int]] = {}
    with Stage("Copy the files", len(names)) as stage:
        for number, name in enumerate(names, 1):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)
            size = (target / name).stat().st_size
            copied[name] = {"sha256": digest(target / name), "size": size}
            stage.update(number, name)
    return copied


def _names(folder: Path) -> list[str]:
    """Files by their path inside the folder; hidden ones are uploads not finished yet."""
    found = (path for path in folder.rglob("[!.]*") if path.is_file()) if folder.exists() else ()
    return sorted(path.relative_to(folder).as_posix() for path in found)


def _read_manifest(source: Path) -> dict[str, dict]:
    file = source / MANIFEST
    if not file.exists():
        raise SetupError(f"{source} holds no backup ({MANIFEST} is missing): name one in FROM=.")
    manifest = json.loads(file.read_text("utf-8"))
    if digest(source / DUMP) != manifest["database"]["sha256"]:
        raise SetupError(f"{source / DUMP} is not what the manifest describes: it was changed.")
    return manifest


def _refuse_unless_empty(owner: str, storage: Path) -> None:
    tables = run_sql(owner, TABLES).splitlines()
    if tables:
        raise SetupError(
            f"The database is not empty ({len(tables)} tables). A backup is restored into an "
            "empty one only: begin with a fresh copy of the project, or set DATABASE_URL."
        )
    if _names(storage):
        raise SetupError(f"The storage {storage} is not empty. Set STORAGE_URL to an empty folder.")


def _compare_files(folder: Path, expected: dict[str, dict[str, str | int]]) -> None:
    names = _names(folder)
    wrong = [
        name for name in names if digest(folder / name) != expected.get(name, {}).get("sha256")
    ]
    if wrong or names != sorted(expected):
        missing = sorted(set(expected) - set(names))
        raise SetupError(f"Files changed: {wrong[:5]}; files missing: {missing[:5]} in {folder}.")


def _run(command: list[str | Path]) -> None:
    program, *words = command
    answer = subprocess.run(
        [postgres_programs() / program, *words], capture_output=True, text=True, check=False
    )
    if answer.returncode:
        raise SetupError(f"{program} failed: {answer.stderr.strip()}")
