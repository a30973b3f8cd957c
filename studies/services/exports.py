"""Patients, or the record of who read them, as one file; made as a job, gone after a time."""

from __future__ import annotations

import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from studies import consents, patient_queries, registry
from studies.access import dates_taken, require, sites_giving, visible
from studies.jobs import Progress, enqueue, no_progress
from studies.methods.cells import escaped
from studies.methods.course import FACT_KINDS
from studies.methods.dictionary_file import COLUMNS, dictionary_lines
from studies.methods.problems import refuse
from studies.methods.table_export import export_cells, export_header
from studies.methods.wording import say
from studies.models import (
    Cohort,
    CohortMember,
    Export,
    ExportContent,
    ExportFormat,
    FileUse,
    FormEntry,
    Job,
    LesionMeasurement,
    MoveKind,
    Patient,
    PatientMove,
    PatientStatus,
    ReadAction,
    ReadRecord,
    Site,
    Study,
    Treatment,
)
from studies.selections import selection_of, with_keys

from .dictionary import dictionary_current, dictionary_derived, dictionary_specs
from .export_files import write_csv, write_xlsx
from .files import file_drop, file_store
from .reads import read_record

KEPT = timedelta(days=7)
AT_ONCE = 2_000
FILTERS = ("cohort", "site", "status", "selection", *patient_queries.ASKED)
NEEDS = {
    ExportContent.PATIENTS: ("rows", "download"),
    ExportContent.LESIONS: ("rows", "download"),
    ExportContent.READS: ("manage",),
    ExportContent.FROZEN_TABLE: ("rows", "download"),
}
FORMATS = (ExportFormat.CSV, ExportFormat.XLSX)
LESION_COLUMNS = tuple(part.name for part in FACT_KINDS["lesion"].parts if part.name != "date")
READ_COLUMNS = ("when", "person", "action", "page", "subject", "rows", "columns")


@transaction.atomic
def export_start(
    study: Study,
    user: Any,
    content: str = ExportContent.PATIENTS,
    file_format: str = ExportFormat.CSV,
    filters: dict[str, str] | None = None,
) -> tuple[Export, Job]:
    """Queue the making of a file.

    Raises
    ------
    DataProblem
        An unknown content, format or filter, a selection or condition that cannot be applied.
    PermissionDenied
        A right is missing.
    """
    _check_one_of("content", content, list(ExportContent.values))
    export_require(study, user, content)
    kind = registry.export_kind(content)
    _check_one_of("format", file_format, list(kind.formats if kind else FORMATS))
    said = {name: value for name, value in (filters or {}).items() if value}
    for name in set(said) - set(kind.filters if kind else FILTERS):
        _check_one_of("filters", name, list(kind.filters if kind else FILTERS), "Remove it.")
    said = kind.ask(study, user, said) if kind else _asked(study, user, said)
    exports_expire(study)
    export = Export.objects.create(
        study=study, made_by=user, content=content, format=file_format, filters=said
    )
    return export, enqueue("studies.export", study, user, subject=export)


def export_require(study: Study, user: Any, content: str = ExportContent.PATIENTS) -> None:
    """Raise PermissionDenied unless something of the content may leave with ``user``.

    Rows of patients leave of the sites at which one membership gives both rights.
    """
    needs = NEEDS[ExportContent(content)]
    if "rows" in needs and sites_giving(user, study, *needs):
        return
    for right in needs:
        require(user, study, right)


def _check_one_of(name: str, value: str, known: list[str], remedy: str = "Choose one.") -> None:
    if value not in known:
        expected = say("one of {known}", known=", ".join(known))
        raise refuse(name, value, expected, remedy, column=name if name != "filters" else value)


def _asked(study: Study, user: Any, filters: dict[str, str]) -> dict[str, str]:
    """Filters that can be applied, as they are."""
    for name, known in _named(study).items():
        if name in filters and filters[name] not in known:
            _check_one_of(name, filters[name], known, "Correct it.")
    if selection := filters.get("selection"):
        selection_of(user, study, selection)
    patient_queries.conditions_asked(user, study, filters)
    return filters


