"""The list of questions about values."""

from __future__ import annotations

from django.utils.translation import gettext

from studies.lists import Column, Empty, Listing
from studies.methods.wording import say as _
from studies.templatetags.studies_ui import (
    person,
    state,
    words,
)

from .cells import day, link

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
