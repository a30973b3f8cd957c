# ruff: noqa: E402
"""Whole pages of studies at a thousand and at a million patients, in databases of their own.

    python -m dev exec -- .venv/bin/python -m benchmarks.cohort_pages [patients] [repetitions]

50 studies, 200 sites, patients by COPY; the reader is a coordinator of all sites of the median
study, and every page goes through the whole product: session, policies, queries, template. Both
sizes are measured in turn within one run, so that a ratio says something on a machine that changes.
A million takes some four minutes to build and two to read, and 3 GB of disk meanwhile.
"""

from __future__ import annotations

import os
import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import django
import psycopg

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # records are known from here on
from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dev.postgres import create_database, drop_database, with_database
from studies.access import acting_as
from studies.models import Patient, Role, Study
from studies.services import dictionary_current, membership_grant

PROJECT = Path(__file__).resolve().parent.parent
STUDIES, SITES, SITES_OF_STUDY = 50, 200, 4
SMALL, LARGE = 1_000, 1_000_000
TABLES = (
    "studies_patient",
    "studies_completeness",
    "studies_cohortmember",
    "studies_formentry",
    "studies_consent",
    "studies_treatment",
)


def build(owner: str, patients: int) -> None:
    """The records of everybody, copied by the owner without triggers, then their statistics.

    Foreign keys of the copied tables are dropped: only reading is measured.
    """
    with psycopg.connect(owner) as own, own.cursor() as cursor:
        for table in TABLES:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
            cursor.execute(
                "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'f'",
                [table],
            )
            for (key,) in cursor.fetchall():
                cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{key}" CASCADE')
        _patients(cursor, patients)
    with psycopg.connect(owner, autocommit=True) as own:
        own.execute("VACUUM (ANALYZE)")


def _people(cursor: Any) -> None:
    """Studies, sites, one cohort of each role, a dictionary, and the reader."""
    cursor.execute(
        """
        INSERT INTO studies_study (id, uid, created_at, name, description, is_simulated)
            SELECT n, gen_random_uuid(), now(), 'Study ' || n, '', true
            FROM generate_series(1, %s) n;
        """,
        [STUDIES],
    )
    cursor.execute(
        """
        INSERT INTO studies_site (id, uid, created_at, name)
            SELECT n, gen_random_uuid(), now(), 'Site ' || n FROM generate_series(1, %s) n;
        """,
        [SITES],
    )
    cursor.execute(
        """
        INSERT INTO studies_studysite (uid, created_at, study_id, site_id)
            SELECT gen_random_uuid(), now(), 1 + (n - 1) / %s, n FROM generate_series(1, %s) n
        """,
        [SITES_OF_STUDY, SITES],
    )
    cursor.execute(
        """
        INSERT INTO studies_cohort (id, uid, created_at, study_id, name, role, use)
            SELECT n, gen_random_uuid(), now(), n, 'training', 'training', 'development'
            FROM generate_series(1, %s) n
        """,
        [STUDIES],
    )


