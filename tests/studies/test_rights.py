"""Whose rows may leave, by which names one may ask, and what comes from another study or site."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import PermissionDenied
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone
from drf_spectacular.generators import SchemaGenerator

from modeling.models import SavedQuestion
from modeling.selectors.patient_rows import EXAMINED, without_patients
from studies import access
from studies.access import acting_as
from studies.api.known_names import query_names
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import RIGHTS, Export, Job, Membership, Patient, Role, Study
from studies.patient_figures import FEWEST, stored_without_rows
from studies.services import (
    action_start,
    export_download,
    export_start,
    membership_grant,
    site_of,
    study_create,
)
from tests.people import People
from tests.test_doors import STUDY_ADDRESSES, addresses, with_ids


def member(**fields: Any) -> Membership:
    """Not saved: what a request would know."""
    return Membership(**{"site_id": None, "rights": [], **fields})


@pytest.mark.parametrize(
    ("held", "every", "site_1", "dates"),
    [
        ([(None, "rows download identifiers")], True, True, True),
        ([(None, "rows")], False, False, False),
        ([(1, "rows download identifiers")], False, True, True),
        ([(1, "rows"), (2, "rows download identifiers")], False, False, False),
        # reads every site, takes away at one: its rows alone
        ([(None, "rows"), (1, "rows download identifiers")], False, True, False),
        ([(None, "rows download identifiers"), (1, "rows")], True, True, True),
        ([(1, "rows"), (1, "download")], False, False, False),
        ([(None, "aggregates download")], False, False, False),
    ],
)
def test_rows_leave_with_whom_one_membership_lets_take_them(
    monkeypatch: pytest.MonkeyPatch, held: list[Any], every: bool, site_1: bool, dates: bool
) -> None:
    rows = [member(site_id=site, rights=rights.split()) for site, rights in held]
    monkeypatch.setattr(access, "memberships_of", lambda user, study: rows)
    study: Any = SimpleNamespace()
    assert access.takes_rows(None, study) == every
    assert access.takes_rows(None, study, [1]) == site_1
    assert ("identifiers" in access.rights_of(None, study)) == dates


@pytest.mark.parametrize(
    ("key", "rows", "left"),
    [
        ("violin_training_rna", [["hot", 0.9]], []),
        ("distributions", [["T cells", 12, 0.5], ["B cells", 4, 0.25]], [["T cells", 12, 0.5]]),
        ("calibration_overall_survival", [["a", FEWEST, 0.5]], None),
        ("calibration_overall_survival", [["a", FEWEST - 1, 0.5], ["b", 9, 0.1]], [["b", 9, 0.1]]),
        ("roc", [["a", 1, 0.5]], None),
    ],
)
def test_of_a_figure_groups_stay_and_patients_go(key: str, rows: Any, left: Any) -> None:
    mark = '<path aria-label="score: 0.9" role="graphics-symbol"/>'
    figure = {"columns": ["group", "n", "value"], "rows": rows, "spec": {"data": 1}, "svg": mark}
    found = stored_without_rows(key, figure)
    if left is None:
        assert found == figure
    else:
        assert (found["rows"], found["spec"], "0.9" in found["svg"]) == (left, {}, False)


def test_of_two_groups_that_are_compared_the_one_of_too_few_goes() -> None:
    medians = [0.1, 0.2, 0.3]
    row = {"n_first": FEWEST - 1, "n_other": FEWEST, "first": medians, "other": medians, "p": 0.5}
    stored = {"groups": [row], "cuts": []}
    left, gone = without_patients(stored, EXAMINED)
    assert (left["groups"], gone) == ([row | {"first": None}], ["groups"])
    assert without_patients({"groups": [row | {"n_first": FEWEST}]}, EXAMINED)[1] == []


@pytest.fixture
def of_two_parts(people: People) -> People:
    """The colleague reads every site, and is coordinator of her own."""
    with acting_as(people.coordinator):
        for site, name in ((people.here, "N-1"), (people.elsewhere, "S-1")):
            Patient.objects.create(study=people.study, site=site, pseudonym=name)
    with acting_as(people.administrator):
        membership_grant(people.study, people.colleague, Role.COLLABORATOR)
        own = Membership.objects.filter(user=people.colleague, site=people.elsewhere)
        own.update(role=Role.COORDINATOR, rights=["aggregates", "rows", "identifiers", "download"])
    return people


def test_who_reads_every_site_takes_away_only_what_is_hers(
    of_two_parts: People, client: Client
) -> None:
    people, here = of_two_parts, [of_two_parts.study.uid]
    client.force_login(people.colleague)
    listed = reverse("studies:patients", args=here)
    assert b"N-1" in client.get(listed).content
    assert "text/html" in client.get(listed, {"format": "csv"})["Content-Type"], "no file of both"
    for name in ("genomics:labels_csv", "imaging:slides_csv"):
        assert client.get(reverse(name, args=here)).status_code == 403
    with pytest.raises(PermissionDenied, match="every site whose patients you read"):
        access.require(people.colleague, people.study, "identifiers")


def test_a_file_of_one_hospital_says_that_it_is_a_part(
    of_two_parts: People, client: Client
) -> None:
    people = of_two_parts
    with acting_as(people.colleague):
        export, job = export_start(people.study, people.colleague)
        assert run_inline(job).state == "done", job.problems
        export = Export.objects.get(pk=export.pk)
    client.force_login(people.colleague)
    file = client.get(reverse("studies:export_file", args=[people.study.uid, export.uid]))
    data = b"".join(file.streaming_content)  # type: ignore[attr-defined]
    assert b"S-1" in data
    assert b"N-1" not in data
    assert "-part-1-of-2-sites.csv" in file["Content-Disposition"]
    assert export.left_out["part"] == {"sites": ["South"], "of_sites": 2}


def test_a_file_is_no_more_for_who_lost_one_of_its_sites(of_two_parts: People) -> None:
    people, user = of_two_parts, of_two_parts.colleague
    with acting_as(user):
        export, job = export_start(people.study, user)
        run_inline(job)
        export = Export.objects.get(pk=export.pk)
        assert export_download(export, user) == export
    with acting_as(people.administrator):
        Membership.objects.filter(user=user, site=people.elsewhere).delete()
        membership_grant(people.study, user, Role.COORDINATOR, people.here)
    with acting_as(user), pytest.raises(DataProblem, match="not yours any more"):
        export_download(export, user)


def test_who_reads_every_site_keeps_what_is_hers_at_one(
    of_two_parts: People, client: Client
) -> None:
    """Dates and forms of her own patients, and files in which no patient is."""
    people, user = of_two_parts, of_two_parts.colleague
    with acting_as(people.administrator):
        own = Membership.objects.get(user=user, site=people.elsewhere)
        own.rights = [*own.rights, "enter"]
        own.save()
    client.force_login(user)
    with acting_as(user):
        assert access.dates_taken(user, people.study)
        patients = {p.pseudonym: p for p in Patient.objects.filter(study=people.study)}
    grid = client.get(reverse("studies:completeness", args=[people.study.uid])).content.decode()
    for name, hers in (("S-1", True), ("N-1", False)):
        whose = [people.study.uid, patients[name].uid]
        entry = f'{reverse("studies:entry", args=[*whose, "baseline"])}"'  # and nothing below it
        page = client.get(reverse("studies:patient", args=whose)).content.decode()
        assert (entry in page, entry in grid) == (hers, hers), name
    absent = {"uid": people.study.uid, "report_uid": people.study.uid}
    for name in ("report_zip", "report_pdf", "report_json"):
        assert client.get(reverse(f"modeling:{name}", kwargs=absent)).status_code == 404


@pytest.mark.parametrize("name", ["cohort", "site", "status"])
def test_a_filter_of_another_study_is_refused_not_answered_with_nobody(
    as_coordinator: People, name: str
) -> None:
    with pytest.raises(DataProblem) as refusal:
        export_start(as_coordinator.study, as_coordinator.coordinator, filters={name: "x"})
    assert refusal.value.problems[0].column == name


ENDINGS: dict[str, Callable[[Any], Any]] = {
    "ended": lambda rows: rows.update(ends_on=timezone.localdate()),
    "not begun": lambda rows: rows.update(starts_on=timezone.localdate() + timedelta(days=1)),
    "removed": lambda rows: rows.delete(),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_who_is_no_member_today_finds_no_study(people: People, ending: str) -> None:
    client = Client()
    client.force_login(people.colleague)
    with acting_as(people.administrator):
        ENDINGS[ending](Membership.objects.filter(user=people.colleague))
    for name, route in STUDY_ADDRESSES[::20]:  # all of them as an outsider: test_doors
        code = client.get(with_ids(name, route, people.study)).status_code
        assert code in {404, 405}, (name, code)
    assert client.get(reverse("api:study-list")).json()["results"] == []


def test_who_may_not_sign_in_any_more_is_nobody(people: People) -> None:
    client = Client()
    client.force_login(people.coordinator)
    get_user_model().objects.filter(pk=people.coordinator.pk).update(is_active=False)
    assert client.get(reverse("api:study-list")).status_code == 401
    assert client.get(reverse("studies:list")).status_code == 302


def of_the_api(*verbs: str) -> list[tuple[str, str, Any]]:
    """Name, route and class of each address of the house's own API that has one of the verbs."""
    found = {
        f"api:{pattern.name}": pattern.callback
        for resolver in get_resolver().url_patterns
        if getattr(resolver, "namespace", "") == "api"
        for pattern in _patterns(resolver)
    }
    return [
        (name, route, found[name])
        for name, route, _ in addresses()
        if "format" not in route
        and name in found
        and set(verbs) & set(getattr(found[name], "actions", None) or ())
    ]


