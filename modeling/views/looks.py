"""The looks at every validating cohort, counted and listed."""

from __future__ import annotations

from itertools import groupby

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from modeling.looks import HOW, looks_told
from modeling.models import VersionKind
from modeling.overviews import TARGETS
from studies.models import Study
from studies.views.doors import study_page


@study_page()
def looks(request: HttpRequest, study: Study) -> HttpResponse:
    """A table per cohort, the latest look first."""
    cohorts = [
        {"name": name, "uid": uid, "looks": list(found)[::-1]}
        for (name, uid), found in groupby(
            looks_told(study), lambda look: (look["cohort"], look["cohort_uid"])
        )
    ]
    context = {"study": study, "cohorts": cohorts, "targets": TARGETS, "how": HOW,
               "kinds": dict(VersionKind.choices)}  # fmt: skip
    return render(request, "modeling/looks.html", context)