def _patients(cursor: Any, patients: int) -> None:
    """Patient n belongs to study 1 + n mod 50, and to a site of it."""
    cursor.execute("SELECT id, study_id FROM studies_dictionaryversion ORDER BY id")
    dictionaries = {study: number for number, study in cursor.fetchall()}
    every = range(1, patients + 1)
    stamp, day = "2024-01-01 00:00:00+00", "2020-03-01"

    def place(n: int) -> tuple[int, int]:
        study = 1 + n % STUDIES
        return study, (study - 1) * SITES_OF_STUDY + 1 + (n // STUDIES) % SITES_OF_STUDY

    def uid(n: int, kind: int) -> str:
        return f"{kind:08x}-0000-7000-8000-{n:012x}"

    def copy(table: str, columns: str, rows: Callable[[int], Iterator[tuple[Any, ...]]]) -> None:
        with cursor.copy(f"COPY {table} ({columns}) FROM STDIN") as sink:
            for n in every:
                for row in rows(n):
                    sink.write_row(row)

    base = "uid, created_at, study_id, site_id"
    copy(
        "studies_patient",
        f"id, {base}, pseudonym, status, status_reason, partition, row_version",
        lambda n: iter([(n, uid(n, 1), stamp, *place(n), f"P{n * 7919 % 10_000_000:07d}-{n:07d}",
                         "enrolled", "", "development", 1)]),
    )  # fmt: skip
    copy(
        "studies_completeness",
        f"{base}, patient_id, present",
        lambda n: iter([(uid(n, 2), stamp, *place(n), n,
                         ["clinical", "consent", *(["pet", "ct"] if n % 3 else [])])]),
    )  # fmt: skip
    copy(
        "studies_cohortmember",
        f"{base}, patient_id, cohort_id, use",
        lambda n: iter([(uid(n, 3), stamp, *place(n), n, place(n)[0], "development")]),
    )
    copy(
        "studies_formentry",
        f"{base}, patient_id, form, occasion, dictionary_id, values, state, row_version",
        lambda n: iter([(uid(n, 4), stamp, *place(n), n, "baseline", "baseline",
                         dictionaries[place(n)[0]], _values(n), "complete", 1)]),
    )  # fmt: skip
    copy(
        "studies_consent",
        f"{base}, patient_id, date, precision, scope",
        lambda n: iter([(uid(n, 5), stamp, *place(n), n, day, "day", "imaging")]),
    )
    copy(
        "studies_treatment",
        f"{base}, patient_id, date, precision, line, drug, is_index",
        lambda n: iter([(uid(n, 6), stamp, *place(n), n, day, "day", 1, "anti-PD-1", True)]),
    )


def _values(n: int) -> str:
    """A baseline form of some twenty variables, 700 bytes; alike in every study."""
    n //= STUDIES
    sex, site = ("male", "female")[n % 2], ("right", "left")[n % 3 > 0]
    numbers = {
        "age_years": 30 + n % 50,
        "cea_ng_ml": (n * 37 % 5000) / 10,
        "ca199_u_ml": (n * 53 % 90000) / 10,
        "ca125_u_ml": (n * 29 % 3000) / 10,
        "metastasis_count": n % 9 + 1,
        "largest_metastasis_cm": (n % 90) / 10 + 0.5,
    }
    codes = {
        "sex": sex, "primary_site": site, "pathology_type": "adenocarcinoma", "ecog": str(n % 3),
        "node_positive": "yes", "synchronous_metastases": "no", "liver_involvement": "yes",
        "msi_status": "MSS", "ras_status": "mutant", "braf_status": "wild_type",
        "prior_chemotherapy": "yes", "drug": "anti-PD-1",
    }  # fmt: skip
    parts = [f'"{name}": {{"v": {value}}}' for name, value in numbers.items()]
    parts += [f'"{name}": {{"v": "{value}"}}' for name, value in codes.items()]
    return "{" + ", ".join(parts) + "}"


@contextmanager
def database(template: str | None = None) -> Iterator[str]:
    """An empty database, or a copy of ``template``; dropped afterwards."""
    owner = os.environ["DATABASE_OWNER_URL"]
    name = f"isotherm_bench_{secrets.token_hex(3)}"
    create_database(owner, name, template)
    try:
        yield name
    finally:
        connections.close_all()
        drop_database(owner, name)


def found(owner: str, name: str) -> None:
    """Tables, studies and sites, dictionaries, and the reader: coordinator of all sites of one."""
    environment = {**os.environ, "DATABASE_URL": with_database(owner, name)}
    migrate = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(migrate, cwd=PROJECT, env=environment, check=True)
    with psycopg.connect(with_database(owner, name)) as own, own.cursor() as cursor:
        _people(cursor)
    use(name)
    users = get_user_model()._default_manager
    founder, reader = (users.create_user(username=n) for n in ("founder", "reader"))  # type: ignore[attr-defined]
    for study in Study.objects.all():
        membership_grant(study, founder, Role.ADMINISTRATOR)
        with acting_as(founder):
            dictionary_current(study)
    membership_grant(Study.objects.get(pk=STUDIES // 2), reader, Role.COORDINATOR)


def use(name: str) -> None:
    """Django speaks to this database from now on, as the product's role."""
    connections["default"].close()
    connections["default"].settings_dict["NAME"] = name


@dataclass(frozen=True)
class Reader:
    """A signed-in coordinator, and a patient in the middle of what they see."""

    database: str
    client: Client
    study: Study
    patient: Patient

    def get(self, page: str, *parts: Any, **query: str) -> None:
        answer = self.client.get(reverse(f"studies:{page}", args=[self.study.uid, *parts]), query)
        assert answer.status_code == 200, (page, answer.status_code)

    def search(self, text: str, follow: bool = False) -> None:
        """Ask for it; the list then shows what begins with it, until asked for something else."""
        address = reverse("studies:patients", args=[self.study.uid])
        answer = self.client.post(address, {"search": text}, follow=follow)
        assert answer.status_code == (200 if follow else 302), text


def reader_of(name: str) -> Reader:
    use(name)
    client, user = Client(), get_user_model()._default_manager.get(username="reader")
    client.force_login(user)
    with acting_as(user):
        study = Study.objects.get(pk=STUDIES // 2)
        mine = Patient.objects.filter(study=study).order_by("pseudonym")
        return Reader(name, client, study, mine[mine.count() // 2])


@dataclass
class Page:
    """A page, and by size what asking for it took: seconds, those in the database, queries.

    ``search`` is what the reader looked for before the clock starts.
    """

    title: str
    ask: Callable[[Reader], None]
    limit: float  # of p95 large over p95 small; or of the database's p95 in ms when negative
    search: Callable[[Reader], str] = lambda reader: ""
    seconds: dict[int, list[float]] = field(default_factory=dict)
    in_database: dict[int, list[float]] = field(default_factory=dict)
    queries: dict[int, int] = field(default_factory=dict)


PAGES = (
    Page("patient list", lambda r: r.get("patients"), 2),
    Page("patient list, further on", lambda r: r.get("patients", after=str(r.patient.uid)), 2),
    Page("search, exact, to the patient", lambda r: r.search(r.patient.pseudonym, True), 2),
    Page("search, prefix", lambda r: r.get("patients"), 2, lambda r: r.patient.pseudonym[:6]),
    Page("completeness grid", lambda r: r.get("completeness"), 2),
    Page("completeness grid, lacking PET", lambda r: r.get("completeness", lacking="pet"), 2),
    Page("patient", lambda r: r.get("patient", r.patient.uid), 2),
    Page("eligibility", lambda r: r.get("eligibility"), 2),
    Page("search, substring", lambda r: r.get("patients"), -150,
         lambda r: f"*{r.patient.pseudonym[-6:]}"),
    Page(
        "filter, two variables, many fit",
        lambda r: r.get("patients", variable1="sex", value1="male",
                        variable2="age_years", operator2="gt", value2="60"),
        -150,
    ),
    Page(
        "filter, two variables, few fit",
        lambda r: r.get("patients", variable1="cea_ng_ml", operator1="gt", value1="490",
                        variable2="age_years", operator2="ge", value2="79"),
        -150,
    ),
)  # fmt: skip


def measure(readers: dict[int, Reader], repetitions: int) -> None:
    """Every page at every size, in turn."""
    for page in PAGES:
        for size, reader in readers.items():
            use(reader.database)
            reader.search(page.search(reader))
            page.ask(reader)
            with CaptureQueriesContext(connection) as seen:
                page.ask(reader)
            page.queries[size] = len(seen)
    for _ in range(repetitions):
        for page in PAGES:
            for size, reader in readers.items():
                use(reader.database)
                reader.search(page.search(reader))
                whole, inside = _clocked(page, reader)
                page.seconds.setdefault(size, []).append(whole)
                page.in_database.setdefault(size, []).append(inside)


def _clocked(page: Page, reader: Reader) -> tuple[float, float]:
    """Seconds of the whole page, and of its queries."""
    spent = 0.0

    def clock(execute: Any, *arguments: Any) -> Any:
        nonlocal spent
        began = time.perf_counter()
        try:
            return execute(*arguments)
        finally:
            spent += time.perf_counter() - began

    began = time.perf_counter()
    with connection.execute_wrapper(clock):
        page.ask(reader)
    return time.perf_counter() - began, spent


def p95(seconds: list[float]) -> float:
    return quantiles(seconds, n=20)[-1] * 1000


def report(small: int, large: int) -> int:
    """The table, in milliseconds; 1 when a goal was missed."""
    missed = 0
    print(f"| page | queries | p95 at {small:,} | p95 at {large:,} | ratio | medians, ratio "
          "| database, p95 | goal |\n|---|---|---|---|---|---|---|---|")  # fmt: skip
    for page in PAGES:
        few, many = (p95(page.seconds[size]) for size in (small, large))
        middle = [1000 * median(page.seconds[size]) for size in (small, large)]
        inside = [p95(page.in_database[size]) for size in (small, large)]
        met = inside[1] <= -page.limit if page.limit < 0 else many <= page.limit * few
        goal = f"{-page.limit:g} ms in the database" if page.limit < 0 else f"{page.limit:g} x"
        goal += "" if met else ", missed"
        missed |= not met
        queries = " / ".join(str(page.queries[size]) for size in (small, large))
        print(f"| {page.title} | {queries} | {few:.0f} | {many:.0f} | {many / few:.2f} | "
              f"{middle[0]:.0f} / {middle[1]:.0f}, {middle[1] / middle[0]:.2f} | "
              f"{inside[0]:.0f} / {inside[1]:.0f} | {goal} |")  # fmt: skip
    return int(missed)


def main(patients: int = LARGE, repetitions: int = 25) -> int:
    settings.ALLOWED_HOSTS = ["*"]
    owner = os.environ["DATABASE_OWNER_URL"]
    with ExitStack() as stack:
        readers: dict[int, Reader] = {}
        founded = stack.enter_context(database())
        found(owner, founded)
        connections.close_all()
        for size in (SMALL, patients):
            began = time.monotonic()
            name = stack.enter_context(database(founded))
            build(with_database(owner, name), size)
            readers[size] = reader_of(name)
            print(f"{size:,} patients built in {time.monotonic() - began:.0f} s", flush=True)
        measure(readers, repetitions)
    return report(SMALL, patients)


if __name__ == "__main__":
    sys.exit(main(*(int(number) for number in sys.argv[1:])))
