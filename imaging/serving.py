"""Volumes and regions as packed NIfTI, for pages and API alike: for those who see the patient."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404

from imaging.models import Roi, Series
from studies import access
from studies.models import StoredFile, Study
from studies.serving import stored_response

NIFTI = "application/gzip"
ASKED = ("sha256", "size", "bytes_dropped_at")  # a row of a scan is large, and joins cost


def volume_response(request: HttpRequest, study: Study, uid: UUID | str) -> HttpResponseBase:
    """A PET in SUV or a CT in HU."""
    rows = access.visible(Series.objects.all(), request.user, study).select_related("volume")
    rows = rows.only("uid", "modality", *(f"volume__{name}" for name in ASKED))
    series = get_object_or_404(rows, uid=uid)
    return _response(request, study, series.volume, f"{series.modality}-{series.uid}.nii.gz")


def mask_response(request: HttpRequest, study: Study, uid: UUID | str) -> HttpResponseBase:
    """A region on the grid of its series."""
    rows = access.visible(Roi.objects.all(), request.user, study).select_related("mask")
    roi = get_object_or_404(rows.only("uid", *(f"mask__{name}" for name in ASKED)), uid=uid)
    return _response(request, study, roi.mask, f"region-{roi.uid}.nii.gz")


def _response(
    request: HttpRequest, study: Study, stored: StoredFile | None, name: str
) -> HttpResponseBase:
    if stored is None or stored.bytes_dropped_at is not None:
        raise Http404("The bytes are gone.")
    return stored_response(request, study, stored, name, NIFTI)
