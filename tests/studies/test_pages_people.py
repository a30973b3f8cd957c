"""Inviting a colleague: one link, one password, the right study; ending a membership."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from studies.models import Membership
from tests.people import People

INVITED = {"email": "new@example.org", "role": "collaborator", "site": ""}


@pytest.fixture
def page(people: People, client: Client) -> str:
    client.force_login(people.administrator)
    return reverse("studies:people", args=[people.study.uid])


def test_an_invited_colleague_sets_a_password_and_sees_the_study(
    people: People, page: str, client: Client
):
    shown = client.post(page, INVITED | {"site": people.elsewhere.pk}, follow=True)
    link = shown.context["link"]["url"]
    assert link in shown.content.decode()
    assert link not in client.get(page).content.decode(), "the link is shown once"
    guest = Client()
    form = guest.get(link, follow=True)
    assert "Welcome to Isotherm" in form.content.decode()
    words = {"new_password1": "isotherm warm 77", "new_password2": "isotherm warm 77"}
    home = guest.post(form.redirect_chain[-1][0], words, follow=True)
    assert "A study" in home.content.decode()
    assert "collaborator, South" in home.content.decode()
    again = Client().get(link, follow=True).content.decode()
    assert "no longer works" in again


def test_somebody_with_an_account_gets_no_link(people: People, page: str, client: Client):
    answer = client.post(page, INVITED | {"email": people.outsider.email}, follow=True)
    assert answer.context["link"] is None
    assert "sees the study now" in answer.content.decode()
    assert Membership.objects.filter(user=people.outsider).exists()


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"email": "", "role": ""}, "This field is required"),
        ({"email": "nobody"}, "valid email"),
        ({"role": "king"}, "valid choice"),
        ({"email": "coordinator@example.org"}, "is a member already"),
        ({"role": "administrator", "site": "here"}, "needs all sites"),
    ],
)
def test_a_wrong_invitation_is_told_beside_its_field(
    people: People, page: str, client: Client, given: dict[str, str], told: str
):
    if given.get("site"):
        given = given | {"site": str(people.here.pk)}
    answer = client.post(page, INVITED | given)
    assert answer.status_code == 200
    assert told in answer.content.decode()
    assert given.get("email", INVITED["email"]) in answer.content.decode(), "typed text stays"
    assert not get_user_model().objects.filter(email="new@example.org").exists()


def test_the_last_administrator_cannot_leave(people: People, page: str, client: Client):
    own = Membership.objects.get(user=people.administrator)
    end = reverse("studies:membership_end", args=[people.study.uid, own.uid])
    assert "Invite another administrator first" in client.post(end, follow=True).content.decode()
    own.refresh_from_db()
    assert own.ends_on is None
