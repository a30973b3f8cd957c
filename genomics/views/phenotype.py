"""The phenotype with its figures."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from genomics import overviews
from genomics.drawings import PHENOTYPE
from studies import access, consents, registry
from studies.models import Study
from studies.paging import page_by_key
from studies.tables import csv_response
from studies.views.doors import study_page


@study_page()
def phenotype(request: HttpRequest, study: Study) -> HttpResponse:
    rights = access.rights_of(request.user, study)
    fit = overviews.fit_of(study)
    context: dict[str, Any] = {"study": study, "fit": fit, "may_download": "download" in rights}
    context["counts"] = overviews.counts_of(request.user, study)
    if "rows" in rights:
        labelled = overviews.labelled_patients(request.user, study)
        cursor = {name: request.GET.get(name, "") for name in ("after", "before")}
        page = context["page"] = page_by_key(labelled, "pseudonym", **cursor)
        context["rows"] = overviews.phenotypes_of(request.user, study, page.rows)
        context["page_drawn"] = PHENOTYPE
        context["panels"] = registry.page_panels("genomics:phenotype", study, request.user)
    return render(request, "genomics/phenotype.html", context)


@study_page("download")
def labels_csv(request: HttpRequest, study: Study) -> HttpResponse:
    access.require(request.user, study, "rows")
    rows = consents.shared(overviews.phenotypes_of(request.user, study), study)
    return csv_response("phenotypes.csv", overviews.LABEL_COLUMNS, overviews.label_rows(rows))