def _named(study: Study) -> dict[str, list[str]]:
    """What a filter may name: of another study it would give a file of nobody."""
    cohorts = Cohort.objects.filter(study=study).values_list("uid", flat=True)
    sites = Site.objects.filter(study_sites__study=study).values_list("uid", flat=True)
    return {
        "cohort": [str(uid) for uid in cohorts],
        "site": [str(uid) for uid in sites],
        "status": list(PatientStatus.values),
    }


def export_name(export: Export) -> str:
    """What the file is called; of a part it says so, where a CSV has no other place to."""
    kind = registry.export_kind(export.content)
    if kind is not None:
        name = kind.name(export.filters, export.format)
    else:
        name = f"{export.content}-{export.created_at:%Y-%m-%d}.{export.format}"
    stem, _, form = name.rpartition(".")
    return f"{stem}{_said_of_part(export)}.{form}"


def _said_of_part(export: Export) -> str:
    if of := export.left_out.get("of_rows"):
        return f"-part-{export.row_count}-of-{of}-rows"
    if part := export.left_out.get("part"):
        return f"-part-{len(part['sites'])}-of-{part['of_sites']}-sites"
    return ""


def _part(export: Export) -> dict[str, Any]:
    """The sites whose patients are in the file, where they are not all of the study."""
    held = sites_giving(export.made_by, export.study, "rows", "download")
    if None in held or export.content == ExportContent.READS:
        return {}
    sites = Site.objects.filter(study_sites__study=export.study)
    mine = sites.filter(pk__in=[site for site in held if site]).values_list("name", flat=True)
    return {"part": {"sites": list(mine), "of_sites": sites.count()}}


def export_make(export: Export, progress: Progress = no_progress) -> dict[str, Any]:
    """Write the file as its maker may see it: own sites, dates only with ``identifiers``.

    Raises
    ------
    DataProblem
        Somebody withdrew while the rows were read, or what was asked for cannot be applied.
    """
    user, study, began = export.made_by, export.study, timezone.now()
    export_require(study, user, export.content)
    with tempfile.TemporaryFile() as handle:
        header, export.row_count = _written(export, handle, progress)
        export.left_out |= _part(export)
        handle.seek(0)
        with transaction.atomic():
            _refuse_withdrawn_since(study, began)
            export.file = file_store(study, handle, "export", export_name(export), export)
            export.columns, export.expires_at = header, timezone.now() + KEPT
            export.save()
            read_record(
                study, user, ReadAction.EXPORT, export.content, str(export.uid), header,
                export.row_count,
            )  # fmt: skip
    progress(1, 1, "done")
    return {"rows": export.row_count, "columns": len(header), **export.left_out}


def _written(export: Export, handle: Any, progress: Progress) -> tuple[list[str], int]:
    """Columns and number of rows of what was written."""
    kind = registry.export_kind(export.content)
    if kind is not None:
        return kind.write(export, handle, progress)
    header, rows, about = MAKERS[ExportContent(export.content)](export, progress)
    write = write_csv if export.format == ExportFormat.CSV else write_xlsx
    return header, write(handle, header, rows, about)


def _refuse_withdrawn_since(study: Study, began: datetime) -> None:
    """The rows of who withdrew meanwhile may stand in the file."""
    moves = PatientMove.objects.filter(study=study, kind=MoveKind.WITHDRAWN)
    if moves.filter(created_at__gte=began).exists():
        found, expected = say("a withdrawal in between"), say("the rows of who takes part")
        raise refuse("patients", found, expected, say("Make the export again."))


