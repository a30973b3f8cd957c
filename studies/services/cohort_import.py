"""A table of patients: looked at, checked against what is stored, written in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from studies.jobs import Progress, no_progress
from studies.methods.cohort_table import TableCheck
from studies.methods.dictionary import VariableSpec
from studies.methods.problems import DataProblem, Notice, refuse
from studies.methods.table_columns import ColumnPlan, check_plan, plan_by_name
from studies.methods.table_file import open_table
from studies.methods.table_lines import Table, TableOptions, UndecidedError
from studies.models import (
    USE_OF_ROLE,
    Cohort,
    DictionaryVersion,
    ImportBatch,
    Job,
    Patient,
)

from .dictionary import dictionary_current, dictionary_specs
from .endpoints import endpoints_compute, endpoints_hold
from .facts import DATED
from .files import file_read
from .sets import query
from .staged_write import staged_write
from .staging import Staging, store_difference

AT_ONCE = 2_000


def cohort_import(
    batch: ImportBatch, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Check the whole file, then write it in one transaction, or refuse all of it.

    Columns are those of the dictionary unless ``batch.mapping`` says otherwise. The same file
    again changes nothing; a line whose values differ updates the patient's entry (its history is
    kept by trigger).

    Raises
    ------
    DataProblem
        Every problem of the file, and every clash with what is stored.
    """

    def write(staging: Staging, dictionary: DictionaryVersion) -> dict[str, Any]:
        if staging.findings.total:
            raise DataProblem(staging.findings.first)
        return _write(staging, dictionary, progress, job)

    return _staged(batch, progress, write)


def table_check(batch: ImportBatch, progress: Progress = no_progress) -> dict[str, Any]:
    """Everything that is wrong and everything that would change; nothing is written."""

    def keep(staging: Staging, dictionary: DictionaryVersion) -> dict[str, Any]:
        findings = staging.findings
        batch.dictionary = dictionary
        batch.problems, batch.problem_count = findings.in_order(), findings.total
        batch.problems_file = findings.store(batch)
        batch.difference_file = store_difference(staging)
        batch.notices = [notice.as_dict() for notice in staging.check.told.notices()]
        batch.save(update_fields=["dictionary", "problems_file", "difference_file"])
        summary = {**staging.summary(), "bad_lines": len(findings.rows)}
        batch.mark_checked(summary, staging.difference() | {"groups": findings.grouped()})
        return summary

    return _staged(batch, progress, keep)


def table_commit(
    batch: ImportBatch,
    progress: Progress = no_progress,
    job: Job | None = None,
    skip_bad: bool = False,
) -> dict[str, Any]:
    """Write what was checked; bad lines are left out only when a person said so.

    Raises
    ------
    DataProblem
        Problems without ``skip_bad``; or what is stored has changed since the check.
    """
    seen = batch.difference.get("digest")

    def write(staging: Staging, dictionary: DictionaryVersion) -> dict[str, Any]:
        if staging.findings.total and not skip_bad:
            raise DataProblem(staging.findings.first)
        if staging.digest() != seen or dictionary.pk != batch.dictionary_id:
            raise refuse(
                batch.filename,
                "patients that were changed since the check",
                "the difference that was shown",
                "Check the file again and look at the new difference.",
            )
        left_out = len(staging.findings.rows)
        return _write(
            staging, dictionary, progress, job, {"left_out": left_out} if left_out else {}
        )

    return _staged(batch, progress, write)


def _staged(
    batch: ImportBatch,
    progress: Progress,
    use: Callable[[Staging, DictionaryVersion], dict[str, Any]],
) -> dict[str, Any]:
    """The file checked and staged beside what is stored, handed to ``use`` in one transaction."""
    progress(0, 1, "reading the file")
    dictionary = dictionary_current(batch.study)
    check = _check(batch, dictionary_specs(dictionary))
    with transaction.atomic():
        staging = Staging(batch, check)
        try:
            staging.fill(progress)
            return use(staging, dictionary)
        finally:
            staging.findings.close()
            _drop_staging()


def _drop_staging() -> None:
    """Before the end of the transaction, where a test's holds several imports."""
    if not connection.needs_rollback:
        names = "staged_line, staged_member, staged_entry, staged_cohort, difference"
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {names}")


def _check(batch: ImportBatch, specs: tuple[VariableSpec, ...]) -> TableCheck:
    options = table_options(batch)
    table = table_open(batch, options)
    if batch.mapping:
        plan = plan_of(batch, table.header)
        problems = check_plan(table.header, plan, specs)
    else:
        plan, problems = plan_by_name(
            table.header, specs, batch.options.get("site", ""), batch.options.get("cohort", "")
        )
    if problems:
        raise DataProblem(problems)
    known = Patient.objects.filter(study=batch.study, pseudonym__startswith="0")
    return TableCheck(
        table=table,
        plan=plan,
        dictionary=specs,
        cohort_use=cohort_uses(batch),
        options=options,
        today=timezone.localdate(),
        stored=frozenset(known.values_list("pseudonym", flat=True)),
    )


