"""A pseudonym entered wrongly: corrected by few, remembered, and never resolved in silence."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from genomics.overviews import notices_read
from genomics.services.specimens import patients_of_columns
from imaging.services.nifti import _patients
from imaging.services.scan_taking import _patient_named
from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import (
    Consent,
    FormerPseudonym,
    Membership,
    Patient,
    PatientMove,
    Specimen,
)
from studies.selectors import notice_former
from studies.services import (
    batch_job,
    batch_receive,
    membership_grant,
    patient_screen,
    pseudonym_correct,
    pseudonym_free,
)
from tests.begun import begun_by
from tests.people import People
from tests.studies.study_made import MadeStudy, WithStudy, with_study
from tests.studies.test_cohort_import import GOOD, handed_in, table
from tests.studies.test_patient_moves import DAY

pytestmark = pytest.mark.usefixtures("in_chinese")


@pytest.fixture
@begun_by(with_study)
def made(begun: WithStudy, as_coordinator: People) -> MadeStudy:
    Consent.objects.create(patient=begun.made.here, scope="genomics", date=DAY)
    return begun.made


def line(who: str) -> dict[str, str]:
    return GOOD | {"patient_id": who}


def test_the_former_pseudonym_means_the_patient_until_it_is_freed(
    as_coordinator: People, made: MadeStudy
):
    """Files that carry it are the patient's, with a notice; a table of values is refused."""
    people, who = as_coordinator, made.here
    study, user = people.study, people.coordinator
    Specimen.objects.create(patient=who, label="N-001-T1")
    pseudonym_correct(who, user, "N-010", "kept", "two digits were exchanged")
    assert who.form_entries.get().patient_id == who.specimens.get().patient_id == who.pk
    found, (notice,) = patients_of_columns(study, ["N-001-T1", "N-001-T2"], "counts.csv", False)
    assert set(found.values()) == {Patient.objects.get(pseudonym="N-010")}
    assert notice.code == "former_pseudonym"
    assert "N-010" in notice.text
    batch = handed_in(people, table(line("N-001")))
    (problem,) = batch.problems
    assert (problem["row"], problem["column"]) == (2, "patient_id")
    assert "the former pseudonym of N-010" in problem["found"]
    assert "Write N-010" in problem["remedy"]
    with pytest.raises(DataProblem, match="the former pseudonym of N-010"):
        patient_screen(study, user, people.here, DAY, "N-001")
    with pytest.raises(IntegrityError, match="former"), transaction.atomic():
        Patient.objects.create(study=study, site=people.here, pseudonym="N-001")
    membership_grant(study, people.colleague, "coordinator", people.elsewhere)
    with acting_as(people.colleague):  # who does not see the patient is told no more than this
        south = table(line("N-001") | {"site": "South"})
        batch = batch_receive(study, people.colleague, "cohort_table", south, "south.csv")
        (problem,) = run_inline(batch_job(batch)).problems
        assert "another site of the study uses" in problem["found"]
    pseudonym_free(Patient.objects.get(pk=who.pk), user, "N-001", "it is another patient's")
    other = patient_screen(study, user, people.here, DAY, "N-001")
    assert other.pk != who.pk
    with pytest.raises(DataProblem, match="who was called N-001"):
        patients_of_columns(study, ["N-001-T1"], "counts.csv", True)
    assert [m.kind for m in who.moves.order_by("id")] == ["renamed", "freed"]


@pytest.mark.parametrize(
    ("pseudonym", "former", "reason", "said"),
    [
        ("N-001", "kept", "why", "as it is"),
        ("S-001", "kept", "why", "another patient has"),
        ("a name", "kept", "why", "of letters, digits"),
        ("N-010", "", "why", "'kept' or 'freed'"),
        ("N-010", "kept", " ", "Say why"),
    ],
)
def test_a_correction_that_cannot_be_is_refused(
    as_coordinator: People, made: MadeStudy, pseudonym: str, former: str, reason: str, said: str
):
    with pytest.raises(DataProblem, match=said):
        pseudonym_correct(made.here, as_coordinator.coordinator, pseudonym, former, reason)
    assert not PatientMove.objects.filter(kind="renamed").exists()
    assert not FormerPseudonym.objects.exists()


def test_two_patients_whose_pseudonyms_were_exchanged_get_them_back(
    as_coordinator: People, made: MadeStudy
):
    one, other = made.here, made.elsewhere
    user = as_coordinator.coordinator
    pseudonym_correct(one, user, "between", "freed", "exchanged")
    pseudonym_correct(other, user, "N-001", "freed", "exchanged")
    pseudonym_correct(one, user, "S-001", "freed", "exchanged")
    names = dict(Patient.objects.values_list("pk", "pseudonym"))
    assert (names[one.pk], names[other.pk]) == ("S-001", "N-001")


