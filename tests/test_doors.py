"""Every address x every person: strangers find nothing, and no address lacks a rule."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from studies.access import acting_as, visible
from studies.identifiers import uuid7
from studies.models import ImportBatch, Patient, Role, Specimen
from studies.services import action_start, batch_job, batch_receive, membership_grant
from tests.people import People

# Addresses without a study: who they are for is said here, once.
FOR_ANYBODY = {"health", "account_login", "account_logout", "account_signup",
               "account_inactive", "studies:welcome", "studies:theme",
               "studies:policy_report", "set_language", "language_catalog"}  # fmt: skip
FOR_SIGNED_IN = {"studies:list", "studies:patterns", "studies:patterns_figure", "studies:help",
                 "studies:help_page",
                 "studies:bell", "studies:bell_live",
                 "api:root", "api:schema", "api:docs", "api:study-list"}  # fmt: skip
NAMED = {"studies:help_page": ["glossary"]}


def addresses(
    resolver: URLResolver | None = None, names: tuple[str, ...] = (), route: str = ""
) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """(name, route, converters) of every address."""
    for pattern in (resolver or get_resolver()).url_patterns:
        here = route + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            name = ":".join([*names, pattern.name or "?"])
            yield name, here, dict(pattern.pattern.converters)
        else:
            inner = (*names, pattern.namespace) if pattern.namespace else names
            yield from addresses(pattern, inner, here)


def of_study(route: str) -> bool:
    return "studies/<uuid:" in route or "studies/(?P<uid>" in route


def with_ids(name: str, route: str, study: Any) -> str:
    """The address filled with the study's uid and random ids elsewhere."""
    keys = re.findall(r"<(?:\w+:)?(\w+)>", route) + re.findall(r"\(\?P<(\w+)>", route)
    owner = "study_uid" if "study_uid" in keys else "uid"
    values: dict[str, Any] = {key: study.uid if key == owner else uuid7() for key in keys}
    values |= dict.fromkeys(re.findall(r"<int:(\w+)>", route), 0)
    if name.endswith(":action"):
        values["kind"] = "studies.nothing"
    if name.endswith(":glance-detail"):
        values["key"] = "age_years"
    if name.endswith(":upload"):
        values["kind"] = "cohort_table"
    return reverse(name, kwargs=values)


def clients(people: People) -> dict[str, Client]:
    found = {"anonymous": Client()}
    for name, user in {**people.members, "outsider": people.outsider}.items():
        found[name] = Client()
        found[name].force_login(user)
    return found


STUDY_ADDRESSES = sorted(
    {(name, route) for name, route, _ in addresses() if of_study(route) and "format" not in route}
)


def test_no_address_lacks_a_rule() -> None:
    known = FOR_ANYBODY | FOR_SIGNED_IN
    for name, route, _ in addresses():
        belongs = (
            of_study(route) or "format" in route or route.startswith("account/") or name in known
        )
        assert belongs, f"{name} ({route}) belongs to no study and no rule names it"
    assert len(STUDY_ADDRESSES) > 20


def test_strangers_find_nothing_at_any_address(as_coordinator: People) -> None:
    people = as_coordinator
    Patient.objects.create(study=people.study, site=people.here, pseudonym="P1")
    doors = clients(people)
    for name, route in STUDY_ADDRESSES:
        address = with_ids(name, route, people.study)
        for method in ("get", "post"):
            anonymous = getattr(doors["anonymous"], method)(address)
            assert anonymous.status_code in {302, 401, 403, 405}, (name, anonymous.status_code)
            if anonymous.status_code == 302:
                assert "/account/login" in anonymous["Location"], name
            outsider = getattr(doors["outsider"], method)(address)
            assert outsider.status_code in {404, 405}, (name, method, outsider.status_code)


@pytest.mark.parametrize("name", sorted(FOR_SIGNED_IN))
def test_addresses_without_a_study_need_a_sign_in(people: People, name: str) -> None:
    doors = clients(people)
    address = reverse(name, args=NAMED.get(name))
    assert doors["anonymous"].get(address).status_code in {302, 401, 403}
    assert doors["outsider"].get(address).status_code == 200


def test_the_list_of_studies_holds_ones_own(people: People) -> None:
    doors = clients(people)
    for name, expected in (("colleague", 1), ("outsider", 0)):
        found = doors[name].get(reverse("api:study-list")).json()["results"]
        assert len(found) == expected


def test_a_colleague_reads_her_own_sites_rows_over_the_api(as_coordinator: People) -> None:
    people = as_coordinator
    for site, pseudonym in ((people.here, "N1"), (people.elsewhere, "S1")):
        Patient.objects.create(study=people.study, site=site, pseudonym=pseudonym)
    hidden = Patient.objects.get(pseudonym="N1")
    client = clients(people)["colleague"]
    listed = client.get(reverse("api:patient-list", args=[people.study.uid])).json()["results"]
    assert [row["pseudonym"] for row in listed] == ["S1"]
    one = reverse("api:patient-detail", args=[people.study.uid, hidden.uid])
    assert client.get(one).status_code == 404


