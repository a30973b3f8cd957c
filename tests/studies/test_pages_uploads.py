"""From a file to its problems: the upload, the job's live page, the batch, the CSV."""

from __future__ import annotations

import csv
import io

import pytest
from django.contrib.auth import get_user_model
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from studies import access
from studies.access import acting_as
from studies.jobs import enqueue, run_inline
from studies.models import ImportBatch, Job, JobState, Role
from studies.services import batch_job, batch_receive, membership_grant
from tests.people import People

HEADER = b"patient_id,site,cohort,sex,age_years,treatment_started_on\n"
BAD = HEADER + b"P1,North,training,female,abc,2020-01-01\nP2,North,training,woman,50,2020-01-01\n"


@pytest.fixture
def coordinator(people: People, client: Client) -> Client:
    client.force_login(people.coordinator)
    return client


def url(people: People, name: str, *parts: object) -> str:
    return reverse(f"studies:{name}", args=[people.study.uid, *parts])


def handed_in(people: People, client: Client, data: bytes) -> str:
    """The page of the job that takes in a table as it is: no person is asked."""
    with acting_as(people.coordinator):
        batch = batch_receive(people.study, people.coordinator, "cohort_table", data, "cohort.csv")
        job = batch_job(batch)
    assert job is not None
    return url(people, "job", job.uid)


def only_job(people: People) -> Job:
    with acting_as(people.coordinator):
        return Job.objects.select_related("study").get(study=people.study)


def test_a_bad_file_ends_as_a_list_of_all_its_problems(people: People, coordinator: Client):
    page = handed_in(people, coordinator, BAD)
    job = only_job(people)
    waiting = coordinator.get(page).content.decode()
    assert "Waiting for a free worker" in waiting
    live = url(people, "job_live", job.uid)
    assert f'hx-get="{live}"' in waiting
    run_inline(job)
    ended = coordinator.get(live).content.decode()
    assert "hx-get" not in ended, "polling stops at the end"
    with acting_as(people.coordinator):
        batch = ImportBatch.objects.get()
    for address in (live, url(people, "batch", batch.uid)):
        text = coordinator.get(address).content.decode()
        assert "2 problems to mend" in text
        assert "abc" in text
        assert "woman" in text
    answer = coordinator.get(url(people, "batch_problems", batch.uid))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["row"], row["column"]) for row in rows] == [("2", "age_years"), ("3", "sex")]


def test_a_good_file_shows_what_it_brought(people: People, coordinator: Client):
    handed_in(people, coordinator, HEADER + b"P1,North,training,female,61,2020-01-01\n")
    run_inline(only_job(people))
    with acting_as(people.coordinator):
        batch = ImportBatch.objects.get()
    text = coordinator.get(url(people, "batch", batch.uid)).content.decode()
    assert "What it brought" in text
    assert "P1" in coordinator.get(url(people, "patients")).content.decode()
    file = SimpleUploadedFile("c.csv", HEADER + b"P1,North,training,female,61,2020-01-01\n")
    again = coordinator.post(url(people, "upload", "cohort_table"), {"file": file})
    assert again.url == url(people, "batch", batch.uid), "the same file again leads to what it was"


def test_an_empty_file_and_no_file_are_refused_on_the_page(people: People, coordinator: Client):
    page = url(people, "upload", "cohort_table")
    empty = coordinator.post(page, {"file": SimpleUploadedFile("c.csv", b"")})
    assert "c.csv is empty" in empty.content.decode()
    assert "Nothing was uploaded" in coordinator.post(page).content.decode()
    assert coordinator.get(url(people, "upload", "no_such_kind")).status_code == 404


def test_an_errored_job_gives_a_number_and_no_traceback(people: People, coordinator: Client):
    with acting_as(people.coordinator):
        job = enqueue("studies.cohort_import", people.study, people.coordinator)
        Job.objects.filter(pk=job.pk).update(state=JobState.ERRORED, error_id="0badc0de")
    text = coordinator.get(url(people, "job", job.uid)).content.decode()
    assert "0badc0de" in text
    assert "our side" in text


def test_a_queued_job_is_cancelled_by_its_button(people: People, coordinator: Client):
    handed_in(people, coordinator, BAD)
    job = only_job(people)
    answer = coordinator.post(url(people, "job_cancel", job.uid), follow=True)
    assert "Cancelled" in answer.content.decode()


def test_a_study_without_files_says_what_to_do_first(people: People, coordinator: Client):
    for name in ("overview", "patients", "cohorts", "uploads", "jobs"):
        text = coordinator.get(url(people, name)).content.decode()
        assert "ohort table" in text or "pload" in text, name
    coordinator.force_login(people.outsider)
    assert "not a member of any study" in coordinator.get("/").content.decode()


def test_several_files_are_handed_in_at_once(people: People, coordinator: Client):
    files = [SimpleUploadedFile(f"c{n}.csv", HEADER + b"P%d,North,training,,," % n) for n in (1, 2)]
    answer = coordinator.post(url(people, "upload", "cohort_table"), {"file": files}, follow=True)
    assert answer.redirect_chain == [(url(people, "uploads"), 302)]
    assert [batch.filename for batch in answer.context["page"].rows] == ["c2.csv", "c1.csv"]


def test_a_live_page_whose_session_ended_loads_anew(people: People, coordinator: Client):
    handed_in(people, coordinator, BAD)
    live = url(people, "job_live", only_job(people).uid)
    answer = Client().get(live, headers={"HX-Request": "true"})
    assert answer["HX-Refresh"] == "true"
    assert answer.content == b""


def test_an_upload_is_of_the_sites_of_who_brought_it(people: People, client: Client):
    """Pages, the API and every way of asking say the same of files and of their jobs."""
    study, users = people.study, get_user_model().objects
    north = users.create_user(username="north", email="n@example.org")
    both = users.create_user(username="both", email="b@example.org")
    with acting_as(people.administrator):
        for user, site in ((north, people.here), (both, people.here), (both, people.elsewhere)):
            membership_grant(study, user, Role.COORDINATOR, site)
    brought = {}
    for name, user in (("north", north), ("both", both), ("all", people.coordinator)):
        with acting_as(user):
            data = HEADER + f"P-{name},North,training,female,50,2020-01-01\n".encode()
            brought[name] = batch_receive(study, user, "cohort_table", data, f"{name}.csv")
    seen = {
        people.coordinator: {"north", "both", "all"},
        both: {"north", "both"},
        north: {"north"},
        people.colleague: set(),
        people.outsider: set(),
    }
    for user, names in seen.items():
        expected = {brought[name].pk for name in names}
        rows = ImportBatch.objects.filter(study=study)
        with acting_as(user):
            asked = [
                rows.visible_to(user),
                access.visible(rows, user, study),
                [b for b in rows if access.sees_of(user, study, b.uploaded_by_id, b.site_ids)],
            ]
            assert [{row.pk for row in found} for found in asked] == [expected] * 3
        client.force_login(user)
        for name, batch in brought.items():
            job = batch_job(batch)
            assert job is not None
            for page in (
                url(people, "batch", batch.uid),
                url(people, "job", job.uid),
                reverse("api:import-detail", args=[study.uid, batch.uid]),
                reverse("api:job-detail", args=[study.uid, job.uid]),
            ):
                status = 200 if name in names else 404
                assert client.get(page).status_code == status, (user, name, page)
