"""No consent, no use: the gate, the study's decision, and what a withdrawal leaves."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.db import DatabaseError, transaction
from django.utils import timezone

from genomics.models import CellAbundance
from imaging.services.slides import densities_import
from modeling.models import DatasetSnapshot, SnapshotMember
from modeling.services.cohort_snapshot import cohorts_freeze
from studies import registry
from studies.access import acting_as
from studies.consents import GENOMICS, IMAGING, SHARING, refusals, usable_ids
from studies.jobs import Progress, run_inline
from studies.methods.problems import DataProblem
from studies.models import (
    Consent,
    ConsentPolicy,
    Export,
    ImportBatch,
    Job,
    Patient,
    PatientMove,
    UseTrace,
)
from studies.selectors import members_left_out, members_table
from studies.services import (
    batch_job,
    batch_receive,
    consent_policy_set,
    consent_record,
    export_start,
    exports,
    patient_purge,
    patient_withdraw,
)
from studies.storage import storage
from tests.people import People, make_people
from tests.studies.study_made import MadeStudy, make_study

DAY = date(2020, 1, 15)


@pytest.fixture
def strict(db: None) -> People:
    """A study that has decided nothing: consent is required."""
    return make_people(waived=False)


@pytest.fixture
def made(strict: People) -> Iterator[MadeStudy]:
    made = make_study(strict)
    with acting_as(strict.coordinator):
        yield made


def test_without_a_decision_nobody_is_used_without_a_consent(strict: People, made: MadeStudy):
    study, who = strict.study, made.here
    assert usable_ids(study) == set()
    assert refusals(study)[who.pk] == "no consent to any use on record"
    consent_record(who, strict.coordinator, IMAGING, DAY)
    assert usable_ids(study) == usable_ids(study, IMAGING) == {who.pk}
    assert refusals(study, GENOMICS)[who.pk] == "no consent to genomics on record"
    assert list(members_table(study)["pseudonym"]) == ["N-001"]
    left_out = members_left_out(study)
    assert list(left_out["pseudonym"]) == ["S-001"]
    assert list(left_out["reason"]) == ["no consent to any use on record"]


def test_a_consent_holds_from_its_day_until_its_end(strict: People, made: MadeStudy):
    today = timezone.localdate()
    who, user = made.here, strict.coordinator
    Consent.objects.create(patient=who, scope=IMAGING, date=today + timedelta(days=1))
    assert usable_ids(strict.study, IMAGING) == set()
    consent_record(who, user, IMAGING, today - timedelta(days=9))
    assert usable_ids(strict.study, IMAGING) == {who.pk}
    consent_record(who, user, IMAGING, today - timedelta(days=9), today)
    assert usable_ids(strict.study, IMAGING) == set()
    assert refusals(strict.study, IMAGING)[who.pk] == "consent to imaging withdrawn"


@pytest.mark.parametrize(
    ("scope", "on", "ended", "column"),
    [
        ("everything", DAY, None, "scope"),
        (IMAGING, date(2999, 1, 1), None, "date"),
        (IMAGING, DAY, DAY - timedelta(days=1), "withdrawn_on"),
    ],
)
def test_impossible_consents_are_refused(
    strict: People, made: MadeStudy, scope: str, on: date, ended: date | None, column: str
):
    with pytest.raises(DataProblem) as refusal:
        consent_record(made.here, strict.coordinator, scope, on, ended)
    assert [problem.column for problem in refusal.value.problems] == [column]


def test_a_waiver_needs_a_reason_a_manager_and_stands(strict: People, made: MadeStudy):
    with pytest.raises(PermissionDenied):
        consent_policy_set(strict.study, strict.coordinator, False, "waived")
    with acting_as(strict.administrator):
        with pytest.raises(DataProblem):
            consent_policy_set(strict.study, strict.administrator, False, " ")
        waiver = consent_policy_set(strict.study, strict.administrator, False, "ethics waiver")
        assert usable_ids(strict.study, SHARING) == {made.here.pk, made.elsewhere.pk}
        with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
            ConsentPolicy.objects.filter(pk=waiver.pk).update(reason="")
        consent_policy_set(strict.study, strict.administrator, True)
        assert usable_ids(strict.study, SHARING) == set()


def test_files_at_a_door_name_who_has_no_consent(strict: People, made: MadeStudy):
    rows = b"patient_id,specimen,marker,region,density,unit\n"
    rows += b"N-001,N-001-T1,CD3,tumor_center,9,cells/mm2\n"
    batch = batch_receive(strict.study, strict.coordinator, "cell_densities", rows, "d.csv")
    with pytest.raises(DataProblem, match="N-001: no consent to genomics on record"):
        densities_import(batch)
    consent_record(made.here, strict.coordinator, GENOMICS, DAY)
    assert densities_import(batch)["densities"] == 1


def test_the_frozen_table_of_everybody_lists_who_was_left_out(strict: People, made: MadeStudy):
    consent_record(made.here, strict.coordinator, IMAGING, DAY)
    snapshot = cohorts_freeze(strict.study)
    out = SnapshotMember.objects.get(snapshot=snapshot, included=False)
    assert (out.patient_id, out.reason) == (made.elsewhere.pk, "no consent to any use on record")


def test_a_withdrawal_blocks_marks_and_stays(strict: People, made: MadeStudy):
    who, user = made.here, strict.coordinator
    for scope in (IMAGING, GENOMICS):
        consent_record(who, user, scope, DAY)
    snapshot = cohorts_freeze(strict.study)
    move = patient_withdraw(who, user, timezone.localdate(), "asked to", purge=True)
    who.refresh_from_db()
    assert (who.status, who.status_reason) == ("withdrawn", "asked to")
    assert not Consent.objects.filter(patient=who, withdrawn_on=None).exists()
    assert usable_ids(strict.study) == set()
    assert refusals(strict.study)[who.pk] == "withdrawn from the study"
    mark = UseTrace.objects.get(move=move)
    assert (mark.table, mark.row_id) == (snapshot._meta.db_table, snapshot.pk)
    assert move.details["used_by"] == [str(snapshot)]
    assert move.details["rows"]["studies_formentry"] == 1
    with pytest.raises(DataProblem):
        patient_withdraw(who, user, timezone.localdate(), "again")
    with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
        PatientMove.objects.filter(pk=move.pk).update(date=DAY)
    job = run_inline(Job.objects.get(kind="studies.patient_purge"))
    assert job.state == "done"
    assert who.form_entries.get().values == {}
    assert DatasetSnapshot.objects.get(pk=snapshot.pk).not_reproducible_since is not None
    assert PatientMove.objects.filter(pk=move.pk).exists()


def test_a_removal_takes_the_files_and_what_was_told_of_the_patient(
    strict: People, made: MadeStudy
):
    study, user = strict.study, strict.coordinator
    head = "patient_id,site,cohort,treatment_started_on,sex,age_years\n"

    def brought(name: str, text: bytes, kind: str = "cohort_table", **more: bool) -> ImportBatch:
        batch = batch_receive(study, user, kind, text, name, **more)
        job = batch_job(batch)
        assert job is not None
        run_inline(job)
        batch.refresh_from_db()
        return batch

    def line(who: str, age: int) -> str:
        return f"{who},North,training,2020-03-01,female,{age}\n"

    taken = brought("taken.csv", (head + line("N-001", 70)).encode())
    same = brought("same.csv", (head + line("N-001", 70) + line("N-0012", 50)).encode("utf-16"))
    refused = brought("refused.csv", (head + line("N-001", 700)).encode())
    waits = brought("waits.csv", (head + line("N-001", 71)).encode(), confirm=True)
    slides = b"patient_id,specimen,marker,region,density,unit\nN-001,N-001-T1,CD3,x,9,cells/mm2\n"
    counted = brought("slides.csv", slides, "cell_densities")
    other = brought("other.csv", (head + line("N-0012", 700)).encode())
    gone, states = [taken, same, refused, waits, counted], ["ready", "ready", "failed", "looked"]
    assert [batch.state for batch in gone] == [*states, "failed"]
    told = Job.objects.get(subject_table=refused._meta.db_table, subject_id=refused.pk)
    assert "700" in str(refused.problems)
    assert "700" in str(told.problems)
    consent_record(made.here, user, SHARING, DAY)
    _, job = export_start(study, user)
    assert run_inline(job).state == "done"
    export = Export.objects.latest("pk")
    assert export.is_there
    assert export.row_count == 1
    patient_withdraw(made.here, user, timezone.localdate(), "asked to", purge=True)
    export.refresh_from_db()
    assert not export.is_there, "nobody takes it away any more"
    job = run_inline(Job.objects.get(kind="studies.patient_purge"))
    assert job.state == "done", job.error_id
    for batch in gone:
        batch.refresh_from_db()
        assert batch.file.bytes_dropped_at is not None, batch.filename
        assert not storage().exists(study.uid, batch.file.sha256)
        told_of = str([batch.problems, batch.notices, batch.difference])
        assert not re.search("N-001(?!2)", told_of), batch.filename
    told.refresh_from_db()
    assert told.problems == []
    assert (waits.state, refused.problem_count) == ("failed", 0)
    other.refresh_from_db()
    assert other.file.bytes_dropped_at is None, "of somebody whose pseudonym is longer"
    assert "N-0012" in str(other.problems)


def test_a_file_is_not_made_over_a_withdrawal(
    strict: People, made: MadeStudy, monkeypatch: pytest.MonkeyPatch
):
    read = exports.MAKERS["patients"]

    def withdrawn_meanwhile(export: Export, progress: Progress) -> exports.Made:
        rows = read(export, progress)
        patient_withdraw(made.here, strict.coordinator, timezone.localdate(), "asked to")
        return rows

    monkeypatch.setitem(exports.MAKERS, "patients", withdrawn_meanwhile)
    _, job = export_start(strict.study, strict.coordinator)
    assert "a withdrawal in between" in str(run_inline(job).problems)
    monkeypatch.undo()
    _, job = export_start(strict.study, strict.coordinator)
    assert run_inline(job).state == "done"


def test_only_the_withdrawn_are_purged(strict: People, made: MadeStudy):
    with pytest.raises(DataProblem):
        patient_purge(PatientMove(patient=made.here))


def test_every_app_that_fits_something_traces_it(db: None):
    assert set(registry.patients._tracers) == {"imaging", "genomics", "modeling"}


def test_a_waiver_does_not_bring_back_who_withdrew(strict: People, made: MadeStudy):
    patient_withdraw(made.here, strict.coordinator, timezone.localdate(), "asked to")
    with acting_as(strict.administrator):
        consent_policy_set(strict.study, strict.administrator, False, "ethics waiver")
    assert usable_ids(strict.study) == {made.elsewhere.pk}
    assert not CellAbundance.objects.exists()
    assert Patient.objects.filter(pk=made.here.pk).exists()


def test_a_cohort_table_brings_consents_and_never_takes_them_back(strict: People):
    with acting_as(strict.coordinator):
        for table in (
            b"patient_id,site,cohort,treatment_started_on,consent_imaging_on\n"
            b"P1,North,training,2020-03-01,2020-02-01\n",
            b"patient_id,site,cohort,treatment_started_on,sex\nP1,North,training,2020-03-01,male\n",
        ):
            batch = batch_receive(strict.study, strict.coordinator, "cohort_table", table, "c.csv")
            job = batch_job(batch)
            assert job is not None
            assert run_inline(job).state == "done", job.problems
            given = Consent.objects.get(patient__pseudonym="P1")
            assert (given.scope, given.date) == (IMAGING, date(2020, 2, 1))
