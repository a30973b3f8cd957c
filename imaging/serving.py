"""Volumes and regions as packed NIfTI, for pages and API alike; the caller has checked who asks."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponseBase

from imaging.models import Roi, Series
from studies.models import StoredFile
from studies.serving import stored_response

NIFTI = "application/gzip"


def volume_response(request: HttpRequest, series: Series) -> HttpResponseBase:
    """A PET in SUV or a CT in HU."""
    return _response(request, series.volume, f"{series.modality}-{series.uid}.nii.gz")


def mask_response(request: HttpRequest, roi: Roi) -> HttpResponseBase:
    """A region on the grid of its series."""
    return _response(request, roi.mask, f"region-{roi.uid}.nii.gz")


def _response(request: HttpRequest, stored: StoredFile | None, name: str) -> HttpResponseBase:
    if stored is None or stored.bytes_dropped_at is not None:
        raise Http404("The bytes are gone.")
    return stored_response(request, stored, name, NIFTI)
