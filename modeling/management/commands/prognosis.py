"""``manage.py prognosis TABLE.csv …``: the whole prognostic analysis of any table, no database."""

from __future__ import annotations

import argparse
import csv
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from modeling.methods.analysis_table import read_analysis_table
from modeling.methods.prognosis_analysis import analyse_prognosis
from modeling.services.prognosis_files import analysis_files, problems_json
from studies.methods.problems import DataProblem, Problem, refuse

NOT_ALWAYS = ("problems.json", "residuals.csv", "backward_elimination.json",
              "proportional_hazards.svg", "lasso_path.svg")  # fmt: skip


class Command(BaseCommand):
    help = "Cox model, nomogram, validation, calibration, AUC(t), decision curves of a CSV table."
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("table", type=Path, help="CSV with a header; other columns are ignored")
        needed: dict[str, dict[str, Any]] = {
            "--duration": {"help": "column of follow-up, zero or more"},
            "--event": {"help": "column of the endpoint, 0/1 or TRUE/FALSE"},
            "--covariates": {
                "type": _names,
                "help": 'a,b,c in the order of the model; quoted: "a,b",c',
            },
            "--times": {"type": _times, "help": "horizons, 365,730,1095"},
            "--out": {"type": Path, "help": "folder for the results"},
        }
        for name, rule in needed.items():
            parser.add_argument(name, required=True, **rule)
        repeated: dict[str, dict[str, Any]] = {
            "--factor": {"type": _factor, "help": "name=level,level: the reference first"},
            "--spline": {"type": _spline, "help": "name=knots, 3 to 7: restricted cubic spline"},
        }
        for name, rule in repeated.items():
            parser.add_argument(name, action="append", default=[], **rule)
        parser.add_argument("--horizon", type=float, help="of calibration (last of --times)")
        parser.add_argument(
            "--penalty",
            choices=["none", "firth"],
            default="none",
            help="firth: where a level has no events",
        )
        parser.add_argument("--resamples", type=_resamples, default=1000)
        parser.add_argument("--seed", type=_seed, default=1)
        parser.add_argument("--unit", default="days", help="of follow-up, for the figures")
        parser.add_argument("--threads", type=int, default=2, choices=range(1, 65), metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            written = self._run(options)
        except DataProblem as refusal:
            raise self._refused(refusal, options["out"]) from None
        self.stdout.write(f"{written} files in {options['out']}")

    def _run(self, options: dict[str, Any]) -> int:
        table = read_analysis_table(
            _content(options["table"]),
            options["duration"],
            options["event"],
            options["covariates"],
            dict(options["factor"]),
            dict(options["spline"]),
        )
        found = analyse_prognosis(
            table,
            options["times"],
            options["horizon"],
            options["resamples"],
            options["seed"],
            options["threads"],
            self._said,
            options["penalty"],
        )
        files = analysis_files(
            found, str(options["table"]), options["duration"], options["event"],
            options["resamples"], options["unit"],
        )  # fmt: skip
        for notice in found.notices:
            self.stderr.write(f"notice: {notice.text}")
        _write(options["out"], files)
        return len(files)

    def _said(self, stage: str) -> None:
        self.stderr.write(f"{stage} …")

    def _refused(self, refusal: DataProblem, out: Path) -> CommandError:
        _write(out, {"problems.json": problems_json(refusal.problems)})
        lines = "\n".join(f"- {_spell(problem)}" for problem in refusal.problems)
        if "separation" in lines:
            lines += "\n--penalty firth fits this table by Firth's penalised likelihood."
        return CommandError(f"{len(refusal.problems)} problem(s), nothing was computed:\n{lines}")


def _spell(problem: Problem) -> str:
    place = [problem.where]
    if problem.column:
        place.append(f"column {problem.column}")
    if problem.row:
        place.append(f"line {problem.row}")
    return (f"{', '.join(place)}: found {problem.found}; expected {problem.expected}. "
            f"{problem.remedy}")  # fmt: skip


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise refuse(str(path), error.strerror or "no file", "a readable CSV file",
                     "Correct the path.") from None  # fmt: skip


def _write(out: Path, files: dict[str, bytes]) -> None:
    """What an earlier run left of these and of its problems is replaced."""
    out.mkdir(parents=True, exist_ok=True)
    for name in NOT_ALWAYS:
        (out / name).unlink(missing_ok=True)
    for name, content in files.items():
        (out / name).write_bytes(content)


def _names(text: str) -> list[str]:
    """Between commas; a name that holds one is quoted as in a CSV file."""
    parts = next(csv.reader([text], skipinitialspace=True), [])
    return [name.strip() for name in parts if name.strip()]


def _factor(text: str) -> tuple[str, list[str]]:
    name, _, levels = text.partition("=")
    if not levels:
        raise argparse.ArgumentTypeError(f"{text}: expected name=level,level")
    return name.strip(), _names(levels)


def _spline(text: str) -> tuple[str, int]:
    name, _, knots = text.partition("=")
    if not knots.isdigit():
        raise argparse.ArgumentTypeError(f"{text}: expected name=knots")
    return name.strip(), int(knots)


def _times(text: str) -> list[float]:
    try:
        return [float(part) for part in _names(text)]
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text}: expected numbers, 365,730,1095") from None


def _resamples(text: str) -> int:
    if not text.isdigit() or not 10 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number from 10 to 100000")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number, zero or more")
    return int(text)
