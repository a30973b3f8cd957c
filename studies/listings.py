"""The lists of studies: columns, what sorts and searches them, what an empty one says."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from studies.lists import Bulk, Column, Empty, Listing
from studies.models import Study
from studies.templatetags.studies_ui import (
    elapsed,
    file_size,
    job_title,
    lasted,
    person,
    remaining,
    state,
    upload_title,
    words,
)

NOTHING = "–"


def link(name: str, study: Study, uid: Any, text: object) -> SafeString:
    return format_html('<a href="{}">{}</a>', reverse(name, args=[study.uid, uid]), text)


def moment(when: datetime | None) -> str:
    return f"{when:%-d %b %Y %H:%M}" if when else NOTHING


def day(when: Any) -> str:
    return f"{when:%-d %b %Y}" if when else NOTHING


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
        return f"{len(job.problems)} problem{'s' if len(job.problems) != 1 else ''}"
    if job.state == "errored":
        return format_html("<code>{}</code>", job.error_id)
    if job.state != "running":
        return NOTHING
    left = remaining(job)
    return format_html(
        '{} %{}<progress class="slim" max="1" value="{}" aria-label="Progress"></progress>',
        f"{100 * job.share:.0f}",
        f", about {elapsed(left)} left" if left else "",
        f"{job.share:.3f}",
    )


JOBS = Listing(
    page="studies:jobs",
    title="Jobs",
    columns=(
        Column("job", "Job", _job, "kind"),
        Column("state", "State", lambda job, study: state(job.state), "state"),
        Column("progress", "Progress", _progress),
        Column("by", "By", lambda job, study: person(job.acting_user), "acting_user__email"),
        Column(
            "asked",
            "Asked for (UTC)",
            lambda job, study: moment(job.created_at),
            "created_at",
            shown=False,
        ),
        Column("started", "Started (UTC)", lambda job, study: moment(job.started_at), "started_at"),
        Column("took", "Took", lambda job, study: elapsed(lasted(job)), numeric=True),
        Column(
            "attempts",
            "Attempts",
            lambda job, study: job.attempt,
            "attempt",
            numeric=True,
            shown=False,
        ),
    ),
    empty=Empty(
        "No job here",
        "Uploading a file or starting a stage makes one. Running jobs show their progress here.",
        "studies:uploads",
        "Upload a file",
    ),
    bulk=(
        Bulk(
            "Cancel the chosen",
            "studies:jobs_cancel",
            "Cancel the chosen jobs that are under way and yours?",
        ),
    ),
)

UPLOADS = Listing(
    page="studies:uploads",
    title="Uploads",
    columns=(
        Column(
            "file",
            "File",
            lambda b, study: link("studies:batch", study, b.uid, b.filename),
            "filename",
        ),
        Column("kind", "Kind", lambda b, study: upload_title(b.kind), "kind"),
        Column("state", "State", lambda b, study: state(b.state), "state"),
        Column("problems", "Problems", lambda b, study: len(b.problems) or NOTHING, numeric=True),
        Column("size", "Size", lambda b, study: file_size(b.file.size), "file__size", numeric=True),
        Column("by", "By", lambda b, study: person(b.uploaded_by), "uploaded_by__email"),
        Column("when", "When (UTC)", lambda b, study: moment(b.created_at), "created_at"),
        Column("sha", "SHA-256", lambda b, study: b.file.sha256[:12], shown=False),
    ),
    empty=Empty(
        "No file has come in yet",
        "Begin with the cohort table: one row per patient. Scans, counts and "
        "densities find their patients by the pseudonyms in it.",
    ),
    search=("filename__icontains",),
    search_word="File name has",
)

QUERIES = Listing(
    page="studies:queries",
    title="Queries",
    columns=(
        Column(
            "patient",
            "Patient",
            lambda q, study: link("studies:query", study, q.uid, q.patient.pseudonym),
            "patient__pseudonym",
        ),
        Column(
            "about", "About", lambda q, study: words(q.field or "the form"), "field", wraps=True
        ),
        Column("state", "State", lambda q, study: state(q.state), "state"),
        Column("by", "Asked by", lambda q, study: person(q.raised_by), "raised_by__email"),
        Column(
            "of",
            "Asked of",
            lambda q, study: person(q.assignee) if q.assignee else "anybody",
            "assignee__email",
        ),
        Column("site", "Site", lambda q, study: q.site.name, "site__name"),
        Column("on", "On", lambda q, study: day(q.created_at), "created_at"),
        Column("form", "Form", lambda q, study: q.form, "form", shown=False),
    ),
    empty=Empty(
        "No query",
        "Whoever may comment can ask about a value, beside its field on the patient's page.",
    ),
    search=("patient__pseudonym__begins",),
    search_word="Pseudonym begins with",
    names_patients=True,
)


def _cohorts(patient: Any, study: Study) -> SafeString | str:
    tags = (
        (member.cohort.role, member.cohort.name.replace("_", " "))
        for member in patient.cohort_memberships.all()
    )
    return format_html_join(" ", '<span class="tag role-{}">{}</span>', tags) or NOTHING


def _treatment(patient: Any, study: Study) -> str:
    index = next((t for t in patient.treatments.all() if t.is_index), None)
    return f"{index.drug}, line {index.line}" if index else NOTHING


PATIENTS = Listing(
    page="studies:patients",
    title="Patients",
    columns=(
        Column(
            "pseudonym",
            "Pseudonym",
            lambda p, study: link("studies:patient", study, p.uid, p.pseudonym),
            "pseudonym",
        ),
        Column("site", "Site", lambda p, study: p.site.name, "site__name"),
        Column("cohorts", "Cohorts", _cohorts),
        Column("status", "Status", lambda p, study: p.status, "status"),
        Column("treatment", "Treatment", _treatment),
        Column(
            "since",
            "In the study since",
            lambda p, study: day(p.created_at),
            "created_at",
            shown=False,
        ),
    ),
    empty=Empty(
        "No patients yet",
        "Upload the cohort table (one row per patient with site, cohort, "
        "clinical values and dates), or add patients one by one.",
        "studies:uploads",
        "Upload the cohort table",
    ),
    key="pseudonym",
    newest_first=False,
    names_patients=True,
    has_file=False,
)

SPECIMENS = Listing(
    page="studies:specimens",
    title="Specimens",
    columns=(
        Column("label", "Specimen", lambda s, study: s.label, "label"),
        Column("patient", "Patient", patient_link, "patient__pseudonym"),
        Column("procedure", "Procedure", lambda s, study: words(s.procedure), "procedure"),
        Column("tissue", "Tissue", lambda s, study: words(s.tissue) or NOTHING, "tissue"),
        Column(
            "lesion",
            "Lesion",
            lambda s, study: s.lesion.number if s.lesion else NOTHING,
            "lesion__number",
            numeric=True,
        ),
        Column("site", "Site", lambda s, study: s.site.name, "site__name"),
        Column("since", "Recorded", lambda s, study: day(s.created_at), "created_at", shown=False),
    ),
    empty=Empty(
        "No specimen yet",
        "They come with a specimen table, with expression matrices and with cell densities.",
        "studies:uploads",
        "Upload a file",
    ),
    newest_first=False,
    search=("label__begins", "patient__pseudonym__begins"),
    search_word="Label or pseudonym begins with",
    names_patients=True,
)


def _export(export: Any, study: Study) -> Any:
    name = f"{export.content}.{export.format}"
    if export.is_there:
        return link("studies:export_file", study, export.uid, name)
    if export.job and export.job.state != "done":
        return format_html("{} {}", name, state(export.job.state))
    return format_html('{} <span class="quiet">expired</span>', name)


EXPORTS = Listing(
    page="studies:exports",
    title="Exports",
    columns=(
        Column("file", "File", _export, "content"),
        Column("made", "Made (UTC)", lambda e, study: moment(e.created_at), "created_at"),
        Column("rows", "Rows", lambda e, study: intcomma(e.row_count), "row_count", numeric=True),
        Column("columns", "Columns", lambda e, study: len(e.columns), numeric=True),
        Column(
            "left_out",
            "Left out",
            lambda e, study: e.left_out.get("left_out") or NOTHING,
            numeric=True,
        ),
        Column("until", "Until (UTC)", lambda e, study: moment(e.expires_at), "expires_at"),
    ),
    empty=Empty(
        "No file yet",
        "Choose above whose patients, and make the file: it is made in the background.",
    ),
)


def _subject(row: Any, study: Study) -> SafeString:
    return format_html('{}<br><code class="quiet">{}</code>', words(row.page), row.subject[:40])


READS = Listing(
    page="studies:reads",
    title="Who read what",
    columns=(
        Column("what", "What", _subject, "page"),
        Column(
            "when",
            "When (UTC)",
            lambda r, study: f"{r.created_at:%-d %b %Y %H:%M:%S}",
            "created_at",
        ),
        Column("who", "Who", lambda r, study: person(r.user), "user__email"),
        Column("how", "How", lambda r, study: r.action, "action"),
        Column(
            "rows",
            "Rows",
            lambda r, study: NOTHING if r.row_count is None else intcomma(r.row_count),
            "row_count",
            numeric=True,
        ),
        Column("columns", "Columns", lambda r, study: ", ".join(r.columns) or NOTHING, wraps=True),
    ),
    empty=Empty(
        "Nobody has read anything yet",
        "Views of patients, files and answers of the API appear here.",
    ),
    has_file=False,
)