def test_what_memberships_show_is_what_the_tables_show(as_coordinator: People) -> None:
    people = as_coordinator
    for site, pseudonym in ((people.here, "N1"), (people.elsewhere, "S1")):
        Patient.objects.create(study=people.study, site=site, pseudonym=pseudonym)
    seen = {}
    for name, user in {**people.members, "outsider": people.outsider}.items():
        with acting_as(user):
            found = set(visible(Patient.objects.all(), user, people.study))
            assert found == set(Patient.objects.visible_to(user).filter(study=people.study)), name
        seen[name] = sorted(patient.pseudonym for patient in found)
    assert (seen["coordinator"], seen["colleague"], seen["outsider"]) == (["N1", "S1"], ["S1"], [])


def test_the_day_of_a_specimen_is_for_those_who_may_identify(as_coordinator: People) -> None:
    people = as_coordinator
    patient = Patient.objects.create(study=people.study, site=people.here, pseudonym="N1")
    Specimen.objects.create(patient=patient, label="N1-T1", collected_on=date(2020, 3, 1))
    address = reverse("api:specimen-list", args=[people.study.uid])
    shown = {
        name: client.get(address).json()["results"][0]["collected_on"]
        for name, client in clients(people).items()
        if name in ("coordinator", "statistician")
    }
    assert shown == {"coordinator": "2020-03-01", "statistician": None}


def test_an_upload_over_the_api_has_the_same_limits(people: People, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 3
    address = reverse("api:import-list", args=[people.study.uid])
    client = clients(people)["coordinator"]
    for data, options, field, code in ((b"a,b\n", "{}", "file", 422),
                                       (b"a\n", "[1]", "options", 400)):  # fmt: skip
        sent = {"kind": "cohort_table", "file": SimpleUploadedFile("c.csv", data)}
        answer = client.post(address, sent | {"options": options})
        assert answer.status_code == code
        assert [problem["where"] for problem in answer.json()["problems"]] == [field]


def test_an_upload_is_seen_by_its_sites_and_by_who_sees_all(people: People) -> None:
    """Its page, its file's name and digest, its problems and its job, on pages and over the API."""
    north, south = people.outsider, people.colleague
    with acting_as(people.administrator):
        membership_grant(people.study, north, Role.COORDINATOR, people.here)
    brought = {}
    for who, user in (("all", people.coordinator), ("north", north)):
        with acting_as(user):
            data = f"patient_id,site\n{who},{who}\n".encode()
            brought[who] = batch_receive(people.study, user, "cohort_table", data, f"{who}.csv")
    with acting_as(people.statistician):
        run = action_start(people.study, people.statistician, "imaging.extractor_fit")
    seen = {people.coordinator: {"all", "north"}, people.statistician: {"all", "north"},
            north: {"north"}, south: set()}  # fmt: skip
    for user, names in seen.items():
        client = Client()
        client.force_login(user)
        listed = client.get(reverse("api:import-list", args=[people.study.uid])).json()["results"]
        assert {row["filename"] for row in listed} == {f"{name}.csv" for name in names}
        jobs = client.get(reverse("api:job-list", args=[people.study.uid])).json()["results"]
        assert {job["uid"] for job in jobs} == {
            str(run.uid), *(str(batch_job(brought[name]).uid) for name in names)
        }, "runs are of the study"  # fmt: skip
        for name, batch in brought.items():
            job = batch_job(batch)
            own = [("studies:batch", batch), ("studies:batch_problems", batch),
                   ("imaging:batch_files", batch), ("api:import-detail", batch),
                   ("studies:job", job), ("studies:job_live", job), ("studies:job_problems", job),
                   ("api:job-detail", job)]  # fmt: skip
            for address, uid in ((address, row.uid) for address, row in own):
                code = client.get(reverse(address, args=[people.study.uid, uid])).status_code
                assert code == (200 if name in names else 404), (user, name, address)
        for address in ("studies:uploads", "studies:jobs", "studies:overview"):
            page = client.get(reverse(address, args=[people.study.uid])).content.decode()
            assert {n for n in brought if f"{n}.csv" in page} == names, (user, address)
    with acting_as(south):
        mine = visible(ImportBatch.objects.all(), south, people.study)
        assert list(mine) == list(ImportBatch.objects.visible_to(south))


def test_a_step_needs_its_right(as_coordinator: People) -> None:
    people = as_coordinator
    doors = clients(people)
    address = reverse("api:job-list", args=[people.study.uid])
    for name in ("coordinator", "colleague"):
        answer = doors[name].post(
            address, {"kind": "imaging.extractor_fit"}, content_type="application/json"
        )
        assert answer.status_code == 403, name
        assert "run" in answer.json()["detail"]
    unknown = doors["statistician"].post(
        address, {"kind": "studies.nothing"}, content_type="application/json"
    )
    assert unknown.status_code == 422
    assert unknown.json()["problems"][0]["column"] == "kind"


def test_nobody_acts_after_a_request(people: People) -> None:
    with acting_as(people.coordinator):
        Patient.objects.create(study=people.study, site=people.here, pseudonym="P1")
    clients(people)["coordinator"].get(reverse("studies:overview", args=[people.study.uid]))
    assert not Patient.objects.exists()
