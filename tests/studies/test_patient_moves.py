"""A patient's way through a study: screened, moved between sites, two pseudonyms of one person."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import DatabaseError, IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from studies.access import acting_as
from studies.methods.problems import DataProblem
from studies.methods.pseudonym import ALPHABET, LENGTH, has_check_character, make_pseudonym
from studies.models import (
    Cohort,
    CohortMember,
    CohortUse,
    Lesion,
    LesionKind,
    Patient,
    PatientMove,
    Progression,
    ResponseAssessment,
    Specimen,
)
from studies.services import (
    cohort_create,
    cohort_freeze,
    cohort_members_add,
    cohort_members_remove,
    consent_record,
    membership_grant,
    patient_screen,
    patient_status_set,
    patient_transfer,
    patients_merge,
)
from tests.begun import begun_by
from tests.people import People
from tests.studies.study_made import MadeStudy, WithStudy, with_study

DAY = date(2021, 5, 4)


@pytest.mark.parametrize("number", [0, 1, 31, 123_456_789, len(ALPHABET) ** LENGTH - 1])
def test_a_pseudonym_catches_a_slip_of_the_pen(number: int) -> None:
    """One wrong character, or two neighbours exchanged: never another pseudonym."""
    made = make_pseudonym(number)
    assert has_check_character(made)
    signs = [place for place, sign in enumerate(made) if place > 1 and sign != "-"]
    for at in signs:
        for other in set(ALPHABET) - {made[at]}:
            assert not has_check_character(made[:at] + other + made[at + 1 :])
    for at in signs[: LENGTH - 1]:
        turned = made[:at] + made[at + 1] + made[at] + made[at + 2 :]
        assert has_check_character(turned) == (turned == made)


def test_numbers_out_of_range_make_no_pseudonym() -> None:
    numbers = range(0, len(ALPHABET) ** LENGTH, 1_234_567)
    assert len({make_pseudonym(number) for number in numbers}) == len(numbers)
    with pytest.raises(ValueError, match="between"):
        make_pseudonym(len(ALPHABET) ** LENGTH)


@pytest.fixture
@begun_by(with_study)
def made(begun: WithStudy, as_coordinator: People) -> MadeStudy:
    return begun.made


def test_screening_makes_a_pseudonym_and_a_log(as_coordinator: People, made: MadeStudy):
    people, user = as_coordinator, as_coordinator.coordinator
    who = patient_screen(people.study, user, people.here, DAY)
    assert who.status == "screened"
    assert has_check_character(who.pseudonym)
    patient_status_set(who, user, "excluded", DAY, "no measurable lesion")
    who.refresh_from_db()
    assert (who.status, who.status_reason) == ("excluded", "no measurable lesion")
    assert [m.kind for m in who.moves.order_by("id")] == ["screened", "excluded"]
    with pytest.raises(DataProblem, match="Say why"):
        patient_status_set(made.here, user, "excluded", DAY, " ")
    with pytest.raises(DataProblem, match="new in the study"):
        patient_screen(people.study, user, people.here, DAY, "N-001")
    with pytest.raises(DataProblem, match="of letters, digits"):
        patient_screen(people.study, user, people.here, DAY, "Mrs. Miller 1953")
    with pytest.raises(DatabaseError, match="pgtrigger"), transaction.atomic():
        PatientMove.objects.update(reason="another")


def test_the_form_of_a_new_patient_says_what_was_expected(
    as_coordinator: People, made: MadeStudy, client: Client
):
    """Beside the field: what stands there, what should, and what to do; and no browser keeps it."""
    client.force_login(as_coordinator.coordinator)
    page = reverse("studies:patient_new", args=[as_coordinator.study.uid])
    typed = {"site": as_coordinator.here.pk, "kind": "screened", "on": str(DAY)}
    for wrong, said in (
        ({"on": "2999-01-01"}, "2999-01-01: expected a day up to"),
        ({"pseudonym": "N-001"}, "N-001: expected a pseudonym that is new in the study"),
    ):
        answer = client.post(page, {**typed, **wrong})
        assert said in answer.content.decode()
        assert answer["Cache-Control"] == "private, no-store"


def test_a_transfer_needs_both_sites_and_takes_every_row(as_coordinator: People, made: MadeStudy):
    people, who = as_coordinator, made.here
    Specimen.objects.create(patient=who, label="N-001-T1")
    membership_grant(people.study, people.colleague, "coordinator", people.elsewhere)
    with acting_as(people.colleague), pytest.raises(DataProblem):
        patient_transfer(made.elsewhere, people.colleague, people.here, DAY, "moved house")
    move = patient_transfer(who, people.coordinator, people.elsewhere, DAY, "moved house")
    assert move.details == {"from": "North", "to": "South"}
    for row in (who.specimens.get(), who.form_entries.get(), who.completeness, move):
        row.refresh_from_db()
        assert row.site == people.elsewhere


def test_a_merge_moves_what_it_can_and_lists_what_stays(as_coordinator: People, made: MadeStudy):
    people, kept, other = as_coordinator, made.here, made.elsewhere
    for patient in (kept, other):
        lesion = Lesion.objects.create(
            patient=patient, number=1, is_target=True, kind=LesionKind.METASTASIS
        )
        Specimen.objects.create(patient=patient, lesion=lesion, label=f"{patient.pseudonym}-T1")
    move = patients_merge(kept, other, people.coordinator, DAY, "referred twice")
    assert sorted(kept.specimens.values_list("label", flat=True)) == ["N-001-T1", "S-001-T1"]
    assert list(kept.lesions.order_by("number").values_list("number", "is_target")) == [
        (1, True),
        (2, False),
    ]
    assert move.details["moved"] == {"studies_lesion": 1, "studies_specimen": 1}
    assert move.details["stayed"] == {
        "studies_cohortmember": 1,  # both are in the cohort
        "studies_death": 1,
        "studies_formentry": 1,
        "studies_treatment": 1,
    }
    other.refresh_from_db()
    assert (other.status, other.status_reason) == ("excluded", "referred twice")
    assert kept.endpoint_values.filter(definition__name="overall_survival").exists()
    assert {m.kind for m in kept.moves.all()} == {"merged"}


def test_what_repeats_a_dated_fact_follows_it_whoever_writes_it(
    as_coordinator: People, made: MadeStudy
):
    """A consent on its own page, and the facts of another pseudonym: one fact, one statement."""
    kept, other = made.here, made.elsewhere
    consent_record(kept, as_coordinator.coordinator, "imaging", date(2020, 2, 1))
    Progression.objects.create(patient=other, date=date(2020, 9, 1), precision="month")
    ResponseAssessment.objects.create(patient=other, date=date(2020, 8, 20), result="SD")
    entry = kept.form_entries.get()
    assert entry.values["consent_imaging_on"]["v"] == "2020-02-01"
    entry.values["surgery_on"] = {"missing": "not_done"}
    entry.save()
    patients_merge(kept, other, as_coordinator.coordinator, DAY, "one person")
    values = kept.form_entries.get().values
    assert values["progressed_on"] == {"v": "2020-09-01", "precision": "month"}
    assert (values["response"]["v"], values["response_assessed_on"]["v"]) == ("SD", "2020-08-20")
    assert values["surgery_on"] == {"missing": "not_done"}
    assert values["consent_imaging_on"]["v"] == "2020-02-01"


def test_the_two_sides_of_the_wall_do_not_merge(as_coordinator: People, made: MadeStudy):
    user = as_coordinator.coordinator
    validating = cohort_create(as_coordinator.study, user, "later", "internal_validation")
    other = patient_screen(as_coordinator.study, user, as_coordinator.here, DAY, "N-9")
    cohort_members_add(validating, user, [other])
    with pytest.raises(DataProblem, match="both in development or both in validation"):
        patients_merge(made.here, other, user, DAY, "referred twice")


def test_development_and_validation_are_told_apart_in_words(
    as_coordinator: People, made: MadeStudy
):
    user = as_coordinator.coordinator
    validating = cohort_create(as_coordinator.study, user, "later", "external_response")
    with pytest.raises(DataProblem) as refusal:
        cohort_members_add(validating, user, [made.here, made.elsewhere])
    assert [p.where for p in refusal.value.problems] == ["N-001", "S-001"]
    assert "development" in refusal.value.problems[0].found
    assert not validating.members.exists()
    fresh = patient_screen(as_coordinator.study, user, as_coordinator.here, DAY, "N-9")
    assert cohort_members_add(validating, user, [fresh]) == 1
    assert cohort_members_add(validating, user, [fresh]) == 0
    fresh.refresh_from_db()
    assert fresh.partition == CohortUse.VALIDATION


def test_the_database_keeps_a_frozen_cohort(as_coordinator: People, made: MadeStudy):
    people, cohort = as_coordinator, made.cohort
    outside = patient_screen(people.study, people.coordinator, people.here, DAY, "N-9")
    with acting_as(people.administrator):
        cohort_freeze(cohort, people.administrator)
    member = cohort.members.first()
    assert member is not None
    Patient.objects.filter(pk=outside.pk).update(partition="development")
    attempts = (
        lambda: CohortMember.objects.create(patient=outside, cohort=cohort, use=cohort.use),
        lambda: CohortMember.objects.filter(pk=member.pk).delete(),
        lambda: CohortMember.objects.filter(pk=member.pk).update(patient=outside),
        lambda: Cohort.objects.filter(pk=cohort.pk).update(frozen_at=None),
        lambda: Cohort.objects.filter(pk=cohort.pk).update(role="histology", use="descriptive"),
    )
    for attempt in attempts:
        with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
            attempt()
    for change in (cohort_members_add, cohort_members_remove):
        who = outside if change is cohort_members_add else made.here
        with pytest.raises(DataProblem, match="frozen"):
            change(cohort, people.coordinator, [who])
    patient_transfer(made.here, people.coordinator, people.elsewhere, DAY, "moved house")
    assert cohort.members.count() == 2
