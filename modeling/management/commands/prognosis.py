"""``manage.py prognosis TABLE.csv …``: the whole analysis of any table, no database.

``--duration`` and ``--event`` for survival (Cox), ``--outcome`` for a binary outcome (logistic).
"""

from __future__ import annotations

import argparse
import csv
import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from modeling.methods.analysis_table import read_analysis_table
from modeling.methods.outcome_analysis import analyse_outcome
from modeling.methods.outcome_table import read_outcome_table
from modeling.methods.prognosis_analysis import analyse_prognosis
from modeling.services.outcome_files import outcome_files
from modeling.services.prognosis_files import analysis_files, problems_json
from studies.methods.problems import DataProblem, Notice, Problem, refuse

Written = tuple[Sequence[Notice], dict[str, bytes]]
SURVIVAL = ("duration", "event", "times")
# All that either way may have written before: no number of another table stays.
WRITTEN = {
    *("problems.json", "analysis.R", "nomogram.json", "nomogram_patients.csv", "validation.json"),
    *("calibration.json", "decision_curve.csv", "lasso.json", "logistic.json", "probability.csv"),
    *("cox.json", "survival.csv", "auc.json", "km.csv", "km.json", "residuals.csv"),
    "backward_elimination.json",
    *(f"{figure}.svg" for figure in (
        "forest", "nomogram", "calibration", "roc", "decision_curve", "lasso_path", "instability",
        "auc", "km", "proportional_hazards",
    )),
}  # fmt: skip


class Command(BaseCommand):
    help = ("Cox model (--duration, --event) or logistic model (--outcome) of a CSV table: "
            "nomogram, validation, calibration, AUC, decision curves. Ends with 0; with 1 and "
            "problems.json where the table is refused; with 2 where the call is mistyped. "
            "docs/prognosis.md says what each file holds.")  # fmt: skip
    requires_system_checks = []
    requires_migrations_checks = False

    def add_arguments(self, parser: argparse.ArgumentParser) -> None:
        parser.add_argument("table", type=Path,
                            help="CSV with a header (comma, semicolon or tab; UTF-8; decimal "
                                 "points); other columns are ignored, a row that lacks a value "
                                 "of a named one is left out and listed")  # fmt: skip
        for name, rule in WAYS.items():
            parser.add_argument(name, **rule)
        for name, rule in NEEDED.items():
            parser.add_argument(name, required=True, **rule)
        for name, rule in REPEATED.items():
            parser.add_argument(name, action="append", default=[], **rule)
        parser.add_argument("--horizon", type=float, help="of calibration (last of --times)")
        parser.add_argument(
            "--penalty",
            choices=["none", "firth"],
            default="none",
            help="firth: where a level has no events, or all",
        )
        parser.add_argument("--resamples", type=_resamples, default=1000,
                            help="of the validation (1000)")  # fmt: skip
        parser.add_argument("--seed", type=_seed, default=1, help="of the resamples (1)")
        parser.add_argument("--unit", help="of follow-up, for the figures (days)")
        parser.add_argument("--threads", type=int, default=2, choices=range(1, 65), metavar="N")

    def handle(self, *args: Any, **options: Any) -> None:
        _check_out(options["table"], options["out"])
        try:
            written = self._run(options)
        except DataProblem as refusal:
            raise self._refused(refusal, options["out"]) from None
        self.stdout.write(f"{written} files in {options['out']}")

    def _run(self, options: dict[str, Any]) -> int:
        run = self._outcome if options["outcome"] else self._survival
        _check_way(options)
        notices, files = run(_content(options["table"]), options)
        for notice in notices:
            self.stderr.write(f"notice: {notice.text}")
        _write(options["out"], files)
        return len(files)

    def _survival(self, content: bytes, options: dict[str, Any]) -> Written:
        table = read_analysis_table(
            content, options["duration"], options["event"], options["covariates"],
            dict(options["factor"]), dict(options["spline"]),
        )  # fmt: skip
        found = analyse_prognosis(
            table, options["times"], options["horizon"], options["resamples"], options["seed"],
            options["threads"], self._said, options["penalty"],
        )  # fmt: skip
        return found.notices, analysis_files(
            found, str(options["table"]), options["duration"], options["event"],
            options["resamples"], options["unit"] or "days",
        )  # fmt: skip

    def _outcome(self, content: bytes, options: dict[str, Any]) -> Written:
        table = read_outcome_table(
            content, options["outcome"], options["covariates"], dict(options["factor"]),
            dict(options["spline"]),
        )  # fmt: skip
        found = analyse_outcome(
            table, options["resamples"], options["seed"], self._said, options["penalty"]
        )
        return found.notices, outcome_files(
            found, str(options["table"]), options["outcome"], options["resamples"]
        )

    def _said(self, stage: str) -> None:
        self.stderr.write(f"{stage} …")

    def _refused(self, refusal: DataProblem, out: Path) -> CommandError:
        _write(out, {"problems.json": problems_json(refusal.problems)})
        lines = "\n".join(f"- {_spell(problem)}" for problem in refusal.problems)
        if "separat" in lines:
            lines += "\n--penalty firth fits this table by Firth's penalised likelihood."
        return CommandError(f"{len(refusal.problems)} problem(s), nothing was computed:\n{lines}")


