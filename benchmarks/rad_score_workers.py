"""A Rad-Score run over Celery: two processes against one, and what freezing and writing cost.

python -m dev exec -- .venv/bin/python -m benchmarks.rad_score_workers [--repeats 1]
    [--repetitions 3] [--recipe demo]

105 training patients of 306 by 256 columns, in a database and a queue of their own. The fits are
shared out to one process and to two, in turns, beside the plain loop and two copies of it; numbers
must be equal. Then a run of the recipe as a user starts it, in one process: seconds of freezing,
guard, fits and writing.
"""

import argparse
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from dev.postgres import create_database, drop_database, with_database
from tests.modeling.real_workers import PROJECT, own_place


def migrated(owner: str) -> str:
    """Name of a new database of the present migrations."""
    name = f"isotherm_bench_{os.getpid()}"
    create_database(owner, name)
    environment = {**os.environ, "DATABASE_URL": with_database(owner, name)}
    command = [sys.executable, "manage.py", "migrate", "-v0"]
    subprocess.run(command, cwd=PROJECT, env=environment, check=True)
    return name


def main() -> int:
    asked = argparse.ArgumentParser()
    asked.add_argument("--repeats", type=int, default=1)
    asked.add_argument("--repetitions", type=int, default=3)
    asked.add_argument("--recipe", default="demo")
    options = asked.parse_args()
    owner = os.environ["DATABASE_OWNER_URL"]
    template = migrated(owner)
    try:
        with (
            tempfile.TemporaryDirectory() as folder,
            own_place(dict(os.environ), template, Path(folder)) as place,
        ):
            command = [sys.executable, "-m", "benchmarks.rad_score_timed", str(options.repeats)]
            command += [str(options.repetitions), options.recipe]
            return subprocess.run(command, cwd=PROJECT, env=place, check=False).returncode
    finally:
        drop_database(owner, template)


if __name__ == "__main__":
    sys.exit(main())
