"""A table of patients: looked at, checked against what is stored, written in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from typing import Any

from django.db import connection, transaction
from django.utils import timezone

from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Notice, refuse
from studies.methods.wording import say
from studies.models import DictionaryVersion, ImportBatch, Job, Patient

from .endpoints import endpoints_compute, endpoints_hold
from .facts import DATED
from .kept_lines import KeptWriter, kept_drop, kept_read
from .sets import query
from .staged_write import staged_write
from .staging import Staging, store_difference
from .table_reading import Reading, check_of, reading_of, table_options

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

    reading = reading_of(batch)
    with _staging(batch, reading) as staging:
        staging.fill(check_of(batch, reading), progress)
        if staging.findings.total:
            raise DataProblem(staging.findings.first)
        return _write(staging, reading.dictionary, progress, job)


def table_check(batch: ImportBatch, progress: Progress = no_progress) -> dict[str, Any]:
    """Everything that is wrong and everything that would change; nothing is written.

    The lines are kept for the commit, under the digest of all they were read by.
    """
    progress(0, 1, say("reading the file"))
    reading = reading_of(batch)
    with closing(KeptWriter()) as kept, _staging(batch, reading) as staging:
        staging.fill(check_of(batch, reading), progress, kept.keep)
        findings = staging.findings
        batch.dictionary = reading.dictionary
        batch.problems, batch.problem_count = findings.in_order(), findings.total
        batch.problems_file = findings.store(batch)
        batch.difference_file = store_difference(staging)
        batch.notices = [notice.as_dict() for notice in staging.notices()]
        batch.save(update_fields=["dictionary", "problems_file", "difference_file"])
        kept.store(batch, reading.key, staging.facts())
        summary = {**staging.summary(), "bad_lines": len(findings.rows)}
        batch.mark_checked(summary, staging.difference() | {"groups": findings.grouped()})
        return summary


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
        Problems without ``skip_bad``; or what is stored, or how the file is read, has changed
        since the check.
    """
    progress(0, 1, say("reading what was checked"))
    reading = reading_of(batch)
    kept = kept_read(batch, reading.key)
    if batch.problem_count and not skip_bad:
        raise bad_lines(batch)
    with _staging(batch, reading) as staging:
        staging.fill_kept(kept, progress)
        if staging.digest() != batch.difference.get("digest"):
            raise refuse(
                batch.filename,
                say("patients that were changed since the check"),
                "the difference that was shown",
                "Check the file again and look at the new difference.",
            )
        if staging.findings.total and not skip_bad:
            raise DataProblem(staging.findings.first)
        left_out = len(staging.findings.rows)
        more = {"left_out": left_out} if left_out else {}
        summary = _write(staging, reading.dictionary, progress, job, more)
        kept_drop(batch)
        return summary


def bad_lines(batch: ImportBatch) -> DataProblem:
    """Why a file with problems is not stored as it is."""
    return refuse(
        batch.filename,
        say("{problem_count:,} problems", problem_count=batch.problem_count),
        "a file without problems, or the choice to leave the bad lines out",
        "Mend the file, or choose to leave the bad lines out.",
    )


@contextmanager
def _staging(batch: ImportBatch, reading: Reading) -> Iterator[Staging]:
    """The file's lines beside what is stored, in one transaction."""
    options, specs = table_options(batch), reading.specs
    with transaction.atomic():
        staging = Staging(batch, specs, options.blank == "keep", reading.cohort_use)
        try:
            yield staging
        finally:
            staging.findings.close()
            _drop_staging()


def _drop_staging() -> None:
    """Before the end of the transaction, where a test's holds several imports."""
    if not connection.needs_rollback:
        names = "staged_line, staged_member, staged_entry, staged_blank, staged_cohort, difference"
        with connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {names}")


def _write(
    staging: Staging,
    dictionary: DictionaryVersion,
    progress: Progress,
    job: Job | None,
    more: dict[str, Any] | None = None,
) -> dict[str, Any]:
    batch = staging.batch
    progress(0.65, 1, say("writing {lines:,} lines", lines=staging.lines))
    summary = {**staging.summary(), **(more or {})}
    notices = [*staging.notices(), *_undated_progressions(), *_unrecorded(staging)]
    endpoints_hold(batch.study)
    changed = staged_write(batch, dictionary)
    if DATED & {spec.name for spec in staging.specs}:
        notices += endpoints_told(batch, changed, progress, job)
    batch.dictionary = dictionary
    batch.written["until"] = timezone.now().isoformat()
    batch.save(update_fields=["dictionary", "written"])
    batch.mark_ready(summary, notices)
    progress(1, 1, "done")
    return summary


def endpoints_told(
    batch: ImportBatch, patients: list[int], progress: Progress, job: Job | None
) -> list[Notice]:
    """Derive the endpoints of these patients; what is worth knowing of them, by kind."""
    told: dict[tuple[str, str, str], list[str]] = defaultdict(list)
    for start in range(0, len(patients), AT_ONCE):
        progress(0.8 + 0.2 * start / len(patients), 1, say("deriving endpoints"))
        some = list(Patient.objects.filter(pk__in=patients[start : start + AT_ONCE]))
        for note in endpoints_compute(batch.study, some, job):
            told[note.code, note.endpoint, note.text].append(note.pseudonym)
    return [
        Notice(
            code,
            say(
                "{endpoint}: {text}: {names}",
                endpoint=say(endpoint.replace("_", " ")),
                text=say(text),
                names=_named(names),
            ),
        )
        for (code, endpoint, text), names in told.items()
    ]


def _named(names: list[str], shown: int = 10) -> str:
    """``P001, P002 and 5 more``."""
    some, more = ", ".join(names[:shown]), len(names) - shown
    return say("{shown} and {n:,} more", shown=some, n=more) if more > 0 else some


def _undated_progressions() -> Iterable[Notice]:
    """PFS goes by dated progressions alone; an assessment that says PD is no such date."""
    rows = query(
        "SELECT row, pseudonym FROM difference WHERE after -> 'response' ->> 'v' = 'PD'"
        " AND after -> 'progressed_on' ->> 'v' IS NULL AND after -> 'died_on' ->> 'v' IS NULL"
        " ORDER BY row LIMIT 50"
    )
    for row, who in rows:
        text = say(
            "{who} (line {row}): assessed as PD, but no progression is dated; "
            "progression-free survival stays censored",
            who=who,
            row=row,
        )
        yield Notice("progression_not_dated", text)


def _unrecorded(staging: Staging) -> Iterable[Notice]:
    if "msi_status" not in {spec.name for spec in staging.specs}:
        return
    ((without, number),) = query(
        "SELECT count(*) FILTER (WHERE after -> 'msi_status' ->> 'v' IS NULL), count(*)"
        " FROM difference WHERE form = 'baseline'"
    )
    if without:
        text = say(
            "microsatellite status is not recorded for {without} of {number} patients",
            without=without,
            number=number,
        )
        yield Notice("msi_not_recorded", text)
