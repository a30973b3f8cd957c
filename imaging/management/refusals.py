"""How a command says that data were refused: every problem, and a status other than 0."""

from __future__ import annotations

import json
import sys
from typing import NoReturn

from django.core.management.base import BaseCommand

from studies.methods.problems import DataProblem

REFUSED = 2


def refused(command: BaseCommand, problem: DataProblem, as_json: bool) -> NoReturn:
    """Print the problems, as JSON on the output where asked for, and leave."""
    if as_json:
        command.stdout.write(json.dumps({"problems": problem.as_list()}, indent=2))
    else:
        for one in problem.problems:
            command.stderr.write(str(one))
    sys.exit(REFUSED)
