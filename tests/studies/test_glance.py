"""The study at a glance against plain queries, for every person, and its pages."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from studies.access import acting_as
from studies.glance_table import _from_file, _name, forget, glance_table
from studies.marks import is_marked
from studies.methods.selection import counted
from studies.models import Cohort, FormEntry, Patient
from studies.selections import page_in, selection_of
from studies.storage import local_copies
from tests.people import People
from tests.studies.glance_made import make_patients

# The meaning of each condition, as plain SQL over the records.
ENTRY = (
    "(SELECT e.values -> '{name}' FROM studies_formentry e WHERE e.patient_id = p.id"
    " AND e.form = 'baseline' AND e.occasion = 'baseline' AND e.state <> 'draft')"
)
AGE, CEA, SEX, MSI = (
    ENTRY.format(name=name) for name in ("age_years", "cea_ng_ml", "sex", "msi_status")
)
SURVIVAL = (
    "(SELECT {what} FROM studies_endpointvalue v JOIN studies_endpointdefinition d"
    " ON d.id = v.definition_id WHERE v.patient_id = p.id AND d.name = 'overall_survival'"
    " ORDER BY d.version DESC, v.id DESC LIMIT 1)"
)
EVENT, DAYS = SURVIVAL.format(what="v.event"), SURVIVAL.format(what="v.duration_days")
CONDITIONS: dict[tuple[tuple[str, str], ...], str] = {
    (("clinical.sex", "male"),): f"{SEX} ->> 'v' = 'male'",
    (("clinical.sex", "male"), ("clinical.sex:missing", "1")): (
        f"COALESCE({SEX} ->> 'v', 'male') = 'male'"
    ),
    (("clinical.age_years:from", "50"), ("clinical.age_years:below", "70")): (
        f"({AGE} ->> 'v')::float >= 50 AND ({AGE} ->> 'v')::float < 70"
    ),
    (("clinical.age_years:missing", "1"),): f"({AGE} ->> 'v') IS NULL",
    (("clinical.cea_ng_ml:from", "5"),): (
        f"({CEA} ->> 'v')::float >= 5 AND COALESCE({CEA} ->> 'comparator', '>') = '>'"
    ),
    (("clinical.cea_ng_ml:below", "5"),): (
        f"({CEA} ->> 'v')::float < 5 AND COALESCE({CEA} ->> 'comparator', '<') = '<'"
    ),
    (("clinical.cea_ng_ml:limit", "<"),): f"{CEA} ->> 'comparator' = '<'",
    (("clinical.msi_status", "unheard_of"),): f"{MSI} ->> 'v' = 'unheard_of'",
    (("study.status", "screened"),): "p.status = 'screened'",
    (("outcome.overall_survival", "event"),): f"{EVENT} AND {DAYS} IS NOT NULL",
    (("outcome.overall_survival:missing", "1"),): f"({EVENT} IS NULL OR {DAYS} IS NULL)",
}
USED = "p.study_id = %s AND p.status NOT IN ('withdrawn', 'excluded')"


@pytest.fixture
def many(people: People) -> People:
    make_patients(people)
    return people


def plain(people: People, *conditions: str) -> set[int]:
    where = " AND ".join(f"({condition})" for condition in (USED, *conditions))
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT p.id FROM studies_patient p WHERE {where}", [people.study.pk])
        return {row[0] for row in cursor.fetchall()}


@given(
    st.lists(st.sampled_from(list(CONDITIONS)), max_size=5, unique_by=lambda c: c[0][0][:14]),
    st.sampled_from(["statistician", "colleague"]),
)
@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_any_selection_is_what_plain_queries_find(many: People, chosen: Any, who: str):
    user = getattr(many, who)
    pairs = [pair for condition in chosen for pair in condition]
    with acting_as(user):
        expected = plain(many, *(CONDITIONS[condition] for condition in chosen))
        found = selection_of(user, many.study, pairs)
        assert set(found.ids) == expected
        _, counts = counted(found.table.columns, found.conditions, found.table.size)
        for count in counts.values():
            assert count.n + count.missing == len(expected)
        men = plain(many, CONDITIONS[(("clinical.sex", "male"),)], *(
            CONDITIONS[condition] for condition in chosen if condition[0][0] != "clinical.sex"
            and condition[0][0] != "clinical.sex:missing"))  # fmt: skip
        by_key = {bar.key: bar.count for bar in counts["clinical.sex"].bars}
        assert by_key["male"] == len(men)


def test_cohorts_may_overlap_and_each_is_counted(many: People):
    with acting_as(many.statistician):
        found = glance_table(many.statistician, many.study)
        _, counts = counted(found.columns, [], found.size)
        for bar in counts["study.cohort"].bars:
            cohort = Cohort.objects.get(uid=bar.key)
            members = "SELECT m.patient_id FROM studies_cohortmember m WHERE m.cohort_id ="
            assert bar.count == len(plain(many, f"p.id IN ({members} {cohort.pk})"))
        assert sum(bar.count for bar in counts["study.cohort"].bars) > found.size


def test_what_is_written_is_counted_at_once(many: People):
    """A savepoint stands for another's transaction: rows carry its number."""

    def men() -> int:
        return selection_of(many.statistician, many.study, "clinical.sex=male").size

    with acting_as(many.statistician):
        before = men()
        chosen = selection_of(many.statistician, many.study, "clinical.sex=female").ids[0]
    with acting_as(many.coordinator), transaction.atomic():
        entry = FormEntry.objects.get(patient_id=chosen)
        entry.values["sex"] = {"v": "male"}
        entry.save()
    with acting_as(many.statistician):
        assert men() == before + 1
    with acting_as(many.coordinator), transaction.atomic():
        Patient.objects.filter(pk=chosen).update(status="withdrawn", status_reason="asked to")
    with acting_as(many.statistician):
        assert men() == before