def export_download(export: Export, user: Any) -> Export:
    """The file is there for its maker, while it lasts and the rights do.

    Raises
    ------
    PermissionDenied, DataProblem
    """
    export_require(export.study, user, export.content)
    if not export.is_there or export.made_by_id != user.pk:
        raise refuse("file", say("no file"), "a file that is there", "Make the export again.")
    if not _still_takes(export, user):
        found = say("rows of sites that are not yours any more")
        raise refuse("file", found, say("rows of your sites"), "Make the export again.")
    read_record(
        export.study, user, ReadAction.DOWNLOAD, export.content, str(export.uid), export.columns,
        export.row_count,
    )  # fmt: skip
    return export


def _still_takes(export: Export, user: Any) -> bool:
    """Whether rows of every site that was taken into the file may leave with ``user`` today."""
    needs = NEEDS[ExportContent(export.content)]
    if "rows" not in needs:
        return True
    held = sites_giving(user, export.study, *needs)
    if None in held:
        return True
    mine = Site.objects.filter(pk__in=[site for site in held if site])
    part = export.left_out.get("part")
    return part is not None and set(part["sites"]) <= set(mine.values_list("name", flat=True))


def exports_expire(study: Study) -> int:
    """Drop the bytes of files whose time has come; what was in them stays said."""
    return _drop(Export.objects.filter(study=study, expires_at__lt=timezone.now()))


def exports_drop(study: Study) -> int:
    """Drop the bytes of every file of patients before its time: one of them has withdrawn."""
    return _drop(Export.objects.filter(study=study).exclude(content=ExportContent.READS))


def _drop(exports: QuerySet[Export]) -> int:
    there = list(exports.filter(file__isnull=False).select_related("file__study"))
    for export in there:
        stored = export.file
        assert stored is not None
        FileUse.objects.filter(file=stored, table=export._meta.db_table, row_id=export.pk).delete()
        if not stored.uses.exists():
            file_drop(stored)
        export.file = None
        export.save(update_fields=["file"])
    return len(there)


Made = tuple[list[str], Iterable[list[Any]], list[tuple[str, Iterable[list[Any]]]]]


def _patients(export: Export, progress: Progress) -> Made:
    study, user = export.study, export.made_by
    dates = dates_taken(user, study)
    version = dictionary_current(study)
    specs = dictionary_specs(version)
    usable = _shared(export)
    about = [
        ["study", study.name],
        ["dictionary", version.number],
        ["made", timezone.now().strftime("%Y-%m-%d %H:%M UTC")],
        ["dates", "calendar dates" if dates else "days from the start of treatment"],
        ["left out", export.left_out["left_out"]],
        *_about_part(_part(export)),
        *([name, value] for name, value in export.filters.items()),
    ]
    lines = dictionary_lines(specs, dictionary_derived(version))
    sheets = [("dictionary", [list(COLUMNS), *lines]), ("about", about)]
    cells = _patient_cells(usable, specs, dates, progress)
    return export_header(specs, dates), cells, sheets  # type: ignore[return-value]


def _about_part(part: dict[str, Any]) -> list[list[Any]]:
    """Nothing of a file of every site."""
    if not part:
        return []
    sites = part["part"]["sites"]
    return [["part", f"{len(sites)} of {part['part']['of_sites']} sites: {'; '.join(sites)}"]]


def _shared(export: Export) -> Any:
    """Patients of the export who may stand in a file; the others are counted."""
    taken = visible(Patient.objects.all(), export.made_by, export.study, "download")
    mine = _narrowed(taken, export)
    usable = consents.usable(mine, export.study, consents.SHARING, patient="")
    export.left_out = {"left_out": mine.count() - usable.count()}
    return usable