def _patterns(resolver: Any) -> list[Any]:
    inner = [_patterns(p) if hasattr(p, "url_patterns") else [p] for p in resolver.url_patterns]
    return [pattern for some in inner for pattern in some]


def test_a_name_that_no_address_takes_is_refused_and_the_known_ones_are_told(
    people: People,
) -> None:
    client = Client()
    client.force_login(people.administrator)
    refused = set()
    for name, route, _ in of_the_api("get"):
        address = (
            with_ids(name, route, people.study)
            if "studies/<" in route or "?P<" in route
            else reverse(name)
        )
        answer = client.get(address, {"cohrt": "x"})
        if name == "api:model-version-calculate":
            assert answer.status_code == 404, name  # its variables are those of a version
        elif answer.status_code != 403:  # "run" and "identifiers" come first
            assert answer.status_code in {400, 404}, (name, answer.status_code)
        if answer.status_code == 400:
            refused.add(name)
            told = answer.json()["problems"]
            assert [problem["found"] for problem in told] == ["cohrt"], name
    assert len(refused) > 100
    told = client.get(reverse("api:patient-list", args=[people.study.uid]), {"statsu": "x"}).json()
    assert told["problems"][0]["expected"] == (
        "one of cursor, page_size, pseudonym, site__name, status"
    )
    assert told["problems"][0]["remedy"] == "Did you mean status?"


