"""The steps of a table that a person confirms: look, describe, check, commit, revert."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from django.core.exceptions import PermissionDenied
from django.db import transaction

from studies.access import enters_of, require
from studies.jobs import Progress, enqueue, no_progress
from studies.methods.problems import DataProblem, refuse
from studies.methods.table_columns import Suggestion, check_plan, suggest_columns
from studies.methods.table_file import open_table
from studies.methods.table_lines import TableOptions, UndecidedError
from studies.methods.table_profile import profile_table
from studies.methods.wording import say
from studies.models import BatchState, ImportBatch, Job, Study

from .actions import batch_job
from .cohort_import import bad_lines
from .dictionary import dictionary_current, dictionary_specs
from .files import file_read
from .table_places import OPTION as NEW_SITES
from .table_places import sites_confirmed
from .table_reading import plan_of, table_options

OPTIONS = tuple(asdict(TableOptions()))
TO_DESCRIBE = (BatchState.LOOKED, BatchState.CHECKED, BatchState.FAILED, BatchState.ERRORED)


def table_look(batch: ImportBatch, progress: Progress = no_progress) -> dict[str, Any]:
    """See the whole file once: what it holds, and what must be asked before it can be read.

    Raises
    ------
    DataProblem
        It is no table.
    """
    progress(0, 1, say("reading the file"))
    try:
        table = open_table(file_read(batch.file), table_options(batch))
    except UndecidedError as undecided:
        batch.mark_looked({"questions": [asdict(undecided.question)]})
        return {}
    look = profile_table(table, lambda share: progress(share, 1, say("looking at the columns")))
    batch.mark_looked(look)
    return {"lines": look["lines"], "columns": len(look["header"])}


def table_suggestions(batch: ImportBatch) -> list[Suggestion]:
    """What each column may be: as said before, as the study's last file was read, or by name."""
    specs = dictionary_specs(dictionary_current(batch.study))
    remembered = batch.mapping.get("columns") or remembered_columns(batch)
    return suggest_columns(batch.look.get("header", []), specs, remembered)


def remembered_columns(batch: ImportBatch) -> dict[str, str]:
    """How the columns of the study's earlier files were read; the last word counts."""
    earlier = ImportBatch.objects.filter(
        study=batch.study, kind=batch.kind, state=BatchState.READY
    ).exclude(mapping={})
    found: dict[str, str] = {}
    for mapping in reversed(earlier.values_list("mapping", flat=True)[:20]):
        found |= mapping.get("columns", {})
    return found


@transaction.atomic
def table_describe(
    batch: ImportBatch, user: Any, options: dict[str, Any], mapping: dict[str, Any] | None = None
) -> Job:
    """Say how the file is read and which column is which; then it is checked.

    With open questions of reading (encoding, delimiter, sheet) it is looked at again.

    Raises
    ------
    DataProblem
        Columns that are missing or said twice, an unknown option, or a batch under way.
    """
    _may_continue(batch, user)
    if batch.state not in TO_DESCRIBE or not batch.look:
        raise _out_of_turn(batch, say("a file that was looked at"))
    for name in set(options) - {*OPTIONS, NEW_SITES}:
        expected = say("one of {known}", known=", ".join((*OPTIONS, NEW_SITES)))
        raise refuse("options", name, expected, "Remove it.", column="options")
    sites_confirmed(options)
    reads = {name: options.get(name, "") for name in ("encoding", "delimiter", "sheet")}
    again = any(value and value != batch.options.get(name) for name, value in reads.items())
    batch.options = {name: value for name, value in {**batch.options, **options}.items() if value}
    batch.mapping = mapping or batch.mapping
    if again or "header" not in batch.look:
        kind = "studies.table_look"
    else:
        kind = "studies.table_check"
        _check_described(batch)
    batch.state, batch.problems, batch.problem_count = BatchState.RECEIVED, [], 0
    batch.save(update_fields=["options", "mapping", "state", "problems", "problem_count"])
    return enqueue(kind, batch.study, user, subject=batch)


def _check_described(batch: ImportBatch) -> None:
    """The plan is whole, and what the file leaves open was answered."""
    header = batch.look["header"]
    specs = dictionary_specs(dictionary_current(batch.study))
    plan = plan_of(batch, header)
    problems = check_plan(header, plan, specs)
    if problems:
        raise DataProblem(problems)


@transaction.atomic
def table_sites(batch: ImportBatch, user: Any, names: Sequence[str]) -> Job:
    """Say which of the sites that the file names first are new ones; then it is checked again.

    Raises
    ------
    DataProblem
        A name that the check did not ask about, or a batch that is not at that step.
    """
    asked = {site["name"] for site in batch.difference.get("new_sites", [])}
    if others := sorted(set(names) - asked):
        raise refuse(
            NEW_SITES,
            ", ".join(others),
            say("sites that the file names first"),
            "Check the file again.",
            column=NEW_SITES,
        )
    return table_describe(batch, user, {NEW_SITES: sorted(set(names))})


@transaction.atomic
def table_confirm(batch: ImportBatch, user: Any, skip_bad: bool = False) -> Job:
    """Commit what was checked: all of it, or the good lines alone when a person says so.

    Raises
    ------
    DataProblem
        The batch is not at that step, or it has problems and nobody said to leave them out.
    """
    _may_continue(batch, user)
    if batch.state != BatchState.CHECKED:
        raise _out_of_turn(batch, say("a file that was checked"))
    if batch.problem_count and not skip_bad:
        raise bad_lines(batch)
    batch.state = BatchState.RECEIVED
    batch.save(update_fields=["state"])
    params = {"skip_bad": bool(skip_bad)}
    return enqueue("studies.table_commit", batch.study, user, subject=batch, params=params)


@transaction.atomic
def batch_revert_start(batch: ImportBatch, user: Any) -> Job:
    """Take back what a file wrote, as a job.

    Raises
    ------
    DataProblem
        The batch wrote nothing, or its kind cannot be taken back.
    """
    _may_continue(batch, user)
    if batch.state != BatchState.READY or "at" not in batch.written:
        raise _out_of_turn(batch, say("a file that was written and names what it wrote"))
    params = {"batch": str(batch.uid)}  # not the subject: a refusal leaves the batch as it is
    return enqueue("studies.batch_revert", batch.study, user, params=params, batch=batch)


def batch_named(study: Study, uid: str) -> ImportBatch:
    return ImportBatch.objects.get(study=study, uid=uid)


def batch_revert_job(batch: ImportBatch) -> Job | None:
    """The newest attempt to take the batch back."""
    jobs = Job.objects.filter(study=batch.study_id, kind="studies.batch_revert")
    return jobs.filter(params__batch=str(batch.uid)).order_by("-id").first()


def _may_continue(batch: ImportBatch, user: Any) -> None:
    """The one who brought the file, or who enters data for all of its sites; one at a time."""
    batch.refresh_from_db(from_queryset=ImportBatch.objects.select_for_update())
    require(user, batch.study, "enter")
    if not enters_of(user, batch.study, batch.uploaded_by_id, batch.site_ids):
        raise PermissionDenied(say("The file was brought by somebody of another site."))


def _out_of_turn(batch: ImportBatch, expected: str) -> DataProblem:
    job = batch_job(batch)
    under_way = job is not None and not job.has_ended
    found = (
        say("a job under way") if under_way else say("a file that is {state}", state=batch.state)
    )
    return refuse(batch.filename, found, expected, "Look at the file's page.")
