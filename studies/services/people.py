"""Studies and the people in them."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.tokens import default_token_generator
from django.db import transaction
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from studies.access import acting_as, require
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import RIGHTS, Membership, Role, Site, Study, StudySite


@transaction.atomic
def study_create(
    name: str, founder: Any, description: str = "", is_simulated: bool = False
) -> Study:
    """A study and its first administrator."""
    study = Study.objects.create(name=name, description=description, is_simulated=is_simulated)
    with acting_as(founder):
        membership_grant(study, founder, Role.ADMINISTRATOR)
    return study


@transaction.atomic
def membership_grant(
    study: Study,
    user: Any,
    role: str,
    site: Site | None = None,
    rights: list[str] | None = None,
    ends_on: date | None = None,
) -> Membership:
    """Give a person a part; an ended part at the same place is taken up anew."""
    membership, created = Membership.objects.get_or_create(
        study=study,
        user=user,
        site=site,
        defaults={"role": role, "rights": rights or [], "ends_on": ends_on},
    )
    if not created:
        membership.role, membership.ends_on = role, ends_on
        membership.rights = rights or list(Membership(role=role).rights_by_role())
        membership.starts_on = min(membership.starts_on, timezone.localdate())
        membership.save()
    return membership


@transaction.atomic
def membership_end(membership: Membership, user: Any) -> Membership:
    """From today on it gives nothing. The last administrator cannot leave.

    Raises
    ------
    DataProblem
        Nobody would be left to manage the study.
    """
    require(user, membership.study, "manage")
    if "manage" in membership.rights:
        _refuse_nobody_managing(membership)
    today = timezone.localdate()
    membership.ends_on = max(today, membership.starts_on)
    membership.save(update_fields=["ends_on"])
    return membership


def _refuse_nobody_managing(membership: Membership) -> None:
    managers = Membership.objects.filter(
        study=membership.study, rights__contains=["manage"], ends_on__isnull=True, site=None
    ).exclude(pk=membership.pk)
    if not managers.exists():
        raise refuse(
            "membership",
            say("the last administrator"),
            "one administrator at least",
            "Invite another administrator first.",
        )


@transaction.atomic
def membership_change(
    membership: Membership,
    user: Any,
    role: str,
    site: Site | None,
    rights: list[str],
    ends_on: date | None = None,
) -> Membership:
    """Another role, site, set of rights or end; the person keeps one part at this place.

    Raises
    ------
    DataProblem
        Rights that need all sites at one site, a part the person has already, an end before the
        beginning, or nobody left to manage the study.
    """
    require(user, membership.study, "manage")
    problems = _part_problems(membership, role, site, rights, ends_on)
    if problems:
        raise DataProblem(problems)
    kept = "manage" in rights and site is None and ends_on is None
    if "manage" in membership.rights and not kept:
        _refuse_nobody_managing(membership)
    membership.role, membership.site = role, site
    membership.rights = [right for right in RIGHTS if right in rights]
    membership.ends_on = ends_on
    membership.save(update_fields=["role", "site", "rights", "ends_on"])
    return membership


def _part_problems(
    membership: Membership, role: str, site: Site | None, rights: list[str], ends_on: date | None
) -> list[Problem]:
    problems = []
    wide = sorted({"run", "manage"} & set(rights)) if site else []
    if wide:
        remedy = say("Choose all sites, or take them away.")
        problems.append(
            Problem("rights", ", ".join(wide), "rights of one site", remedy, column="rights")
        )
    if not rights:
        remedy = say("End the membership instead.")
        problems.append(Problem("rights", say("none"), "one at least", remedy, column="rights"))
    if ends_on and ends_on < membership.starts_on:
        expected = say("{starts_on} or later", starts_on=membership.starts_on)
        remedy = say("Write {expected}.", expected=expected)
        problems.append(Problem("ends_on", str(ends_on), expected, remedy, column="ends_on"))
    return [*problems, *_other_parts(membership, role, site)]


def _other_parts(membership: Membership, role: str, site: Site | None) -> list[Problem]:
    """A person has one role in a study, at all sites or at some: rights add up over sites."""
    problems = []
    others = Membership.objects.filter(study=membership.study, user=membership.user)
    for held in others.exclude(pk=membership.pk).select_related("site"):
        place = held.site or say("all sites")
        ended = held.ends_on is not None and held.ends_on <= timezone.localdate()
        if held.site == site:
            found, remedy = say("a part at {place} already", place=place), say("Change that part.")
            problems.append(Problem("site", found, "another site", remedy, column="site"))
        elif not ended and (held.role != role or site is None or held.site is None):
            found, remedy = (
                say("{role} at {place} too", role=held.role, place=place),
                say("End the other part first."),
            )
            expected = say("one role over all sites of a person")
            problems.append(Problem("role", found, expected, remedy, column="role"))
    return problems


@transaction.atomic
def password_link(membership: Membership, user: Any) -> str:
    """The one-time path where a member sets a new password; needs ``manage``.

    Raises
    ------
    DataProblem
        The person takes part in another study: whoever holds the link becomes the person there.
    """
    require(user, membership.study, "manage")
    person = membership.user
    if Membership.objects.in_force(person).exclude(study=membership.study).exists():
        raise refuse(
            "person",
            say("{value} takes part in another study, too", value=person.email or person.username),
            "a person of this study alone",
            "They ask for a link themselves, at the sign-in page.",
        )
    if person.is_staff or person.is_superuser:
        raise refuse("person", say("an administrator of the server"), "a member of the study",
                     "The server's administrator resets it.")  # fmt: skip
    return password_path(person)


@transaction.atomic
def person_invite(
    study: Study, inviter: Any, email: str, role: str, site: Site | None = None
) -> tuple[Any, str]:
    """A colleague and the one-time path where they set their password (empty if they have one).

    Raises
    ------
    DataProblem
        A member already, another study's guest, or rights of all sites at one site.
    """
    require(inviter, study, "manage")
    if role == Role.ADMINISTRATOR and site:
        raise refuse("site", site.name, "all sites", "An administrator needs all sites.",
                     column="site")  # fmt: skip
    users = get_user_model()._default_manager
    user = users.filter(email__iexact=email).first()
    if user is None:
        user = users.create_user(username=email, email=email)
        user.set_unusable_password()
        user.save()
    _refuse_second_part(study, user, email, role, site)
    if not user.has_usable_password():
        _refuse_somebody_elses_guest(study, user, email)
    membership_grant(study, user, role, site)
    return user, "" if user.has_usable_password() else password_path(user)


def _refuse_second_part(study: Study, user: Any, email: str, role: str, site: Site | None) -> None:
    """A person has one role in a study, at all sites or at some: rights add up over sites."""
    for held in Membership.objects.in_force(user).filter(study=study):
        if held.role != role or held.site is None or site in (None, held.site):
            raise refuse(
                "email",
                say(
                    "{email} is a member already ({role}, {value})",
                    email=email,
                    role=held.role,
                    value=held.site or "all sites",
                ),
                "a person without a membership, or with the same role at other sites",
                "End the present membership first to change it.",
                column="email",
            )


def _refuse_somebody_elses_guest(study: Study, user: Any, email: str) -> None:
    """Who holds the link becomes the person, with all that other studies let them see."""
    if Membership.objects.in_force(user).exclude(study=study).exists():
        raise refuse(
            "email",
            say("{email} was invited by another study and has set no password yet", email=email),
            "a new person, or one who signs in already",
            "Ask them to use that invitation, then invite them here.",
            column="email",
        )


def password_path(user: Any) -> str:
    """``uid/token`` of the page that sets a first password; it works once."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"{uid}/{default_token_generator.make_token(user)}"


@transaction.atomic
def site_add(study: Study, user: Any, name: str) -> StudySite:
    """A hospital that takes part from now on.

    Raises
    ------
    DataProblem
        No name, or a site of the study already.
    """
    require(user, study, "manage")
    name = " ".join(name.replace("\0", "").split())
    if not name:
        raise refuse("site", say("blank"), "the hospital's name", "Write it.", column="name")
    if StudySite.objects.filter(study=study, site__name__iexact=name).exists():
        raise refuse(
            "site",
            say("{name} already", name=name),
            "a hospital that is new in the study",
            "Nothing has to be done.",
            column="name",
        )
    return StudySite.objects.get(study=study, site=site_of(study, name))


def site_of(study: Study, name: str) -> Site:
    """The hospital by name, made known to the study when it is new."""
    site, _ = Site.objects.get_or_create(name=name)
    StudySite.objects.get_or_create(study=study, site=site)
    return site
