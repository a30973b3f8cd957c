"""Endpoints from dated facts, by hand: 2020 is a leap year, day 183 after 1 January is 2 July."""

from __future__ import annotations

from datetime import timedelta
from io import StringIO
from typing import Any

import psycopg
import pytest
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from studies import endpoint_rules
from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.clinical_risk_score import clinical_risk_score
from studies.methods.dates import ClinicalDate, read_date
from studies.methods.endpoint_kinds import check_rule, read_rule
from studies.methods.endpoint_rules import METHOD_VERSION, PatientCourse, derive_endpoint
from studies.methods.endpoints import (
    is_responder,
    overall_survival,
    progression_free_survival,
    response_at_6_months,
)
from studies.methods.problems import DataProblem
from studies.methods.recist import LesionFinding
from studies.models import (
    EndpointDefinition,
    EndpointStanding,
    EndpointValue,
    Job,
    Membership,
    Patient,
    Study,
)
from studies.selectors import endpoint_table
from studies.services import endpoints, endpoints_compute, endpoints_derive
from studies.services.endpoints import courses_of, outcome_digest
from studies.table_one import default_cohorts, table_one
from tests.people import People
from tests.studies.test_cohort_import import GOOD, handed_in, table

START = read_date("2020-01-01")


def test_survival_is_counted_in_days_and_censored_by_its_own_rule() -> None:
    alive, assessed = [read_date("2020-03-01")], [read_date("2020-02-01")]
    assert overall_survival(START, None, alive).duration_days == 60
    found = progression_free_survival(START, None, None, assessed)
    assert (found.duration_days, found.event) == (31, False)
    died = progression_free_survival(START, None, read_date("2020-02-10"), assessed)
    assert (died.duration_days, died.event) == (40, True)


def test_day_zero_is_half_a_day_and_nothing_assessed_is_censored_there() -> None:
    for died in (START, None):
        found = progression_free_survival(START, None, died, [])
        assert (found.duration_days, found.event) == (0.5, died is not None)
        assert found.notices


@pytest.mark.parametrize(
    ("assessments", "progressed", "died", "label"),
    [
        ([("2020-07-01", "PR")], None, None, "PR"),
        ([("2020-05-21", "PR")], None, None, "PR"),  # 141 days: the window's first
        ([("2020-05-20", "PR")], None, None, ""),
        ([("2020-08-13", "SD")], None, None, "SD"),  # 225 days: its last
        ([("2020-08-14", "SD")], None, None, ""),
        ([("2020-06-20", "SD"), ("2020-07-05", "PR")], None, None, "PR"),
        ([("2020-07-01", "PR")], "2020-07-01", None, "PD"),
        ([("2020-07-01", "PR")], "2020-07-02", None, "PR"),
        ([], None, "2020-04-01", "PD"),
        ([("2020-02-20", "PD"), ("2020-07-01", "PR")], None, None, "PD"),
        ([("2020-02-20", "PD")], None, None, "PD"),
        ([("2020-07-01", "NE")], None, None, "NE"),
    ],
)
def test_response_at_6_months(
    assessments: list[tuple[str, str]], progressed: str | None, died: str | None, label: str
) -> None:
    found = response_at_6_months(
        START,
        [(read_date(day), result) for day, result in assessments],
        read_date(progressed) if progressed else None,
        read_date(died) if died else None,
    )
    assert found.label == label


