"""From a user to what they may touch: every door asks here, the database asks again."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.core.exceptions import PermissionDenied
from django.db import connection
from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from studies.models import BroughtQuerySet, Membership, PatientQuerySet, Study
from studies.remembered import once


def set_acting_user(user_id: int | str | None) -> str:
    """Tell the database whose rows may be seen from now on; returns who it was before."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT COALESCE(current_setting('isotherm.user_id', true), ''),"
            " set_config('isotherm.user_id', %s, false)",
            [str(user_id or "")],
        )
        return str(cursor.fetchone()[0])


@contextmanager
def acting_as(user: Any) -> Iterator[None]:
    """Row-level policies see ``user`` inside; whoever it was before, afterwards."""
    before = set_acting_user(getattr(user, "pk", None))
    try:
        yield
    finally:
        if not connection.needs_rollback:
            set_acting_user(before)


def memberships_of(user: Any, study: Study) -> list[Membership]:
    if not user.is_authenticated:
        return []
    rows = Membership.objects.in_force(user).filter(study=study).select_related("site")
    return list(once(("memberships", user.pk, study.pk), lambda: list(rows)))


OVER_ROWS = ("identifiers", "download")  # rights that say how rows are read, not whether


def rights_of(user: Any, study: Study) -> frozenset[str]:
    """Every right that any membership in force gives.

    Of those over rows only what holds wherever rows are read: who reads every site and takes files
    away at one would else take every site's.
    """
    held = {right for member in memberships_of(user, study) for right in member.rights}
    partly = {r for r in OVER_ROWS if r in held and not _holds_over_rows(user, study, r)}
    return frozenset(held - partly)


def sites_giving(user: Any, study: Study, *rights: str) -> set[int | None]:
    """Sites at which one membership gives all ``rights``; None among them: at every site."""
    held = memberships_of(user, study)
    return {member.site_id for member in held if set(rights) <= set(member.rights)}


def holds(user: Any, study: Study, right: str) -> bool:
    """Whether any membership gives ``right``: for what is of groups, and no patient's row."""
    return bool(sites_giving(user, study, right))


def dates_taken(user: Any, study: Study) -> bool:
    """Whether calendar dates stand in files of the rows that ``user`` may take away."""
    return _holds_over_rows(user, study, "identifiers", "download")


def _holds_over_rows(user: Any, study: Study, right: str, *among: str) -> bool:
    """Wherever rows are read; ``among`` those sites at which these further rights are held."""
    with_it = sites_giving(user, study, "rows", *among, right)
    return None in with_it or sites_giving(user, study, "rows", *among) <= with_it


def takes_rows(user: Any, study: Study, site_ids: Collection[int] | None = None) -> bool:
    """Whether rows of patients may leave with ``user``: of these sites, or (None) of every site.

    Rows that do not say whose they are (residuals of a run, points of a report's figures) are of
    every site: they cannot be given in part.
    """
    held = sites_giving(user, study, "rows", "download")
    return None in held or (site_ids is not None and held.issuperset(site_ids))


def sees_all_sites(user: Any, study: Study) -> bool:
    return any(membership.site_id is None for membership in memberships_of(user, study))


def sites_held(user: Any, study: Study) -> list[int] | None:
    """The sites that the memberships of ``user`` name; None: all, or no membership."""
    sites = {member.site_id for member in memberships_of(user, study)}
    return sorted(site for site in sites if site) if sites and None not in sites else None


def sees_of(user: Any, study: Study, owner_id: int, site_ids: Sequence[int] | None) -> bool:
    """As ``visible`` of files and jobs, for one that is at hand."""
    held = {member.site_id for member in memberships_of(user, study)}
    own = bool(held) and owner_id == user.pk
    return own or None in held or (bool(held) and site_ids is not None and held >= set(site_ids))


def reads_names(
    user: Any, study: Study, owner_id: int | None = None, site_ids: Sequence[int] | None = None
) -> bool:
    """Whether texts that may name any patient (problems, notices, progress) are open to ``user``.

    They are to who caused them (``owner_id``), to readers of every site's rows, and to readers of
    all of ``site_ids``, where the text is of those alone.
    """
    if owner_id is not None and owner_id == user.pk:
        return True
    read = {m.site_id for m in memberships_of(user, study) if "rows" in m.rights}
    return None in read or (bool(site_ids) and read.issuperset(site_ids or ()))


