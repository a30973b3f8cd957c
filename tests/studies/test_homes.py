"""Each role's first page, the bell, the tour: what is kept of a person is theirs alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from studies import desks, registry
from studies.access import acting_as
from studies.jobs import enqueue
from studies.models import Job, JobState, SavedView, StudyVisit
from studies.services import view_save, visit_mark
from tests.begun import begun_by
from tests.people import People
from tests.studies.study_made import MadeStudy, WithStudy, with_study


@pytest.fixture
@begun_by(with_study)
def made(begun: WithStudy) -> MadeStudy:
    return begun.made


def home(client: Client, people: People, user: Any, **asked: object) -> Any:
    client.force_login(user)
    return client.get(reverse("studies:overview", args=[people.study.uid]), asked)


def test_a_coordinator_sees_gaps_by_site_with_links_that_list_them(
    people: People, made: MadeStudy, client: Client
):
    answer = home(client, people, people.coordinator)
    missing = answer.context["missing"]
    assert [row.site for row in missing.sites] == ["North", "South"]
    place = missing.titles.index("PET")
    gap = missing.sites[0].gaps[place]
    assert gap.number == 1
    listed = client.get(gap.url).content.decode()
    assert made.here.pseudonym in listed
    assert made.elsewhere.pseudonym not in listed


def test_each_role_has_its_own_home(people: People, made: MadeStudy, client: Client):
    shown = {
        name: home(client, people, user).content.decode() for name, user in people.members.items()
    }
    assert "What is missing" in shown["coordinator"]
    assert 'id="next-title"' in shown["statistician"]
    assert shown["colleague"].index("Released") < shown["colleague"].index("From files to report")
    assert "What is missing" not in shown["colleague"]


def test_the_bell_tells_what_ended_until_one_has_looked(
    people: People, made: MadeStudy, client: Client
):
    with acting_as(people.statistician):
        job = enqueue("studies.cohort_import", people.study, people.statistician)
        Job.objects.filter(pk=job.pk).update(state=JobState.DONE, ended_at=timezone.now())
        assert desks.bell_of(people.statistician) == desks.Bell(unseen=1, running=0)
    client.force_login(people.statistician)
    assert ">new<" in client.get(reverse("studies:bell")).content.decode()
    assert ">new<" not in client.get(reverse("studies:bell")).content.decode()
    with acting_as(people.statistician):
        assert desks.bell_of(people.statistician).unseen == 0
    with acting_as(people.colleague):
        assert desks.bell_of(people.colleague) == desks.Bell(0, 0)


def test_the_bell_asks_again_only_while_something_runs(
    people: People, made: MadeStudy, client: Client
):
    client.force_login(people.statistician)
    address = reverse("studies:bell_live")
    assert "hx-get" not in client.get(address).content.decode()
    with acting_as(people.statistician):
        enqueue("studies.cohort_import", people.study, people.statistician)
    assert "hx-get" in client.get(address).content.decode()


def test_a_visit_after_a_pause_keeps_when_the_last_one_was(as_coordinator: People):
    study, user = as_coordinator.study, as_coordinator.coordinator
    first = visit_mark(study, user)
    assert visit_mark(study, user).before_at is None
    earlier = first.seen_at - timedelta(hours=3)
    StudyVisit.objects.update(seen_at=earlier)
    visit_mark(study, user)
    assert desks.last_visit(user, study) == earlier


def test_what_is_kept_of_a_person_is_theirs_alone(people: People, client: Client):
    with acting_as(people.coordinator):
        view_save(people.study, people.coordinator, "studies:jobs", "Failed", "state=failed")
        visit_mark(people.study, people.coordinator)
        view = SavedView.objects.get()
    with acting_as(people.statistician):
        assert not SavedView.objects.exists()
        assert not StudyVisit.objects.exists()
    drop = reverse("studies:view_drop", args=[people.study.uid, view.uid])
    client.force_login(people.statistician)
    client.post(drop)
    client.force_login(people.coordinator)
    assert client.post(drop).url == reverse("studies:jobs", args=[people.study.uid])
    with acting_as(people.coordinator):
        assert not SavedView.objects.exists()


@pytest.mark.parametrize("role", ["coordinator", "statistician", "collaborator"])
def test_a_tour_leads_through_pages_that_the_role_may_open(
    people: People, made: MadeStudy, client: Client, role: str
):
    who = people.colleague if role == "collaborator" else getattr(people, role)
    assert "Show me" in home(client, people, who).content.decode()
    steps = registry.tour(role)
    assert len(steps) >= 4
    for number, step in enumerate(steps, 1):
        address = reverse(step.url_name, args=[people.study.uid])
        text = client.get(address, {"tour": number}).content.decode()
        assert escape(step.title) in text
        assert f"{number} of {len(steps)}" in text
    client.post(reverse("studies:tour_hide", args=[people.study.uid]))
    assert "Show me" not in home(client, people, who).content.decode()
    assert "Tour of this study" in home(client, people, who, tour="x").content.decode()
