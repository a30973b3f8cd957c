"""Scans, regions and uptake of a study's patients."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from imaging.methods.quality_control import worst_state
from imaging.methods.scanner_groups import scanner_text
from imaging.methods.uptake import METHOD_VERSION
from imaging.models import PetCtPair, Roi, RoiChoice, Series, Timing, UidMap, Uptake
from studies.consents import IMAGING, usable
from studies.models import DeidentificationKey, Patient, Study
from studies.services import inputs_digest

Checks = list[dict[str, str]]
COLUMNS = (
    "suv_max", "suv_mean", "suv_peak", "volume_ml", "mtv_41_percent_ml", "mtv_suv_2_5_ml",
    "mtv_suv_4_0_ml", "tlg_41_percent", "tlg_suv_2_5", "tlg_suv_4_0",
)  # fmt: skip


def pairs_of(patient: Patient) -> QuerySet[PetCtPair]:
    pairs = patient.pet_ct_pairs.filter(pet__replaced_at__isnull=True, ct__replaced_at__isnull=True)
    return pairs.select_related("pet", "ct").order_by("acquired_on", "id")


def choices_of(study: Study) -> QuerySet[RoiChoice]:
    """What speaks for each patient whose scans may be used."""
    return usable(RoiChoice.objects.filter(study=study), study, IMAGING)


def chosen_rois(study: Study) -> dict[int, Roi]:
    """The region that speaks for each patient, by patient id; baseline scans only."""
    choices = choices_of(study)
    choices = choices.select_related("roi__mask__study", "roi__patient")
    return {choice.patient_id: choice.roi for choice in choices}


def baseline_uptakes(patient: Patient, pairs: Iterable[PetCtPair]) -> list[Uptake]:
    """Newest uptake of each region that is in force on the PET or CT of a baseline pair."""
    baseline = [pair for pair in pairs if pair.timing == Timing.BASELINE]
    series = [uid for pair in baseline for uid in (pair.pet_id, pair.ct_id)]
    rows = Uptake.objects.filter(
        patient=patient, roi__series_id__in=series, roi__superseded_by__isnull=True
    ).select_related("roi__series", "roi__lesion")
    return list({row.roi_id: row for row in rows.order_by("id")}.values())


@dataclass(frozen=True)
class ScanRow:
    """One PET in the list of scans."""

    pet: Series
    pair: PetCtPair | None
    regions: int
    target: Uptake | None
    quality: str


def scan_rows(pets: Sequence[Series]) -> list[ScanRow]:
    """The pairs, regions and target lesions of the PETs of one page, in a few queries."""
    found = PetCtPair.objects.filter(pet__in=pets).select_related("ct")
    pairs = {pair.pet_id: pair for pair in found}
    regions: dict[int, list[Checks]] = {}
    rois = Roi.objects.filter(series__in=pets, superseded_by__isnull=True).order_by()
    for series_id, quality in rois.values_list("series_id", "quality"):
        regions.setdefault(series_id, []).append(quality)
    chosen = RoiChoice.objects.filter(roi__series__in=pets)
    targets = {
        row.roi.series_id: row
        for row in Uptake.objects.filter(roi__in=chosen.values("roi_id"))
        .select_related("roi")
        .order_by("id")
    }
    rows = []
    for pet in pets:
        pair, drawn = pairs.get(pet.pk), regions.get(pet.pk, [])
        quality = quality_state([pet.quality, *_pair_quality(pair), *drawn])
        rows.append(ScanRow(pet, pair, len(drawn), targets.get(pet.pk), quality))
    return rows


def _pair_quality(pair: PetCtPair | None) -> list[Checks]:
    return [pair.quality, pair.ct.quality] if pair else []


def quality_state(lists: Iterable[Checks]) -> str:
    """The gravest state of several lists of checks; empty when nothing was looked at."""
    return worst_state(check["state"] for checks in lists for check in checks)


def checks_of(series: Series, pair: PetCtPair | None, rois: Iterable[Roi]) -> Checks:
    """All that was looked at of a scan: itself, its pair, the regions in force."""
    found = [*series.quality, *(pair.quality if pair else [])]
    return found + [c for roi in rois if not roi.superseded_by.all() for c in roi.quality]


def uptake_of(study: Study) -> dict[int, dict[str, Any]]:
    """Uptake of the chosen region by patient id: SUV g/mL, volumes mL, TLG g, and its record."""
    chosen = {roi.pk: patient for patient, roi in chosen_rois(study).items()}
    rows = Uptake.objects.filter(study=study, roi_id__in=chosen).order_by("id")
    return {
        chosen[row.roi_id]: {name: getattr(row, name) for name in COLUMNS}
        | {"inputs_digest": row.inputs_digest, "uid": str(row.uid)}
        for row in rows
    }


def uptake_digest(volume: str, mask: str) -> str:
    """Of the volume that a region was drawn on, the region, and the method with its version."""
    return inputs_digest(f"uptake/{METHOD_VERSION}", volume, mask)


def uptakes_outdated(study: Study) -> list[Uptake]:
    """Of regions that speak, the uptake that an earlier version of the method measured."""
    if METHOD_VERSION == 1:
        return []  # there was none earlier
    rois = chosen_rois(study)
    rows = Uptake.objects.filter(study=study, roi_id__in=[roi.pk for roi in rois.values()])
    rows = rows.select_related("roi__patient", "roi__mask", "roi__series__volume__study")
    newest = {row.roi_id: row for row in rows.order_by("id")}
    return [
        row
        for row in newest.values()
        if row.inputs_digest != uptake_digest(row.roi.series.stored.sha256, row.roi.mask.sha256)
    ]


def way_back(series: Series) -> dict[str, Any]:
    """The UIDs a series came with and the days its dates moved: for those who see identifiers."""
    key = DeidentificationKey.objects.filter(patient_id=series.patient_id).first()
    return {
        "uid_map": UidMap.objects.filter(series=series).first(),
        "offset_days": key.date_offset_days if key else None,
    }


def uptake_reader(name: str) -> Callable[[Study], dict[int, float]]:
    """A reader of one number of the chosen region by patient id."""

    def read(study: Study) -> dict[int, float]:
        return {patient: values[name] for patient, values in uptake_of(study).items()}

    return read


def scanners_of(study: Study, patient: Patient | None = None) -> dict[int, dict[str, str | None]]:
    """Scanner and reconstruction behind each patient's chosen region, by patient id and modality.

    None where the header said nothing. A series without its partner speaks for itself alone.
    """
    choices = choices_of(study) if patient is None else choices_of(study).filter(patient=patient)
    rois = dict(choices.values_list("patient_id", "roi_id"))
    drawn = dict(Roi.objects.filter(pk__in=set(rois.values())).values_list("pk", "series_id"))
    pairs: dict[int, tuple[int, int]] = {}
    found = PetCtPair.objects.filter(study=study, patient_id__in=set(rois))
    for pet, ct in found.values_list("pet_id", "ct_id"):
        pairs[pet] = pairs[ct] = (pet, ct)
    series = {patient: drawn[roi] for patient, roi in rois.items()}
    wanted = {one for key in series.values() for one in pairs.get(key, (key,))}
    rows = Series.objects.filter(pk__in=wanted).values_list(
        "pk", "modality", "manufacturer", "model", "reconstruction"
    )
    said = {pk: (str(modality), scanner_text(*parts)) for pk, modality, *parts in rows}
    return {
        patient: dict(said[one] for one in pairs.get(key, (key,)))
        for patient, key in series.items()
    }
