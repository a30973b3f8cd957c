"""Every page of a study x everybody: who gets in, who is told what."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from studies.access import acting_as
from studies.methods.problems import refuse
from studies.models import ImportBatch, Job
from studies.urls import STUDY, urlpatterns
from tests.begun import begun_by
from tests.people import People
from tests.studies.study_made import MadeStudy, WithStudy, with_study

ROLES = ("administrator", "coordinator", "statistician", "colleague")
ALL = (200, 200, 200, 200)
GETS = {
    "overview": ALL,
    "patients": ALL,
    "exports": (200, 200, 200, 403),
    "export_file": (404, 404, 404, 404),  # its job has not run: test_exports has its maker's
    "reads": (200, 403, 403, 403),
    "specimens": ALL,
    "drawn": (404, 404, 404, 404),  # no app draws a page of that name here
    "drawn_of": (404, 404, 404, 404),
    "drawn_figure": (404, 404, 404, 404),
    "patient_new": (403, 200, 403, 403),
    "patient": (200, 200, 200, 404),  # the colleague belongs to the other site
    "glance": ALL,
    "glance_patients": ALL,
    "glance_csv": (200, 200, 200, 403),
    "glance_compare": (422, 422, 422, 422),  # everybody beside nobody
    "cohorts": ALL,
    "uploads": ALL,
    "upload": (403, 200, 403, 403),
    "batch": (200, 200, 200, 404),  # brought by one who sees all sites
    "batch_problems": (200, 200, 200, 404),
    "table_columns": (403, 302, 403, 403),  # not described by a person: back to its page
    "batch_difference": (404, 404, 404, 404),  # its job has not run: no difference yet
    "dictionary_template": ALL,
    "jobs": ALL,
    "job": (200, 200, 200, 404),  # of that upload
    "job_live": (200, 200, 200, 404),
    "job_problems": (200, 200, 200, 404),
    "people": ALL,
    "entry": (403, 200, 403, 404),
    "entry_row": (403, 200, 403, 404),
    "query_new": (200, 200, 200, 404),
    "field_history": (200, 200, 200, 404),
    "queries": ALL,
    "query": (200, 200, 200, 404),
    "audit": (200, 403, 403, 403),
    "endpoints": ALL,
    "endpoint": (200, 403, 403, 403),
    "endpoint_standing": (404, 403, 403, 403),  # every study has it: it is not retired
    "endpoint_new": (200, 403, 403, 403),
    "membership": (200, 403, 403, 403),
    "screening": ALL,
    "consent": ALL,
    "left_out_csv": (200, 200, 200, 403),
    "completeness": ALL,
    "eligibility": ALL,
    "criteria": (200, 403, 403, 403),
    "participation": (200, 200, 200, 404),
    "attrition": ALL,
    "attrition_svg": ALL,
    "attrition_png": ALL,
    "attrition_csv": ALL,
    "table_one": ALL,
    "table_one_csv": ALL,
    "table_one_html": ALL,
    "table_check": ALL,
    "cohort": ALL,
    "dictionaries": ALL,
    "dictionary": ALL,
    "dictionary_csv": ALL,
    "dictionary_compare": ALL,
    "dictionary_known": (200, 403, 403, 403),
    "variable": (200, 403, 403, 403),
    "variable_new": (200, 403, 403, 403),
}
POSTS = {
    "entry_check": (403, 200, 403, 404),
    "entry_state": (302, 302, 403, 404),
    "dictionary_draft": (302, 403, 403, 403),
    "dictionary_freeze": (200, 403, 403, 403),  # no note: the page comes back
    "dictionary_discard": (302, 403, 403, 403),
    "variable_change": (302, 403, 403, 403),
    "upload_discard": (404, 404, 404, 404),  # there is none of theirs
    "table_commit": (403, 302, 403, 403),
    "table_sites": (403, 302, 403, 403),
    "batch_revert": (403, 302, 403, 403),
    "dictionary_propose": (302, 403, 403, 403),
    "action": (404, 404, 404, 404),  # the step is not registered; the study is
    "selection_save": (302, 302, 302, 302),  # nothing to save: back to the charts
    "selection_use": (404, 404, 404, 404),  # the use is not registered; the study is
    "selection_retire": (404, 404, 404, 404),  # there is none
    "job_cancel": (302, 302, 403, 404),
    "jobs_cancel": (302, 302, 302, 302),  # of those chosen only one's own
    "tour_hide": (302, 302, 302, 302),
    "view_new": (302, 302, 302, 302),  # no page is named: back to the overview
    "view_drop": (302, 302, 302, 302),  # one's own alone; there is none
    "draw_again": (404, 404, 404, 404),
    "membership_end": (302, 403, 403, 403),
    "site_new": (302, 403, 403, 403),
    "cohort_step": (302, 403, 403, 403),  # freezing needs "manage"
    "cohorts": (403, 200, 403, 403),
    "consent": (200, 403, 403, 403),
    "criteria": (200, 403, 403, 403),
    "patient_step": (403, 422, 403, 403),
    "screening": (403, 200, 403, 403),
    "endpoints_derive": (302, 403, 403, 403),
    "people": (200, 403, 403, 403),  # an empty form comes back with its errors
}


# Answers that are no page, and pages that only an administrator sees.
FILES = {
    "attrition_png",
    "reads",
    "export_file",
    "batch_problems",
    "job_live",
    "job_problems",
    "dictionary_csv",
}
FILES |= {"variable", "variable_new", "dictionary_known", "audit", "entry_row", "membership"}
FILES |= {
    "glance_csv",
    "glance_compare",
    "endpoint",
    "endpoint_new",
    "endpoint_standing",
    "table_columns",
    "batch_difference",
    "dictionary_template",
}
FILES |= {
    "drawn",
    "drawn_of",
    "drawn_figure",
    "attrition_png",
    "attrition_csv",
    "left_out_csv",
    "table_one_csv",
    "criteria",
}


@pytest.fixture
@begun_by(with_study)
def made(begun: WithStudy) -> MadeStudy:
    return begun.made


def address(people: People, made: MadeStudy, name: str) -> str:
    return reverse(f"studies:{name}", kwargs={"uid": people.study.uid, **made.address(name)})


def test_every_page_of_a_study_has_a_rule():
    named = {pattern.name for pattern in urlpatterns if str(pattern.pattern).startswith(STUDY)}
    assert named == set(GETS) | set(POSTS)


@pytest.mark.parametrize("name", GETS)
def test_members_get_what_their_rights_say(
    people: People, made: MadeStudy, client: Client, name: str
):
    statuses = {}
    for role in ROLES:
        client.force_login(people.members[role])
        statuses[role] = client.get(address(people, made, name)).status_code
    assert statuses == dict(zip(ROLES, GETS[name], strict=True))


@pytest.mark.parametrize("name", POSTS)
@pytest.mark.parametrize("role", ROLES)
def test_members_may_change_what_their_rights_say(
    people: People, made: MadeStudy, client: Client, name: str, role: str
):
    client.force_login(people.members[role])
    status = client.post(address(people, made, name)).status_code
    assert status == POSTS[name][ROLES.index(role)]


@pytest.mark.parametrize("name", [*GETS, *POSTS])
def test_strangers_cannot_tell_a_study_from_nothing(
    people: People, made: MadeStudy, client: Client, name: str
):
    url = address(people, made, name)
    verb = "post" if name in POSTS else "get"
    nobody = getattr(client, verb)(url)
    assert nobody.status_code == 302
    assert nobody.url.startswith(reverse("account_login"))
    client.force_login(people.outsider)
    theirs = getattr(client, verb)(url)
    missing = getattr(client, verb)(url.replace(str(people.study.uid), str(made.job.uid)))
    assert (theirs.status_code, missing.status_code) == (404, 404)
    assert _without_token(theirs) == _without_token(missing)


@pytest.mark.parametrize("name", ["action", "job_cancel", "membership_end"])
def test_changes_need_post(people: People, made: MadeStudy, client: Client, name: str):
    client.force_login(people.administrator)
    assert client.get(address(people, made, name)).status_code == 405


def test_a_colleague_of_one_site_never_reads_another_sites_pseudonym(
    people: People, made: MadeStudy, client: Client
):
    told = refuse("N-001", "woman", "female", "Use a code.").as_list()
    with acting_as(people.coordinator):
        notices = [{"code": "a", "text": "N-001"}]
        ImportBatch.objects.update(state="failed", problems=told, notices=notices)
        Job.objects.update(state="failed", problems=told, progress_message="N-001")
    client.force_login(people.colleague)
    for name in GETS:
        answer = client.get(address(people, made, name))
        assert "N-001" not in answer.content.decode(errors="replace"), name
    for route in ("job-list", "import-list", "patient-list", "form-entry-list"):
        answer = client.get(reverse(f"api:{route}", args=[people.study.uid]))
        assert "N-001" not in answer.content.decode(errors="replace"), route
    seen = client.get(reverse("studies:patients", args=[people.study.uid])).content.decode()
    assert "S-001" in seen
    own = reverse("studies:patient", args=[people.study.uid, made.elsewhere.uid])
    assert client.get(own).status_code == 200


def test_an_ended_membership_opens_nothing(people: People, made: MadeStudy, client: Client):
    client.force_login(people.administrator)
    client.post(address(people, made, "membership_end"))
    client.force_login(people.colleague)
    assert client.get(address(people, made, "overview")).status_code == 404
    assert "A study" not in client.get(reverse("studies:list")).content.decode()


def test_dates_are_days_for_readers_without_identifiers(
    people: People, made: MadeStudy, client: Client
):
    pages = {}
    for role in ("coordinator", "statistician"):
        client.force_login(people.members[role])
        pages[role] = client.get(address(people, made, "patient")).content.decode()
        entries = client.get(reverse("api:form-entry-list", args=[people.study.uid]))
        assert ("2020-03-01" in entries.content.decode()) == (role == "coordinator")
    assert "1 Mar 2021" in pages["coordinator"]
    assert "Mar 202" not in pages["statistician"]
    assert "day 365" in pages["statistician"]


def test_a_simulated_study_says_so_on_every_page(people: People, made: MadeStudy, client: Client):
    people.study.is_simulated = True
    people.study.save()
    client.force_login(people.coordinator)
    for name in set(GETS) - FILES:
        assert "SIMULATED" in client.get(address(people, made, name)).content.decode(), name


def test_no_page_has_inline_script_or_style(people: People, made: MadeStudy, client: Client):
    client.force_login(people.coordinator)
    for name in GETS:
        text = client.get(address(people, made, name)).content.decode(errors="replace")
        for forbidden in ("<script>", "onclick=", "style=", "javascript:"):
            assert forbidden not in text, (name, forbidden)


def _without_token(answer: Any) -> str:
    """The page without what differs between any two answers."""
    text = answer.content.decode()
    return "\n".join(line for line in text.splitlines() if "csrfmiddlewaretoken" not in line)
