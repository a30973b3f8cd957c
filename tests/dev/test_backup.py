"""A backup restored into an empty place holds every row, file, rule and right of the original."""

import hashlib
import io
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import boto3
import psycopg
import pytest
from moto import mock_aws

from dev import backup
from dev.files import Folder, files_at
from dev.place import SetupError
from dev.postgres import create_database, drop_database

ROOT = Path(__file__).resolve().parents[2]
FILL = """
import django
django.setup()
from config.celery import app
app.send_task = lambda *words, **options: None  # nobody works on it; it is run here
from tests.people import make_people
from tests.studies.test_cohort_import import GOOD, handed_in, table
from studies.access import acting_as
people = make_people()
with acting_as(people.coordinator):
    handed_in(people, table(GOOD, {**GOOD, "patient_id": "P002", "site": "South"}))
"""
CATALOGUE = {
    "policies": "SELECT tablename, policyname, cmd, qual, with_check FROM pg_policies",
    "triggers": "SELECT tgrelid::regclass::text, pg_get_triggerdef(oid) FROM pg_trigger "
    "WHERE NOT tgisinternal",
    # without the text of checks: PostgreSQL words casts in another way after reading its own dump
    "constraints": "SELECT conrelid::regclass::text, conname, contype, convalidated, "
    "CASE contype WHEN 'c' THEN '' ELSE pg_get_constraintdef(oid) END "
    "FROM pg_constraint WHERE connamespace = 'public'::regnamespace",
    "rights": "SELECT table_name, grantee, privilege_type "
    "FROM information_schema.role_table_grants WHERE table_schema = 'public'",
    "protected": "SELECT relname, relrowsecurity FROM pg_class WHERE relrowsecurity",
    "sequences": "SELECT sequencename, last_value FROM pg_sequences",
}


