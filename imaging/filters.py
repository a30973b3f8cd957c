"""How lists of scans and slides are narrowed."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from imaging.models import Marker, Series, SeriesState, WholeSlide
from studies.filters import SiteFilter
from studies.models import Study
from studies.templatetags.studies_ui import state_choices


class ScanFilter(SiteFilter):
    state = django_filters.ChoiceFilter(empty_label=_("Any state"))

    class Meta:
        model = Series
        fields = ["site", "state"]

    def __init__(self, data: Any, queryset: QuerySet, *, study: Study, user: Any):
        super().__init__(data, queryset, study=study, user=user)
        self.filters["state"].extra["choices"] = state_choices(SeriesState.values)


class SlideFilter(SiteFilter):
    marker = django_filters.ChoiceFilter(choices=Marker.choices, empty_label=_("Any marker"))

    class Meta:
        model = WholeSlide
        fields = ["site", "marker"]
