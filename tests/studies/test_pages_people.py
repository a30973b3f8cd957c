"""Inviting a colleague: one link, one password, the right study; ending a membership."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse

from studies.models import Membership
from studies.services import study_create
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


def test_a_guest_of_another_study_is_not_handed_to_whoever_invites_next(
    people: People, page: str, client: Client
):
    """The link makes its holder the person, with what the first study lets them see."""
    client.post(page, INVITED)
    other = study_create("Another study", people.outsider)
    mallory = Client()
    mallory.force_login(people.outsider)
    answer = mallory.post(reverse("studies:people", args=[other.uid]), INVITED)
    assert "link" not in answer.context or answer.context["link"] is None
    assert "set no password yet" in answer.content.decode()
    assert not Membership.objects.filter(study=other, user__email=INVITED["email"]).exists()


def test_rights_of_one_site_are_not_widened_by_a_part_elsewhere(
    people: People, page: str, client: Client
):
    """Rights add up over sites, so one person has one role."""
    invited = INVITED | {"email": people.outsider.email, "site": people.here.pk}
    client.post(page, invited | {"role": "coordinator"})
    for wider in ({"site": ""}, {"site": people.elsewhere.pk}):
        assert "is a member already" in client.post(page, invited | wider).content.decode()
    client.post(page, invited | {"role": "coordinator", "site": people.elsewhere.pk})
    held = Membership.objects.filter(user=people.outsider).values_list("role", "site__name")
    assert sorted(held) == [("coordinator", "North"), ("coordinator", "South")]


def test_nobody_takes_an_address_that_was_not_given_to_them(people: People, client: Client):
    """An invitation finds its person by address; a changed one would catch a colleague's."""
    client.force_login(people.colleague)
    client.post("/account/email/", {"email": "chief@example.org", "action_add": ""})
    client.post("/account/email/", {"email": "chief@example.org", "action_primary": ""})
    people.colleague.refresh_from_db()
    assert people.colleague.email == "colleague@example.org"
    assert not EmailAddress.objects.filter(email="chief@example.org").exists()


def change(people: People, client: Client, who: str, **given: object) -> str:
    """What the page of a membership says to a change."""
    member = Membership.objects.get(study=people.study, user=people.members[who])
    address = reverse("studies:membership", args=[people.study.uid, member.uid])
    form = client.get(address).context["form"].initial
    sent = {k: v for k, v in form.items() if v is not None} | given
    sent["site"] = getattr(sent.get("site"), "pk", sent.get("site", ""))
    return client.post(address, sent, follow=True).content.decode()


@pytest.mark.parametrize(
    ("who", "given", "told"),
    [
        ("statistician", {"rights": ["aggregates"]}, "is changed"),
        ("colleague", {"rights": ["rows", "run"]}, "Choose all sites"),
        ("colleague", {"ends_on": "2001-01-01"}, "or later"),
        ("administrator", {"rights": ["rows"]}, "Invite another administrator first"),
        ("administrator", {"ends_on": "2999-01-01"}, "Invite another administrator first"),
        ("coordinator", {"rights": ["king"]}, "Select a valid choice"),
    ],
)
def test_a_membership_is_changed_within_its_rules(
    people: People, page: str, client: Client, who: str, given: dict[str, object], told: str
):
    rows = Membership.objects.filter(study=people.study, user=people.members[who])
    before = rows.values("role", "rights", "ends_on").get()
    assert told in change(people, client, who, **given)
    changed = told == "is changed"
    assert (rows.values("role", "rights", "ends_on").get() != before) == changed
    log = client.get(reverse("studies:audit", args=[people.study.uid]) + "?table=membership")
    assert ("membership changed" in log.content.decode()) == changed


def test_a_link_for_a_new_password_is_never_a_way_into_another_study(
    people: People, page: str, client: Client
):
    member = Membership.objects.get(study=people.study, user=people.colleague)
    address = reverse("studies:membership", args=[people.study.uid, member.uid])
    shown = client.post(address, {"link": "1"}, follow=True)
    link = shown.context["link"]["url"]
    form = Client().get(link, follow=True)
    assert "Welcome" in form.content.decode()
    study_create("Theirs", people.colleague)
    assert "in another study" in client.post(address, {"link": "1"}, follow=True).content.decode()


