"""What the viewer shows of a scan: its pair, its regions, and where their bytes are asked for."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.urls import reverse

from imaging.models import Modality, PetCtPair, Roi, Series
from studies.models import StoredFile, Study

# Distinct on grey and on the hot PET scale; one for each region, also for two of one lesion.
COLOURS = ("blue", "green", "violet", "red", "gold", "winter")


def scene_series(series: Series) -> tuple[Series | None, Series | None]:
    """The PET and the CT to show together: the pair's, or the series alone."""
    pairs = PetCtPair.objects.filter(pet=series) | PetCtPair.objects.filter(ct=series)
    pair = pairs.select_related("pet__volume__study", "pet__patient", "ct__volume__study").first()
    if pair is not None:
        return pair.pet, pair.ct
    return (series, None) if series.modality == Modality.PT else (None, series)


def regions_in_force(series: Series) -> QuerySet[Roi]:
    rows = Roi.objects.filter(series=series, superseded_by__isnull=True)
    return rows.select_related("lesion", "mask", "series").prefetch_related("uptakes")


def scene_of(study: Study, pet: Series | None, ct: Series | None) -> dict[str, Any]:
    """For the viewer's script: addresses, digests and names."""
    layers = [layer for layer in (pet, ct) if layer is not None]
    rois = [roi for layer in layers for roi in regions_in_force(layer)]
    on_pet = any(roi.series.modality == Modality.PT for roi in rois)
    return {
        "pet": _layer(study, pet),
        "ct": _layer(study, ct),
        "regions": [_region(study, roi, on_pet, k) for k, roi in enumerate(rois)],
        "draw": _draw_url(study, pet),
        "projection": reverse("imaging:projection", args=[study.uid, pet.uid, 0]) if pet else None,
    }


def _layer(study: Study, series: Series | None) -> dict[str, Any] | None:
    if series is None or series.volume is None or series.volume.bytes_dropped_at is not None:
        return None
    return {
        "url": _kept("volume", study, series, series.volume),
        "sha256": series.volume.sha256,
        "bytes": series.volume.size,
        "name": series.get_modality_display(),
    }


def _region(study: Study, roi: Roi, on_pet: bool, place: int) -> dict[str, Any]:
    """One drawn on the CT is hidden at first when others are drawn on the PET."""
    uptake = next(iter(sorted(roi.uptakes.all(), key=lambda row: -row.pk)), None)
    return {
        "uid": str(roi.uid),
        "shown": roi.series.modality == Modality.PT or not on_pet,
        "name": roi.name,
        "lesion": roi.lesion.number,
        "colour": COLOURS[place % len(COLOURS)],
        "on": roi.series.get_modality_display(),
        "url": _kept("mask", study, roi, roi.mask),
        "sha256": roi.mask.sha256,
        "suv_max": uptake.suv_max if uptake else None,
    }


def _kept(name: str, study: Study, row: Series | Roi, stored: StoredFile) -> str:
    """An address that names the digest: what it gives a browser need not be asked for again."""
    return f"{reverse(f'imaging:{name}', args=[study.uid, row.uid])}?sha256={stored.sha256}"


def _draw_url(study: Study, pet: Series | None) -> str | None:
    return reverse("api:series-draw", args=[study.uid, pet.uid]) if pet else None
