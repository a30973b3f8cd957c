"""Entry by form: what is saved, what is refused beside its field, and two people at one patient."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import pandas as pd
import pytest
from django.test import Client
from django.urls import reverse

from studies.access import acting_as
from studies.methods.table_export import export_cells, export_header
from studies.methods.table_one import describe_groups
from studies.methods.table_one_lines import Column
from studies.models import (
    Contact,
    Death,
    EndpointValue,
    FormEntry,
    LabResult,
    Patient,
    ResponseAssessment,
    Treatment,
)
from studies.selectors import clinical_table, endpoint_table
from studies.services import dictionary_draft, dictionary_freeze, record_read, variable_write
from studies.services.dictionary import dictionary_current, dictionary_specs
from studies.services.mirrors import mirrors_write
from tests.people import People
from tests.studies.test_cohort_import import GOOD, handed_in, table
from tests.studies.test_dictionary import LDH


@pytest.fixture
def patient(people: People) -> Patient:
    with acting_as(people.coordinator):
        return Patient.objects.create(study=people.study, site=people.here, pseudonym="N-1")


@pytest.fixture
def page(people: People, patient: Patient, client: Client) -> str:
    client.force_login(people.coordinator)
    return reverse("studies:entry", args=[people.study.uid, patient.uid, "baseline"])


def typed(answer: Any) -> dict[str, str]:
    """What a browser would send back: every control of the page as it stands."""
    text = answer.content.decode()
    text = text[text.index('<form id="entry"') :]
    found = dict(re.findall(r'<input[^>]*? name="([^"]+)" value="([^"]*)"', text))
    for name, options in re.findall(
        r'<select[^>]*? name="([^"]+)"[^>]*>(.*?)</select>', text, re.S
    ):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    found.pop("csrfmiddlewaretoken", None)
    return {name: unescape(v) for name, v in found.items() if not name.endswith("-gone")}


def row(answer: Any, of: str, /, **parts: str) -> dict[str, str]:
    """The page's empty row of a kind, filled in."""
    keys = re.findall(rf'name="f-{of}-(new\w+)-date"', answer.content.decode())
    return {f"f-{of}-{keys[-1]}-{name}": value for name, value in parts.items()}


def fill(client: Client, page: str, **cells: str) -> dict[str, str]:
    """A whole course, as somebody types it."""
    shown = client.get(page)
    sent = typed(shown) | {f"v-{name}": value for name, value in cells.items()}
    sent |= row(shown, "treatment", date="2021-03-01", drug="anti-PD-1", line="2")
    sent |= row(shown, "response", date="2021-08-25", result="PR")
    sent |= row(shown, "progression", date="2021-12-01")
    sent |= row(shown, "contact", date="2022-06-01", kind="alive")
    return sent | {"save": "complete"}


BASIC = {"sex": "female", "age_years": "61"}


def test_a_form_becomes_values_facts_and_endpoints(
    people: People, patient: Patient, client: Client, page: str
) -> None:
    sent = fill(client, page, **BASIC, cea_ng_ml="<0.5", node_positive="unknown")
    sent |= {"m-ca125_u_ml": "not_done"}
    assert client.post(page, sent).status_code == 302
    with acting_as(people.coordinator):
        values = FormEntry.objects.get().values
        assert values["cea_ng_ml"] == {"v": 0.5, "unit_as_entered": "ng/mL", "comparator": "<"}
        assert values["ca125_u_ml"] == {"missing": "not_done"}
        assert values["node_positive"] == {"missing": "unknown"}
        assert "ca199_u_ml" not in values, "blank is no missing-code"
        assert values["treatment_started_on"] == {"v": "2021-03-01", "precision": "day"}
        assert (values["response"], values["drug"]) == ({"v": "PR"}, {"v": "anti-PD-1"})
        assert LabResult.objects.get().comparator == "<"
        overall = endpoint_table(people.study, "overall_survival").iloc[0]
        free = endpoint_table(people.study, "progression_free_survival").iloc[0]
        assert (overall["duration_days"], bool(overall["event"])) == (457.0, False)
        assert (free["duration_days"], bool(free["event"])) == (275.0, True)
        assert endpoint_table(people.study, "response_at_6_months").iloc[0]["label"] == "PR"
    again = client.get(page)
    assert 'value="&lt;0.5"' in again.content.decode()
    assert client.post(page, typed(again) | {"save": "complete"}).status_code == 302
    with acting_as(people.coordinator):
        assert FormEntry.objects.get().row_version == 1, "saving nothing changes nothing"
        assert EndpointValue.objects.count() == 4


