"""A checked cohort table becomes patients, memberships, form entries and dated facts at once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.db import models, transaction

from studies.access import sees_all_sites
from studies.consents import SCOPES
from studies.jobs import Progress, no_progress
from studies.methods.cohort_table import CohortRow, CohortTable, read_cohort_table
from studies.methods.problems import DataProblem, Notice, Problem
from studies.models import (
    USE_OF_ROLE,
    Cohort,
    CohortMember,
    CohortUse,
    Consent,
    Contact,
    ContactKind,
    Death,
    DictionaryVersion,
    EntryState,
    FormEntry,
    ImportBatch,
    Job,
    LabResult,
    Membership,
    Patient,
    Progression,
    ResponseAssessment,
    Surgery,
    Treatment,
)

from .dictionary import dictionary_current, dictionary_specs
from .endpoints import endpoints_compute
from .files import file_read
from .people import site_of

MARKERS = {"cea_ng_ml": "CEA", "ca199_u_ml": "CA19-9", "ca125_u_ml": "CA125"}
CONSENTS = {f"consent_{scope}_on": scope for scope in SCOPES}
CLOSED = (EntryState.VERIFIED, EntryState.LOCKED)
FACTS: tuple[type[models.Model], ...] = (
    Treatment,
    ResponseAssessment,
    Progression,
    Death,
    Contact,
    Surgery,
    LabResult,
)


def cohort_import(
    batch: ImportBatch, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Check the whole file, then write it in one transaction, or refuse all of it.

    The same file again changes nothing; a line whose values differ updates the patient's entry
    (its history is kept by trigger).

    Raises
    ------
    DataProblem
        Every problem of the file, and every clash with what is stored.
    """
    progress(0, 4, "checking the table")
    dictionary = dictionary_current(batch.study)
    table = read_cohort_table(file_read(batch.file), dictionary_specs(dictionary), _uses(batch))
    progress(1, 4, "comparing with what is stored")
    problems = [
        *_check_partitions(batch, table),
        *_check_sites(batch, table),
        *_check_frozen(batch, table),
    ]
    if problems:
        raise DataProblem(problems)
    with transaction.atomic():
        progress(2, 4, f"writing {len(table.rows)} lines")
        writing = _Writing(batch, dictionary)
        writing.write(table.rows)
        progress(3, 4, "deriving endpoints")
        patients = [writing.patients[row.pseudonym] for row in table.rows]
        notices = [*table.notices, *endpoints_compute(batch.study, patients, job)]
        summary = {"lines": len(table.rows), **writing.counts, **_cohort_counts(table.rows)}
        batch.dictionary = dictionary
        batch.save(update_fields=["dictionary"])
        batch.mark_ready(
            summary, [*notices, *_undated_progressions(table.rows), *_unrecorded(table.rows)]
        )
    progress(4, 4, "done")
    return summary


def _uses(batch: ImportBatch) -> dict[str, str]:
    """Cohorts the file may name: the paper's roles, and those the study has."""
    own = dict(Cohort.objects.filter(study=batch.study).values_list("name", "use"))
    return {**{str(role): str(use) for role, use in USE_OF_ROLE.items()}, **own}


def _check_partitions(batch: ImportBatch, table: CohortTable) -> Iterable[Problem]:
    """A patient stored on one side of the wall may not enter the other."""
    uses = _uses(batch)
    stored = dict(
        Patient.objects.filter(study=batch.study, partition__isnull=False).values_list(
            "pseudonym", "partition"
        )
    )
    for row in table.rows:
        use, held = uses[row.cohort], stored.get(row.pseudonym)
        if held and use != CohortUse.DESCRIPTIVE and use != held:
            yield Problem(
                row.pseudonym,
                f"cohort {row.cohort} ({use}), but stored in a {held} cohort",
                "a patient in development or in validation, never in both",
                "Take the line out, or give another patient another pseudonym.",
                row.row,
                "cohort",
            )


def _check_frozen(batch: ImportBatch, table: CohortTable) -> Iterable[Problem]:
    """Nobody enters a frozen cohort; who is in it may come again."""
    frozen = Cohort.objects.filter(study=batch.study, frozen_at__isnull=False)
    members = CohortMember.objects.filter(cohort__in=frozen)
    inside = set(members.values_list("cohort__name", "patient__pseudonym"))
    names = set(frozen.values_list("name", flat=True))
    for row in table.rows:
        if row.cohort in names and (row.cohort, row.pseudonym) not in inside:
            yield Problem(
                row.pseudonym,
                f"a new member of {row.cohort}, which is frozen",
                "patients who were in it when it was frozen",
                "Leave the line out, or name another cohort.",
                row.row,
                "cohort",
            )


