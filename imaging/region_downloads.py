"""Regions on their way out: whose they are, who may have them, under which name."""

from __future__ import annotations

import re
from typing import Any

from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _

from imaging import services
from imaging.methods.roi_files import FORMATS
from imaging.models import Roi
from studies import access
from studies.consents import SHARING, usable
from studies.languages import sentences
from studies.methods.problems import DataProblem
from studies.models import Study

PLAIN = re.compile(r"[^A-Za-z0-9._-]+")


def file_of_regions(request: Any, study: Study, kind: str, **which: Any) -> HttpResponse:
    """The file of the regions ``which`` names, as an attachment.

    ``?uids=given`` refers to the scan by the UIDs it came with; that needs ``identifiers``.
    """
    access.require(request.user, study, "rows")
    access.require(request.user, study, "download")
    given = request.GET.get("uids") == "given"
    if given:
        access.require(request.user, study, "identifiers")
    rois = access.visible(Roi.objects.filter(**which), request.user, study)
    rows = list(
        usable(rois, study, SHARING)
        .select_related("series__dicom_study", "series__patient", "mask__study")
        .order_by("id")
    )
    if not rows or kind not in FORMATS:
        raise Http404(_("No region of a patient who shares data, or no such format."))
    try:
        data = services.regions_export(rows, kind, given)
    except DataProblem as problem:
        return HttpResponse(
            sentences(problem), status=409, content_type="text/plain; charset=utf-8"
        )
    name = rows[0].name if len(rows) == 1 else "regions"
    filename = PLAIN.sub("_", f"{rows[0].series.patient.pseudonym}_{name}_{kind}{FORMATS[kind]}")
    response = HttpResponse(data, content_type="application/octet-stream")
    response["Content-Disposition"] = f'attachment; filename="{filename}"'
    return response
