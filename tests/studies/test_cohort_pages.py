"""Pages of cohort keeping: filters by variable, gaps of the grid, steps by form, and the API."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from studies.access import acting_as
from studies.jobs import run_inline
from studies.models import (
    Cohort,
    Death,
    EndpointValue,
    FormEntry,
    Job,
    Patient,
    PatientStatus,
    Treatment,
)
from studies.services import consent_policy_set
from studies.variable_filters import conditions_of, narrowed, variables_of
from tests.begun import begun_by
from tests.people import People
from tests.studies.study_made import MadeStudy, WithStudy, make_patient, with_study

TODAY = date(2021, 5, 4).isoformat()


@pytest.fixture
@begun_by(with_study)
def made(begun: WithStudy, client: Client) -> MadeStudy:
    client.force_login(begun.people.coordinator)
    return begun.made


def url(people: People, name: str, *parts: object) -> str:
    return reverse(f"studies:{name}", args=[people.study.uid, *parts])


def text(client: Client, address: str, **query: str) -> str:
    return client.get(address, query).content.decode()


@pytest.mark.parametrize(
    ("variable", "operator", "value", "found"),
    [
        ("age_years", "gt", "60", ["N-001", "S-001"]),
        ("age_years", "gt", "61", ["S-001"]),
        ("age_years", "lt", "70", ["N-001"]),
        ("age_years", "ge", "61", ["N-001", "S-001"]),
        ("age_years", "eq", "61", ["N-001"]),
        ("age_years", "gt", "sixty", []),
        ("sex", "eq", "female", ["N-001", "S-001"]),
        ("sex", "gt", "female", []),
        ("sex", "eq", "x", []),
        ("cea_ng_ml", "missing", "", ["N-001"]),
        ("cea_ng_ml", "lt", "30", ["S-001"]),  # known as < 20
        ("cea_ng_ml", "gt", "10", []),  # < 20 is not above 10 for sure
    ],
)
def test_patients_by_a_variable(
    people: People,
    made: MadeStudy,
    monkeypatch: pytest.MonkeyPatch,
    variable: str,
    operator: str,
    value: str,
    found: list[str],
):
    with acting_as(people.coordinator):
        entry = FormEntry.objects.get(patient=made.elsewhere)
        entry.values |= {"age_years": {"v": 70.0}, "cea_ng_ml": {"v": 20.0, "comparator": "<"}}
        entry.save()
        asked = {"variable1": variable, "operator1": operator, "value1": value}
        conditions = conditions_of(asked, variables_of(people.study, dates=False))
        mine = Patient.objects.filter(study=people.study)
        for most in (1000, 0):  # few are named, many are asked one by one
            monkeypatch.setattr("studies.variable_filters.COUNTED", most)
            met = narrowed(mine, people.study, conditions)
            assert sorted(met.rows.values_list("pseudonym", flat=True)) == found
            assert met.counted.count() == len(found)


def test_dates_are_no_filter_for_who_may_not_see_them(people: People, made: MadeStudy):
    with acting_as(people.coordinator):
        asked = {"variable1": "treatment_started_on", "operator1": "missing"}
        assert conditions_of(asked, variables_of(people.study, dates=True))
        assert not conditions_of(asked, variables_of(people.study, dates=False))


def test_the_list_narrows_by_two_variables_and_by_a_part_of_the_pseudonym(
    people: People, made: MadeStudy, client: Client
):
    page = url(people, "patients")
    query = {"variable1": "sex", "value1": "female", "variable2": "age_years", "operator2": "gt",
             "value2": "99"}  # fmt: skip
    shown = client.get(page, query)
    assert "Nothing fits" in shown.content.decode()
    assert len(shown.context["chips"]) == 2
    assert "N-001" in text(client, page, variable1="sex", value1="female")
    assert "nobody fits" in text(client, page, variable1="age_years", value1="old")
    part = client.post(page, {"search": "*-001"}, follow=True).content.decode()
    assert "N-001" in part
    assert "S-001" in part


@pytest.mark.parametrize("name", ["attrition", "table_one", "screening", "consent", "eligibility"])
def test_a_page_asks_once_whether_consent_is_required(
    people: People, made: MadeStudy, client: Client, name: str
):
    with CaptureQueriesContext(connection) as seen:
        text(client, url(people, name))
    assert sum("studies_consentpolicy" in query["sql"] for query in seen) <= 1


def test_every_gap_leads_to_where_it_is_mended(people: People, made: MadeStudy, client: Client):
    shown = text(client, url(people, "completeness"))
    assert url(people, "upload", "dicom_zip") in shown
    consent = f"{url(people, 'participation', made.here.uid)}?step=consent#consent"
    assert consent in shown  # no consent on record: its form is open there
    assert url(people, "entry", made.here.uid, "baseline") in shown  # no outcome yet
    client.force_login(people.statistician)  # may not upload
    shown = text(client, url(people, "completeness"))
    assert url(people, "upload", "dicom_zip") not in shown
    assert url(people, "patient", made.here.uid) in shown
    assert "N-001" not in text(client, url(people, "completeness"), lacking="clinical")
    assert "N-001" in text(client, url(people, "completeness"), lacking="pet")


def test_a_file_of_patients_leaves_out_who_does_not_share(
    people: People, made: MadeStudy, client: Client
):
    with acting_as(people.administrator):
        consent_policy_set(people.study, people.administrator, True)
    left_out = text(client, url(people, "left_out_csv"))
    assert "N-001" in left_out
    assert "no consent to sharing on record" in left_out


def test_steps_by_form_are_done_or_told_beside_the_field(
    people: People, made: MadeStudy, client: Client
):
    def step(name: str, **given: str):
        return client.post(url(people, "patient_step", made.here.uid, name), given)

    assert step("status", kind="excluded", on=TODAY, reason="").status_code == 422
    assert step("status", kind="excluded", on=TODAY, reason="no lesion").status_code == 302
    assert step("merge", other="X-9", on=TODAY, reason="twice").status_code == 422
    assert step("consent", scope="imaging", on=TODAY).status_code == 302
    assert step("withdraw", on=TODAY, reason="asked to").status_code == 422, "what of the files?"
    asked = text(client, url(people, "participation", made.here.uid))
    assert "Clinical" in asked.partition("Stored of the patient")[2].partition("</p>")[0]
    assert step("withdraw", on=TODAY, reason="asked to", purge="no").status_code == 302
    assert step("nothing").status_code == 404
    with acting_as(people.coordinator):
        made.here.refresh_from_db()
        assert made.here.status == PatientStatus.WITHDRAWN
    page = text(client, url(people, "participation", made.here.uid))
    assert "asked to" in page
    assert "Nothing frozen, fitted or reported had used the patient" in page
    assert "What is stored was kept" in page
    assert step("purge").status_code == 422, "not without saying that it is for good"
    with acting_as(people.coordinator):
        assert made.here.form_entries.get().values
        assert Death.objects.filter(patient=made.here).exists()
        assert step("purge", sure="on").status_code == 302
        Job.objects.filter(kind="studies.patient_purge").update(state="errored")
        page = text(client, url(people, "participation", made.here.uid))
        assert "Remove it for good?" in page, "what came to nothing is asked for again"
        assert step("purge", sure="on").status_code == 302
        run_inline(Job.objects.filter(kind="studies.patient_purge").latest("pk"))
        assert not made.here.form_entries.get().values, "removed later, too"
        events = FormEntry.pgh_event_model.objects.filter(patient=made.here)  # type: ignore[attr-defined]
        assert events.exists()
        assert not any(event.values for event in events), "nor is it read in the history"
        assert not EndpointValue.objects.filter(patient=made.here).exists()
        for model in (Treatment, Death):
            history = model.pgh_event_model.objects  # type: ignore[attr-defined]
            assert not model.objects.filter(patient=made.here).exists()
            assert not history.filter(patient=made.here).exists()
        assert made.here.moves.filter(kind="withdrawn").exists()
    page = text(client, url(people, "participation", made.here.uid))
    assert "Removal of what was stored" in page
    assert "Remove it for good?" not in page


def test_a_cohort_is_made_filled_and_frozen_by_form(
    people: People, made: MadeStudy, client: Client
):
    client.post(url(people, "cohorts"), {"name": "later", "role": "external_response"})
    with acting_as(people.coordinator):
        cohort = Cohort.objects.get(name="later")
        Patient.objects.create(study=people.study, site=people.here, pseudonym="N-009")
    add = url(people, "cohort_step", cohort.uid, "add")
    refused = client.post(add, {"patients": "N-001, X-1"})
    assert refused.status_code == 422
    assert "no such patient" in refused.content.decode()
    refused = client.post(add, {"patients": "N-001\nS-001"})
    assert "a patient of a development cohort" in refused.content.decode()
    assert client.post(add, {"patients": "N-009"}).status_code == 302
    freeze = url(people, "cohort_step", cohort.uid, "freeze")
    assert client.post(freeze).status_code == 403
    client.force_login(people.administrator)
    assert client.post(freeze).status_code == 302
    client.force_login(people.coordinator)
    remove = url(people, "cohort_step", cohort.uid, "remove")
    assert "was frozen on" in client.post(remove, {"patients": "N-009"}).content.decode()


def test_the_api_does_what_the_pages_do(people: People, made: MadeStudy, client: Client):
    def api(name: str, *parts: object) -> str:
        return reverse(f"api:{name}", args=[people.study.uid, *parts])

    def post(route: str, status: int, **body: object):
        answer = client.post(api(route), body, content_type="application/json")
        assert answer.status_code == status, answer.content
        return answer.json()

    screened = post("patient-move-list", 201, kind="screened", site="North", date=TODAY)
    who = screened["patient"]
    post("consent-list", 201, patient=who, scope="imaging", date=TODAY)
    cohort = post("cohort-list", 201, name="later", role="internal_validation")
    members = api("cohort-members", cohort["uid"])
    body = {"patients": [who]}
    assert client.post(members, body, content_type="application/json").json()["members"] == 1
    post("eligibility-list", 201, patient=who, criterion="age", reason="amendment 3")
    rows = client.get(api("eligibility-list")).json()["results"]
    mine = next(row for row in rows if row["patient"] == who)
    age = next(f for f in mine["findings"] if f["key"] == "age")
    assert (mine["overall"], age["overridden"]) == ("not_eligible", "amendment 3")
    assert post("patient-move-list", 422, kind="excluded", patient=who, date=TODAY)["problems"]
    grid = client.get(api("completeness-list")).json()["results"]
    assert {row["patient"]: row["present"] for row in grid}[who] == ["consent"]
    steps = client.get(api("cohort-table-attrition")).json()["steps"]
    assert steps[0]["remaining"] == 3
    table = client.get(api("cohort-table-table-one"), {"cohort": str(made.cohort.uid)}).json()
    assert table["groups"] == [["training", 2]]
    client.force_login(people.statistician)  # who may not identify sees no day
    assert {row["date"] for row in client.get(api("consent-list")).json()["results"]} == {None}


def test_a_published_table_is_checked_on_its_page(people: People, made: MadeStudy, client: Client):
    page = url(people, "table_check")
    table = "group,n,variable,minimum,maximum\ntraining,105,age,29,81\n"
    shown = client.post(page, {"table": table}).content.decode()
    assert "29 to 81, but the criteria admit 18 to 75" in shown
    assert (
        "Nothing in it contradicts"
        in client.post(
            page, {"table": "group,n,variable,minimum,maximum\na,9,age,30,70\n"}
        ).content.decode()
    )
    assert "unknown column" in client.post(page, {"table": "x,y\n1,2\n"}).content.decode()


@pytest.mark.parametrize("what", ["table_one", "attrition"])
def test_a_large_study_is_counted_by_a_job_for_those_who_see_the_same(
    people: People, made: MadeStudy, client: Client, monkeypatch: pytest.MonkeyPatch, what: str
):
    page = url(people, what)
    live = client.get(page)
    assert (live.context["counted"].by_job, live.context["counted"].at) == (False, None)
    monkeypatch.setattr("studies.standing.LARGE", 1)
    before = client.get(page).context["counted"]
    assert (before.by_job, before.found) == (True, None)
    client.post(url(people, "action", "studies.count"), before.params)
    with acting_as(people.coordinator):
        run_inline(Job.objects.get(kind="studies.count"))
        make_patient(people, made.cohort, made.dictionary, "N-002")
    after = client.get(page)
    assert after.context["counted"].at is not None
    assert after.context["counted"].found == live.context["counted"].found, "as it was counted"
    assert "Count anew" in after.content.decode()
    client.force_login(people.colleague)
    monkeypatch.setattr("studies.standing.LARGE", 0)
    theirs = client.get(page).context["counted"]
    assert (theirs.by_job, theirs.found) == (True, None), "of one site only"
    client.force_login(people.statistician)
    assert client.get(page).context["counted"].found is not None


def test_a_patient_typed_in_leads_straight_to_the_form(people: People, client: Client):
    client.force_login(people.coordinator)
    page = url(people, "patient_new")
    sent = {"pseudonym": "", "site": people.here.pk, "kind": "enrolled", "on": TODAY}
    answer = client.post(page, sent)
    with acting_as(people.coordinator):
        patient = Patient.objects.get()
        log = list(patient.moves.order_by("id").values_list("kind", flat=True))
    assert answer.url == url(people, "entry", patient.uid, "baseline")
    assert (patient.status, log) == ("enrolled", ["screened", "enrolled"])
    assert len(patient.pseudonym) >= 6
    assert client.get(answer.url).status_code == 200
    again = client.post(page, sent | {"pseudonym": patient.pseudonym})
    assert "pseudonym" in again.context["form"].errors
    late = client.post(page, sent | {"on": "2999-01-01"})
    assert "on" in late.context["form"].errors
    with acting_as(people.coordinator):
        assert Patient.objects.count() == 1, "what was refused left nothing"