def test_a_field_that_no_body_has_is_refused_and_nothing_is_done(people: People) -> None:
    with acting_as(people.administrator):
        Membership.objects.filter(user=people.administrator).update(rights=list(RIGHTS))
    client = Client()
    client.force_login(people.administrator)
    refused = 0
    for name, route, callback in of_the_api("post", "put", "patch"):
        for verb in {"post", "put", "patch"} & set(callback.actions):
            if (name, verb) == ("api:resumable-upload-detail", "patch"):
                continue  # takes bytes, not names
            address = with_ids(name, route, people.study)
            answer = getattr(client, verb)(
                address, json.dumps({"horizn": 1}), content_type="application/json"
            )
            assert answer.status_code == 400, (name, verb, answer.status_code)
            assert {"horizn"} == {p["found"] for p in answer.json()["problems"]}, name
            refused += 1
    assert refused > 50
    assert not Job.objects.exists()


def test_a_name_deep_in_a_body_is_refused_too(people: People) -> None:
    client = Client()
    client.force_login(people.coordinator)
    address = reverse("api:import-describe", args=[people.study.uid, people.study.uid])
    sent = {"mapping": {"columns": {}, "sit": "North"}}
    told = client.post(address, json.dumps(sent), content_type="application/json").json()
    (problem,) = told["problems"]
    assert (problem["where"], problem["found"]) == ("mapping", "sit")
    assert problem["remedy"] == "Did you mean site?"


