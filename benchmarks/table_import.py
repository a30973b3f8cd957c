# ruff: noqa: E402
"""A table of patients into the database, beside pandas and one ORM write per row.

``python -m benchmarks.table_import [lines] [sample]``: a dictionary of 27 variables (12 numbers,
9 categories, 6 dates) and the three key columns; checked and committed as the product does, history
triggers included. The other way reads with pandas, checks nothing, and saves a patient and an entry
per row on a sample of the same rows.
"""

from __future__ import annotations

import io
import os
import resource
import secrets
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import django
import pandas as pd

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.conf import settings  # records are known from here on
from django.contrib.auth import get_user_model
from django.db import transaction

from benchmarks.table_made import dictionary_made, table_made
from dev.postgres import create_database, drop_database, with_database
from studies.access import acting_as
from studies.models import FormEntry, ImportBatch, Patient
from studies.services import (
    batch_receive,
    dictionary_create,
    dictionary_current,
    membership_grant,
    site_of,
    study_create,
    table_check,
    table_commit,
    table_describe,
    table_look,
)

REPO = Path(__file__).resolve().parent.parent
LINES, SAMPLE = 100_000, 2_000


def main(arguments: list[str]) -> int:
    owner = os.environ["DATABASE_OWNER_URL"]
    name = f"isotherm_bench_{secrets.token_hex(3)}"
    create_database(owner, name)
    environment = {**os.environ, "DATABASE_URL": with_database(os.environ["DATABASE_URL"], name),
                   "DATABASE_OWNER_URL": with_database(owner, name)}  # fmt: skip
    migrating = {**environment, "DATABASE_URL": with_database(owner, name)}
    try:
        command = [sys.executable, "manage.py", "migrate", "-v0"]
        subprocess.run(command, cwd=REPO, env=migrating, check=True)
        command = [sys.executable, "-m", "benchmarks.table_import", "--measure", *arguments]
        return subprocess.run(command, cwd=REPO, env=environment, check=False).returncode
    finally:
        drop_database(owner, name)


def measure(lines: int, sample: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        settings.STORAGE_URL = f"file://{folder}"
        user = get_user_model().objects.create_user("bench", "bench@example.org")
        study = study_create("Bench", user)
        with acting_as(user):
            membership_grant(study, user, "coordinator")
            dictionary_create(study, dictionary_made(), "bench")
            data = made_elsewhere(lines)
            print(f"{lines:,} lines x 30 columns, {len(data) / 2**20:.1f} MB of CSV")
            steps(study, user, data, lines)
            beside(study, user, table_made(sample, start=lines), sample, lines)


def made_elsewhere(lines: int) -> bytes:
    """The table, without the memory that making it takes."""
    command = [sys.executable, "-m", "benchmarks.table_made", str(lines)]
    return subprocess.run(command, cwd=REPO, check=True, stdout=subprocess.PIPE).stdout


def steps(study, user, data: bytes, lines: int) -> None:
    batch = batch_receive(study, user, "cohort_table", data, "bench.csv", confirm=True)
    columns = data.split(b"\n", 1)[0].decode("utf-8-sig").strip().split(",")
    spent = {}
    for name, step in (("look", table_look), ("check", table_check), ("commit", table_commit)):
        begun = time.perf_counter()
        step(batch)
        spent[name] = time.perf_counter() - begun
        print(f"{name:>7} {spent[name]:6.1f} s")
        if name == "look":
            mapping = {"columns": {column: column for column in columns}}
            new = {"new_sites": ["East", "North", "South", "West"]}
            table_describe(batch, user, new, mapping)
            batch = ImportBatch.objects.get(pk=batch.pk)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    total = spent["check"] + spent["commit"]
    print(f"checked and committed in {total:.1f} s, {lines / total:,.0f} lines/s, "
          f"peak {peak:.0f} MB; {batch.summary}")  # fmt: skip


def beside(study, user, data: bytes, sample: int, lines: int) -> None:
    """pandas, then a patient and an entry per row: five parts of the sample, the median pace."""
    frame = pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False)
    dictionary, paces = dictionary_current(study), []
    for part in range(5):
        rows = frame.iloc[part::5].to_dict("records")
        begun = time.perf_counter()
        with transaction.atomic():
            for row in rows:
                patient = Patient.objects.create(
                    study=study, site=site_of(study, row.pop("site")),
                    pseudonym=row.pop("patient_id"),
                )  # fmt: skip
                row.pop("cohort")
                values = {name: {"v": value} for name, value in row.items() if value}
                FormEntry.objects.create(
                    patient=patient, form="baseline", dictionary=dictionary, values=values
                )
        paces.append((time.perf_counter() - begun) / len(rows))
    pace = statistics.median(paces)
    print(f"pandas and an ORM write per row, nothing checked: {pace * lines:.0f} s for {lines:,} "
          f"lines by the pace of {sample:,}")  # fmt: skip


if __name__ == "__main__":
    given = [a for a in sys.argv[1:] if a != "--measure"]
    numbers = [int(a) for a in given] + [LINES, SAMPLE][len(given) :]
    if "--measure" in sys.argv:
        measure(*numbers)
    else:
        sys.exit(main([str(n) for n in numbers]))
