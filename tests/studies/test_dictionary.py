"""The dictionary: a change makes a new version, a frozen one never changes, old ones stay."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from studies import dictionaries
from studies.access import acting_as
from studies.methods.dictionary import DerivedSpec, VariableSpec
from studies.methods.problems import DataProblem
from studies.models import DictionaryVersion, FormEntry, Patient, Variable
from studies.services import (
    derived_write,
    dictionary_current,
    dictionary_discard,
    dictionary_draft,
    dictionary_freeze,
    variable_drop,
    variable_move,
    variable_spec,
    variable_write,
)
from tests.people import People

LDH = VariableSpec("ldh_u_l", "LDH", "number", "U/L", 0, 20_000, 50, 2_000, section="Blood")
BOUNDS = {"minimum": 5, "plausible_minimum": 1}


@pytest.fixture
def as_administrator(people: People) -> Iterator[People]:
    with acting_as(people.administrator):
        yield people


@pytest.fixture
def draft(as_administrator: People) -> DictionaryVersion:
    return dictionary_draft(as_administrator.study, as_administrator.administrator)


def test_a_change_makes_a_version_and_old_entries_keep_theirs(
    as_administrator: People, draft: DictionaryVersion
) -> None:
    people = as_administrator
    first = dictionary_current(people.study)
    who = Patient.objects.create(study=people.study, site=people.here, pseudonym="P1")
    entry = FormEntry.objects.create(patient=who, form="baseline", dictionary=first)
    variable_write(draft, people.administrator, LDH)
    age = draft.variables.get(name="age_years")
    younger = replace(variable_spec(age), maximum=100.0)
    variable_write(draft, people.administrator, younger, age)
    assert dictionary_current(people.study) == first, "a draft is not in force"
    dictionary_freeze(draft, people.administrator, "LDH is measured now")
    assert dictionary_current(people.study).number == 2
    entry.refresh_from_db()
    assert entry.dictionary.number == 1
    told = {one.name: (one.kind, one.changes) for one in dictionaries.differences(first, draft)}
    assert told["ldh_u_l"][0] == "added"
    assert told["age_years"] == ("changed", (("maximum", "120", "100"),))
    assert len(told) == 2


def test_a_frozen_version_is_changed_by_nobody(as_administrator: People) -> None:
    people, version = as_administrator, dictionary_current(as_administrator.study)
    with pytest.raises(DataProblem, match="frozen"):
        variable_write(version, people.administrator, LDH)
    for change in (
        lambda: Variable.objects.filter(dictionary=version).update(label="x"),
        lambda: Variable.objects.filter(dictionary=version).delete(),
        lambda: Variable.objects.create(
            dictionary=version, position=0, name="x", label="x", type="text"
        ),
        lambda: version.derived.all().update(expression="1"),
    ):
        with pytest.raises(IntegrityError, match="make a new version"), transaction.atomic():
            change()


@pytest.mark.parametrize(
    ("spec", "column"),
    [
        (replace(LDH, name="cea_ng_ml"), "name"),
        (replace(LDH, name="age_group"), "name"),
        (replace(LDH, name="patient_id"), "name"),
        (replace(LDH, name="LDH"), "name"),
        (replace(LDH, **BOUNDS), "minimum"),
        (replace(LDH, type="category"), "codes"),
        (replace(LDH, type="category", codes={"unknown": "unknown"}), "codes"),
    ],
)
def test_a_variable_that_cannot_be_is_refused(
    as_administrator: People, draft: DictionaryVersion, spec: VariableSpec, column: str
) -> None:
    with pytest.raises(DataProblem) as caught:
        variable_write(draft, as_administrator.administrator, spec)
    assert [problem.column for problem in caught.value.problems] == [column]
    assert not draft.variables.filter(label="LDH").exists()


def test_what_an_expression_asks_for_stays_before_it(
    as_administrator: People, draft: DictionaryVersion
) -> None:
    user = as_administrator.administrator
    derived_write(draft, user, DerivedSpec("old", "Old", "age_years >= 70"))
    twice = derived_write(draft, user, DerivedSpec("old_mss", "Old, MSS", 'old and sex == "male"'))
    for refused in (
        lambda: variable_drop(draft.variables.get(name="age_years"), user),
        lambda: variable_move(twice, user, -1),
        lambda: derived_write(draft, user, DerivedSpec("x", "X", "nothing > 1")),
    ):
        with pytest.raises(DataProblem), transaction.atomic():
            refused()
    assert [row.name for row in draft.derived.all()][-2:] == ["old", "old_mss"]


def test_a_freeze_needs_a_note_a_change_and_the_right(
    as_administrator: People, draft: DictionaryVersion
) -> None:
    user = as_administrator.administrator
    with pytest.raises(DataProblem) as caught:
        dictionary_freeze(draft, user, " ")
    assert {problem.where for problem in caught.value.problems} == {"note", "dictionary"}
    with pytest.raises(PermissionDenied):
        dictionary_freeze(draft, as_administrator.coordinator, "a note")
    assert dictionary_draft(as_administrator.study, user) == draft, "one draft at a time"
    dictionary_discard(draft, user)
    assert DictionaryVersion.objects.count() == 1


def test_the_pages_and_the_api_edit_the_same_draft(people: People, client: Client) -> None:
    client.force_login(people.administrator)
    with acting_as(people.administrator):
        dictionary_current(people.study)
    page = client.post(reverse("studies:dictionary_draft", args=[people.study.uid]), follow=True)
    draft = page.context["version"]
    new = reverse("studies:variable_new", args=[people.study.uid, draft.uid, "variable"])
    typed = {"name": "ldh_u_l", "label": "LDH", "type": "number", "form": "baseline",
             "unit": "U/L", "minimum": "9", "maximum": "1"}  # fmt: skip
    wrong = client.post(new, typed)
    assert "minimum 9 above maximum 1" in wrong.content.decode()
    assert 'value="U/L"' in wrong.content.decode(), "what was typed stays"
    assert client.post(new, typed | {"minimum": "0", "maximum": "20000"}).status_code == 302
    api = reverse("api:dictionary-detail", args=[people.study.uid, draft.uid])
    shown = client.get(api).json()
    assert shown["variables"][-1]["name"] == "ldh_u_l"
    wrong = client.post(api + "derived/", {"name": "x", "label": "X", "expression": "ldh_u_l > a"})
    assert (wrong.status_code, wrong.json()["problems"][0]["column"]) == (422, "expression")
    right = {"name": "high_ldh", "label": "High LDH", "expression": "ldh_u_l > 250"}
    made = client.post(api + "derived/", right).json()
    changed = right | {"expression": "ldh_u_l >= 250"}
    one = f"{api}derived/{made['uid']}/"
    assert client.put(one, changed, content_type="application/json").status_code == 200
    assert client.post(api + "freeze/", {"note": "LDH"}).json()["frozen_at"]
    with acting_as(people.administrator):
        first = DictionaryVersion.objects.get(study=people.study, number=1)
    against = reverse("api:dictionary-detail", args=[people.study.uid, first.uid])
    told = client.get(f"{against}against/{draft.uid}/").json()
    assert [one["name"] for one in told] == ["ldh_u_l", "high_ldh"]
    assert client.delete(one).status_code == 422