SEEN = [("2020-02-01", "SD"), ("2020-03-01", "PR"), ("2020-03-20", "PR"), ("2020-05-01", "PD"),
        ("2020-06-01", "CR")]  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "number", "label"),
    [
        ({}, 5, "CR"),
        ({"assessments": "until progression"}, 5, "PR"),
        ({"confirmed_after_days": 19}, 4, "PR"),
        ({"confirmed_after_days": 20}, 4, "SD"),
        ({"confirmed_after_days": 28}, 5, "SD"),  # the CR after progression confirms nothing
        ({"stable_from_day": 31}, 1, "SD"),
        ({"stable_from_day": 32}, 1, "NE"),
        ({"confirmed_after_days": 28, "stable_from_day": 60}, 2, "SD"),
        ({"confirmed_after_days": 28, "stable_from_day": 61}, 2, "NE"),
    ],
)
def test_best_response_as_recist_1_1_may_ask(rule: dict[str, Any], number: int, label: str) -> None:
    seen = [(read_date(day), result) for day, result in SEEN[:number]]
    course = PatientCourse(started=START, responses=seen)
    assert derive_endpoint("best_overall_response", rule, course).label == label


@pytest.mark.parametrize(
    ("name", "rule", "found"),
    [
        ("overall_survival", {}, None),
        ("overall_survival", {"partial_dates": "middle"}, 74),  # 1 January to 15 March
        ("progression_free_survival", {"partial_dates": "middle"}, 74),
        ("response_at_6_months", {}, ""),
        ("response_at_6_months", {"day": 170, "window_days": 40}, "SD"),
        ("response_at_6_months", {"window_days": 53}, "SD"),
    ],
)
def test_a_rule_changes_what_is_derived(name: str, rule: dict[str, Any], found: Any) -> None:
    course = PatientCourse(START, died=read_date("2020-03"))
    if name == "response_at_6_months":
        course = PatientCourse(START, responses=[(read_date("2020-05-10"), "SD")])
    derived = derive_endpoint(name, rule, course)
    assert found == (derived.label if name == "response_at_6_months" else derived.duration_days)


def test_who_was_not_imaged_is_free_of_progression_only_by_a_rule_that_says_so() -> None:
    course = PatientCourse(START, alive=[read_date("2020-03-01")])
    for censored, days in (("last adequate imaging", 0.5), ("last contact", 60)):
        found = derive_endpoint("progression_free_survival", {"censored": censored}, course)
        assert (found.duration_days, found.event) == (days, False)


NEW = {"imaging": "recorded or assessed"}


@pytest.mark.parametrize(
    ("rule", "imaged", "responses", "found"),
    [
        ({}, [], [(31, "SD"), (60, "PR")], (0.5, False, "treatment start")),
        (NEW, [], [(31, "SD"), (60, "PR")], (60, False, "response assessment")),
        (NEW, [80], [(60, "PR")], (80, False, "adequate imaging")),
        (NEW, [31], [(60, "NE"), (50, "CR")], (50, False, "response assessment")),
        (NEW, [31], [(50, "SD"), (60, "PD"), (90, "SD")], (50, False, "response assessment")),
        (NEW, [70, 40], [(60, "PD")], (40, False, "adequate imaging")),
        ({}, [70], [(60, "PD")], (70, False, "adequate imaging")),
        (NEW, [], [(-30, "PD"), (60, "PR")], (60, False, "response assessment")),
        (
            NEW | {"progression": "assessed"},
            [],
            [(-30, "PD"), (60, "PR")],
            (60, False, "response assessment"),
        ),
        (NEW, [], [(-9, "SD"), (0, "SD")], (0.5, False, "treatment start")),
        (NEW | {"censored": "last contact"}, [], [(60, "PR")], (75, False, "last contact")),
        (
            NEW | {"progression": "assessed"},
            [],
            [(60, "PD"), (90, "PD")],
            (60, True, "progression"),
        ),
    ],
)
def test_a_dated_response_is_imaging_unless_the_rule_is_older(
    rule: dict[str, Any], imaged: list[int], responses: list[tuple[int, str]], found: Any
) -> None:
    course = PatientCourse(
        START, alive=[_on(75)], assessed=[_on(day) for day in imaged],
        responses=[(_on(day), result) for day, result in responses],
    )  # fmt: skip
    free = derive_endpoint("progression_free_survival", rule, course)
    assert (free.duration_days, free.event, free.source) == found
    said = any(notice.code == "imaging_entered_earlier" for notice in free.notices)
    assert said == (imaged == [31]), "an assessment after the last imaging entered is noticed"


