"""Selections under a name: shared, exported, asked about; over the API as on the pages."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from modeling.models import SavedQuestion
from studies.access import acting_as
from studies.api.glance import GLANCE_EXAMPLE
from studies.jobs import run_inline
from studies.models import FormEntry, Patient, SavedSelection
from studies.selections import selection_of
from studies.services import (
    consent_policy_set,
    consent_record,
    dictionary_current,
    export_start,
    file_read,
    selection_save,
)
from tests.people import People
from tests.studies.glance_made import make_patients

MEN = "clinical.sex=male"


@pytest.fixture
def many(people: People) -> People:
    make_patients(people)
    return people


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def page(people: People, name: str, *parts: Any) -> str:
    return reverse(f"studies:{name}", args=[people.study.uid, *parts])


def test_a_saved_selection_is_everybodys_and_asked_anew(many: People):
    statistician, colleague = client_of(many.statistician), client_of(many.colleague)
    sent = {"name": " the  men ", "address": f"clinical.sex=male&{MEN}"}
    answer = statistician.post(page(many, "selection_save"), sent, follow=True)
    assert "“the men” is saved" in answer.content.decode()
    with acting_as(many.colleague):
        saved = SavedSelection.objects.get(study=many.study)
        own = selection_of(many.colleague, many.study, saved.address).size
    assert saved.address == MEN
    assert f"?{MEN}" in colleague.get(page(many, "glance")).content.decode()
    assert (
        f"<strong>{own}</strong>" in colleague.get(f"{page(many, 'glance')}?{MEN}").content.decode()
    )
    retire = page(many, "selection_retire", saved.uid)
    assert colleague.post(retire).status_code == 403
    assert statistician.post(retire).status_code == 302
    assert "the men" not in colleague.get(page(many, "glance")).content.decode()


@pytest.mark.parametrize(
    ("name", "address", "column"),
    [("", MEN, "name"), ("all", "", "address"), ("men", "clinical.sex=x", "clinical.sex"),
     ("taken", "clinical.sex=female", "name")],
)  # fmt: skip
def test_what_says_nothing_is_not_saved(many: People, name: str, address: str, column: str):
    with acting_as(many.statistician):
        selection_save(many.study, many.statistician, "taken", MEN)
    sent = {"name": name or " ", "address": address or " "}
    answer = client_of(many.statistician).post(
        reverse("api:selection-list", args=[many.study.uid]), sent, "application/json"
    )
    assert answer.status_code in {400, 422}
    if answer.status_code == 422:
        assert answer.json()["problems"][0]["column"] == column
    assert SavedSelection.objects.count() == 0  # nobody acts here
    with acting_as(many.statistician):
        assert SavedSelection.objects.count() == 1


def test_a_selection_is_exported_with_those_who_may_be_shared(many: People):
    with acting_as(many.statistician):
        wanted = selection_of(many.statistician, many.study, MEN)
        export, job = export_start(many.study, many.statistician, filters={"selection": MEN})
        run_inline(job)
        export.refresh_from_db()
        assert export.row_count == wanted.size > 0
        lines = file_read(export.file).decode("utf-8-sig").splitlines()[1:]
        names = {line.split(",")[0] for line in lines}
        chosen = Patient.objects.filter(pk__in=wanted.ids).values_list("pseudonym", flat=True)
        assert names == set(chosen)
    shown = client_of(many.statistician).get(
        f"{page(many, 'exports')}?selection=clinical.sex%3Dmale"
    )
    assert 'name="selection" value="clinical.sex=male"' in shown.content.decode()


def test_a_question_is_about_the_selected_and_never_by_the_answer(many: People):
    client = client_of(many.statistician)
    use = page(many, "selection_use", "question")
    refused = client.post(
        use, {"name": "dead", "address": "outcome.overall_survival=event"}, follow=True
    )
    assert "a model would have seen its answer" in refused.content.decode()
    assert client_of(many.coordinator).post(use, {"address": MEN}).status_code == 403
    client.post(use, {"name": "men", "address": MEN})
    with acting_as(many.statistician):
        question = SavedQuestion.objects.get(study=many.study)
        selection = selection_of(many.statistician, many.study, MEN)
        uids = set(Patient.objects.filter(pk__in=selection.ids).values_list("uid", flat=True))
    assert set(question.document["filters"][0]["one_of"]) == {str(uid) for uid in uids}
    assert question.document["selection"]["words"] == ["Sex: male"]


@pytest.fixture
def three(people: People) -> People:
    with acting_as(people.coordinator):
        dictionary = dictionary_current(people.study)
        for n, sex in enumerate(("male", "male", "female", "male")):
            patient = Patient.objects.create(
                study=people.study, site=people.here, pseudonym=f"P{n}",
                status="withdrawn" if n == 3 else "enrolled", status_reason="asked to",
            )  # fmt: skip
            FormEntry.objects.create(patient=patient, form="baseline", dictionary=dictionary,
                                     values={"sex": {"v": sex}})  # fmt: skip
    return people


def test_the_example_of_the_schema_is_a_real_answer(three: People):
    client = client_of(three.statistician)
    answer = client.get(
        reverse("api:glance-list", args=[three.study.uid]), {"clinical.sex": "male"}
    )
    found = answer.json()
    sex = [column for column in found["columns"] if column["key"] == "clinical.sex"]
    expected = GLANCE_EXAMPLE | {"as_of": found["as_of"], "columns": sex}
    assert found | {"columns": sex} == expected
    assert sex == GLANCE_EXAMPLE["columns"]
    one = reverse("api:glance-detail", args=[three.study.uid, "clinical.sex"])
    assert client.get(one).json()["n"] == 3
    compared = client.get(
        reverse("api:glance-compare", args=[three.study.uid]), {"clinical.sex": "male"}
    ).json()
    assert (compared["selected"], compared["other"]) == (2, 1)


def test_without_consent_nobody_is_counted(people: People):
    with acting_as(people.administrator):
        consent_policy_set(people.study, people.administrator, True)
    with acting_as(people.coordinator):
        patients = [
            Patient.objects.create(study=people.study, site=people.here, pseudonym=f"P{n}")
            for n in range(2)
        ]
        consent_record(patients[0], people.coordinator, "imaging", date(2020, 1, 1))
        found = selection_of(people.coordinator, people.study, "")
        assert found.ids == [patients[0].pk]
        assert found.table.left_out == {"no consent to any use on record": 1}