def test_people_over_the_api_as_on_their_pages(people: People, client: Client):
    address = reverse("api:membership-list", args=[people.study.uid])
    as_json: Any = {"content_type": "application/json"}
    invited = {"email": "new@example.org", "role": "collaborator", "site": "South"}
    for name in ("coordinator", "statistician", "colleague"):
        client.force_login(people.members[name])
        assert len(client.get(address).json()["results"]) == 4
        assert client.post(address, invited, **as_json).status_code == 403, name
    client.force_login(people.administrator)
    elsewhere = client.post(address, invited | {"site": "Nowhere"}, **as_json)
    assert elsewhere.json()["problems"][0]["column"] == "site"
    made = client.post(address, invited, **as_json).json()
    assert (made["rights"], made["site"]) == (["aggregates", "rows", "comment"], "South")
    assert "Welcome to Isotherm" in Client().get(made["invitation"], follow=True).content.decode()
    assert client.post(address, invited, **as_json).status_code == 422, "a member already"
    one = reverse("api:membership-detail", args=[people.study.uid, made["uid"]])
    wide = client.patch(one, {"rights": ["run"]}, **as_json).json()["problems"]
    assert [problem["column"] for problem in wide] == ["rights"]
    changed = client.patch(one, {"rights": ["rows", "aggregates"]}, **as_json).json()
    assert (changed["rights"], changed["role"]) == (["aggregates", "rows"], "collaborator")
    assert "/welcome/" in client.post(f"{one}password-link/").json()["link"]
    assert client.post(f"{one}end/").json()["ends_on"] is not None
    own = Membership.objects.get(user=people.administrator)
    mine = reverse("api:membership-detail", args=[people.study.uid, own.uid])
    assert client.post(f"{mine}end/").status_code == 422, "the last administrator"


def dict_of(line: Any) -> dict[str, Any]:
    return {column.key: cell for column, cell in line.cells}


def test_people_are_a_list_like_the_others(people: People, page: str, client: Client):
    """Searched, narrowed by right, a person's name leading to the membership; and as a file."""
    searched = client.post(page, {"search": "statist"}, follow=True)
    (found,) = searched.context["shown"].lines
    assert "/people/" in dict_of(found)["person"]
    runs = client.get(page, {"right": "run"}).context["shown"]
    assert [chip.text for chip in runs.chips] == ["Right: run"]
    assert [line.uid for line in runs.lines] == [found.uid]
    ended = Membership.objects.filter(study=people.study, user=people.colleague)
    client.post(reverse("studies:membership_end", args=[people.study.uid, ended.get().uid]))
    gone = client.get(page, {"standing": "ended"}).context["shown"].lines
    assert [line.uid for line in gone] == [ended.get().uid]
    file = client.get(page, {"format": "csv", "right": "run"}).content.decode("utf-8-sig")
    assert file.splitlines()[0].startswith("Person,Part,Site,aggregates")
    client.force_login(people.coordinator)
    names = [dict_of(line)["person"] for line in client.get(page).context["shown"].lines]
    assert len(names) == 4
    assert not any("<a" in name for name in names)


def test_the_history_over_the_api_is_that_of_the_page(people: People, client: Client):
    address = reverse("api:history-list", args=[people.study.uid])
    for name in ("coordinator", "statistician", "colleague"):
        client.force_login(people.members[name])
        assert client.get(address).status_code == 403, name
    client.force_login(people.administrator)
    sites = reverse("api:site-list", args=[people.study.uid])
    assert client.post(sites, {"name": "West"}).status_code == 201
    assert client.post(sites, {"name": " west "}).status_code == 422
    foreign = reverse("api:site-list", args=[study_create("Another", people.outsider).uid])
    assert client.post(foreign, {"name": "West"}).status_code == 404
    page = client.get(address, {"table": "site"}).json()
    assert (page["results"][0]["what"], page["results"][0]["of"]) == ("entered", "West")
    assert page["results"][0]["who"] == "administrator"
    assert page["next"] is None
    whole = client.get(address).json()["results"]
    shown = client.get(reverse("studies:audit", args=[people.study.uid])).context["shown"]
    assert [line["of"] or "–" for line in whole] == [dict_of(line)["of"] for line in shown.lines]
    assert client.get(address, {"person": "nobody"}).status_code == 422
