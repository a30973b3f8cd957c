"""The list of cohorts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext

from studies.lists import Column, Empty, Listing
from studies.methods.wording import say as _
from studies.models import Site, Study
from studies.templatetags.studies_ui import (
    icon,
    words,
)

from .cells import NOTHING, day, link


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
