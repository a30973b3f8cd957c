"""Reads of whose patients somebody sees, at which sites, and who is there."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.utils.translation import gettext as _

from studies import access
from studies.languages import spoken
from studies.methods.wording import listed, say
from studies.models import (
    Membership,
    Patient,
    Site,
    Study,
    StudySite,
)
from studies.value_words import word_of


def sites_of(study: Study) -> list[str]:
    rows = StudySite.objects.filter(study=study).order_by("site__name")
    return list(rows.values_list("site__name", flat=True))


def part_of(user: Any, study: Study) -> str:
    """``coordinator, North Clinic`` - role and site of each membership."""
    parts = [
        _("{role}, {site}").format(
            role=word_of(member.role), site=member.site.name if member.site else _("all sites")
        )
        for member in access.memberships_of(user, study)
    ]
    return spoken(listed(map(say, parts), "{first}; {rest}"))


def patients_of(user: Any, study: Study) -> QuerySet[Patient]:
    return access.visible(Patient.objects.all(), user, study)


def scope_of(user: Any, study: Study) -> str:
    """Whose patients a list shows, in words."""
    if access.sees_all_sites(user, study):
        return _("Patients of all sites.")
    sites = sorted({m.site.name for m in access.memberships_of(user, study) if m.site})
    return _("Patients of {sites}: your membership is for that site.").format(
        sites=", ".join(sites)
    )


def seen_by(user: Any, study: Study) -> list[tuple[str, int]]:
    """Patients by site that a person sees, asked of the same rule as their pages."""
    rows = Patient.objects.visible_to(user).filter(study=study).order_by("site__name")
    return list(rows.values_list("site__name").annotate(Count("id")))


@dataclass(frozen=True)
class SiteRow:
    """A hospital of the study: since when, and how many people are there now."""

    name: str
    since: Any
    people: int


def site_rows(study: Study) -> list[SiteRow]:
    members = Membership.objects.current().filter(study=study)
    counted = Counter(members.values_list("site", flat=True))
    rows = StudySite.objects.filter(study=study).select_related("site").order_by("site__name")
    return [SiteRow(row.site.name, row.created_at, counted[row.site_id]) for row in rows]


def sites_seen(user: Any, study: Study) -> QuerySet[Site]:
    """Sites whose patients the user sees: of the membership, or all of the study."""
    sites = Site.objects.filter(study_sites__study=study)
    if access.sees_all_sites(user, study):
        return sites
    own = [member.site_id for member in access.memberships_of(user, study)]
    return sites.filter(pk__in=own)


def sites_entered(user: Any, study: Study) -> QuerySet[Site]:
    """Sites of the study at which the user may enter data."""
    held = [m for m in access.memberships_of(user, study) if "enter" in m.rights]
    sites = Site.objects.filter(study_sites__study=study)
    if any(member.site_id is None for member in held):
        return sites
    return sites.filter(pk__in=[member.site_id for member in held])