PAGES = ("studies:glance", "studies:glance_patients", "studies:glance_compare")
MEN = urlencode([("clinical.sex", "male"), ("clinical.age_years:from", "50")])


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def site_of_colleague(many: People) -> Iterator[set[int]]:
    with acting_as(many.colleague):
        yield plain(many)


def test_a_colleague_counts_her_own_site(many: People, site_of_colleague: set[int]):
    client = client_of(many.colleague)
    page = client.get(reverse("studies:glance", args=[many.study.uid])).content.decode()
    assert f"of {len(site_of_colleague)} patients" in page
    listed = client.get(reverse("studies:glance_patients", args=[many.study.uid]))
    assert listed.context["selection"].size == len(site_of_colleague)
    assert "Export" not in page


@pytest.mark.parametrize("name", PAGES)
def test_a_wrong_condition_shows_nothing_but_why(many: People, name: str):
    address = reverse(name, args=[many.study.uid])
    answer = client_of(many.statistician).get(f"{address}?clinical.sex=other")
    assert answer.status_code == 422
    assert "This selection cannot be made" in answer.content.decode()
    assert "glance-chart" not in answer.content.decode()


def test_the_script_gets_the_charts_alone_and_costs_few_queries(many: People):
    client, address = client_of(many.statistician), reverse("studies:glance", args=[many.study.uid])
    whole = client.get(f"{address}?{MEN}")
    with CaptureQueriesContext(
        connection,
    ) as seen:
        part = client.get(f"{address}?{MEN}", headers={"HX-Request": "true"})
    assert b"<html" in whole.content
    assert b"<html" not in part.content
    assert part.content.decode().count('class="glance-chart') == whole.content.decode().count(
        'class="glance-chart'
    )
    assert len(seen) <= 16, [query["sql"][:90] for query in seen]


