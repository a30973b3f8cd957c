"""Lists: pages by key, chips, search, files, and queries that do not grow with rows."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from studies.access import acting_as
from studies.jobs import enqueue
from studies.models import DictionaryVersion, Patient, ReadRecord
from studies.paging import PAGE_SIZE, page_by_key
from studies.services import patient_screen
from studies.tables import harmless
from tests.begun import begun_by
from tests.people import People
from tests.studies.study_made import MadeStudy, WithStudy, make_patient, with_study


@pytest.fixture
@begun_by(with_study)
def made(begun: WithStudy, client: Client) -> MadeStudy:
    client.force_login(begun.people.coordinator)
    return begun.made


def add_patients(people: People, made: MadeStudy, number: int) -> None:
    with acting_as(people.coordinator):
        dictionary = DictionaryVersion.objects.get(study=people.study)
        for n in range(number):
            make_patient(people, made.cohort, dictionary, f"N-{100 + n}")


def url(people: People, name: str, *parts: object) -> str:
    return reverse(f"studies:{name}", args=[people.study.uid, *parts])


def queries(client: Client, address: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(address).status_code == 200
    return len(seen)


@pytest.mark.parametrize(
    ("name", "most"),
    [
        ("patients", 24),
        ("completeness", 22),
        ("eligibility", 26),
        ("screening", 22),
        ("consent", 30),
        ("attrition", 26),
        ("cohorts", 20),
        ("table_one", 32),
        ("overview", 32),
        ("people", 13),
        ("specimens", 20),
        ("queries", 22),
        ("uploads", 18),
        ("exports", 24),
    ],
)
def test_queries_do_not_grow_with_patients(
    people: People, made: MadeStudy, client: Client, name: str, most: int
):
    client.get(url(people, name))  # the first visit is written down, and stages are kept
    few = queries(client, url(people, name))
    add_patients(people, made, 12)
    client.get(url(people, name))
    assert queries(client, url(people, name)) == few <= most


def test_queries_of_the_job_list_do_not_grow(people: People, made: MadeStudy, client: Client):
    few = queries(client, url(people, "jobs"))
    with acting_as(people.coordinator):
        for _ in range(8):
            enqueue("studies.cohort_import", people.study, people.coordinator)
    assert queries(client, url(people, "jobs")) == few <= 14


def test_a_patient_page_has_a_bounded_number_of_queries(
    people: People, made: MadeStudy, client: Client
):
    assert queries(client, url(people, "patient", made.here.uid)) <= 46


def test_pages_by_key_walk_to_the_end_and_back(people: People, made: MadeStudy):
    add_patients(people, made, 2 * PAGE_SIZE)
    with acting_as(people.coordinator):
        rows = Patient.objects.filter(study=people.study)
        everyone = list(rows.order_by("pseudonym").values_list("pseudonym", flat=True))
        first = page_by_key(rows, "pseudonym")
        second = page_by_key(rows, "pseudonym", after=str(first.next))
        third = page_by_key(rows, "pseudonym", after=str(second.next))
        back = page_by_key(rows, "pseudonym", before=str(second.previous))
        walked = [row.pseudonym for page in (first, second, third) for row in page.rows]
        assert walked == everyone
        assert list(back.rows) == list(first.rows)
        assert (first.previous, back.previous, third.next) == (None, None, None)
        assert first.word == f"{PAGE_SIZE} of {len(everyone)}"
        newest = page_by_key(rows, "id", newest_first=True)
        assert newest.rows[0].pk > newest.rows[-1].pk


@pytest.mark.parametrize("cursor", ["nonsense", "01a202a8-822b-7681-b8f1-1cab3a4dc35f"])
def test_an_unknown_cursor_begins_at_the_start(
    people: People, made: MadeStudy, client: Client, cursor: str
):
    text = client.get(url(people, "patients"), {"after": cursor}).content.decode()
    assert "N-001" in text


def test_filters_show_as_chips_that_remove_them(people: People, made: MadeStudy, client: Client):
    chosen = {"cohort": str(made.cohort.uid), "site": str(people.here.uid), "after": ""}
    answer = client.get(url(people, "patients"), chosen)
    text = answer.content.decode()
    assert "N-001" in text
    assert "S-001" not in text
    assert [chip.text for chip in answer.context["chips"]] == ["Cohort: training", "Site: North"]
    assert f"cohort={made.cohort.uid}" in answer.context["chips"][1].url
    assert "site=" not in answer.context["chips"][1].url


def test_search_keeps_the_pseudonym_out_of_the_address(
    people: People, made: MadeStudy, client: Client
):
    page = url(people, "patients")
    narrowed = client.post(f"{page}?status=enrolled", {"search": "N-"}, follow=True)
    ((address, _),) = narrowed.redirect_chain
    assert "N-" not in address
    assert "status=enrolled" in address
    assert "S-001" not in narrowed.content.decode()
    assert "S-001" not in client.get(page, {"search": "N-"}, follow=True).content.decode()
    exact = client.post(page, {"search": "S-001"})
    assert exact.url == url(people, "patient", made.elsewhere.uid)
    assert "S-001" in client.get(page).content.decode()


def test_nobody_found_says_what_to_do(people: People, made: MadeStudy, client: Client):
    text = client.post(url(people, "patients"), {"search": "X"}, follow=True).content.decode()
    assert "Nothing fits" in text
    assert client.post(url(people, "patients"), {"search": "X\0"}).status_code == 302


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t"])
def test_formulas_in_cells_are_made_harmless(start: str):
    assert harmless(f"{start}cmd|' /C calc'!A0").startswith("'")
    assert harmless(-1.5) == -1.5


def test_completeness_and_screening_are_lists_like_the_others(
    people: People, made: MadeStudy, client: Client
):
    """Searched, ordered, with columns chosen; the file says what is there and is kept as a read."""
    grid = url(people, "completeness")
    found = client.post(grid, {"search": "S-0"}, follow=True).content.decode()
    assert "S-001" in found
    assert "N-001" not in found
    client.post(grid, {"search": ""})
    fallen = client.get(grid, {"sort": "-pseudonym", "column": ["pseudonym", "clinical"]})
    shown = [line.uid for line in fallen.context["shown"].lines]
    assert shown == [made.elsewhere.uid, made.here.uid]
    assert [head.column.key for head in fallen.context["shown"].heads] == ["pseudonym", "clinical"]
    lines = client.get(grid, {"format": "csv", "column": "clinical"}).content.decode("utf-8-sig")
    assert lines.splitlines()[1:] == ["N-001,there", "S-001,there"]
    with acting_as(people.coordinator):
        assert ReadRecord.objects.filter(action="download", page="completeness").count() == 1
        patient_screen(
            people.study, people.coordinator, pseudonym="N-900", site=people.here, on=date.today()
        )
    log = url(people, "screening")
    assert "N-900" in client.get(log, {"kind": "screened"}).content.decode()
    assert "N-900" not in client.get(log, {"kind": "excluded"}).content.decode()
    client.force_login(people.colleague)
    keys = [head.column.key for head in client.get(log).context["shown"].heads]
    assert "on" not in keys  # no dates for who may not see them


def test_a_drug_outside_the_codes_reads_as_it_is_stored(
    people: People, made: MadeStudy, client: Client
):
    page = url(people, "patient", made.here.uid)
    marked = "outside the dictionary&#x27;s codes"
    assert marked not in client.get(page).content.decode()
    with acting_as(people.coordinator):
        made.here.treatments.update(drug="Nivolumab 240 mg")
    shown = client.get(page).content.decode()
    assert "Nivolumab 240 mg" in shown.partition(marked)[0].rpartition("<dd>")[2]