def enters_of(user: Any, study: Study, owner_id: int, site_ids: Sequence[int] | None) -> bool:
    """Whether ``user`` goes on with a file: who brought it, or who enters data for its sites."""
    held = {m.site_id for m in memberships_of(user, study) if "enter" in m.rights}
    mine = bool(held) and owner_id == user.pk
    return mine or None in held or (bool(site_ids) and held.issuperset(site_ids or ()))


def study_for(
    user: Any, uid: UUID | str, right: str = "aggregates", of_groups: bool = False
) -> Study:
    """The study when ``user`` is a member; 404 when not, 403 when the right is missing.

    The rights ``run`` (which reads every site's rows) and ``manage`` need all sites; those over
    rows do wherever rows are read, except for what is ``of_groups``.
    """
    rows = Membership.objects.in_force(user) if _known(user) else Membership.objects.none()
    held = list(rows.filter(study__uid=uid).select_related("site", "study"))
    if not held:
        raise Http404(_("No such study."))
    study = held[0].study
    once(("memberships", user.pk, study.pk), lambda: held)
    require(user, study, right, of_groups)
    return study


def require(user: Any, study: Study, right: str, of_groups: bool = False) -> None:
    """Raise PermissionDenied with the missing right's name."""
    held = [member for member in memberships_of(user, study) if right in member.rights]
    if not held:
        raise PermissionDenied(
            _("This needs the right '{right}' in the study.").format(right=right)
        )
    if right in OVER_ROWS and not of_groups and not _holds_over_rows(user, study, right):
        raise PermissionDenied(
            _("This needs the right '{right}' at every site whose patients you read.").format(
                right=right
            )
        )
    if right in {"run", "manage"} and all(member.site_id for member in held):
        raise PermissionDenied(
            _("The right '{right}' needs a membership at all sites.").format(right=right)
        )


def holds_at(user: Any, patient: Any, *rights: str) -> bool:
    """Whether one membership at the patient's site gives all ``rights``."""
    held = [m for m in memberships_of(user, patient.study) if m.site_id in (None, patient.site_id)]
    return any(set(rights) <= set(member.rights) for member in held)


def require_at(user: Any, patient: Any, *rights: str) -> None:
    """Raise PermissionDenied unless one membership at the patient's site gives all ``rights``."""
    if not holds_at(user, patient, *rights):
        named = " and ".join(f"'{right}'" for right in rights)
        raise PermissionDenied(
            _("This needs the right {named} at {name}.").format(named=named, name=patient.site.name)
        )


def require_every_row(user: Any, study: Study) -> None:
    """Raise PermissionDenied, with whom to ask, unless rows of every site may leave."""
    if not takes_rows(user, study):
        raise PermissionDenied(why_without_rows(study))


def why_without_rows(study: Study) -> str:
    """Said where rows of patients are left out: what they need, and who can give it."""
    return _(
        "Rows of patients, named or not, are for those who hold the rights 'rows' and 'download' "
        "at every site. Ask {people}."
    ).format(people=", ".join(managers_of(study)) or _("who manages the study"))


def managers_of(study: Study) -> list[str]:
    """Usernames of those who give rights today."""
    held = Membership.objects.current().filter(study=study, rights__contains=["manage"])
    names = held.filter(user__is_active=True).order_by("user__username")
    return list(names.values_list("user__username", flat=True).distinct())


def visible(rows: QuerySet, user: Any, study: Study, *rights: str) -> QuerySet:
    """``rows`` (a queryset of a study's table) of ``study`` that ``user`` may see.

    By the sites of the memberships, which a request knows already: as ``visible_to``, without
    asking for them once more inside each question. Rows of patients: where one membership gives
    ``rows`` and these further ``rights``.
    """
    if isinstance(rows, BroughtQuerySet):
        held = memberships_of(user, study)
        of_study = rows.filter(study=study)
        if any(member.site_id is None for member in held):
            return of_study
        return of_study.of_sites(user, sites_held(user, study) or []) if held else rows.none()
    if not isinstance(rows, PatientQuerySet):
        return rows.visible_to(user).filter(study=study)  # type: ignore[attr-defined]
    sites = sites_giving(user, study, "rows", *rights)
    here = rows.filter(study=study)
    return here if None in sites else here.filter(site_id__in=sites)


def _known(user: Any) -> bool:
    return bool(user and user.is_authenticated and user.is_active)