def _check_sites(batch: ImportBatch, table: CohortTable) -> Iterable[Problem]:
    """A coordinator of one hospital enters that hospital's patients; nobody moves a patient."""
    everywhere = sees_all_sites(batch.uploaded_by, batch.study)
    memberships = Membership.objects.in_force(batch.uploaded_by).filter(study=batch.study)
    own = {m.site.name for m in memberships.select_related("site") if m.site}
    stored = dict(Patient.objects.filter(study=batch.study).values_list("pseudonym", "site__name"))
    for row in table.rows:
        if not everywhere and row.site not in own:
            expected = "your own site: " + ", ".join(sorted(own))
            yield Problem(
                row.pseudonym, row.site, expected, "Leave other sites out.", row.row, "site"
            )
        elif stored.get(row.pseudonym, row.site) != row.site:
            found = f"{row.site}, but stored at {stored[row.pseudonym]}"
            yield Problem(
                row.pseudonym, found, "the stored site",
                "A transfer is made on the patient's page.", row.row, "site",
            )  # fmt: skip


@dataclass
class _Writing:
    """One transaction's writing of checked rows: new ones in bulk, changed ones in place."""

    batch: ImportBatch
    dictionary: DictionaryVersion
    patients: dict[str, Patient] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)

    def write(self, rows: tuple[CohortRow, ...]) -> None:
        study = self.batch.study
        known = Patient.objects.filter(study=study).in_bulk(field_name="id").values()
        self.patients = {patient.pseudonym: patient for patient in known}
        self._patients(rows)
        self._members(rows)
        first = {row.pseudonym: row for row in reversed(rows)}
        changed = self._entries(first)
        self._facts([first[name] for name in changed])
        self._consents(first)
        self.counts = {
            "new": self.counts["new"],
            "changed": len(changed) - self.counts["new"],
            "same": len(first) - len(changed),
        }

    def _patients(self, rows: tuple[CohortRow, ...]) -> None:
        study = self.batch.study
        sites = {name: site_of(study, name) for name in sorted({row.site for row in rows})}
        fresh = {
            row.pseudonym: Patient(study=study, site=sites[row.site], pseudonym=row.pseudonym)
            for row in rows
            if row.pseudonym not in self.patients
        }
        Patient.objects.bulk_create(fresh.values(), ignore_conflicts=True)
        written = Patient.objects.filter(study=study, pseudonym__in=fresh)
        self.patients |= {patient.pseudonym: patient for patient in written}
        if taken := [row for row in rows if row.pseudonym not in self.patients]:
            raise DataProblem(map(_taken, taken))
        self.counts["new"] = len(fresh)

    def _members(self, rows: tuple[CohortRow, ...]) -> None:
        cohorts = {name: self._cohort(name) for name in sorted({row.cohort for row in rows})}
        moved = []
        for row in rows:
            patient, use = self.patients[row.pseudonym], cohorts[row.cohort].use
            if use != CohortUse.DESCRIPTIVE and patient.partition is None:
                patient.partition = use
                moved.append(patient)
        Patient.objects.bulk_update(moved, ["partition"])
        CohortMember.objects.bulk_create(
            [
                CohortMember(
                    patient=self.patients[row.pseudonym],
                    cohort=cohorts[row.cohort],
                    use=cohorts[row.cohort].use,
                )
                for row in rows
            ],
            ignore_conflicts=True,
        )

    def _cohort(self, name: str) -> Cohort:
        defaults = {"role": name, "use": USE_OF_ROLE.get(name)}
        return Cohort.objects.get_or_create(study=self.batch.study, name=name, defaults=defaults)[0]

    def _entries(self, rows: dict[str, CohortRow]) -> list[str]:
        """Write the baseline form; returns the pseudonyms whose values are new or changed."""
        stored = {
            entry.patient_id: entry
            for entry in FormEntry.objects.filter(
                study=self.batch.study, form="baseline", occasion="baseline"
            )
        }
        fresh, changed, closed = [], [], []
        for name, row in rows.items():
            entry = stored.get(self.patients[name].pk)
            if entry is None:
                fresh.append(self._entry(row))
            elif entry.values != row.values and entry.state in CLOSED:
                closed.append(_closed(row, entry))
            elif entry.values != row.values:
                entry.values, entry.dictionary = row.values, self.dictionary
                entry.batch, entry.source_row = self.batch, row.row
                entry.row_version += 1
                entry.save()
                changed.append(name)
        if closed:
            raise DataProblem(closed)
        FormEntry.objects.bulk_create(fresh)
        return [*(entry.patient.pseudonym for entry in fresh), *changed]

    def _entry(self, row: CohortRow) -> FormEntry:
        return FormEntry(
            patient=self.patients[row.pseudonym],
            form="baseline",
            occasion="baseline",
            dictionary=self.dictionary,
            values=row.values,
            batch=self.batch,
            source_row=row.row,
        )

    def _consents(self, rows: dict[str, CohortRow]) -> None:
        """Consents are added, never taken back by a table: their end is recorded by a person."""
        Consent.objects.bulk_create(
            [
                Consent(
                    patient=self.patients[name],
                    scope=scope,
                    batch=self.batch,
                    source_row=row.row,
                    **_date(row, column),
                )
                for name, row in rows.items()
                for column, scope in CONSENTS.items()
                if column in row.dates
            ],
            ignore_conflicts=True,
        )

    def _facts(self, rows: list[CohortRow]) -> None:
        """The dated facts of these rows, in place of what an earlier line of a table said."""
        owners = [self.patients[row.pseudonym].pk for row in rows]
        written = [fact for row in rows for fact in _facts_of(row)]
        for model in FACTS:
            model._default_manager.filter(patient_id__in=owners, batch__isnull=False).delete()
            model._default_manager.bulk_create(
                [
                    kind(
                        patient=self.patients[row.pseudonym],
                        batch=self.batch,
                        source_row=row.row,
                        **values,
                    )
                    for row, kind, values in written
                    if kind is model
                ]
            )