def test_every_error_is_told_beside_its_field_and_nothing_typed_is_lost(
    people: People, client: Client, page: str
) -> None:
    sent = fill(client, page, sex="", age_years="610", cea_ng_ml="12,5", node_positive="yes")
    sent["v-ca199_u_ml"] = "1,200"
    sent |= {"m-largest_metastasis_cm": "unknown", "v-largest_metastasis_cm": "3"}
    shown = client.get(page)
    sent |= row(shown, "death", date="2022-01-01", cause="disease")
    answer = client.post(page, sent)
    text = answer.content.decode()
    assert answer.status_code == 422
    for told in ("0 to 120", "decimal point: 12.5", "Write 1200, or 1.200 where",
                 "after death on 2022-01-01", "a value, or one of not_done"):  # fmt: skip
        assert text.count(told) >= 2, (told, "on top and beside the field")
    for kept in ("610", "12,5", "2021-08-25", "disease"):
        assert f'value="{kept}"' in text
    assert '<option value="yes" selected' in text
    with acting_as(people.coordinator):
        assert not FormEntry.objects.exists()
        assert not Treatment.objects.exists()
    both = client.post(page, fill(client, page, **BASIC) | {
        "v-largest_metastasis_cm": "3", "m-largest_metastasis_cm": "unknown"})  # fmt: skip
    assert "one of the two" in both.content.decode()


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([("progression", {"date": "2021-02"})], "before treatment start"),
        ([("death", {"date": "2021-02-27"})], "before treatment start"),
        ([("contact", {"date": "2999-01-01", "kind": "alive"})], "a day up to today"),
        ([("treatment", {"date": "2021-01-01", "drug": "x", "line": "1", "is_index": "yes"})],
         "a second study treatment"),
        ([("treatment", {"date": "2021-01-01", "drug": "anti-PD1", "line": "1",
                         "is_index": "yes"})], "one of anti-PD-1, anti-PD-L1"),
        ([("surgery", {"date": "2021-04-31", "margin": "R0"})], "a date as YYYY-MM-DD"),
        ([("lab", {"date": "2021-03-01", "analyte": "CEA", "value": "3", "unit": "ng/mL"})],
         "Enter it there"),
        ([("consent", {"date": "2021-03-01", "scope": "imaging", "withdrawn_on": "2021-01-01"})],
         "an end after its beginning"),
        ([("contact", {"date": "2022-06-01", "kind": "alive"})], "each once"),
    ],
)  # fmt: skip
def test_a_course_that_cannot_be_is_refused(
    client: Client, page: str, rows: list[tuple[str, dict[str, str]]], told: str
) -> None:
    sent = fill(client, page, **BASIC)
    for kind, parts in rows:
        names = {"treatment": ("date", "drug", "line", "stopped_on", "is_index")}
        full = dict.fromkeys(names.get(kind, ()), "") | parts
        sent |= {f"f-{kind}-newextra-{name}": value for name, value in full.items()}
    answer = client.post(page, sent)
    assert answer.status_code == 422
    assert told in answer.content.decode()


