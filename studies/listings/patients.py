"""Lists of patients: all, their specimens, the screening log, what is there of whom."""

from __future__ import annotations

from dataclasses import replace
from functools import cache, partial
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from studies.languages import spoken
from studies.lists import Column, Empty, Listing
from studies.methods.wording import say as _
from studies.models import Study
from studies.registry import completeness_columns
from studies.templatetags.studies_ui import (
    icon,
    person,
    state,
    words,
)

from .cells import NOTHING, day, link, patient_link


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


def _participation(row: Any, study: Study) -> SafeString:
    return link("studies:participation", study, row.patient.uid, row.patient.pseudonym)


def _why(row: Any, study: Study) -> Any:
    """Criteria that are not met or not known, and those that somebody overrode."""
    said = [
        gettext("{title}: {reason}").format(title=spoken(one.title), reason=spoken(one.reason))
        for one in row.failing
    ]
    said += [
        gettext("{title} overridden: {overridden}").format(
            title=spoken(one.title), overridden=one.overridden
        )
        for one in row.overridden
    ]
    return "; ".join(said) or NOTHING


ELIGIBILITY = Listing(
    page="studies:eligibility",
    title=_("Eligibility"),
    columns=(
        Column("patient", _("Patient"), _participation, "pseudonym"),
        Column("site", _("Site"), lambda row, study: row.patient.site.name, "site__name"),
        Column("verdict", _("Verdict"), lambda row, study: state(row.overall)),
        Column("why", _("Not met or not known"), _why, wraps=True),
    ),
    empty=Empty(_("No patients here"), _("Screen patients or upload the cohort table.")),
    key="pseudonym",
    newest_first=False,
    search=("pseudonym__begins",),
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
                    column.title,
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