def test_two_groups_are_everybody_once(many: People):
    client, address = client_of(many.statistician), reverse(
        "studies:glance_compare", args=[many.study.uid])  # fmt: skip
    found = client.get(f"{address}?{MEN}").context
    assert found["size"] + found["other_size"] == found["selection"].table.size
    rows = {row.difference.column.key: row.difference for row in found["rows"]}
    assert rows["clinical.sex"].test is None
    assert rows["clinical.cea_ng_ml"].test is not None
    other = urlencode({"with": "clinical.sex=male"})
    shared = client.get(f"{address}?clinical.age_years%3Afrom=50&{other}").context["groups"]
    with acting_as(many.statistician):
        both = selection_of(many.statistician, many.study, MEN).size
    assert shared.shared == both > 0


def test_counts_come_as_a_file_with_the_same_numbers(many: People):
    address = reverse("studies:glance_csv", args=[many.study.uid])
    client = client_of(many.statistician)
    lines = csv.DictReader(
        client.get(f"{address}?clinical.sex=male").content.decode("utf-8-sig").splitlines()
    )
    found = {(row["column"], row["bar"]): row for row in lines}
    with acting_as(many.statistician):
        men = len(plain(many, CONDITIONS[(("clinical.sex", "male"),)]))
    row = found["clinical.sex", "male"]
    assert (row["count"], row["n"], row["not_known"]) == (str(men), str(men), "0")
    assert client_of(many.colleague).get(address).status_code == 403


def test_a_study_of_nobody_yet_opens(people: People, client: Client):
    client.force_login(people.statistician)
    page = client.get(reverse("studies:glance", args=[people.study.uid]))
    assert page.status_code == 200


def test_a_table_is_kept_by_the_marks_of_all_that_was_read(many: People):
    """COPY included; what has no mark would be read at every request."""
    with acting_as(many.statistician):
        found = glance_table(many.statistician, many.study)
    copied = {"studies_formentry", "studies_endpointvalue", "studies_endpointdefinition"}
    apps = {
        "genomics_phenotype",
        "imaging_roichoice",
        "imaging_immunoscore",
        "modeling_modelversion",
    }
    assert set(found.sources) > copied | apps | {"studies_patient", "studies_consentpolicy"}
    assert is_marked(found.sources)


def test_processes_share_a_file_of_each_reach_and_never_each_others(many: People):
    """Another process finds the file; who sees one site gets one of her own, with her rows."""
    with acting_as(many.statistician):
        whole = glance_table(many.statistician, many.study)
        again = _from_file(_name(many.statistician, many.study))
    assert again is not None
    assert again.mark == whole.mark
    assert again.left_out == whole.left_out
    assert counted(again.columns, [], again.size)[1].keys() == whole.columns.keys()
    for key, column in whole.columns.items():
        assert again.columns[key].totals == column.totals
    with acting_as(many.colleague):
        assert _from_file(_name(many.colleague, many.study)) is None
        own = glance_table(many.colleague, many.study)
        assert set(own.ids) == plain(many) < set(whole.ids)
    assert len(local_copies("glance-")) == 2
    forget(many.study)
    assert local_copies("glance-") == []


def test_the_selected_are_listed_by_pseudonym_page_by_page(many: People):
    """Forwards and back again, everybody once, in the order of the database."""
    with acting_as(many.statistician):
        chosen = selection_of(many.statistician, many.study, "")
        expected = list(
            Patient.objects.filter(pk__in=chosen.ids)
            .order_by("pseudonym")
            .values_list("pseudonym", flat=True)
        )
        seen, after, pages = [], "", []
        while not pages or after:
            page = page_in(chosen, many.statistician, many.study, after, "")
            pages.append(page)
            seen += [row.pseudonym for row in page.rows]
            after = str(page.next or "")
        assert seen == expected
        assert len(pages) > 1
        back = page_in(chosen, many.statistician, many.study, "", str(pages[1].previous))
    assert [row.pk for row in back.rows] == [row.pk for row in pages[0].rows]
    assert (back.previous, back.next) == (None, pages[0].next)