def test_a_draft_may_have_gaps_and_stays_out_of_tables(
    people: People, patient: Patient, client: Client, page: str
) -> None:
    assert client.post(page, fill(client, page) | {"save": "draft"}).status_code == 302
    with acting_as(people.coordinator):
        assert FormEntry.objects.get().state == "draft"
        assert patient.pk not in clinical_table(people.study).index
    assert client.post(page, typed(client.get(page)) | {"save": "complete"}).status_code == 422
    sent = typed(client.get(page)) | {"v-sex": "male", "v-age_years": "70", "save": "complete"}
    assert client.post(page, sent).status_code == 302
    with acting_as(people.coordinator):
        assert clinical_table(people.study).loc[patient.pk, "age_years"] == 70


def test_two_people_see_what_the_other_changed_and_choose(
    people: People, patient: Patient, client: Client, page: str
) -> None:
    client.post(page, fill(client, page, **BASIC, cea_ng_ml="3", ca125_u_ml="5"))
    mine = typed(client.get(page)) | {"save": "complete"}
    theirs = mine | {"v-cea_ng_ml": "4", "v-ca125_u_ml": "6", "v-ca199_u_ml": "7"}
    assert client.post(page, theirs).status_code == 302
    key = next(name for name in mine if re.fullmatch(r"f-contact-[0-9a-f-]{36}-date", name))
    mine |= {"v-cea_ng_ml": "5", "v-age_years": "62", key: "2022-07-01"}
    told = client.post(page, mine)
    text = told.content.decode()
    assert told.status_code == 409
    assert "yours: <strong>5</strong>" in text
    assert "stored now: <strong>4</strong>" in text
    assert "CA125: 5 → <strong>6</strong>" in text
    with acting_as(people.coordinator):
        assert FormEntry.objects.get().values["cea_ng_ml"]["v"] == 4, "nothing was overwritten"
    again = typed(told) | {"save": "complete"}
    again.pop("choose-cea_ng_ml", None)
    assert (again["v-cea_ng_ml"], again["v-ca125_u_ml"], again["v-age_years"]) == ("5", "6", "62")
    unchosen = client.post(page, again)
    assert unchosen.status_code == 409, "a choice is asked for until it is made"
    assert (
        client.post(
            page, typed(unchosen) | {"save": "complete", "choose-cea_ng_ml": "theirs"}
        ).status_code
        == 302
    )
    with acting_as(people.coordinator):
        values = FormEntry.objects.get().values
        assert [values[n]["v"] for n in ("cea_ng_ml", "ca125_u_ml", "ca199_u_ml", "age_years")] == [
            4,
            6,
            7,
            62,
        ]
        assert str(Contact.objects.get().date) == "2022-07-01"


def test_a_page_of_another_patient_overwrites_nothing(
    people: People, client: Client, page: str
) -> None:
    """A base that is not this page's counts as an empty one: every stored value is a clash."""
    client.post(page, fill(client, page, **BASIC))
    forged = typed(client.get(page)) | {"v-age_years": "1", "base": "x", "save": "complete"}
    answer = client.post(page, forged)
    assert answer.status_code == 409
    assert "yours: <strong>1</strong>" in answer.content.decode()


