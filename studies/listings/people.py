"""Lists of people: who may do what, who read what, who changed what."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from studies.languages import spoken
from studies.lists import Column, Empty, Listing
from studies.methods.wording import say as _
from studies.models import RIGHTS, Study
from studies.templatetags.studies_ui import (
    icon,
    person,
    short_request,
    state,
    words,
)

from .cells import NOTHING, day, link


def _person(member: Any, study: Study) -> SafeString:
    return link("studies:membership", study, member.uid, person(member.user))


def _has(right: str, member: Any, study: Study) -> SafeString:
    if right not in member.rights:
        return format_html('<span class="quiet" aria-hidden="true">{}</span>', "·")
    return format_html(
        '<span class="tick">{}<span class="visually-hidden">{}</span></span>',
        icon("check"),
        gettext("yes"),
    )


def _may(right: str, member: Any, study: Study) -> str:
    return "yes" if right in member.rights else ""


def _until(member: Any, study: Study) -> Any:
    if member.ends_on is None:
        return gettext("open")
    return format_html("{} {}", day(member.ends_on), state("ended") if member.has_ended else "")


PEOPLE = Listing(
    page="studies:people",
    title=_("People"),
    columns=(
        Column("person", _("Person"), _person, "user__email"),
        Column("part", _("Part"), lambda m, study: words(m.role), "role"),
        Column(
            "site",
            _("Site"),
            lambda m, study: m.site.name if m.site else gettext("all sites"),
            "site__name",
        ),
        *(
            Column(f"may_{right}", _(right), partial(_has, right), plain=partial(_may, right))
            for right in RIGHTS
        ),
        Column("from", _("From"), lambda m, study: day(m.starts_on), "starts_on"),
        Column("until", _("Until"), _until, "ends_on"),
        Column("email", _("E-mail"), lambda m, study: m.user.email, "user__email", shown=False),
    ),
    empty=Empty(_("Nobody yet"), _("Invite a colleague below.")),
    newest_first=False,
    search=("user__email__icontains", "user__first_name__icontains", "user__last_name__icontains"),
    search_word=_("Name or e-mail has"),
)


def people_listing(may_manage: bool) -> Listing:
    """A person's name leads to the membership for who may change it."""
    if may_manage:
        return PEOPLE
    first, *others = PEOPLE.columns
    plain = replace(first, cell=lambda member, study: person(member.user))
    return replace(PEOPLE, columns=(plain, *others))


def _subject(row: Any, study: Study) -> SafeString:
    return format_html('{}<br><code class="quiet">{}</code>', words(row.page), row.subject[:40])


READS = Listing(
    page="studies:reads",
    title=_("Who read what"),
    columns=(
        Column("what", _("What"), _subject, "page"),
        Column(
            "when",
            _("When (UTC)"),
            lambda r, study: f"{day(r.created_at)} {r.created_at:%H:%M:%S}",
            "created_at",
        ),
        Column("who", _("Who"), lambda r, study: person(r.user), "user__email"),
        Column("how", _("How"), lambda r, study: words(r.action), "action"),
        Column(
            "rows",
            _("Rows"),
            lambda r, study: NOTHING if r.row_count is None else intcomma(r.row_count),
            "row_count",
            numeric=True,
        ),
        Column(
            "columns", _("Columns"), lambda r, study: ", ".join(r.columns) or NOTHING, wraps=True
        ),
    ),
    empty=Empty(
        _("Nobody has read anything yet"),
        _("Views of patients, files and answers of the API appear here."),
    ),
    has_file=False,
)


FIELDS_SHOWN = 6


def _change(line: Any, name: str, was: str, now: str) -> SafeString:
    shown = [format_html('<span class="quiet">{}</span> ', words(name))]
    if was and line.event.pgh_label == "delete":
        shown.append(_cut(was))
    else:
        shown += [format_html("{} → ", _cut(was))] if was else []
        shown.append(_cut(now) or NOTHING)
    return format_html('<span class="pair">{}</span>', format_html_join("", "{}", zip(shown)))


def _cut(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:59]}…"


def _fields(line: Any, study: Study) -> SafeString:
    shown = [_change(line, *change) for change in line.changes[:FIELDS_SHOWN]]
    more = len(line.changes) - len(shown)
    if more > 0:
        rest = gettext("and {changes} more").format(changes=more)
        shown.append(format_html('<span class="quiet">{}</span>', rest))
    said = format_html_join(", ", "{}", zip(shown))
    return format_html('<span class="audit-fields">{}</span>', said)


def _all_fields(line: Any, study: Study) -> str:
    return "; ".join(f"{name}: {was} -> {now}" for name, was, now in line.changes)


def _request(line: Any, study: Study) -> SafeString:
    return format_html(
        '<span class="small quiet request" title="{}">{}</span>',
        line.request,
        short_request(line.request, study.uid) or NOTHING,
    )


AUDIT = Listing(
    page="studies:audit",
    title=_("Everything that changed"),
    columns=(
        Column(
            "when",
            _("When (UTC)"),
            lambda line, study: f"{day(line.at)} {line.at:%H:%M:%S}",
            plain=lambda line, study: line.at.isoformat(),
        ),
        Column(
            "who",
            _("Who"),
            lambda line, study: person(line.who) if line.who else gettext("the system"),
        ),
        Column(
            "what",
            _("What"),
            lambda line, study: f"{words(line.table)} {spoken(line.label)}",
            wraps=True,
        ),
        Column("of", _("Of"), lambda line, study: line.subject or NOTHING),
        Column("fields", _("Fields"), _fields, wraps=True, plain=_all_fields),
        Column("why", _("Why"), lambda line, study: line.reason or NOTHING, wraps=True),
        Column("request", _("Request"), _request, plain=lambda line, study: line.request),
    ),
    empty=Empty(_("Nothing changed"), _("Every entry, change and removal appears here.")),
    search=("pseudonym",),
    search_word=_("Pseudonym begins with"),
    names_patients=True,
)
