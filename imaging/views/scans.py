"""Scans: the list with their states, and one with the working of its SUV."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.db.models import Prefetch
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import parse_etags
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from imaging import services
from imaging.filters import ScanFilter
from imaging.listings import SCANS
from imaging.methods.deidentification_report import OUTCOMES
from imaging.methods.roi_files import FORMATS
from imaging.models import PetCtPair, Roi, RoiAgreement, Series, Uptake
from imaging.region_downloads import file_of_regions
from imaging.selectors.arrivals import waiting_count
from imaging.selectors.scans import (
    checks_of,
    quality_state,
    scan_rows,
    uptakes_outdated,
    way_back,
)
from imaging.working import without_dates
from studies import access
from studies.languages import sentences
from studies.lists import list_response
from studies.methods.problems import DataProblem
from studies.models import BatchState, ImportBatch, Study
from studies.services import file_read
from studies.views.doors import study_page


@study_page("rows")
def scan_list(request: HttpRequest, study: Study) -> HttpResponse:
    pets = access.visible(
        Series.objects.filter(modality="PT", replaced_at__isnull=True), request.user, study
    )
    narrowed = ScanFilter(request.GET, pets, study=study, user=request.user)
    refused = access.visible(ImportBatch.objects.all(), request.user, study).filter(
        kind="dicom_zip", state__in=[BatchState.FAILED, BatchState.ERRORED]
    )
    return list_response(
        request,
        study,
        SCANS,
        narrowed.qs.select_related("patient"),
        "imaging/scans.html",
        {
            "refused": list(refused.order_by("-id")[:5]),
            "waiting": waiting_count(request.user, study),
            "outdated": len(uptakes_outdated(study)),
            "may_run": "run" in access.rights_of(request.user, study),
        },
        narrowed=narrowed,
        rows_of=scan_rows,
    )


@require_POST
@study_page("run")
def uptakes_measure(request: HttpRequest, study: Study) -> HttpResponse:
    """Measure again what an earlier version of the method measured."""
    job = services.uptakes_measure_start(study, request.user)
    return redirect("studies:job", study.uid, job.uid)


@study_page("rows")
def scan_page(request: HttpRequest, study: Study, series_uid: UUID) -> HttpResponse:
    visible = access.visible(Series.objects.all(), request.user, study)
    series = get_object_or_404(
        visible.select_related("patient", "batch", "dicom_study"), uid=series_uid
    )
    pair = (PetCtPair.objects.filter(pet=series) | PetCtPair.objects.filter(ct=series)).first()
    rois = Roi.objects.filter(patient=series.patient, series=series)
    rois = rois.select_related("lesion", "supersedes")
    newest = Prefetch("uptakes", Uptake.objects.order_by("-id"))  # the first one speaks
    rois = list(rois.prefetch_related(newest, "superseded_by", "choices"))
    dated = "identifiers" in access.rights_of(request.user, study)
    checks = checks_of(series, pair, rois)
    agreements = RoiAgreement.objects.filter(first__in=rois) | RoiAgreement.objects.filter(
        second__in=rois
    )
    return render(request, "imaging/scan.html", {
        "study": study, "series": series, "pair": pair, "dated": dated,
        "may_download": "download" in access.rights_of(request.user, study),
        "steps": series.suv_working if dated else without_dates(series.suv_working),
        "rois": rois,
        "agreements": agreements.select_related("first__series", "second__series"),
        "formats": FORMATS, "archives": services.peers_of(study),
        "checks": checks, "quality_state": quality_state([checks]),
        "changes_by_outcome": [(o, series.deidentification.get(o, [])) for o in OUTCOMES],
        **(way_back(series) if dated else {}),
    })  # fmt: skip


@study_page("rows", part_of="picture")
def roi_picture(request: HttpRequest, study: Study, roi_uid: UUID, modality: str) -> HttpResponse:
    """A slice through the region; its bytes never change, so a browser may keep them."""
    visible = access.visible(Roi.objects.all(), request.user, study)
    roi = get_object_or_404(
        visible.select_related("series__volume__study", "mask__study"), uid=roi_uid
    )
    if modality not in ("PT", "CT"):
        raise Http404(_("No such picture."))
    try:
        picture = services.roi_picture(roi, modality)
    except DataProblem as problem:
        raise Http404(str(problem)) from problem
    headers = {"ETag": f'"{picture.sha256}"', "Cache-Control": "private, max-age=86400"}
    if headers["ETag"] in parse_etags(request.headers.get("If-None-Match", "")):
        return HttpResponse(status=304, headers=headers)
    return HttpResponse(file_read(picture), content_type="image/png", headers=headers)


@study_page("download")
def roi_file(request: HttpRequest, study: Study, roi_uid: UUID, kind: str) -> HttpResponse:
    """One region as RTSTRUCT, DICOM SEG, NIfTI or NRRD."""
    return file_of_regions(request, study, kind, uid=roi_uid)


@study_page("download")
def scan_file(request: HttpRequest, study: Study, series_uid: UUID, kind: str) -> HttpResponse:
    """Every region in force on a scan in one file."""
    return file_of_regions(request, study, kind, series__uid=series_uid, superseded_by__isnull=True)


@study_page("download")
@require_POST
def scan_send(request: HttpRequest, study: Study, series_uid: UUID) -> HttpResponse:
    """Send the regions of a scan to an archive; the job's page says what it answered."""
    series = get_object_or_404(
        access.visible(Series.objects.all(), request.user, study), uid=series_uid
    )
    peer = get_object_or_404(services.peers_of(study), name=request.POST.get("archive", ""))
    try:
        given = request.POST.get("uids") == "given"
        job = services.regions_send_start(study, request.user, series, peer, given)
    except DataProblem as problem:
        messages.error(request, sentences(problem))
        return redirect("imaging:scan", study.uid, series.uid)
    return redirect("studies:job", study.uid, job.uid)
