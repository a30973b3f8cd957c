"""De-identify DICOM files from a shell: SUV stays, dates move, UIDs and names go."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from imaging.management.refusals import refused
from imaging.methods.deidentification_files import Key, deidentify_files
from studies.methods.problems import DataProblem, refuse


class Command(BaseCommand):
    help = (
        "De-identify DICOM files (PS3.15 basic profile; every date of a patient moved by one "
        "number of days; what a SUV needs is kept). Needs no server."
    )
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("source", type=Path, help="a folder, a zip or a DICOM file")
        parser.add_argument("out", type=Path, help="an empty folder for the copies")
        parser.add_argument("--report", type=Path, required=True, help="JSON: what was done, why")
        parser.add_argument(
            "--map",
            type=Path,
            help="JSON that leads back to the patients (pseudonyms, days, UIDs). Read when there, "
            "so that a re-run gives the same files; written when named; else forgotten.",
        )
        parser.add_argument("--json", action="store_true", help="say refusals as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            key = _read_key(options["map"])
            report = deidentify_files([options["source"]], options["out"], key)
        except DataProblem as problem:
            refused(self, problem, options["json"])
        options["report"].write_text(json.dumps(report, indent=2) + "\n", "utf-8")
        if options["map"]:
            _write_key(key, options["map"])
        for series in report["series"]:
            warnings = "".join(f"; {warning}" for warning in series["warnings"])
            suv = f"; SUV {series['suv']}" if series["suv"] else ""
            self.stdout.write(
                f"{series['patient']} {series['modality']}: {series['files']} files{suv}{warnings}"
            )
        for reason, count in report["left_out"].items():
            self.stderr.write(f"{count} files left out: {reason}")


def _read_key(path: Path | None) -> Key:
    if path is None or not path.exists():
        return Key(secrets.token_bytes(32))
    try:
        stored = json.loads(path.read_text("utf-8"))
        patients = {name: (str(p), int(days)) for name, (p, days) in stored["patients"].items()}
        return Key(bytes.fromhex(stored["secret"]), patients, dict(stored["uids"]))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise refuse(
            str(path), "a file that is no map", "JSON that this command wrote", "Name another file."
        ) from error


def _write_key(key: Key, path: Path) -> None:
    stored = {"secret": key.secret.hex(), "patients": key.patients, "uids": key.uids}
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(stored, file, indent=1)
