"""``make test``: every check, the quick ones first, each with its name and seconds."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from dev import services
from dev.processes import run_in_front

TYPED = ("*/methods", "studies/services*", "studies/access.py", "studies/jobs.py")
# Two processes run the tests: threads of their own would only stand in each other's way.
ONE_THREAD = {"OMP_NUM_THREADS": "1"}
COMPOSE_SCHEMA = "vendor.compose-spec"
BESIDE = ("mypy",)  # of the quick ones: a minute of one core where nothing is kept


def run_checks(project: Path, tests: list[str]) -> int:
    """Run all checks, or only the named tests; 0 when every one passed.

    The one that takes a while on one core runs beside the others.
    """
    started = time.monotonic()
    values = services.environment(project)
    first = {} if tests else dict(quick(project))
    with ThreadPoolExecutor(1) as pool:
        beside = {name: pool.submit(_quietly, project, first.pop(name), values)
                  for name in BESIDE if name in first}  # fmt: skip
        failed = [name for name, words in first.items() if _fails(project, name, words, values)]
        with services.running(project):
            failed += [name for name, words in slow(tests) if _fails(project, name, words, values)]
        failed += [name for name, answer in beside.items() if _told(name, *answer.result())]
    seconds = time.monotonic() - started
    print(f"\n{'failed: ' + ', '.join(failed) if failed else 'all passed'} ({seconds:.0f} s)")
    return 1 if failed else 0


def quick(project: Path) -> list[tuple[str, list[str]]]:
    """Checks that need no database."""
    typed = sorted(str(path.relative_to(project)) for glob in TYPED for path in project.glob(glob))
    compose = ["--builtin-schema", COMPOSE_SCHEMA, "docker-compose.yml"]
    concise = ["--output-format", "concise"]
    return [
        ("ruff check", ["-m", "ruff", "check", *concise, "."]),
        ("ruff format", ["-m", "ruff", "format", "--check", *concise, "."]),
        ("compose schema", ["-m", "check_jsonschema", *compose]),
        ("hadolint", ["-m", "dev", "hadolint"]),
        ("import-linter", ["-c", "from importlinter.cli import lint_imports_command as c; c()"]),
        ("mypy", ["-m", "mypy", *typed]),
    ]


def slow(tests: list[str]) -> list[tuple[str, list[str]]]:
    """Checks on the embedded PostgreSQL and Valkey."""
    migrations = ("migrations", ["manage.py", "makemigrations", "--check", "--dry-run"])
    together = ["-q", "-n", "2", "--dist", "loadscope", "--no-loadscope-reorder"]
    return [*([] if tests else [migrations]), ("pytest", ["-m", "pytest", *(tests or together)])]


def _fails(project: Path, name: str, words: list[str], values: dict[str, str]) -> bool:
    print(f"\n== {name}", flush=True)
    started = time.monotonic()
    code = run_in_front([sys.executable, *words], os.environ | ONE_THREAD | values, project)
    return _verdict(name, code, time.monotonic() - started)


def _quietly(project: Path, words: list[str], values: dict[str, str]) -> tuple[int, str, float]:
    """Exit status, what it said and seconds."""
    started = time.monotonic()
    answer = subprocess.run(
        [sys.executable, *words], env=os.environ | ONE_THREAD | values, cwd=project,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False,
    )  # fmt: skip
    return answer.returncode, answer.stdout, time.monotonic() - started


def _told(name: str, code: int, said: str, seconds: float) -> bool:
    print(f"\n== {name}\n{said.rstrip()}")
    return _verdict(name, code, seconds)


def _verdict(name: str, code: int, seconds: float) -> bool:
    verdict = "passed" if code == 0 else f"FAILED ({code})"
    print(f"== {name}: {verdict} in {seconds:.1f} s", flush=True)
    return code != 0