def table_open(batch: ImportBatch, options: TableOptions) -> Table:
    """The batch's file, opened; a question that nobody answered is a problem."""
    try:
        return open_table(file_read(batch.file), options)
    except UndecidedError as undecided:
        question = undecided.question
        expected = "one of " + "; ".join(text for _, text in question.choices)
        remedy = f"Say which (option {question.name!r}), or save the file as 'CSV UTF-8'."
        raise refuse("file", question.text, expected, remedy) from undecided


def table_options(batch: ImportBatch) -> TableOptions:
    """How the file is read, as far as somebody said."""
    known = asdict(TableOptions())
    return TableOptions(**{n: str(batch.options[n]) for n in known if batch.options.get(n)})


def plan_of(batch: ImportBatch, header: Sequence[str]) -> ColumnPlan:
    """The columns as a person said, by their names in the file."""
    columns = batch.mapping.get("columns", {})
    return ColumnPlan(
        tuple(columns.get(name, "") for name in header),
        batch.mapping.get("site", ""),
        batch.mapping.get("cohort", ""),
    )


def cohort_uses(batch: ImportBatch) -> dict[str, str]:
    """Cohorts the file may name: the paper's roles, and those the study has."""
    own = dict(Cohort.objects.filter(study=batch.study).values_list("name", "use"))
    return {**{str(role): str(use) for role, use in USE_OF_ROLE.items()}, **own}


def _write(
    staging: Staging,
    dictionary: DictionaryVersion,
    progress: Progress,
    job: Job | None,
    more: dict[str, Any] | None = None,
) -> dict[str, Any]:
    batch = staging.batch
    progress(0.65, 1, f"writing {staging.lines:,} lines")
    summary = {**staging.summary(), **(more or {})}
    notices = [*staging.check.told.notices(), *_undated_progressions(), *_unrecorded(staging)]
    endpoints_hold(batch.study)
    changed = staged_write(batch, dictionary)
    if DATED & {spec.name for spec in staging.check.dictionary}:
        notices += _endpoints(batch, changed, progress, job)
    batch.dictionary = dictionary
    batch.written["until"] = timezone.now().isoformat()
    batch.save(update_fields=["dictionary", "written"])
    batch.mark_ready(summary, notices)
    progress(1, 1, "done")
    return summary


def _endpoints(
    batch: ImportBatch, patients: list[int], progress: Progress, job: Job | None
) -> list[Notice]:
    told: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for start in range(0, len(patients), AT_ONCE):
        progress(0.8 + 0.2 * start / len(patients), 1, "deriving endpoints")
        some = list(Patient.objects.filter(pk__in=patients[start : start + AT_ONCE]))
        for note in endpoints_compute(batch.study, some, job):
            told[note.code, note.endpoint, note.text].append(note.pseudonym)
    return [
        Notice(code, f"{endpoint.replace('_', ' ')}: {text}: {_named(names)}")
        for (code, endpoint, text), names in told.items()
    ]


def _named(names: list[str], shown: int = 10) -> str:
    """``P001, P002 and 5 more``."""
    more = f" and {len(names) - shown:,} more" if len(names) > shown else ""
    return ", ".join(names[:shown]) + more


def _undated_progressions() -> Iterable[Notice]:
    """PFS goes by dated progressions alone; an assessment that says PD is no such date."""
    rows = query(
        "SELECT row, pseudonym FROM difference WHERE after -> 'response' ->> 'v' = 'PD'"
        " AND after -> 'progressed_on' ->> 'v' IS NULL AND after -> 'died_on' ->> 'v' IS NULL"
        " ORDER BY row LIMIT 50"
    )
    for row, who in rows:
        text = (
            f"{who} (line {row}): assessed as PD, but no progression is dated; "
            "progression-free survival stays censored"
        )
        yield Notice("progression_not_dated", text)


def _unrecorded(staging: Staging) -> Iterable[Notice]:
    if "msi_status" not in {spec.name for spec in staging.check.dictionary}:
        return
    ((without, number),) = query(
        "SELECT count(*) FILTER (WHERE after -> 'msi_status' ->> 'v' IS NULL), count(*)"
        " FROM difference WHERE form = 'baseline'"
    )
    if without:
        text = f"microsatellite status is not recorded for {without} of {number} patients"
        yield Notice("msi_not_recorded", text)
