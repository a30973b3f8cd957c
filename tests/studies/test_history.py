"""History by trigger: who, before, after, why and by which request; and the way back."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from rest_framework.authtoken.models import Token

from studies import audits
from studies.access import acting_as
from studies.models import (
    AccessToken,
    Cohort,
    CohortMember,
    FormEntry,
    Membership,
    Patient,
    Person,
    Progression,
)
from tests.begun import begun_by
from tests.people import People
from tests.studies.study_made import MadeStudy, WithStudy, with_study


@pytest.fixture
@begun_by(with_study)
def made(begun: WithStudy) -> MadeStudy:
    return begun.made


def every_line(people: People) -> list[audits.Line]:
    """All pages of the study's history; one transaction's events have one time."""
    lines = audits.Changes(people.coordinator, people.study).first("", 100_000)
    assert len({(line.table, line.event.pgh_id) for line in lines}) == len(lines) > audits.PAGE
    return lines


def labels(model: type, **narrow: object) -> list[str]:
    events = model.pgh_event_model.objects.filter(**narrow)  # type: ignore[attr-defined]
    return list(events.order_by("pgh_id").values_list("pgh_label", flat=True))


def test_accounts_and_tokens_are_kept_without_their_secrets(people: People) -> None:
    user = people.outsider
    user.set_password("another horse")
    user.email = "moved@example.org"
    user.save()
    assert sorted(labels(Person, pgh_obj_id=user.pk)) == ["insert", "password", "update"]
    token = Token.objects.create(user=user)
    secret = token.key
    token.delete()
    assert labels(AccessToken, user_id=user.pk) == ["insert", "delete"]
    for model in (Person, AccessToken):
        for event in model.pgh_event_model.objects.values():  # type: ignore[attr-defined]
            kept = " ".join(map(str, event.values()))
            assert user.password not in kept
            assert secret not in kept


def test_every_tracked_table_keeps_inserts_updates_and_deletes() -> None:
    for word, model in audits.tracked_tables().items():
        tracked = model.pgh_tracked_model
        names = {trigger.name for trigger in tracked._meta.triggers}
        assert {"insert_insert", "update_update", "delete_delete"} <= names, word
    assert len(audits.tracked_tables()) > 20


def test_what_is_removed_stays_in_the_history(people: People, made: MadeStudy) -> None:
    with acting_as(people.coordinator):
        member = CohortMember.objects.get(patient=made.here)
        member.delete()
        Cohort.objects.filter(pk=made.cohort.pk).update(name="renamed")
        lines = every_line(people)
    told = [(line.table, line.label, line.subject) for line in lines]
    assert ("cohort member", "removed", "N-001") in told
    renamed = next(line for line in lines if line.table == "cohort" and line.label == "changed")
    assert renamed.changes == [("name", "training", "renamed")]


def test_a_change_over_http_names_person_address_request_and_reason(
    people: People, made: MadeStudy, client: Client
) -> None:
    client.force_login(people.coordinator)
    record = reverse("api:record-detail", args=[people.study.uid, made.here.uid])
    for version, age in ((1, "62"), (2, "63")):
        change = {"row_version": version, "values": {"age_years": age}, "reason": f"to {age}"}
        headers = {"X-Request-ID": f"request-{age}"}
        answer = client.patch(record, change, content_type="application/json", headers=headers)
        assert answer.status_code == 200, answer.content
    told = client.get(f"{record}history/", {"field": "age_years"}).json()
    assert [(c["before"], c["after"], c["reason"]) for c in told] == [
        ("62", "63", "to 63"), ("61", "62", "to 62"), ("", "61", ""),
    ]  # fmt: skip
    assert told[0]["who"] == "coordinator"
    assert told[0]["request"] == f"PATCH {record} request-63"
    page = reverse("studies:field_history",
                   args=[people.study.uid, made.here.uid, "baseline", "age_years"])  # fmt: skip
    earlier = told[-1]["change"]
    refused = client.post(page, {"event": earlier, "reason": ""}, follow=True)
    assert "found blank" in refused.content.decode()
    client.post(page, {"event": earlier, "reason": "it was right"})
    with acting_as(people.coordinator):
        assert FormEntry.objects.get(patient=made.here).values["age_years"]["v"] == 61
    told = client.get(f"{record}history/", {"field": "age_years"}).json()
    assert (told[0]["before"], told[0]["after"], told[0]["reason"]) == ("63", "61", "it was right")


def test_a_removed_row_is_restored_and_dates_are_days_for_others(
    people: People, made: MadeStudy, client: Client
) -> None:
    client.force_login(people.coordinator)
    record = reverse("api:record-detail", args=[people.study.uid, made.here.uid])

    def change(**facts: object) -> dict[str, object]:
        version = client.get(record).json()["row_version"]
        sent = {"row_version": version, "facts": facts}
        return client.patch(record, sent, content_type="application/json").json()

    shown = change(progression=[{"date": "2020-06-01"}])
    key = shown["facts"]["progression"][0]["key"]
    change(progression=[{"key": key, "remove": True}])
    told = client.get(f"{record}history/", {"field": "progression"}).json()
    assert [c["what"] for c in told] == ["removed", "entered"]
    back = {"field": "progression", "change": told[1]["change"], "reason": "removed by mistake"}
    restored = client.post(f"{record}restore/", back)
    assert restored.json()["facts"]["progression"][0]["date"] == "2020-06-01"
    with acting_as(people.coordinator):
        assert Progression.objects.count() == 1
    client.force_login(people.statistician)
    told = client.get(f"{record}history/", {"field": "progression"}).json()
    assert told[0]["after"] == "day 92"
    assert client.get(record).status_code == 403


def test_the_study_s_history_is_for_administrators_and_shows_no_date(
    people: People, made: MadeStudy, client: Client
) -> None:
    client.force_login(people.administrator)
    page = reverse("studies:audit", args=[people.study.uid])
    text = client.get(page, {"table": "treatment"}).content.decode()
    assert "treatment entered" in text
    assert "2020-03-01" not in text
    assert "a date" in text
    file = client.get(page, {"format": "csv"}).content.decode()
    assert "2020-03-01" not in file
    assert "membership" in file
    _the_history_pages_like_every_list(people, client, page)
    assert Membership.objects.filter(study=people.study).exists()


def _the_history_pages_like_every_list(people: People, client: Client, page: str) -> None:
    """To the end and back, searched by pseudonym, narrowed by what and when."""
    with acting_as(people.coordinator):
        for number in range(60):
            Patient.objects.create(
                study=people.study, site=people.here, pseudonym=f"Q-{number:03d}"
            )
    whole = client.get(page, {"format": "csv"}).content.decode("utf-8-sig").splitlines()[1:]
    places, after = [], ""
    while after is not None:
        shown = client.get(page, {"after": after}).context["shown"]
        places.append([line.uid for line in shown.lines])
        after = shown.page.next
    assert len(places) > 1
    every = [uid for page_of in places for uid in page_of]
    assert len(every) == len(set(every)) == len(whole)
    last = places[-1][0]
    back = client.get(page, {"before": last}).context["shown"].lines
    assert [line.uid for line in back] == [uid for p in places[:-1] for uid in p][-50:]
    assert client.get(page, {"after": "nonsense~x~y"}).context["shown"].lines[0].uid == every[0]
    searched = client.post(page, {"search": "Q-00"})["Location"]
    found = client.get(searched).context["shown"]
    assert len(found.lines) == 10
    assert client.get(page, {"what": "delete"}).context["shown"].lines == []
    assert client.get(page, {"until": "2020-01-01"}).context["shown"].is_narrowed


def test_history_is_written_once_a_statement(db: None) -> None:
    by_row = """
        SELECT tgname, tgrelid::regclass::text FROM pg_trigger
        WHERE (tgname LIKE 'pgtrigger_insert%%' OR tgname LIKE 'pgtrigger_update%%'
               OR tgname LIKE 'pgtrigger_delete%%') AND (tgtype & 1)::boolean = %s
    """
    with connection.cursor() as cursor:
        cursor.execute(by_row, [True])
        assert cursor.fetchall() == []
        cursor.execute(by_row, [False])
        assert len(cursor.fetchall()) > 60
