"""A database of one's own, cloned from a migrated template; the people; the shared data."""

from __future__ import annotations

import gc
import hashlib
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection, connections
from django.db.models import Model
from django.utils import translation
from xdist.scheduler import LoadScopeScheduling

from dev import services as embedded
from dev.place import locked, state_folder
from dev.postgres import create_database, drop_database, with_database
from dev.pytest_environment import FILLED
from studies.access import acting_as
from tests.begun import Ground, builds_of
from tests.people import People, just_people

hypothesis.settings.register_profile("any machine", deadline=None)  # no law depends on load
hypothesis.settings.load_profile("any machine")

REPO = Path(__file__).resolve().parent.parent
SHARED = REPO.parent / "shared"
FLOWS = REPO / "tests" / "flows"


class ByModule(LoadScopeScheduling):
    """With two processes: a module stays together, and the flows share one running product."""

    def _split_scope(self, nodeid: str) -> str:
        path = nodeid.partition("::")[0]
        return "flows" if path.startswith("tests/flows/") else path


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByModule:
    return ByModule(config, log)


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "begins_with(*builds): see tests/begun.py")


def pytest_collection_finish() -> None:
    """What is loaded by now stays: no collection of garbage need look at it again."""
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The flows, the longest piece, come first; in a file, what begins alike is together.

    Of the flows whoever reads the report of the simulated study comes last: until then others
    make scores and prognoses in it, of which a report that stood already would know nothing.
    """
    known: dict[Any, int] = {}
    for item in items:
        known.setdefault(item.path, len(known))
        for build in builds_of(item):
            known.setdefault(build, len(known))
    items.sort(
        key=lambda item: (
            FLOWS not in item.path.parents,
            FLOWS in item.path.parents and "report" in getattr(item, "fixturenames", ()),
            known[item.path],
            [known[build] for build in builds_of(item)],
        )
    )


@pytest.fixture(scope="session")
def shared() -> Path:
    """Real data and reference values that are not part of the project."""
    if not SHARED.is_dir():
        pytest.skip("../shared is absent")
    return SHARED


# Tests roll back what they write. Autovacuum would find tables without rows, say so to the planner,
# and the next test's hundreds of rows would be joined as if they were none: for minutes.
WITHOUT_AUTOVACUUM = """
DO $$ DECLARE name regclass; BEGIN
    FOR name IN SELECT oid FROM pg_class
        WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace
    LOOP EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', name); END LOOP;