class Deployment:
    """A database and a storage, as DATABASE_URL and its fellows name them."""

    def __init__(self, owner_url: str, files: Path) -> None:
        self.owner_url, self.files = owner_url, files

    @property
    def environment(self) -> dict[str, str]:
        return {
            "DATABASE_OWNER_URL": self.owner_url,
            "DATABASE_URL": self.owner_url.replace("isotherm_owner@", "isotherm_app@"),
            "STORAGE_URL": f"file://{quote(str(self.files))}",
        }

    def choose(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name, value in self.environment.items():
            monkeypatch.setenv(name, value)

    def rows(self) -> dict[str, list[str]]:
        with psycopg.connect(self.owner_url) as connection:
            tables = [name for (name,) in connection.execute(backup.TABLES)]
            return {
                name: sorted(
                    row for (row,) in connection.execute(f'SELECT t::text FROM "{name}" t')
                )
                for name in tables
            }

    def catalogue(self) -> dict[str, list[tuple]]:
        with psycopg.connect(self.owner_url) as connection:
            return {
                name: sorted(connection.execute(sql), key=str) for name, sql in CATALOGUE.items()
            }

    def digests(self) -> dict[str, str]:
        return {
            path.relative_to(self.files).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in self.files.rglob("*")
            if path.is_file()
        }


@pytest.fixture(scope="module")
def full(
    environment: dict[str, str], template_database: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Deployment]:
    """One that was worked with: people, a study, an imported cohort table."""
    owner, name = environment["DATABASE_OWNER_URL"], f"isotherm_full_{secrets.token_hex(4)}"
    url = create_database(owner, name, template_database)
    made = Deployment(url, tmp_path_factory.mktemp("full") / "the files")
    settings = {"DJANGO_SETTINGS_MODULE": "config.settings"}
    subprocess.run(
        [sys.executable, "-c", FILL],
        cwd=ROOT,
        env=os.environ | environment | made.environment | settings,
        check=True,
    )
    yield made
    drop_database(owner, name)


@pytest.fixture
def empty(environment: dict[str, str], tmp_path: Path) -> Iterator[Deployment]:
    owner, name = environment["DATABASE_OWNER_URL"], f"isotherm_empty_{secrets.token_hex(4)}"
    yield Deployment(create_database(owner, name), tmp_path / "restored")
    drop_database(owner, name)


@pytest.fixture
def written(full: Deployment, environment: dict[str, str], tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.setenv("CELERY_BROKER_URL", environment["CELERY_BROKER_URL"])
    full.choose(monkeypatch)
    return backup.write_backup(ROOT, tmp_path / "the backup")


def test_every_row_and_every_digest_comes_back(written, full, empty, monkeypatch):
    empty.choose(monkeypatch)
    backup.restore_backup(ROOT, written)
    assert empty.rows() == full.rows()
    assert empty.digests() == full.digests()
    assert empty.catalogue() == full.catalogue()
    assert full.digests()
    assert len(full.rows()["studies_patient"]) == 2
    for name, sha256 in full.digests().items():
        assert Path(name).name == sha256


def test_a_place_that_is_not_empty_is_refused_and_left_as_it_was(written, full, empty, monkeypatch):
    before = full.rows()
    with pytest.raises(SetupError, match="database is not empty"):
        backup.restore_backup(ROOT, written)
    assert full.rows() == before
    empty.choose(monkeypatch)
    empty.files.mkdir()
    (empty.files / "something").write_text("here already")
    with pytest.raises(SetupError, match="is not empty"):
        backup.restore_backup(ROOT, written)
    assert empty.rows() == {}


def test_a_changed_backup_is_refused(written, full, empty, monkeypatch):
    empty.choose(monkeypatch)
    victim = written / backup.FILES / next(iter(full.digests()))
    original = victim.read_bytes()
    victim.write_bytes(original + b"!")
    with pytest.raises(SetupError, match="files changed"):
        backup.restore_backup(ROOT, written)
    victim.write_bytes(original)
    (written / backup.DUMP).write_bytes(b"no dump")
    with pytest.raises(SetupError, match="changed"):
        backup.restore_backup(ROOT, written)
    assert empty.rows() == {}


def test_an_upload_under_way_is_not_copied(tmp_path):
    folder = tmp_path / "study"
    folder.mkdir()
    (folder / ".incoming-1").write_bytes(b"half")
    (folder / "whole").write_bytes(b"whole")
    assert Folder(tmp_path).names() == ["study/whole"]


def test_a_folder_that_exists_is_never_written_into(tmp_path):
    with pytest.raises(SetupError, match="exists already"):
        backup.write_backup(ROOT, tmp_path)


def test_a_bucket_gives_and_takes_as_a_folder_does(tmp_path, monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    folder = Folder(tmp_path)
    folder.put("study/one", io.BytesIO(b"1"))
    folder.put("study/two", io.BytesIO(b"22"))
    with mock_aws():
        boto3.client("s3", region_name="us-east-1").create_bucket(Bucket="isotherm")
        bucket = files_at("s3://isotherm/deep/er?region=us-east-1")
        assert bucket.names() == []
        copied = backup._copy("There", folder, bucket)
        assert copied["study/two"]["sha256"] == hashlib.sha256(b"22").hexdigest()
        backup._compare("Check", bucket, copied)
        back = Folder(tmp_path / "back")
        assert backup._copy("Back", bucket, back) == copied
        bucket.put("study/two", io.BytesIO(b"2!"))
        with pytest.raises(SetupError, match="files changed"):
            backup._compare("Check", bucket, copied)
        monkeypatch.setattr(backup, "run_sql", lambda url, sql: "")
        with pytest.raises(SetupError, match="s3://isotherm/deep/er/ is not empty"):
            backup._refuse_unless_empty("", bucket)


def test_a_folder_without_manifest_is_no_backup(tmp_path):
    with pytest.raises(SetupError, match="holds no backup"):
        backup.restore_backup(ROOT, tmp_path)
    (tmp_path / backup.MANIFEST).write_text(json.dumps({}))