def test_who_enters_and_verifies_corrects_it_on_the_page_and_over_the_api(
    as_coordinator: People, made: MadeStudy, client: Client
):
    people, who = as_coordinator, made.here
    client.force_login(people.coordinator)
    page = reverse("studies:participation", args=[people.study.uid, who.uid])
    step = reverse("studies:patient_step", args=[people.study.uid, who.uid, "pseudonym"])
    sent = {"pseudonym": "S-001", "former": "kept", "reason": "a slip", "so_far": "N-001"}
    refused = client.post(step, sent)
    assert refused.status_code == 422
    assert "another patient has" in refused.content.decode()
    client.post(step, sent | {"pseudonym": "N-010"})
    late = client.post(step, sent | {"pseudonym": "N-020", "former": "freed"})
    assert "N-010, corrected meanwhile" in late.content.decode()
    told = client.get(page).content.decode()
    assert "formerly N-001" in told
    first = client.get(reverse("studies:patient", args=[people.study.uid, who.uid]))
    assert "formerly N-001" in first.content.decode()
    assert "N-001 was a mistake for N-010." in told
    listed = reverse("studies:patients", args=[people.study.uid])
    assert str(who.uid) in client.post(listed, {"search": "N-001"}).url
    api = reverse("api:patient-move-list", args=[people.study.uid])
    asked: dict[str, Any] = {"kind": "renamed", "patient": "N-001", "pseudonym": "N-011"}
    answer = client.post(api, asked | {"former": "freed", "reason": "again"}, "application/json")
    assert "the former pseudonym of N-010" in str(answer.json())
    asked |= {"patient": "N-010", "former": "freed", "reason": "again"}
    assert client.post(api, asked, "application/json").status_code == 201
    patients = client.get(reverse("api:patient-list", args=[people.study.uid])).json()["results"]
    (shown,) = (row for row in patients if row["uid"] == str(who.uid))
    assert (shown["pseudonym"], shown["former_pseudonyms"]) == ("N-011", ["N-001"])
    client.force_login(people.administrator)
    history = reverse("studies:audit", args=[people.study.uid])
    audit = client.get(history, {"table": "patient"}).content.decode()
    assert "a slip" in audit
    client.force_login(people.statistician)
    asked |= {"patient": "N-011", "pseudonym": "N-012"}
    assert client.post(api, asked, "application/json").status_code == 403
    assert "pseudonym_former" not in client.get(page).content.decode()
    with acting_as(people.statistician), pytest.raises(PermissionDenied):
        pseudonym_correct(who, people.statistician, "N-012", "kept", "no")


def test_scans_under_a_former_pseudonym_are_the_patients_until_it_is_freed(
    as_coordinator: People, made: MadeStudy
):
    who, user = made.here, as_coordinator.coordinator
    pseudonym_correct(who, user, "N-010", "kept", "two digits were exchanged")
    assert _patient_named(made.batch, "N-001") == who
    assert _patients(made.batch, {"N-001", "S-001"}, []) == {"N-001": who, "S-001": made.elsewhere}
    pseudonym_free(who, user, "N-001", "it is another patient's")
    assert _patient_named(made.batch, "N-001") is None
    problems: list[Any] = []
    assert not _patients(made.batch, {"N-001"}, problems)
    assert len(problems) == 1


def test_who_does_not_read_the_patient_is_not_told_whose_former_pseudonym_it_is(
    as_coordinator: People, made: MadeStudy, client: Client
):
    """A member of every site whose right over rows is of one: the database alone would tell."""
    people, user = as_coordinator, as_coordinator.colleague
    study = people.study
    pseudonym_correct(made.here, people.coordinator, "N-010", "kept", "a slip")
    membership_grant(study, user, "coordinator", people.elsewhere)
    with acting_as(people.administrator):
        membership_grant(study, user, "collaborator")
        Membership.objects.filter(user=user, site=None).update(rights=["aggregates"])
    client.force_login(user)
    api = reverse("api:patient-move-list", args=[study.uid])
    asked = {"kind": "renamed", "patient": "N-001", "pseudonym": "N-011"}
    told = client.post(api, asked, "application/json").json()["problems"][0]
    assert told["found"] == "no such patient"
    with acting_as(user):
        for attempt in (
            lambda: patient_screen(study, user, people.elsewhere, DAY, "N-001"),
            lambda: pseudonym_correct(made.elsewhere, user, "N-001", "kept", "a slip"),
        ):
            with pytest.raises(DataProblem) as refusal:
                attempt()
            assert "N-010" not in str(refusal.value.as_list())


def test_a_matrix_tells_the_former_pseudonym_to_who_reads_all_of_its_upload(people: People):
    batch = SimpleNamespace(uploaded_by_id=people.coordinator.pk, site_ids=None)
    notices = [notice_former("N-001", Patient(pseudonym="N-010")).as_dict(), {"code": "strand"}]
    matrix: Any = SimpleNamespace(study=people.study, batch=batch, notices=notices)
    assert notices_read(people.coordinator, matrix) == notices
    assert notices_read(people.colleague, matrix) == notices[1:]
