"""Specimens typed into a form: checked, then handed in as a table, so that a file stays."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import Any

from django.utils import timezone

from studies.access import require
from studies.methods.problems import DataProblem, refuse
from studies.methods.wording import say
from studies.models import ImportBatch, Study
from studies.services import batch_receive

from .specimens import OTHER_COLUMNS, SPECIMEN_COLUMNS, specimen_problems

DOOR = "specimen_table"
COLUMNS = (*SPECIMEN_COLUMNS, *OTHER_COLUMNS)
FORM = "form"


def specimens_type(study: Study, user: Any, rows: Sequence[dict[str, str]]) -> ImportBatch:
    """Take typed lines in: whose specimen each label is, and what is known of it.

    Parameters
    ----------
    rows : sequence of dict
        specimen, patient_id; procedure, tissue, collected_on, batch where known.

    Raises
    ------
    DataProblem
        Every problem of every line (``row`` counts from 1), before anything is handed in.
    """
    require(user, study, "enter")
    lines = [
        {"line": number} | {c: str(row.get(c) or "").strip() for c in COLUMNS}
        for number, row in enumerate(rows, start=1)
    ]
    if not lines:
        raise refuse(
            FORM, say("no line"), "at least one specimen", "Name a specimen and its patient."
        )
    problems = specimen_problems(study, lines, FORM)
    if problems:
        raise DataProblem(problems)
    stream = io.StringIO()
    writer = csv.DictWriter(stream, COLUMNS, extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerows(lines)
    name = f"specimens-typed-{timezone.now():%Y%m%d-%H%M%S}.csv"
    return batch_receive(study, user, DOOR, stream.getvalue().encode(), name)