@pytest.mark.parametrize(
    ("name", "rule", "found"),
    [
        ("overall_survival", {}, 0.5),  # the baseline alone proves no day of life after it
        ("best_overall_response", {}, "SD"),
        ("best_overall_response", {"assessments": "until progression"}, "SD"),
        ("d14", {"kind": "response_at_a_day", "day": 14, "window_days": 28}, ""),
    ],
)
def test_what_lies_before_the_start_belongs_to_an_earlier_treatment(
    name: str, rule: dict[str, Any], found: Any
) -> None:
    before = [(_on(-40), "CR"), (_on(-9), "PD"), (_on(0), "PD")]
    lesions = [LesionFinding(_on(-7).earliest, "T1", "target", "measured", 20.0)]
    course = PatientCourse(START, responses=before, lesions=lesions)
    if name == "best_overall_response":
        course.responses.append((_on(60), "SD"))
    derived = derive_endpoint(name, rule, course)
    assert found == (derived.duration_days if name == "overall_survival" else derived.label)


def test_measured_lesions_are_imaging_and_prove_life() -> None:
    sizes = [(-5, 20.0), (56, 12.0), (120, 13.0), (180, 30.0)]
    lesions = [
        LesionFinding(_on(day).earliest, "T1", "target", "measured", mm) for day, mm in sizes
    ]
    course = PatientCourse(START, alive=[_on(60)], lesions=lesions)
    free = derive_endpoint("progression_free_survival", NEW, course)
    assert (free.duration_days, free.source) == (120, "lesion measurement"), "the PD is no imaging"
    overall = derive_endpoint("overall_survival", {}, course)
    assert (overall.duration_days, overall.source) == (180, "lesion measurement")
    course.responses.append((_on(100), "PD"))
    assert derive_endpoint("progression_free_survival", NEW, course).duration_days == 56


def _on(day: int) -> ClinicalDate:
    return ClinicalDate(START.earliest + timedelta(days=day))


def test_a_rule_that_was_stored_before_a_part_keeps_its_word() -> None:
    old = {"censored": "last adequate imaging"}
    assert read_rule("progression_free_survival", old)["imaging"] == "recorded"
    assert check_rule("progression_free_survival", {})["imaging"] == "recorded or assessed"


@pytest.mark.parametrize(
    ("rule", "column"),
    [
        ({"window_days": 200}, "window_days"),
        ({"window_days": True}, "window_days"),
        ({"day": 90}, "day"),  # three months is another endpoint
        ({"earlier_progression_or_death": "x"}, "earlier_progression_or_death"),
        ({"colour": 1}, "colour"),
    ],
)
def test_a_rule_that_is_none_is_refused(rule: dict[str, Any], column: str) -> None:
    with pytest.raises(DataProblem) as refused:
        check_rule("response_at_6_months", rule)
    assert [problem.column for problem in refused.value.problems] == [column]


