"""Compute a model version again in a process of its own and compare every stored number.

Ends with 0 when they are equal or within the tolerance, 1 when nothing could be compared (and why),
3 when they are different (and where).
"""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from modeling.management.named import version_as
from modeling.models import Verdict
from modeling.services.reproduction import read_tolerance, version_reproduce
from modeling.since_words import said_of_proof
from studies.methods.problems import DataProblem

DIFFERENT = 3  # 2 is a call that was mistyped


class Command(BaseCommand):
    help = "Re-run a model version on its frozen rows; says equal, within tolerance, or different."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("version", help="uid of the model version")
        parser.add_argument("--user", required=True, help="user name or e-mail of who asks")
        parser.add_argument("--tolerance", default="1e-9", help="largest difference that is near")
        parser.add_argument("--workers", type=int, default=None, help="processes that fit")

    def handle(self, *args: Any, **options: Any) -> None:
        with version_as(options["version"], options["user"]) as version:
            try:
                tolerance = read_tolerance(options["tolerance"])
                proof = version_reproduce(version, tolerance, workers=options["workers"])
            except DataProblem as problem:
                raise CommandError(str(problem)) from problem
        word = proof.get_verdict_display()
        self.stdout.write(f"{version}: {word}; {proof.compared} numbers and texts compared.")
        for name, part in proof.parts.items():
            self.stdout.write(f"  {name}: {part['verdict']} ({part['compared']} compared)")
        for name, (was, now) in proof.changed_libraries.items():
            self.stdout.write(f"  {name} was {was}, is {now}")
        for place in proof.differences[:20]:
            self.stdout.write(
                f"  {place['part']}.{place['place']}: {place['stored']} then, {place['again']} now"
            )
        for text in said_of_proof(proof):
            self.stdout.write(f"  since the run: {text}")
        self.stdout.write(f"Proof {proof.uid}.")
        if proof.verdict == Verdict.DIFFERENT:
            raise CommandError("The numbers do not come out again.", returncode=DIFFERENT)
