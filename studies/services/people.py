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

from studies.access import acting_as
from studies.methods.problems import refuse
from studies.models import Membership, Role, Site, Study, StudySite


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
    managers = Membership.objects.filter(
        study=membership.study, rights__contains=["manage"], ends_on__isnull=True, site=None
    ).exclude(pk=membership.pk)
    if "manage" in membership.rights and not managers.exists():
        raise refuse(
            "membership",
            "the last administrator",
            "one administrator at least",
            "Invite another administrator first.",
        )
    today = timezone.localdate()
    membership.ends_on = max(today, membership.starts_on)
    membership.save(update_fields=["ends_on"])
    return membership


@transaction.atomic
def person_invite(
    study: Study, inviter: Any, email: str, role: str, site: Site | None = None
) -> tuple[Any, str]:
    """A colleague and the one-time path where they set their password (empty if they have one)."""
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
                f"{email} is a member already ({held.role}, {held.site or 'all sites'})",
                "a person without a membership, or with the same role at other sites",
                "End the present membership first to change it.",
                column="email",
            )


def _refuse_somebody_elses_guest(study: Study, user: Any, email: str) -> None:
    """Who holds the link becomes the person, with all that other studies let them see."""
    if Membership.objects.in_force(user).exclude(study=study).exists():
        raise refuse(
            "email",
            f"{email} was invited by another study and has set no password yet",
            "a new person, or one who signs in already",
            "Ask them to use that invitation, then invite them here.",
            column="email",
        )


def password_path(user: Any) -> str:
    """``uid/token`` of the page that sets a first password; it works once."""
    uid = urlsafe_base64_encode(force_bytes(user.pk))
    return f"{uid}/{default_token_generator.make_token(user)}"


def site_of(study: Study, name: str) -> Site:
    """The hospital by name, made known to the study when it is new."""
    site, _ = Site.objects.get_or_create(name=name)
    StudySite.objects.get_or_create(study=study, site=site)
    return site