def test_another_rule_comes_into_force_with_everybodys_values(
    people: People, client: Client
) -> None:
    with acting_as(people.coordinator):
        handed_in(people, table(GOOD, GOOD | {"patient_id": "P002", "response": "SD"}))
        before = set(EndpointValue.objects.values_list("pk", flat=True))
    api = reverse("api:endpoint-definition-list", args=[people.study.uid])
    asked = {"name": "overall_survival", "rule": {"partial_dates": "middle"}, "reason": "so"}
    client.force_login(people.statistician)
    assert client.post(api, asked, content_type="application/json").status_code == 403
    client.force_login(people.administrator)
    started = client.post(api, asked, content_type="application/json")
    assert (started.status_code, started.json()["kind"]) == (202, "studies.endpoint_change")
    page = reverse("studies:endpoint", args=[people.study.uid, "response_at_6_months"])
    fields = {b.name: b.value() or "" for b in client.get(page).context["form"]}
    sent = fields | {"window_days": 5}
    assert "reason" in client.post(page, sent).context["form"].errors
    same = client.post(page, fields | {"reason": "none"})
    assert "the rule of version 1" in same.content.decode()
    client.post(page, sent | {"reason": "protocol amendment 2"})
    with acting_as(people.administrator):
        jobs = Job.objects.filter(kind="studies.endpoint_change").order_by("id")
        first, job = map(run_inline, jobs)
        assert first.result == {"version": 2, "patients": 2, "changed": 0}, "no date is partial"
        assert job.result == {"version": 2, "patients": 2, "changed": 2}
        table_now = endpoint_table(people.study, "response_at_6_months")
        assert list(table_now["label"]) == ["", ""]
        kept = EndpointValue.objects.filter(definition__version=1, pk__in=before)
        assert {value.label for value in kept if value.label} >= {"PR", "SD"}
        for write in (lambda rows: rows.update(rule={}), lambda rows: rows.delete()):
            with pytest.raises(DatabaseError, match=r"Cannot|referenced"), transaction.atomic():
                write(EndpointDefinition.objects.filter(version=1))
    shown = client.get(reverse("studies:endpoints", args=[people.study.uid])).content.decode()
    assert "protocol amendment 2" in shown
    assert "1 earlier version" in shown
    with acting_as(people.coordinator):
        handed_in(people, table(GOOD | {"patient_id": "P003"}))
        newest = EndpointValue.objects.filter(patient__pseudonym="P003", label="PR")
        assert {v.definition.name for v in newest} == {"best_overall_response"}


def test_a_study_names_endpoints_of_its_own(people: People, client: Client) -> None:
    """By page and by API; values at once and with every later change; shown like the others."""
    with acting_as(people.coordinator):
        handed_in(people, table(GOOD))
    client.force_login(people.administrator)
    page = reverse("studies:endpoint_new", args=[people.study.uid, "response_at_a_day"])
    fields = {b.name: b.value() or "" for b in client.get(page).context["form"]}
    asked = fields | {"name": "response_at_3_months", "title": "Response at 3 months",
                      "day": 91, "reason": "the protocol's early look"}  # fmt: skip
    for wrong in ({"name": "overall_survival"}, {"name": "sex"}, {"name": "3x"}, {"title": " "}):
        assert set(client.post(page, asked | wrong).context["form"].errors) == set(wrong)
    assert client.post(page, asked).status_code == 302
    api = reverse("api:endpoint-definition-list", args=[people.study.uid])
    ttp = {"name": "ttp", "kind": "time_to_progression", "title": "Time to progression",
           "rule": {"censored": "last contact"}, "reason": "beside PFS"}  # fmt: skip
    assert client.post(api, ttp, content_type="application/json").status_code == 202
    with acting_as(people.administrator):
        for job in Job.objects.filter(kind="studies.endpoint_change").order_by("id"):
            assert run_inline(job).result == {"version": 1, "patients": 1, "changed": 1}
    changed = {"name": "ttp", "rule": {"censored": "last adequate imaging"}, "reason": "amended"}
    assert client.post(api, changed, content_type="application/json").status_code == 202
    with acting_as(people.administrator):
        newest = Job.objects.filter(kind="studies.endpoint_change").latest("id")
        assert run_inline(newest).result["version"] == 2
    with acting_as(people.coordinator):
        handed_in(people, table(GOOD | {"patient_id": "P002", "progressed_on": ""}))
        described = table_one(people.study, default_cohorts(people.study))
        assert {"ttp", "response_at_3_months"} <= {line.name for line in described.lines}
        values = endpoint_table(people.study, "ttp").sort_index()
        assert list(values["event"]) == [True, False], "a death without progression is no event"
    shown = client.get(reverse("studies:endpoints", args=[people.study.uid])).content.decode()
    assert ("Response at 3 months" in shown, "amended" in shown) == (True, True)
    _retire_and_offer_again(people, client)


