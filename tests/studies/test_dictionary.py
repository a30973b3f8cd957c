"""The dictionary: a change makes a new version, a frozen one never changes, old ones stay."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import replace
from importlib import import_module
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from studies import dictionaries
from studies.access import acting_as
from studies.methods.dictionary import DEFAULT_DICTIONARY, DerivedSpec, VariableSpec
from studies.methods.dictionary_file import read_dictionary
from studies.methods.problems import DataProblem
from studies.methods.table_file import open_table
from studies.methods.table_lines import Table, TableOptions
from studies.models import DictionaryVersion, FormEntry, Patient, Variable
from studies.services import (
    derived_write,
    dictionary_current,
    dictionary_derived,
    dictionary_discard,
    dictionary_draft,
    dictionary_freeze,
    dictionary_known_write,
    dictionary_specs,
    variable_drop,
    variable_move,
    variable_spec,
    variable_write,
)
from studies.services.dictionary_files import said_before
from tests.people import People

LDH = VariableSpec("ldh_u_l", "LDH", "number", "U/L", 0, 20_000, 50, 2_000, section="Blood")
BOUNDS = {"minimum": 5, "plausible_minimum": 1}


def table_of(rows: list[list[Any]]) -> Table:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return open_table(text.getvalue().encode("utf-8-sig"), TableOptions(delimiter=","))


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
        (replace(LDH, known_when="sometime"), "known_when"),
    ],
)
def test_a_variable_that_cannot_be_is_refused(
    as_administrator: People, draft: DictionaryVersion, spec: VariableSpec, column: str
) -> None:
    with pytest.raises(DataProblem) as caught:
        variable_write(draft, as_administrator.administrator, spec)
    assert [problem.column for problem in caught.value.problems] == [column]
    assert not draft.variables.filter(label="LDH").exists()


def test_when_a_variable_is_known_is_said_and_compared_by_page_api_and_file(
    as_administrator: People, draft: DictionaryVersion, client: Client
) -> None:
    """The course of patients is contradicted by nobody; what is derived follows from its parts."""
    people, study = as_administrator, as_administrator.study
    variable_write(draft, people.administrator, LDH)
    derived_write(draft, people.administrator, DerivedSpec("ldh_high", "High", "ldh_u_l > 250"))
    assert dictionaries.known_in(draft)["ldh_high"] == ""
    client.force_login(people.administrator)
    page = reverse("studies:dictionary", args=[study.uid, draft.uid])
    assert "1 variable does not say" in client.get(page).content.decode()
    api = reverse("api:dictionary-known-when", args=[study.uid, draft.uid])
    wrong = {"response": "before_treatment", "shoe_size": "at_outcome"}
    answer = client.put(api, {"known_when": wrong}, content_type="application/json")
    found = {one["where"]: one["expected"] for one in answer.json()["problems"]}
    assert answer.status_code == 422
    assert "at_outcome: response repeats" in found["Response (RECIST 1.1)"]
    assert "shoe_size" in found
    known = reverse("studies:dictionary_known", args=[study.uid, draft.uid])
    assert (
        "repeats the dated facts"
        in client.post(known, {"known-response": "before_treatment"}).content.decode()
    )
    assert client.post(known, {"known-ldh_u_l": "during_treatment"})["Location"] == page
    shown = client.get(page).content.decode()
    assert "does not say" not in shown
    assert dictionaries.known_in(draft)["ldh_high"] == "during_treatment"
    right = {"known_when": {"ldh_u_l": "before_treatment"}}
    told = client.put(api, right, content_type="application/json").json()["variables"]
    assert {one["name"]: one["known_when"] for one in told}["ldh_u_l"] == "before_treatment"
    columns, lines = dictionaries.as_table(draft)
    specs, derived = read_dictionary(table_of([columns, *lines]))
    assert (tuple(specs), tuple(derived)) == (dictionary_specs(draft), dictionary_derived(draft))
    said = said_before([replace(spec, known_when="") for spec in specs], draft)
    assert said == specs
    lines[-1][columns.index("known_when")] = "before_treatment"
    with pytest.raises(DataProblem, match="what it is made of"):
        read_dictionary(table_of([columns, *lines]))
    dictionary_freeze(draft, people.administrator, "LDH")
    assert client.put(api, right, content_type="application/json").status_code == 422
    changed = dictionary_draft(study, people.administrator)
    dictionary_known_write(changed, people.administrator, {"ldh_u_l": "at_outcome"})
    [one] = dictionaries.differences(draft, changed)
    assert one.changes == (("known_when", "before_treatment", "at_outcome"),)


def test_dictionaries_of_before_say_what_was_decided_then(as_administrator: People) -> None:
    """What the migration infers is what the shipped dictionary says itself; own ones by section."""
    draft = dictionary_draft(as_administrator.study, as_administrator.administrator)
    for spec in (LDH, replace(LDH, name="late", section="Course"),
                 replace(LDH, name="week_8", form="week_8")):  # fmt: skip
        variable_write(draft, as_administrator.administrator, spec)
    migration = import_module("studies.migrations.0016_known_of_published_dictionaries")
    inferred = re.search(r"CASE.*END", migration.SAID, re.DOTALL)
    assert inferred
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT name, {inferred[0]} FROM studies_variable WHERE dictionary_id = %s", [draft.pk]
        )
        found = dict(cursor.fetchall())
    own = {"ldh_u_l": "before_treatment", "late": "at_outcome", "week_8": "during_treatment"}
    assert found == {spec.name: spec.known_when for spec in DEFAULT_DICTIONARY} | own


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
