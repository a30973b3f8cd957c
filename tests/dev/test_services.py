"""The embedded servers: private, side by side, whole after kill -9, gone when unused."""

import os
import signal
import stat
from pathlib import Path

import psycopg
import pytest

from dev import postgres, services, valkey
from dev.place import LONGEST_SOCKET_PATH, SOCKET_NAME, find_place


def one(url: str, sql: str):
    with psycopg.connect(url, autocommit=True) as connection:
        return connection.execute(sql).fetchone()[0]


def postmaster(project: Path) -> int:
    return int((find_place(project).cluster / "postmaster.pid").read_text().split()[0])


@pytest.fixture(scope="module")
def project(copy) -> Path:
    """One copy for all tests that leave it as they found it."""
    return copy("a copy of its own")


def test_two_copies_with_spaces_run_side_by_side(copy):
    first, second = copy("a copy"), copy("another copy")
    one_place, other_place = services.up(first), services.up(second)
    assert one(one_place["DATABASE_URL"], "SHOW server_version").startswith("18")
    assert postmaster(first) != postmaster(second)
    assert not set(one_place.values()) & set(other_place.values())
    services.down(first)
    assert one(other_place["DATABASE_URL"], "SELECT 1") == 1


def test_up_again_changes_nothing(project):
    before = services.up(project)
    process = postmaster(project)
    assert services.up(project) == before
    assert postmaster(project) == process


def test_a_long_path_gets_short_sockets(copy):
    project = copy("/".join(["deep" * 10] * 4))
    url = services.up(project)["DATABASE_URL"]
    assert one(url, "SELECT current_user") == "isotherm_app"
    place = find_place(project)
    for socket in (place.postgres_sockets / SOCKET_NAME, place.valkey_socket):
        assert socket.is_socket()
        assert len(os.fsencode(socket)) <= LONGEST_SOCKET_PATH


def test_nobody_else_comes_near_the_sockets_and_the_key(project):
    services.up(project)
    place = find_place(project)
    for folder in (place.postgres_sockets, place.cluster):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(place.valkey_socket.stat().st_mode) == 0o600
    assert stat.S_IMODE((place.state / "secret_key").stat().st_mode) == 0o600


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to step down")
def test_root_does_not_run_the_database_server(project):
    services.up(project)
    assert (
        Path(f"/proc/{postmaster(project)}").stat().st_uid == find_place(project).account.uid != 0
    )


def test_committed_rows_and_queued_tasks_outlive_a_kill(project):
    url = services.up(project)["DATABASE_OWNER_URL"]
    place = find_place(project)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS kept (id int); INSERT INTO kept VALUES (7)")
    valkey.ask(place, "LPUSH", "queue", "task")
    os.kill(postmaster(project), signal.SIGKILL)
    os.kill(int(valkey._pid_file(place).read_text()), signal.SIGKILL)
    services.up(project)
    assert one(url, "SELECT id FROM kept") == 7
    assert valkey.ask(place, "LLEN", "queue") == ":1"


def test_the_last_user_stops_them(project):
    services.down(project)
    place = find_place(project)
    with services.running(project):
        with services.running(project) as values:
            assert one(values["DATABASE_URL"], "SELECT 1") == 1
        assert postgres.is_running(place)
        assert valkey.is_running(place)
    assert not postgres.is_running(place)
    assert not valkey.is_running(place)


def test_after_up_they_go_on_until_down(project):
    services.up(project)
    with services.running(project):
        pass
    assert postgres.is_running(find_place(project))
    services.down(project)
    assert not postgres.is_running(find_place(project))


def test_ones_own_servers_start_nothing(copy, monkeypatch):
    project = copy("own")
    own = {
        "DATABASE_URL": "postgresql://isotherm_app:secret@db.example:5432/isotherm",
        "CELERY_BROKER_URL": "redis://queue.example:6379/0",
        "STORAGE_URL": "file:///srv/isotherm",
    }
    for name, value in own.items():
        monkeypatch.setenv(name, value)
    with services.running(project) as values:
        assert own.items() <= values.items()
    assert values["DATABASE_OWNER_URL"] == own["DATABASE_URL"]
    assert not {"postgres", "valkey", "sockets"} & {path.name for path in project.rglob("*")}


def test_our_own_addresses_in_the_environment_are_still_started(project, monkeypatch):
    """As in a test run by make test, or by pytest alone."""
    services.down(project)
    for name, value in services.environment(project).items():
        monkeypatch.setenv(name, value)
    with services.running(project) as values:
        assert one(values["DATABASE_OWNER_URL"], "SELECT current_user") == "isotherm_owner"
    assert not postgres.is_running(find_place(project))


REFUSED = (
    ("CREATE TABLE mine (id int)", "permission denied for schema public"),
    ("TRUNCATE kept", "permission denied for table kept"),
    ("DROP TABLE kept", "must be owner of table kept"),
    ("ALTER TABLE kept DISABLE ROW LEVEL SECURITY", "must be owner of table kept"),
    ("CREATE DATABASE mine", "permission denied to create database"),
    ("SET ROLE isotherm_owner", 'permission denied to set role "isotherm_owner"'),
)


def test_the_serving_role_reads_and_writes_rows_and_nothing_more(environment):
    owner = environment["DATABASE_OWNER_URL"]
    name = f"isotherm_grants_{os.getpid()}"
    new = postgres.create_database(owner, name)
    app = new.replace("isotherm_owner@", "isotherm_app@")
    try:
        with psycopg.connect(new, autocommit=True) as connection:
            connection.execute("CREATE TABLE kept (id int GENERATED ALWAYS AS IDENTITY, word text)")
        with psycopg.connect(app, autocommit=True) as connection:
            connection.execute("INSERT INTO kept (word) VALUES ('a')")
            connection.execute("UPDATE kept SET word = 'b'")
            assert connection.execute("DELETE FROM kept RETURNING word").fetchone() == ("b",)
            for sql, said in REFUSED:
                with pytest.raises(psycopg.errors.InsufficientPrivilege, match=said):
                    connection.execute(sql)
        bypass = (
            "SELECT bool_or(rolsuper OR rolbypassrls) FROM pg_roles WHERE rolname ~ '^isotherm_'"
        )
        assert one(new, bypass) is False
    finally:
        postgres.drop_database(owner, name)