def _retire_and_offer_again(people: People, client: Client) -> None:
    """Offered nowhere, its values kept and still derived; its rule stands meanwhile."""
    study = people.study
    page = reverse("studies:endpoint_standing", args=[study.uid, "ttp"])
    with acting_as(people.coordinator):
        patient = Patient.objects.get(study=study, pseudonym="P001")
    own = reverse("studies:patient", args=[study.uid, patient.uid])
    today = timezone.localdate()
    asked = {"since": today, "reason": "not in amendment 3"}
    for wrong in ({"since": today + timedelta(days=1)}, {"since": "2020-01-01"}, {"reason": " "}):
        assert set(client.post(page, asked | wrong).context["form"].errors) == set(wrong)
    assert "Time to progression" in client.get(own).content.decode()
    assert client.post(page, asked).status_code == 302
    assert "not in amendment 3" in client.get(
        reverse("studies:endpoints", args=[study.uid])
    ).content.decode()  # fmt: skip
    assert "Time to progression" not in client.get(own).content.decode()
    refused = client.post(
        reverse("api:endpoint-definition-list", args=[study.uid]),
        {"name": "ttp", "rule": {"censored": "last contact"}, "reason": "x"},
        content_type="application/json",
    )
    assert refused.status_code == 422
    with acting_as(people.coordinator):
        handed_in(people, table(GOOD | {"patient_id": "P004"}))
        described = table_one(study, default_cohorts(study))
        assert "ttp" not in {line.name for line in described.lines}
        assert len(endpoint_table(study, "ttp")) == 3
        for write in (lambda rows: rows.update(reason="y"), lambda rows: rows.delete()):
            with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
                write(EndpointStanding.objects.all())
    assert client.post(page, {"reason": "wanted after all"}).status_code == 302
    assert "Time to progression" in client.get(own).content.decode()
    _over_the_api(study, client)
    shipped = reverse("studies:endpoint_standing", args=[study.uid, "overall_survival"])
    assert client.get(shipped).status_code == 404


def _over_the_api(study: Study, client: Client) -> None:
    address = reverse("api:endpoint-standing-list", args=[study.uid])

    def post(**asked: Any) -> int:
        body = {"name": "ttp", "reason": "x", **asked}
        return client.post(address, body, content_type="application/json").status_code

    today = timezone.localdate().isoformat()
    assert post(is_offered=False, name="overall_survival") == 422, "every study has it"
    assert post(is_offered=False, since="2001-01-01") == 422, "before it was defined"
    assert post(is_offered=True, since=today) == 400
    assert post(is_offered=False, reason=" ") == 400
    assert [post(is_offered=offered) for offered in (False, False, True)] == [201, 422, 201]
    told = client.get(address, {"name": "ttp"}).json()["results"]
    assert [row["is_offered"] for row in told] == [True, False, True, False]


def test_not_evaluable_is_no_responder_and_no_non_responder() -> None:
    assert [is_responder(label) for label in ("CR", "PR", "SD", "PD", "NE", "")] == [
        True, True, False, False, None, None,
    ]  # fmt: skip


def test_progression_after_death_is_refused() -> None:
    with pytest.raises(DataProblem, match="longer than OS"):
        progression_free_survival(START, read_date("2020-05-02"), read_date("2020-05-01"), [])


@pytest.mark.parametrize(
    ("cea", "size", "score"), [(200, 5.0, 2), (200.1, 5.0, 3), (200, 5.1, 3), (None, 5.1, None)]
)
def test_clinical_risk_score_is_strict_at_200_and_5(
    cea: float | None, size: float, score: int | None
) -> None:
    assert clinical_risk_score(True, False, 12, cea, 2, size) == score
    assert clinical_risk_score(True, False, 11.9, 1, 1, 1) == 2


