"""Every list is the same: order, columns, search, saved views, files, bulk, empty ones."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

import imaging.listings
import modeling.listings
from studies import audits, listings, lists
from studies.access import acting_as
from studies.jobs import enqueue
from studies.lists import Listing
from studies.models import Job, JobState, Patient, ReadAction, ReadRecord
from studies.paging import PAGE_SIZE, page_by_order
from tests.begun import begun_by
from tests.people import People
from tests.studies.study_made import MadeStudy, WithStudy, with_study

MODULES = (listings, imaging.listings, modeling.listings)
LISTINGS = [one for m in MODULES for one in vars(m).values() if isinstance(one, Listing)]


@pytest.fixture
@begun_by(with_study)
def made(begun: WithStudy, client: Client) -> MadeStudy:
    client.force_login(begun.people.coordinator)
    return begun.made


def url(people: People, listing: Listing, **asked: object) -> str:
    return reverse(listing.page, args=[people.study.uid], query=asked or None)


def reader(people: People, listing: Listing) -> Any:
    manages = listing in (listings.READS, listings.AUDIT)
    return people.administrator if manages else people.coordinator


@pytest.mark.parametrize("listing", LISTINGS, ids=lambda listing: listing.page)
def test_a_list_shows_sorts_chooses_columns_and_goes_out(
    people: People, made: MadeStudy, client: Client, listing: Listing
):
    client.force_login(reader(people, listing))
    text = client.get(url(people, listing)).content.decode()
    assert 'role="region"' in text or "empty-state" in text
    for column in listing.columns:
        if column.order:
            for sort in (column.key, f"-{column.key}"):
                answer = client.get(url(people, listing, sort=sort, column=column.key))
                head = next(h for h in answer.context["shown"].heads if h.column.key == column.key)
                assert head.direction == ("descending" if sort[0] == "-" else "ascending")
    answer = client.get(url(people, listing, format="csv"))
    assert (answer["Content-Type"] == "text/csv; charset=utf-8") == listing.has_file


def test_every_list_has_a_page_of_its_own() -> None:
    pages = [listing.page for listing in LISTINGS]
    assert len(set(pages)) == len(pages) >= 13


@pytest.mark.parametrize("order", ["status_reason", "-status_reason"])
def test_pages_in_any_order_walk_to_the_end_and_back(as_coordinator: People, order: str):
    """Values repeat and some sort last: nobody is shown twice, nobody is left out."""
    people = as_coordinator
    Patient.objects.bulk_create(
        Patient(
            study=people.study,
            site=people.here,
            pseudonym=f"P{number:03d}",
            status_reason="abc"[number % 3] if number % 4 else "",
        )
        for number in range(2 * PAGE_SIZE + 7)
    )
    rows = Patient.objects.filter(study=people.study)
    sign = "-" if order.startswith("-") else ""
    everyone = list(rows.order_by(f"{sign}status_reason", "id").values_list("pk", flat=True))
    pages = [page_by_order(rows, order, "id")]
    while pages[-1].next:
        pages.append(page_by_order(rows, order, "id", after=str(pages[-1].next)))
    assert [row.pk for page in pages for row in page.rows] == everyone
    back = page_by_order(rows, order, "id", before=str(pages[-1].previous))
    assert list(back.rows) == list(pages[-2].rows)
    assert (pages[0].previous, pages[-1].next) == (None, None)


@pytest.mark.parametrize("order", ["started_at", "-started_at"])
def test_rows_without_a_value_come_last_either_way(people: People, made: MadeStudy, order: str):
    with acting_as(people.coordinator):
        for _ in range(PAGE_SIZE + 3):
            enqueue("studies.cohort_import", people.study, people.coordinator)
        newest = Job.objects.first()
        assert newest
        Job.objects.filter(pk=newest.pk).update(started_at=newest.created_at)
        rows = Job.objects.filter(study=people.study)
        first = page_by_order(rows, order, "id")
        second = page_by_order(rows, order, "id", after=str(first.next))
        assert first.rows[0].pk == newest.pk
        assert len({row.pk for row in [*first.rows, *second.rows]}) == rows.count()
        back = page_by_order(rows, order, "id", before=str(second.previous))
        assert list(back.rows) == list(first.rows)


def test_a_file_has_all_of_a_list_or_is_none(
    people: People, made: MadeStudy, client: Client, monkeypatch: pytest.MonkeyPatch
):
    for name, who in (("completeness", people.coordinator), ("audit", people.administrator)):
        client.force_login(who)
        page = reverse(f"studies:{name}", args=[people.study.uid])
        whole = client.get(page, {"format": "csv"})
        rows = len(whole.content.decode().splitlines()) - 1
        monkeypatch.setattr(lists, "MOST_ROWS_OF_A_FILE", rows)
        monkeypatch.setattr(audits, "AT_ONCE", 3)
        assert client.get(page, {"format": "csv"}).content == whole.content
        monkeypatch.setattr(lists, "MOST_ROWS_OF_A_FILE", rows - 1)
        refused = client.get(page, {"format": "csv"})
        assert refused.status_code == 422
        assert "Narrow the list" in refused.content.decode()
        monkeypatch.undo()


def test_a_file_of_patients_needs_the_right_and_is_kept_as_a_read(
    people: People, made: MadeStudy, client: Client
):
    client.force_login(people.colleague)
    page = url(people, listings.QUERIES, format="csv")
    assert client.get(page)["Content-Type"].startswith("text/html")
    client.force_login(people.coordinator)
    text = client.get(page).content.decode("utf-8-sig")
    assert made.query.patient.pseudonym in text
    assert "<" not in text
    with acting_as(people.administrator):
        kept = ReadRecord.objects.get(action=ReadAction.DOWNLOAD)
    assert (kept.page, kept.row_count) == ("queries", 1)


def test_an_address_brings_its_search_back_and_names_nobody(
    people: People, made: MadeStudy, client: Client
):
    """Sent or typed, alone it says what is searched, sorted and filtered, to whoever opens it."""
    page, who = url(people, listings.QUERIES, sort="patient", state="open"), made.query.patient
    for first in (client.post(page, {"search": who.pseudonym}),
                  client.get(f"{page}&search={who.pseudonym}")):  # fmt: skip
        address = first["Location"]
        assert who.pseudonym not in address
        assert {"sort=patient", "state=open"} < set(address.partition("?")[2].split("&"))
    opened = Client()
    opened.force_login(people.coordinator)
    shown = opened.get(address).context["shown"]
    assert (shown.search, len(shown.lines), shown.heads[0].direction) == (
        who.pseudonym, len(shown.lines), "ascending")  # fmt: skip
    assert ("search", shown.search) not in shown.kept
    assert {name for name, _ in shown.kept} == {"sort", "search"}
    assert not opened.get(url(people, listings.QUERIES, search="~nobody")).context["shown"].lines
    assert "Nothing fits" in client.post(page, {"search": "X\0"}, follow=True).content.decode()
    assert "search=" not in client.post(address, {"search": ""})["Location"]


def test_a_view_keeps_filters_order_and_columns(people: People, made: MadeStudy, client: Client):
    query = "state=done&sort=-started&column=by"
    sent = {"page": "studies:jobs", "name": "Mine", "query": query}
    answer = client.post(reverse("studies:view_new", args=[people.study.uid]), sent)
    assert answer.url == f"{url(people, listings.JOBS)}?{query}"
    shown = client.get(answer.url).context["shown"]
    assert [view.name for view in shown.views] == ["Mine"]
    assert [head.column.key for head in shown.heads] == ["job", "by"]
    assert shown.query == query
    for wrong in ({"page": "nowhere"}, {"page": "account_login"}, {"name": " "}):
        client.post(reverse("studies:view_new", args=[people.study.uid]), sent | wrong)
    assert len(client.get(answer.url).context["shown"].views) == 1


def test_chosen_jobs_end_together_but_not_those_of_others(
    people: People, made: MadeStudy, client: Client
):
    with acting_as(people.coordinator):
        mine = enqueue("studies.cohort_import", people.study, people.coordinator)
    with acting_as(people.statistician):
        other = enqueue("studies.cohort_import", people.study, people.statistician)
    picked = {"pick": [str(mine.uid), str(other.uid), "nonsense"]}
    client.post(reverse("studies:jobs_cancel", args=[people.study.uid]), picked)
    with acting_as(people.coordinator):
        assert Job.objects.get(pk=mine.pk).state == JobState.CANCELLED
        assert Job.objects.get(pk=other.pk).state == JobState.QUEUED


@pytest.mark.parametrize(("state", "told"), [("running", "25 %"), ("failed", "0 problems")])
def test_a_job_says_how_far_it_is(
    people: People, made: MadeStudy, client: Client, state: str, told: str
):
    with acting_as(people.coordinator):
        job = enqueue("studies.cohort_import", people.study, people.coordinator)
        far = {"progress_done": 1, "progress_total": 4, "lease_until": job.created_at}
        Job.objects.filter(pk=job.pk).update(state=state, started_at=job.created_at, **far)
    assert told in client.get(url(people, listings.JOBS)).content.decode()
