"""Lists of what is under way and what came of it: jobs, uploads, exports."""

from __future__ import annotations

from typing import Any

from django.contrib.humanize.templatetags.humanize import intcomma
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext

from studies.lists import Bulk, Column, Empty, Listing
from studies.methods.wording import say as _
from studies.models import Study
from studies.services import export_name
from studies.templatetags.studies_ui import (
    elapsed,
    file_size,
    job_title,
    lasted,
    person,
    remaining,
    state,
    upload_title,
)

from .cells import NOTHING, link, moment


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


def _export(export: Any, study: Study) -> Any:
    name = export_name(export)
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