def test_states_have_rights_and_a_verified_change_needs_a_reason(
    people: People, patient: Patient, client: Client, page: str
) -> None:
    client.post(page, fill(client, page, **BASIC))
    state = reverse("studies:entry_state", args=[people.study.uid, patient.uid, "baseline"])

    def now() -> str:
        with acting_as(people.coordinator):
            return FormEntry.objects.get().state

    client.post(state, {"state": "locked"})
    assert now() == "complete", "what is not verified is not locked"
    client.post(state, {"state": "verified"})
    assert now() == "verified"
    assert client.post(state, {"state": "locked"}).status_code == 403
    change = typed(client.get(page)) | {"v-age_years": "63", "save": "complete"}
    refused = client.post(page, change)
    assert (refused.status_code, now()) == (422, "verified")
    assert client.post(page, change | {"reason": "a slip of the pen"}).status_code == 302
    assert now() == "complete", "to be verified again"
    history = reverse(
        "studies:field_history", args=[people.study.uid, patient.uid, "baseline", "age_years"]
    )
    assert "a slip of the pen" in client.get(history).content.decode()
    client.post(state, {"state": "verified"})
    client.force_login(people.administrator)
    client.post(state, {"state": "locked"})
    assert now() == "locked"
    client.force_login(people.coordinator)
    locked = client.post(
        page, change | {"v-age_years": "64", "reason": "x", "base": typed(client.get(page))["base"]}
    )
    assert "locked" in locked.content.decode()
    client.force_login(people.administrator)
    client.post(state, {"state": "verified"})
    assert now() == "locked", "unlocking needs a reason"
    client.post(state, {"state": "verified", "reason": "the laboratory corrected it"})
    assert now() == "verified"


def test_an_open_query_holds_verification_back(
    people: People, patient: Patient, client: Client, page: str
) -> None:
    client.post(page, fill(client, page, **BASIC))
    ask = reverse("studies:query_new", args=[people.study.uid, patient.uid, "baseline"])
    thread = client.post(ask, {"field": "age_years", "text": "61 or 16?"}).url
    shown = client.get(thread)
    assert (shown.context["now"].text, shown.context["now"].unit) == ("61", "years")
    assert f'href="{page}#v-age_years"' in shown.content.decode(), "a press to where it is mended"
    listed = client.get(reverse("studies:queries", args=[people.study.uid])).content.decode()
    assert "Age at treatment start (years)" in listed
    state = reverse("studies:entry_state", args=[people.study.uid, patient.uid, "baseline"])
    told = client.post(state, {"state": "verified"}, follow=True).content.decode()
    assert "1 not closed" in told
    client.post(thread, {"text": "61", "state": "closed"})
    client.post(state, {"state": "verified"})
    with acting_as(people.coordinator):
        assert FormEntry.objects.get().state == "verified"


def test_a_removed_row_and_a_moved_start(people: People, client: Client, page: str) -> None:
    client.post(page, fill(client, page, **BASIC, cea_ng_ml="3"))
    sent = typed(client.get(page)) | {"save": "complete"}
    gone = next(name for name in sent if name.startswith("f-response-") and name.endswith("-date"))
    start = next(
        name for name in sent if name.startswith("f-treatment-") and name.endswith("-date")
    )
    sent |= {gone.replace("-date", "-gone"): "yes", start: "2021-04-01"}
    assert client.post(page, sent).status_code == 302
    with acting_as(people.coordinator):
        assert not ResponseAssessment.objects.exists()
        values = FormEntry.objects.get().values
        assert "response" not in values
        assert values["treatment_started_on"]["v"] == "2021-04-01"
        assert [str(lab.date) for lab in LabResult.objects.all()] == ["2021-04-01"]
        assert not Death.objects.exists()


def test_checks_while_typing_speak_of_one_field_and_compute(client: Client, page: str) -> None:
    sent = typed(client.get(page)) | {"v-cea_ng_ml": "30000", "v-age_years": "200"}
    says = client.post(
        f"{page}check/", sent, headers={"HX-Trigger-Name": "v-cea_ng_ml"}
    ).content.decode()
    assert "unusual: plausible is 0.2 to 20000" in says
    assert "cea_ng_ml &gt;= 200: 30000 ng/mL, yes" in says
    assert "0 to 120" not in says
    says = client.post(
        f"{page}check/", sent, headers={"HX-Trigger-Name": "v-age_years"}
    ).content.decode()
    assert "0 to 120" in says