END $$
"""


def migrations_digest() -> str:
    digest = hashlib.sha256(WITHOUT_AUTOVACUUM.encode())
    globs = ("*/migrations/*.py", "*/registration.py", "studies/db.py", "studies/marks.py")
    files = [file for glob in globs for file in REPO.glob(glob)]
    for file in sorted(files):
        digest.update(file.read_bytes())
    return digest.hexdigest()[:16]


@pytest.fixture(scope="session")
def environment() -> Iterator[dict[str, str]]:
    """DATABASE_URL and its fellows: the embedded servers, unless the environment names others."""
    with ExitStack() as servers:
        with as_found():
            values = servers.enter_context(embedded.running(REPO))
        yield values
        with as_found():
            servers.close()


@contextmanager
def as_found() -> Iterator[None]:
    """The environment before this run filled it: what is not there, is embedded."""
    with pytest.MonkeyPatch.context() as patch:
        for name in FILLED:
            patch.delenv(name)
        yield


@pytest.fixture(scope="session")
def template_database(environment: dict[str, str]) -> str:
    """Name of a migrated database, made once per state of the migrations."""
    owner = environment["DATABASE_OWNER_URL"]
    name = f"isotherm_template_{migrations_digest()}"
    with locked(state_folder(REPO) / "template.lock"):
        if not database_exists(owner, name):
            drop_templates(owner)
            building = f"{name}_building"
            create_database(owner, building)
            migrate(environment, building)
            run_sql(with_database(owner, building), WITHOUT_AUTOVACUUM)
            run_sql(owner, f'ALTER DATABASE "{building}" RENAME TO "{name}"')
    return name


def drop_templates(owner: str) -> None:
    """Those of earlier states of the migrations."""
    old = "SELECT datname FROM pg_database WHERE datname LIKE 'isotherm_template_%'"
    for (name,) in run_sql(owner, old):
        drop_database(owner, name)


def migrate(environment: dict[str, str], name: str) -> None:
    url = with_database(environment["DATABASE_OWNER_URL"], name)
    subprocess.run(
        [sys.executable, "manage.py", "migrate", "-v0"],
        cwd=REPO,
        env={**os.environ, **environment, "DATABASE_URL": url},
        check=True,
    )


def database_exists(owner: str, name: str) -> bool:
    return run_sql(owner, f"SELECT 1 FROM pg_database WHERE datname = '{name}'") == [(1,)]


def run_sql(url: str, sql: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(sql)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture(scope="session")
def django_db_setup(
    environment: dict[str, str], template_database: str, django_db_blocker: Any
) -> Iterator[None]:
    """Tests run as isotherm_app on a clone; each in a transaction that is rolled back."""
    owner = environment["DATABASE_OWNER_URL"]
    name = f"isotherm_test_{os.getpid()}_{secrets.token_hex(2)}"
    create_database(owner, name, template_database)
    settings.DATABASES["default"]["NAME"] = name
    connections["default"].settings_dict["NAME"] = name
    yield
    with django_db_blocker.unblock():
        connections.close_all()
    drop_database(owner, name)


@pytest.fixture(autouse=True)
def own_storage(tmp_path: Path, settings: Any) -> None:
    """Files under the test's own folder; passwords hashed fast."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.STORAGE_URL = f"file://{tmp_path / 'files'}"
    settings.LOCAL_COPIES = str(tmp_path / "copies")
    settings.STATIC_ROOT = tmp_path  # whitenoise warns of a folder that is not there


@pytest.fixture(scope="session")
def _ground(
    django_db_setup: None, django_db_blocker: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ground]:
    ground = Ground(django_db_blocker, lambda: tmp_path_factory.mktemp("begun"))
    yield ground
    ground.stand_on([])


@pytest.fixture
def _begun(
    request: pytest.FixtureRequest, _ground: Ground, own_storage: None, tmp_path: Path
) -> Any:
    """Before the test's own transaction: what it begins from."""
    asked = {"begun", "people"} & {*request.fixturenames}
    _ground.stand_on([just_people, *builds_of(request.node)] if asked else [])
    return _ground.lay_out(tmp_path / "files")


@pytest.fixture
def _django_db_helper(_begun: Any, _django_db_helper: None) -> None:
    """pytest-django's, with what the test begins from around its transaction."""


@pytest.fixture
def begun(_begun: Any, db: None) -> Any:
    """A copy of what the last build of the test's ``begins_with`` made; else the people."""
    return _begun


@pytest.fixture
def people(begun: Any) -> People:
    """A study and the fixed people; nobody acts yet."""
    return begun if isinstance(begun, People) else begun.people


@pytest.fixture
def in_chinese(people: People) -> Iterator[None]:
    """Asked for by people who read Chinese: what is kept of it is in English all the same."""
    with translation.override("zh-hans"):
        yield
    for person in (people.administrator, people.statistician):
        with acting_as(person), connection.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(_chinese_of(model) for model in apps.get_models()))
            assert not cursor.fetchall()


OF_A_LANGUAGE = {"studies_drawing", "studies_keptstage", "django_session"}


def _chinese_of(model: type[Model]) -> str:
    table = model._meta.db_table
    if table in OF_A_LANGUAGE or not model._meta.managed or model._meta.proxy:
        return "SELECT '', '' WHERE FALSE"
    return f"SELECT '{table}', t::text FROM \"{table}\" t WHERE t::text ~ '[\u4e00-\u9fff]'"


@pytest.fixture
def as_coordinator(people: People) -> Iterator[People]:
    with acting_as(people.coordinator):
        yield people


@pytest.fixture
def as_statistician(people: People) -> Iterator[People]:
    with acting_as(people.statistician):
        yield people
