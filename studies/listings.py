"""The lists of studies: columns, what sorts and searches them, what an empty one says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from functools import cache, partial
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from studies.languages import spoken
from studies.lists import Bulk, Column, Empty, Listing
from studies.methods.wording import say as _
from studies.models import RIGHTS, Site, Study
from studies.registry import completeness_columns
from studies.templatetags.studies_ui import (
    elapsed,
    file_size,
    icon,
    job_title,
    lasted,
    person,
    remaining,
    short_request,
    state,
    upload_title,
    words,
)

NOTHING = "–"


def link(name: str, study: Study, uid: Any, text: object) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse(name, args=[study.uid, uid]), text)


def moment(when: datetime | None) -> str:
    return date_format(when, "DATETIME_FORMAT") if when else NOTHING


def day(when: Any) -> str:
    return date_format(when, "DATE_FORMAT") if when else NOTHING


def patient_link(row: Any, study: Study) -> SafeString:
    return link("studies:patient", study, row.patient.uid, row.patient.pseudonym)


def _job(job: Any, study: Study) -> SafeString:
    name = link("studies:job", study, job.uid, job_title(job))
    return (
        format_html('{} <span class="quiet">{}</span>', name, job.filename)
        if job.filename
        else name
    )


def _progress(job: Any, study: Study) -> Any:
    if job.state == "failed":
        n = len(job.problems)
        return ngettext("{n} problem", "{n} problems", n).format(n=n)
    if job.state == "errored":
        return format_html("<code>{}</code>", job.error_id)
    if job.state != "running":
        return NOTHING
    left = remaining(job)
    return format_html(
        '{}<progress class="slim" max="1" value="{}" aria-label="{}"></progress>',
        gettext("{share:.0f} %, about {time} left").format(
            share=100 * job.share, time=elapsed(left)
        )
        if left
        else f"{100 * job.share:.0f} %",
        f"{job.share:.3f}",
        gettext("Progress"),
    )


JOBS = Listing(
    page="studies:jobs",
    title=_("Jobs"),
    columns=(
        Column("job", _("Job"), _job, "kind"),
        Column("state", _("State"), lambda job, study: state(job.state), "state"),
        Column("progress", _("Progress"), _progress),
        Column("by", _("By"), lambda job, study: person(job.acting_user), "acting_user__email"),
        Column(
            "asked",
            _("Asked for (UTC)"),
            lambda job, study: moment(job.created_at),
            "created_at",
            shown=False,
        ),
        Column(
            "started", _("Started (UTC)"), lambda job, study: moment(job.started_at), "started_at"
        ),
        Column("took", _("Took"), lambda job, study: elapsed(lasted(job)), numeric=True),
        Column(
            "attempts",
            _("Attempts"),
            lambda job, study: job.attempt,
            "attempt",
            numeric=True,
            shown=False,
        ),
    ),
    empty=Empty(
        _("No job here"),
        _("Uploading a file or starting a stage makes one. Running jobs show their progress here."),
        "studies:uploads",
        _("Upload a file"),
    ),
    bulk=(
        Bulk(
            _("Cancel the chosen"),
            "studies:jobs_cancel",
            _("Cancel the chosen jobs that are under way and yours?"),
        ),
    ),
)

UPLOADS = Listing(
    page="studies:uploads",
    title=_("Uploads"),
    columns=(
        Column(
            "file",
            _("File"),
            lambda b, study: link("studies:batch", study, b.uid, b.filename),
            "filename",
        ),
        Column("kind", _("Kind"), lambda b, study: upload_title(b.kind), "kind"),
        Column("state", _("State"), lambda b, study: state(b.state), "state"),
        Column(
            "problems", _("Problems"), lambda b, study: len(b.problems) or NOTHING, numeric=True
        ),
        Column(
            "size", _("Size"), lambda b, study: file_size(b.file.size), "file__size", numeric=True
        ),
        Column("by", _("By"), lambda b, study: person(b.uploaded_by), "uploaded_by__email"),
        Column("when", _("When (UTC)"), lambda b, study: moment(b.created_at), "created_at"),
        Column("sha", _("SHA-256"), lambda b, study: b.file.sha256[:12], shown=False),
    ),
    empty=Empty(
        _("No file has come in yet"),
        _(
            "Begin with the cohort table: one row per patient. Scans, counts and "
            "densities find their patients by the pseudonyms in it."
        ),
    ),
    search=("filename__icontains",),
    search_word=_("File name has"),
)

QUERIES = Listing(
    page="studies:queries",
    title=_("Queries"),
    columns=(
        Column(
            "patient",
            _("Patient"),
            lambda q, study: link("studies:query", study, q.uid, q.patient.pseudonym),
            "patient__pseudonym",
        ),
        Column(
            "about",
            _("About"),
            lambda q, study: q.about,
            "field",
            wraps=True,
        ),
        Column("state", _("State"), lambda q, study: state(q.state), "state"),
        Column("by", _("Asked by"), lambda q, study: person(q.raised_by), "raised_by__email"),
        Column(
            "of",
            _("Asked of"),
            lambda q, study: person(q.assignee) if q.assignee else gettext("anybody"),
            "assignee__email",
        ),
        Column("site", _("Site"), lambda q, study: q.site.name, "site__name"),
        Column("on", _("On"), lambda q, study: day(q.created_at), "created_at"),
        Column("form", _("Form"), lambda q, study: words(q.form), "form", shown=False),
    ),
    empty=Empty(
        _("No query"),
        _("Whoever may comment can ask about a value, beside its field on the patient's page."),
    ),
    search=("patient__pseudonym__begins",),
    search_word=_("Pseudonym begins with"),
    names_patients=True,
)


def _cohorts(patient: Any, study: Study) -> SafeString | str:
    tags = (
        (member.cohort.role, words(member.cohort.name))
        for member in patient.cohort_memberships.all()
    )
    return format_html_join(" ", '<span class="tag role-{}">{}</span>', tags) or NOTHING


def _treatment(patient: Any, study: Study) -> str:
    index = next((t for t in patient.treatments.all() if t.is_index), None)
    if index is None:
        return NOTHING
    return gettext("{drug}, line {line}").format(drug=index.drug, line=index.line)


PATIENTS = Listing(
    page="studies:patients",
    title=_("Patients"),
    columns=(
        Column(
            "pseudonym",
            _("Pseudonym"),
            lambda p, study: link("studies:patient", study, p.uid, p.pseudonym),
            "pseudonym",
        ),
        Column("site", _("Site"), lambda p, study: p.site.name, "site__name"),
        Column("cohorts", _("Cohorts"), _cohorts),
        Column("status", _("Status"), lambda p, study: words(p.status), "status"),
        Column("treatment", _("Treatment"), _treatment),
        Column(
            "since",
            _("In the study since"),
            lambda p, study: day(p.created_at),
            "created_at",
            shown=False,
        ),
    ),
    empty=Empty(
        _("No patients yet"),
        _(
            "Upload the cohort table (one row per patient with site, cohort, "
            "clinical values and dates), or add patients one by one."
        ),
        "studies:uploads",
        _("Upload the cohort table"),
    ),
    key="pseudonym",
    newest_first=False,
    names_patients=True,
    has_file=False,
)

SPECIMENS = Listing(
    page="studies:specimens",
    title=_("Specimens"),
    columns=(
        Column("label", _("Specimen"), lambda s, study: s.label, "label"),
        Column("patient", _("Patient"), patient_link, "patient__pseudonym"),
        Column("procedure", _("Procedure"), lambda s, study: words(s.procedure), "procedure"),
        Column("tissue", _("Tissue"), lambda s, study: words(s.tissue) or NOTHING, "tissue"),
        Column(
            "lesion",
            _("Lesion"),
            lambda s, study: s.lesion.number if s.lesion else NOTHING,
            "lesion__number",
            numeric=True,
        ),
        Column("site", _("Site"), lambda s, study: s.site.name, "site__name"),
        Column(
            "since", _("Recorded"), lambda s, study: day(s.created_at), "created_at", shown=False
        ),
    ),
    empty=Empty(
        _("No specimen yet"),
        _("They come with a specimen table, with expression matrices and with cell densities."),
        "studies:uploads",
        _("Upload a file"),
    ),
    newest_first=False,
    search=("label__begins", "patient__pseudonym__begins"),
    search_word=_("Label or pseudonym begins with"),
    names_patients=True,
)


def _export(export: Any, study: Study) -> Any:
    name = f"{export.content}.{export.format}"
    if export.is_there:
        return link("studies:export_file", study, export.uid, name)
    if export.job and export.job.state != "done":
        return format_html("{} {}", name, state(export.job.state))
    return format_html('{} <span class="quiet">{}</span>', name, gettext("expired"))


EXPORTS = Listing(
    page="studies:exports",
    title=_("Exports"),
    columns=(
        Column("file", _("File"), _export, "content"),
        Column("made", _("Made (UTC)"), lambda e, study: moment(e.created_at), "created_at"),
        Column(
            "rows", _("Rows"), lambda e, study: intcomma(e.row_count), "row_count", numeric=True
        ),
        Column("columns", _("Columns"), lambda e, study: len(e.columns), numeric=True),
        Column(
            "left_out",
            _("Left out"),
            lambda e, study: e.left_out.get("left_out") or NOTHING,
            numeric=True,
        ),
        Column("until", _("Until (UTC)"), lambda e, study: moment(e.expires_at), "expires_at"),
    ),
    empty=Empty(
        _("No file yet"),
        _("Choose above whose patients, and make the file: it is made in the background."),
    ),
)


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


def _mover(move: Any, study: Study) -> SafeString:
    return link("studies:participation", study, move.patient.uid, move.patient.pseudonym)


def _step(move: Any, study: Study) -> Any:
    said = move.get_kind_display()
    if not move.other:
        return said
    return format_html('{} <span class="quiet">{}</span>', said, move.other.pseudonym)


SCREENING = Listing(
    page="studies:screening",
    title=_("Screening log"),
    columns=(
        Column("patient", _("Patient"), _mover, "patient__pseudonym"),
        Column("step", _("Step"), _step, "kind"),
        Column("on", _("On"), lambda m, study: day(m.date), "date"),
        Column("reason", _("Reason"), lambda m, study: m.reason or NOTHING, "reason", wraps=True),
        Column("site", _("Site"), lambda m, study: m.site.name, "site__name"),
        Column("by", _("By"), lambda m, study: person(m.decided_by), "decided_by__email"),
    ),
    empty=Empty(
        _("Nobody was screened here"),
        _(
            "Patients that come with a cohort table are enrolled already; those screened one by "
            "one appear here with every further step."
        ),
    ),
    search=("patient__pseudonym__startswith",),
    search_word=_("Pseudonym begins with"),
    names_patients=True,
)


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


def _role(line: Any, study: Study) -> SafeString:
    role = line.cohort.role
    return format_html('<span class="tag role-{}">{}</span>', role, words(role))


def _standing(line: Any, study: Study) -> Any:
    if line.cohort.frozen_at is None:
        return gettext("open")
    said = gettext("frozen {frozen_at}").format(frozen_at=day(line.cohort.frozen_at))
    return format_html("{} {}", icon("lock"), said)


def _members_at(place: int, line: Any, study: Study) -> Any:
    return line.by_site[place] or NOTHING


COHORTS = Listing(
    page="studies:cohorts",
    title=_("Cohorts"),
    columns=(
        Column(
            "cohort",
            _("Cohort"),
            lambda line, study: link(
                "studies:cohort", study, line.cohort.uid, words(line.cohort.name)
            ),
            "name",
        ),
        Column("role", _("Role"), _role, "role"),
        Column("use", _("Use"), lambda line, study: words(line.cohort.use), "use"),
        Column("membership", _("Membership"), _standing, "frozen_at"),
        Column("patients", _("Patients"), lambda line, study: line.total, numeric=True),
    ),
    empty=Empty(
        _("No cohorts yet"),
        _("The column `cohort` of the cohort table names them, or make one below."),
        "studies:uploads",
        _("Upload the cohort table"),
    ),
    newest_first=False,
    search=("name__icontains",),
    search_word=_("Name has"),
)


def cohorts_listing(sites: Sequence[Site]) -> Listing:
    """With a column of numbers for each site."""
    *first, total = COHORTS.columns
    own = (
        Column(f"site_{site.uid}", site.name, partial(_members_at, place), numeric=True)
        for place, site in enumerate(sites)
    )
    return replace(COHORTS, columns=(*first, *own, total))


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


def without_column(listing: Listing, key: str) -> Listing:
    """For who may not see it."""
    return replace(listing, columns=tuple(c for c in listing.columns if c.key != key))


def completeness_listing() -> Listing:
    """A row per patient, a column per thing that is there or lacks; a gap leads to its remedy."""
    return Listing(
        page="studies:completeness",
        title=_("Completeness"),
        columns=(
            Column(
                "pseudonym",
                _("Patient"),
                lambda row, study: link(
                    "studies:patient", study, row.patient.uid, row.patient.pseudonym
                ),
                "pseudonym",
            ),
            *(
                Column(
                    column.key,
                    spoken(column.title),
                    partial(_presence, place),
                    plain=partial(_is_there, place),
                )
                for place, column in enumerate(completeness_columns())
            ),
        ),
        empty=Empty(_("No patient fits"), _("Loosen a filter above.")),
        key="pseudonym",
        newest_first=False,
        search=("pseudonym__startswith",),
        search_word=_("Pseudonym begins with"),
        names_patients=True,
    )


def _presence(place: int, row: Any, study: Study) -> SafeString:
    cell = row.cells[place]
    if cell.there:
        return _there(gettext("there"))
    title = spoken(cell.column.title)
    return format_html(
        '<a class="gap" href="{}" title="{}"><span aria-hidden="true">–</span>'
        '<span class="visually-hidden">{}</span></a>',
        cell.url,
        gettext("%(title)s of %(pseudonym)s is not there: mend it")
        % {"title": title, "pseudonym": row.patient.pseudonym},
        gettext("%(title)s not there: mend it") % {"title": title},
    )


@cache
def _there(word: str) -> SafeString:
    """The mark of what is there, drawn once."""
    said = '<span class="is-there">{}<span class="visually-hidden">{}</span></span>'
    return format_html(said, icon("check"), word)


def _is_there(place: int, row: Any, study: Study) -> str:
    return "there" if row.cells[place].there else ""