@pytest.mark.django_db
def test_progression_proves_life(as_coordinator: People) -> None:
    """The last contact on record lies before the progression: OS may not be shorter than PFS."""
    row = GOOD | {"died_on": "", "progressed_on": "2021-12-01"}
    row |= {"last_known_alive_on": "2021-10-01", "last_assessed_on": "2021-10-01"}
    study = as_coordinator.study
    assert handed_in(as_coordinator, table(row)).state == "ready"
    os = endpoint_table(study, "overall_survival").iloc[0]
    pfs = endpoint_table(study, "progression_free_survival").iloc[0]
    assert bool(pfs["event"])
    assert not bool(os["event"])
    assert os["duration_days"] == pfs["duration_days"] == 275


@pytest.mark.django_db
def test_a_correction_taken_back_speaks_again(as_coordinator: People) -> None:
    study = as_coordinator.study
    told = []
    for number, day in enumerate(("2023-02-01", "2023-02-20", "2023-02-01", "2023-02-01")):
        row = GOOD | {"died_on": day, **dict.fromkeys(("ecog", "stage")[: number // 2], "")}
        assert handed_in(as_coordinator, table(row)).state == "ready"
        told.append(endpoint_table(study, "overall_survival").iloc[0]["duration_days"])
    assert told == [702, 721, 702, 702]
    assert EndpointValue.objects.filter(definition__name="overall_survival").count() == 2


def test_values_of_an_earlier_method_are_derived_again(people: People, client: Client) -> None:
    """The same outcome keeps its row and digest; another one becomes a new value that speaks."""
    with acting_as(people.coordinator):
        handed_in(people, table(GOOD, GOOD | {"patient_id": "P002"}))
        rows = EndpointValue.objects.order_by("id").select_related("definition", "patient")
        for row in rows:  # as version 1 stored them; of P002 it gave another duration
            course = courses_of([row.patient])[row.patient_id]
            row.inputs_digest = outcome_digest(row.definition, course, 1)
            row.method_version = 1
            if row.patient.pseudonym == "P002" and row.duration_days:
                row.duration_days += 1
            row.save()
        before = {row.pk: row.inputs_digest for row in rows}
        right = endpoint_table(people.study, "overall_survival")["duration_days"].min()
    page = reverse("studies:endpoints", args=[people.study.uid])
    client.force_login(people.administrator)
    assert client.get(page).context["outdated"] == 2
    again = reverse("studies:endpoints_derive", args=[people.study.uid])
    assert client.post(again).status_code == 302
    over_api = reverse("api:endpoint-value-derive-again", args=[people.study.uid])
    job = client.post(over_api)
    assert (job.status_code, job.json()["kind"]) == (202, "studies.endpoints_derive"), "the same"
    stranger = Client()
    stranger.force_login(people.statistician)
    assert stranger.post(over_api).status_code == stranger.post(again).status_code == 403
    with acting_as(people.administrator):
        assert run_inline(Job.objects.get(kind="studies.endpoints_derive")).result == {
            "patients": 2, "changed": 2,
        }  # fmt: skip
        durations = endpoint_table(people.study, "overall_survival")["duration_days"]
        assert set(durations) == {right}
        speaking = EndpointValue.objects.filter(patient__pseudonym="P001")
        assert {row.inputs_digest for row in speaking} <= set(before.values())
        assert {row.method_version for row in speaking} == {METHOD_VERSION}
        count = EndpointValue.objects.count()
        endpoints_compute(people.study, list(Patient.objects.all()))
        assert EndpointValue.objects.count() == count, "what was confirmed stays"
    assert client.get(page).context["outdated"] == 0


def by_an_earlier_method() -> None:
    """The stored values, as if version 1 had given another duration."""
    for row in EndpointValue.objects.select_related("definition", "patient"):
        course = courses_of([row.patient])[row.patient_id]
        row.inputs_digest = outcome_digest(row.definition, course, 1)
        row.method_version, row.duration_days = 1, row.duration_days and row.duration_days + 1
        row.save()


def test_no_fact_changes_while_values_are_derived_again(
    as_coordinator: People, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who enters data takes this lock first: else a value of earlier facts could come last."""
    people = as_coordinator
    handed_in(people, table(GOOD))
    by_an_earlier_method()
    told = connection.get_connection_params()
    names = {name: told[name] for name in ("host", "port", "dbname", "user", "password") if
             told.get(name)}  # fmt: skip
    got = []
    with psycopg.connect(**names, autocommit=True) as other:

        def read(patients: Any) -> Any:
            asked = [endpoints._LOCK, people.study.pk & 0x7FFFFFFF]
            row = other.execute("SELECT pg_try_advisory_lock_shared(%s, %s)", asked).fetchone()
            got.append(row)
            return courses_of(patients)

        monkeypatch.setattr(endpoints, "courses_of", read)
        assert endpoints_derive(people.study).patients == 1
    assert got == [(False,)]


def test_the_command_says_whose_values_it_cannot_reach(people: People) -> None:
    with acting_as(people.coordinator):
        handed_in(people, table(GOOD))
        by_an_earlier_method()
    whole = Membership.objects.filter(study=people.study, user=people.administrator)
    with acting_as(people.administrator):
        today = timezone.localdate()
        whole.update(starts_on=today - timedelta(days=9), ends_on=today - timedelta(days=1))
    out, err = StringIO(), StringIO()
    call_command("endpoints_derive", stdout=out, stderr=err)
    assert (out.getvalue(), "nothing derived" in err.getvalue()) == ("", True)
    whole.update(ends_on=None)
    call_command("endpoints_derive", stdout=out, stderr=err)
    assert f"{people.study}: 1 patients, " in out.getvalue()
    with acting_as(people.coordinator):
        assert endpoint_rules.outdated_patients(people.study).count() == 0


def test_the_page_says_what_waits_for_an_entered_progression(
    people: People, client: Client
) -> None:
    with acting_as(people.coordinator):
        names = ("patient_id", "site", "cohort", "sex", "age_years", "treatment_started_on")
        handed_in(people, table({name: GOOD[name] for name in names}))
        patient = Patient.objects.get()
        start = patient.treatments.get(is_index=True).date
        for days, size in ((-5, 20.0), (60, 21.0), (120, 40.0)):
            patient.lesion_measurements.create(
                study=people.study, site=patient.site, date=start + timedelta(days=days),
                lesion="L1", role="target", finding="measured", diameter_mm=size,
            )  # fmt: skip
        endpoints_compute(people.study, [patient])
    client.force_login(people.coordinator)
    page = reverse("studies:patient", args=[people.study.uid, patient.uid])
    shown = client.get(page)
    text = shown.content.decode()
    assert shown.context["waiting"].day == 120
    assert "progressive from day 120" in text
    assert "“Progression-free survival” counts entered progressions" in text
    assert "stays censored at: lesion measurement" in text
    assert "#facts-progression" in text
    assert "by lesion measurements: SD" in text  # best response, of which none is entered
    assert text.count("Lesions measured: L1") == 3
    assert "None recorded" not in text
    with acting_as(people.coordinator):  # an endpoint of the study's own, under a rule of its own
        own = {"kind": "time_to_progression", "title": "TTP", "progression": "dated"}
        counted = read_rule("progression_free_survival", {"progression": "measured"})
        late = read_rule("best_overall_response", {"stable_from_day": 90})
        for name, rule in (
            ("a_ttp", own), ("progression_free_survival", counted), ("best_overall_response", late),
        ):  # fmt: skip
            EndpointDefinition.objects.create(study=people.study, name=name, version=2, rule=rule)
        endpoints_compute(people.study, [patient])
    text = client.get(page).content.decode()
    assert "“TTP” counts entered progressions" in text
    assert "by lesion measurements: PD" in text, "by the rule of the study"
    with acting_as(people.coordinator):
        patient.progressions.create(
            study=people.study, site=patient.site, date=start + timedelta(days=121), precision="day"
        )
    assert client.get(page).context["waiting"] is None