def test_the_names_that_are_taken_are_those_that_the_schema_tells() -> None:
    generator = SchemaGenerator()
    schema = generator.get_schema(request=None, public=True)
    compared = 0
    for path, _, method, callback in generator.endpoints:
        action = (getattr(callback, "actions", None) or {}).get(method.lower())
        told = schema["paths"].get(path, {}).get(method.lower())
        if action is None or told is None or action in getattr(callback.cls, "any_name", ()):
            continue
        names = {p["name"] for p in told.get("parameters", ()) if p["in"] == "query"}
        names -= {"conditions"}  # any number of them, named by column
        taken = query_names(callback.cls, action, method) - {"conditions"}
        assert taken == names | {"format"}, (method, path)
        compared += 1
    assert compared > 100


def test_a_name_that_no_record_can_have_finds_none(people: People, client: Client) -> None:
    client.force_login(people.coordinator)
    address = reverse("genomics:abundances_csv", args=[people.study.uid])
    assert client.get(address, {"signature": "\0", "method": "\0"}).status_code == 200


def test_a_list_never_looks_narrowed_by_what_it_does_not_know(
    of_two_parts: People, client: Client
) -> None:
    client.force_login(of_two_parts.coordinator)
    listed = reverse("studies:completeness", args=[of_two_parts.study.uid])
    for asked in ({"cohrt": "x"}, {"status": "x"}, {"cohort": str(of_two_parts.study.uid)}):
        ((name, value),) = asked.items()
        page = client.get(listed, asked).content.decode()
        assert f"{name}={value} is not known: nothing is narrowed by it" in page
        assert "S-1" in page
        refused = client.get(listed, {**asked, "format": "csv"})
        assert (refused.status_code, b"S-1" in refused.content) == (422, False)
    both = client.get(listed, {"status": "x", "site": str(of_two_parts.here.uid)}).content.decode()
    assert "Site: North" in both, "what does narrow is told beside what does not"


def test_no_post_goes_without_a_token_against_forgery(people: People) -> None:
    """The framework asks at every address but those that say otherwise; the API's asks itself."""
    exempt = {
        f"{'api:' if getattr(resolver, 'namespace', '') == 'api' else ''}{pattern.name}"
        for resolver in get_resolver().url_patterns
        for pattern in (_patterns(resolver) if hasattr(resolver, "url_patterns") else [resolver])
        if getattr(pattern.callback, "csrf_exempt", False)
    }
    assert {name for name in exempt if not name.startswith("api:")} == {"policy_report"}
    client = Client(enforce_csrf_checks=True)
    client.force_login(people.statistician)
    for name, route in [*STUDY_ADDRESSES[::15], *((n, r) for n, r, _ in of_the_api("post"))][:40]:
        code = client.post(with_ids(name, route, people.study), {}).status_code
        assert code in {403, 405}, (name, code)


