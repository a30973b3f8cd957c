"""A dictionary from a file: proposed by a table's cells, or written as a dictionary; templates."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from studies.access import require
from studies.methods.dictionary import KEY_COLUMNS, VariableSpec
from studies.methods.dictionary_file import COLUMNS, dictionary_lines, read_dictionary
from studies.methods.problems import refuse
from studies.methods.table_file import open_table
from studies.methods.table_lines import TableOptions, UndecidedError
from studies.methods.table_profile import proposable, propose_variable
from studies.methods.table_template import write_template
from studies.methods.wording import say
from studies.models import (
    USE_OF_ROLE,
    Cohort,
    DictionaryVersion,
    FormEntry,
    ImportBatch,
    StudySite,
)

from .dictionary import dictionary_current, dictionary_derived, dictionary_specs
from .dictionary_checks import free_name
from .dictionary_drafts import dictionary_draft_write
from .files import file_read
from .table_steps import table_suggestions

TEMPLATES = ("csv", "xlsx")


def dictionary_propose(batch: ImportBatch, user: Any) -> DictionaryVersion:
    """A draft with a variable for each column of the file that the dictionary does not know.

    A study without any entry gets the file's variables alone; else they are added to the present.

    Raises
    ------
    DataProblem
        The file was not looked at, or holds nothing to propose.
    """
    require(user, batch.study, "manage")
    profiles = batch.look.get("columns", [])
    current = dictionary_current(batch.study)
    is_used = FormEntry.objects.filter(study=batch.study).exists()
    kept = list(dictionary_specs(current)) if is_used else []
    targets = {found.column: found.target for found in table_suggestions(batch)}
    known = {*KEY_COLUMNS, *(spec.name for spec in kept)}
    proposed: list[VariableSpec] = []
    taken = {spec.name for spec in kept}
    for profile in profiles:
        if proposable(profile) and targets.get(profile["name"]) not in known:
            spec = propose_variable(profile)
            spec = replace(spec, name=free_name(spec.name, taken))
            taken.add(spec.name)
            proposed.append(spec)
    if not proposed:
        raise refuse(
            batch.filename, say("no column that is new"), "columns without a variable",
            "Say which column is which.",
        )  # fmt: skip
    derived = dictionary_derived(current) if is_used else ()
    proposed = said_before(proposed, current)
    return dictionary_draft_write(batch.study, user, [*kept, *proposed], derived)


def dictionary_import(batch: ImportBatch) -> dict[str, Any]:
    """A dictionary written as a file becomes the study's draft.

    Raises
    ------
    DataProblem
        Every line that is no variable, or an expression that does not hold.
    """
    try:
        table = open_table(file_read(batch.file), TableOptions(**_reading(batch)))
    except UndecidedError as undecided:
        raise refuse(
            "file", undecided.question.text, "a CSV in UTF-8 with commas, or XLSX",
            "Save the file as 'CSV UTF-8' or .xlsx.",
        ) from undecided  # fmt: skip
    specs, derived = read_dictionary(table)
    if "known_when" not in map(str.strip, table.header):
        specs = said_before(specs, dictionary_current(batch.study))
    draft = dictionary_draft_write(batch.study, batch.uploaded_by, specs, derived)
    summary = {"draft": draft.number, "variables": len(specs), "derived": len(derived)}
    batch.mark_ready(summary)
    return summary


def said_before(specs: Sequence[VariableSpec], version: DictionaryVersion) -> list[VariableSpec]:
    """Of variables that a version has, too, when they are known, as it says; of others nothing."""
    said = {spec.name: spec.known_when for spec in dictionary_specs(version)}
    return [replace(spec, known_when=said.get(spec.name, "")) for spec in specs]


def _reading(batch: ImportBatch) -> dict[str, str]:
    given = {name: str(value) for name, value in batch.options.items()}
    reads = {name: given.get(name, "") for name in ("encoding", "delimiter", "sheet")}
    return {**reads, "sheet": reads["sheet"] or "dictionary"}


def dictionary_template(version: DictionaryVersion, kind: str) -> bytes:
    """An empty table of one dictionary version to fill in: ``csv`` or ``xlsx``."""
    specs = dictionary_specs(version)
    if kind == "csv":
        line = io.StringIO()
        csv.writer(line).writerow([*KEY_COLUMNS, *(spec.name for spec in specs)])
        return f"\N{ZERO WIDTH NO-BREAK SPACE}{line.getvalue()}".encode()
    own = Cohort.objects.filter(study=version.study).values_list("name", flat=True)
    sites = StudySite.objects.filter(study=version.study).values_list("site__name", flat=True)
    lines = dictionary_lines(specs, dictionary_derived(version))
    cohorts = {*map(str, USE_OF_ROLE), *own}
    return write_template(specs, cohorts, sites, (COLUMNS, lines), version.number)
