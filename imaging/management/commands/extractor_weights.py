"""Weights of a 3D ResNet from a shell: the same door as the page's, done when it returns."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser

from imaging.management.refusals import refused
from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import ENDED, Study
from studies.services import batch_job, batch_receive


class Command(BaseCommand):
    help = (
        "Register weights of a 3D ResNet-10, 18 or 50 (.safetensors, or .pth of tensors only) as "
        "an extractor of a study, and print its digest."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--study", required=True, help="name of the study")
        parser.add_argument("--user", required=True, help="whose weights these are")

    def handle(self, *args: Any, **options: Any) -> None:
        study = Study.objects.filter(name=options["study"]).first()
        user = get_user_model()._default_manager.filter(username=options["user"]).first()
        path: Path = options["file"]
        if study is None or user is None or not path.is_file():
            raise CommandError("No such study, no such user, or no such file.")
        with acting_as(user):
            try:
                with path.open("rb") as file:
                    batch = batch_receive(study, user, "extractor_weights", file, path.name)
            except DataProblem as problem:
                refused(self, problem, False)
            job = batch_job(batch)
            if job is not None and job.state == "queued":
                run_inline(job)
            while job is not None and job.state not in ENDED:  # a worker was quicker
                time.sleep(0.5)
                job.refresh_from_db()
            batch.refresh_from_db()
        if batch.problems:
            for one in batch.problems:
                self.stderr.write(f"{one['where']}: found {one['found']}; {one['remedy']}")
            raise CommandError("The weights are refused.")
        found = batch.summary
        self.stdout.write(f"{found['name']}: {found['architecture']}, sha256 {found['sha256']}")