def _lesions(export: Export, progress: Progress) -> Made:
    """A line per lesion and assessment, as the upload of lesions reads them."""
    dates = dates_taken(export.made_by, export.study)
    rows = LesionMeasurement.objects.filter(patient__in=_shared(export)).select_related("patient")
    starts = dict(
        Treatment.objects.filter(study=export.study, is_index=True).values_list("patient", "date")
    )

    def when(row: LesionMeasurement) -> Any:
        start = starts.get(row.patient_id)
        return row.date.isoformat() if dates else (row.date - start).days if start else ""

    def cells() -> Iterator[list[Any]]:
        ordered = rows.order_by("patient__pseudonym", "date", "pk")
        for number, row in enumerate(ordered.iterator(chunk_size=AT_ONCE), 1):
            if number % AT_ONCE == 0:
                progress(0, 1, say("{number:,} lines", number=number))
            size = "" if row.diameter_mm is None else float(f"{row.diameter_mm:.12g}")
            yield [row.patient.pseudonym, when(row), escaped(row.lesion), row.role,
                   escaped(row.organ), size, row.finding]  # fmt: skip

    columns = ["patient_id", "date" if dates else "day", *LESION_COLUMNS]
    return columns, cells(), []


def _narrowed(patients: Any, export: Export) -> Any:
    filters = export.filters
    if "cohort" in filters:
        patients = patients.filter(cohort_memberships__cohort__uid=filters["cohort"])
    if "site" in filters:
        patients = patients.filter(site__uid=filters["site"])
    if "status" in filters:
        patients = patients.filter(status=filters["status"])
    if "selection" in filters:
        chosen = selection_of(export.made_by, export.study, filters["selection"])
        patients = with_keys(patients, chosen.ids)
    return patient_queries.narrowed(patients, export.made_by, export.study, filters)


def _patient_cells(
    patients: Any, specs: Any, dates: bool, progress: Progress
) -> Iterator[list[Any]]:
    """A line per patient, some at a time, in the order of pseudonyms."""
    total, done, last = max(1, patients.count()), 0, ""
    ordered = patients.order_by("pseudonym").values_list("pk", "pseudonym", "site__name")
    while some := list(ordered.filter(pseudonym__gt=last)[:AT_ONCE]):
        ids = [pk for pk, _, _ in some]
        values = _values_of(ids)
        cohorts = _cohorts_of(ids)
        for pk, pseudonym, site in some:
            cells = export_cells(values[pk], specs, dates)
            yield [pseudonym, escaped(site), escaped(";".join(cohorts[pk])), *cells]
        done, last = done + len(some), some[-1][1]
        progress(done, total, say("{done:,} patients", done=done))


def _values_of(ids: list[int]) -> dict[int, dict[str, Any]]:
    found: dict[int, dict[str, Any]] = defaultdict(dict)
    entries = FormEntry.objects.filter(patient_id__in=ids, occasion="baseline").order_by("form")
    for patient, values in entries.values_list("patient_id", "values"):
        found[patient] |= values
    return found


def _cohorts_of(ids: list[int]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = defaultdict(list)
    members = CohortMember.objects.filter(patient_id__in=ids).order_by("cohort_id")
    for patient, name in members.values_list("patient_id", "cohort__name"):
        found[patient].append(name)
    return found


def _reads(export: Export, progress: Progress) -> Made:
    rows = ReadRecord.objects.filter(study=export.study).select_related("user").order_by("id")

    def cells() -> Iterator[list[Any]]:
        for number, row in enumerate(rows.iterator(chunk_size=AT_ONCE), 1):
            if number % AT_ONCE == 0:
                progress(0, 1, say("{number:,} lines", number=number))
            yield [
                row.created_at.strftime("%Y-%m-%d %H:%M:%S"),
                escaped(row.user.email or row.user.get_username()),
                row.action,
                row.page,
                row.subject,
                "" if row.row_count is None else row.row_count,
                ";".join(row.columns),
            ]

    return list(READ_COLUMNS), cells(), []


MAKERS: dict[str, Callable[[Export, Progress], Made]] = {
    ExportContent.PATIENTS: _patients,
    ExportContent.LESIONS: _lesions,
    ExportContent.READS: _reads,
}