@pytest.mark.parametrize("away", ["https://evil.example/", "//evil.example/", "/\\evil.example"])
def test_nothing_leads_away_from_the_house(people: People, away: str) -> None:
    client = Client()
    login = {"login": "coordinator", "password": "correct horse", "next": away}
    answers = [client.post(reverse("account_login"), login)]
    answers += [
        client.post(reverse(name), {"next": away, "theme": "dark", "language": "en"})
        for name in ("studies:theme", "set_language")
    ]
    for answer in answers:
        assert answer.status_code == 302
        assert "evil" not in answer["Location"], answer.request["PATH_INFO"]


def test_a_link_that_is_sent_is_of_this_house(people: People, client: Client) -> None:
    """An invitation asked for under another host's name would lead the invited there."""
    client.force_login(people.administrator)
    address = reverse("api:membership-list", args=[people.study.uid])
    sent = {"email": "new@example.org", "role": "collaborator"}
    for host in ("evil.example", "localhost.evil.example"):
        answer = client.post(address, sent, headers={"host": host})
        assert answer.status_code == 400
    assert not get_user_model().objects.filter(email="new@example.org").exists()
    told = client.post(address, sent, headers={"x-forwarded-host": "evil.example"}).json()
    assert "evil" not in told["invitation"]


def test_a_sign_in_begins_another_session(people: People, client: Client) -> None:
    client.get(reverse("account_login"))
    session = client.session
    session["left"] = "by somebody"
    session.save()
    before = session.session_key
    client.post(reverse("account_login"), {"login": "coordinator", "password": "correct horse"})
    assert client.session.session_key != before


@pytest.fixture
def other_study(people: People) -> Study:
    """Of the statistician too, who takes what is there into the first one."""
    with acting_as(people.administrator):
        other = study_create("Another study", people.administrator)
        membership_grant(other, people.statistician, Role.STATISTICIAN)
        Patient.objects.create(study=other, site=site_of(other, "North"), pseudonym="B-1")
        SavedQuestion.objects.create(
            study=other, number=1, name="theirs", document={}, written_by=people.administrator
        )
    return other


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("modeling.snapshot_freeze", "question"),
        ("modeling.rad_score_run", "question"),
        ("modeling.prognosis_run", "question"),
    ],
)
def test_a_step_takes_nothing_of_another_study(
    people: People, other_study: Study, kind: str, name: str
) -> None:
    with acting_as(people.statistician):
        theirs = SavedQuestion.objects.get(study=other_study)
        job = action_start(people.study, people.statistician, kind, {name: str(theirs.uid)})
        ended = run_inline(job)
    assert ended.state == "failed"
    assert str(theirs.uid) in json.dumps(ended.problems)


def test_a_patient_of_another_study_is_nobody_here(people: People, other_study: Study) -> None:
    client = Client()
    client.force_login(people.statistician)
    with acting_as(people.statistician):
        theirs = Patient.objects.get(study=other_study)
    asked = {"patient": str(theirs.uid), "text": "?"}
    assert client.post(reverse("api:query-list", args=[people.study.uid]), asked).status_code == 404
    for name, field in (("consent", "patient"), ("patient-move", "patient")):
        sent = {field: "B-1", "scope": "sharing", "date": "2024-01-01", "kind": "withdrawn"}
        sent.pop("kind" if name == "consent" else "scope")
        answer = client.post(reverse(f"api:{name}-list", args=[people.study.uid]), sent)
        assert (answer.status_code, answer.json()["problems"][0]["found"]) == (
            422,
            "no such patient",
        )


def test_who_has_an_account_elsewhere_is_not_told(people: People) -> None:
    """A query asked of somebody who is no member says the same as of nobody."""
    client = Client()
    client.force_login(people.coordinator)
    with acting_as(people.coordinator):
        patient = Patient.objects.create(study=people.study, site=people.here, pseudonym="N-1")
    address, told = reverse("api:query-list", args=[people.study.uid]), []
    for name in ("outsider", "nobody-at-all"):
        sent = {"patient": str(patient.uid), "text": "?", "assignee": name}
        answer = client.post(address, sent)
        told.append((answer.status_code, answer.json()["problems"][0]["expected"]))
    assert told[0] == told[1]