def _check_way(options: dict[str, Any]) -> None:
    """Either an outcome, or duration, event and times."""
    there = [f"--{name}" for name in (*SURVIVAL, "horizon", "unit") if options[name] is not None]
    lacking = [f"--{name}" for name in SURVIVAL if options[name] is None]
    asked = [*(["--outcome"] if options["outcome"] else []), *there]
    if options["outcome"] and there:
        raise refuse("Command", ", ".join(asked),
                     "--outcome alone, or --duration, --event, --times",
                     "A binary outcome has no follow-up: leave one of the ways out.")  # fmt: skip
    if not options["outcome"] and lacking:
        raise refuse("Command", ", ".join(asked) or "no outcome",
                     "--duration, --event and --times, or --outcome",
                     f"Add {', '.join(lacking)}, or name a binary --outcome.")  # fmt: skip


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


def _check_out(table: Path, out: Path) -> None:
    """The folder can be written, and the table is nothing that results replace."""
    said = f"--out {out}: "
    if table.exists() and table.resolve() in [path.resolve() for path in _earlier(out)]:
        raise CommandError(said + f"{table.name} would be replaced by results of that name; "
                           "choose another folder.")  # fmt: skip
    try:
        out.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out):
            pass
    except OSError as error:
        raise CommandError(said + f"{error.strerror}; choose a folder to write to.") from None


def _earlier(out: Path) -> list[Path]:
    return [*(out / name for name in WRITTEN), *out.glob("km_*.svg")]


def _write(out: Path, files: dict[str, bytes]) -> None:
    """Whole or not at all; what an earlier run left of these and of its problems is replaced."""
    try:
        with tempfile.TemporaryDirectory(dir=out, prefix=".writing_") as beside:
            for name, content in files.items():
                (Path(beside) / name).write_bytes(content)
            for path in _earlier(out):
                path.unlink(missing_ok=True)
            for name in files:
                (Path(beside) / name).replace(out / name)
    except OSError as error:
        raise CommandError(f"--out {out}: {error.strerror}; nothing was written.") from None


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
        times = [float(part) for part in _names(text)]
    except ValueError:
        times = [math.nan]
    if not times or not all(map(math.isfinite, times)):
        raise argparse.ArgumentTypeError(f"{text}: expected numbers, 365,730,1095")
    return times


def _resamples(text: str) -> int:
    if not text.isdigit() or not 10 <= int(text) <= 100_000:
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number from 10 to 100000")
    return int(text)


def _seed(text: str) -> int:
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"{text}: expected a whole number, zero or more")
    return int(text)


WAYS: dict[str, dict[str, Any]] = {
    "--duration": {"help": "column of follow-up, numbers, zero or more, in the unit of --times"},
    "--event": {"help": "column of the endpoint, 0/1 or TRUE/FALSE"},
    "--times": {
        "type": _times,
        "help": "horizons, 365,730,1095; one beyond follow-up is told as not estimable",
    },
    "--outcome": {"help": "column of a binary outcome, 0/1 or TRUE/FALSE: instead of these three"},
}
NEEDED: dict[str, dict[str, Any]] = {
    "--covariates": {
        "type": _names, "help": 'a,b,c in the order of the model; quoted: "a,b",c'
    },
    "--out": {"type": Path, "help": "folder for the results"},
}  # fmt: skip
REPEATED: dict[str, dict[str, Any]] = {
    "--factor": {
        "type": _factor,
        "help": "name=level,level: the reference first; without it a column of words is "
        "a factor in alphabetical order, a column of numbers is numeric",
    },
    "--spline": {"type": _spline, "help": "name=knots, 3 to 7: restricted cubic spline"},
}