def _closed(row: CohortRow, entry: FormEntry) -> Problem:
    names = sorted(
        n for n in {*row.values, *entry.values} if row.values.get(n) != entry.values.get(n)
    )
    return Problem(
        row.pseudonym,
        f"other values of {', '.join(names)} in a form that is {entry.state}",
        f"the values that were {entry.state}",
        "Correct the line, or open the form again first.",
        row.row,
    )


def _taken(row: CohortRow) -> Problem:
    """The database knows the pseudonym, the reader's rows do not hold it."""
    return Problem(
        row.pseudonym,
        "a pseudonym that another site of the study uses",
        "a pseudonym that is new, or one of your own site",
        "Give the patient another pseudonym, or take the line out.",
        row.row,
        "patient_id",
    )


def _facts_of(row: CohortRow) -> Iterable[tuple[CohortRow, type[models.Model], dict[str, Any]]]:
    dated: list[tuple[str, type[models.Model], dict[str, Any]]] = [
        ("treatment_started_on", Treatment, _treatment(row)),
        ("progressed_on", Progression, {}),
        ("died_on", Death, {}),
        ("last_assessed_on", Contact, {"kind": ContactKind.ASSESSED}),
        ("last_known_alive_on", Contact, {"kind": ContactKind.ALIVE}),
        ("surgery_on", Surgery, {"margin": _value(row, "resection_margin") or "unknown"}),
    ]
    if result := _value(row, "response"):
        dated.append(("response_assessed_on", ResponseAssessment, {"result": result}))
    for name, kind, values in dated:
        if name in row.dates:
            yield row, kind, {**_date(row, name), **values}
    for name, analyte in MARKERS.items():
        if _value(row, name) is not None and "treatment_started_on" in row.dates:
            yield row, LabResult, {**_date(row, "treatment_started_on"), **_lab(row, name, analyte)}


def _value(row: CohortRow, name: str) -> Any:
    return row.values.get(name, {}).get("v")


def _date(row: CohortRow, name: str) -> dict[str, Any]:
    day = row.dates[name]
    return {"date": day.earliest, "precision": day.precision}


def _treatment(row: CohortRow) -> dict[str, Any]:
    return {
        "line": int(_value(row, "treatment_line") or 1),
        "drug": _value(row, "drug") or "not recorded",
    }


def _lab(row: CohortRow, name: str, analyte: str) -> dict[str, Any]:
    value = row.values[name]
    return {
        "analyte": analyte,
        "value": value["v"],
        "unit": value["unit_as_entered"],
        "value_as_entered": f"{value['v']:g}",
        "unit_as_entered": value["unit_as_entered"],
        "comparator": value.get("comparator", ""),
    }


def _cohort_counts(rows: tuple[CohortRow, ...]) -> dict[str, Any]:
    return {"cohorts": dict(sorted(Counter(row.cohort for row in rows).items()))}


def _undated_progressions(rows: tuple[CohortRow, ...]) -> Iterable[Notice]:
    """PFS goes by dated progressions alone; an assessment that says PD is no such date."""
    for row in rows:
        if _value(row, "response") == "PD" and not {"progressed_on", "died_on"} & set(row.dates):
            text = (
                f"{row.pseudonym} (line {row.row}): assessed as PD, but no progression is dated; "
                "progression-free survival stays censored"
            )
            yield Notice("progression_not_dated", text)


def _unrecorded(rows: tuple[CohortRow, ...]) -> Iterable[Notice]:
    without = sum("v" not in row.values.get("msi_status", {}) for row in rows)
    if without:
        text = f"microsatellite status is not recorded for {without} of {len(rows)} lines"
        yield Notice("msi_not_recorded", text)