def test_an_old_entry_is_taken_over_into_the_dictionary_in_force(
    people: People, patient: Patient, client: Client, page: str
) -> None:
    client.post(page, fill(client, page, **BASIC))
    with acting_as(people.administrator):
        draft = dictionary_draft(people.study, people.administrator)
        variable_write(draft, people.administrator, LDH)
        dictionary_freeze(draft, people.administrator, "LDH")
    assert "v-ldh_u_l" not in client.get(page).content.decode()
    client.post(f"{page}state/", {"state": "dictionary", "back": "entry"})
    assert "v-ldh_u_l" in client.get(page).content.decode()
    with acting_as(people.coordinator):
        assert record_read(patient).dictionary.number == 2


def test_a_table_after_a_form_says_the_course_anew(
    people: People, patient: Patient, client: Client, page: str
) -> None:
    """What a person typed gives way where the accepted file says another; the rest stays."""
    client.post(page, fill(client, page, **BASIC, cea_ng_ml="3"))
    line = GOOD | {"patient_id": "N-1", "treatment_started_on": "2021-03-02", "cea_ng_ml": "4"}
    with acting_as(people.coordinator):
        batch = handed_in(people, table(line))
        assert batch.state == "ready", batch.problems
        assert str(Treatment.objects.get().date) == "2021-03-02"
        assert ResponseAssessment.objects.count() == 1
        assert Death.objects.count() == 1
        values = sorted((str(lab.date), lab.value) for lab in LabResult.objects.all())
        assert ("2021-03-02", 4.0) in values
        assert Contact.objects.filter(date="2022-06-01").exists()


def test_everything_wrong_is_told_in_one_round(client: Client, page: str) -> None:
    """What cannot be read, what cannot be in a course, and what an endpoint would refuse."""
    shown = client.get(page)
    sent = typed(shown) | {"v-sex": "female", "v-age_years": "610", "save": "complete"}
    sent |= {"v-largest_metastasis_cm": "3", "m-largest_metastasis_cm": "unknown"}
    sent |= row(shown, "treatment", date="2021-03-01", drug="anti-PD-1", line="many")
    sent |= row(shown, "surgery", date="2999-01-01", margin="R0")
    sent |= row(shown, "contact", date="2020-06-01", kind="alive")
    told = client.post(page, sent)
    problems = told.context["problems"]
    assert told.status_code == 422
    for problem, beside in (
        ("0 to 120", "age_years"), ("one of the two", "largest_metastasis_cm"),
        ("a number", "treatment"), ("a day up to today", "surgery"),
        ("before treatment start", "contact"),
    ):  # fmt: skip
        assert [p["to"].split("-")[1] for p in problems if problem in p["text"]] == [beside]


def test_a_drug_without_a_code_is_a_level_of_its_own(
    people: People, patient: Patient, client: Client, page: str
) -> None:
    """Stored before the dictionary had codes, say: never missing where somebody counts."""
    assert client.post(page, fill(client, page, **BASIC)).status_code == 302
    with acting_as(people.coordinator):
        patient.treatments.update(drug="nivolumab")
        mirrors_write(patient, {"treatment"})
        assert clinical_table(people.study).loc[patient.pk, "drug"] == "nivolumab"
        specs = dictionary_specs(dictionary_current(people.study))
        cells = export_cells(FormEntry.objects.get().values, specs, dates=True)
    named = dict(zip(export_header(specs, dates=True)[3:], cells, strict=True))
    assert (named["drug"], named["drug__label"]) == ("nivolumab", "other (not in the dictionary)")
    column = Column("drug", "Drug", "category", levels=(("anti-PD-1", "anti-PD-1"),))
    rows = pd.DataFrame({"group": ["a", "a"], "drug": ["nivolumab", "anti-PD-1"]})
    lines = describe_groups(rows, [column], ["a"]).lines
    assert [(line.label, line.cells[0].text) for line in lines[1:]] == [
        ("anti-PD-1", "1/2 (50.0%)"), ("nivolumab (not in the dictionary)", "1/2 (50.0%)"),
    ]  # fmt: skip
