"""Scans, regions and uptake of a study's patients."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet

from imaging.models import PetCtPair, Roi, RoiChoice, Series, Timing, Uptake
from studies.consents import IMAGING, usable
from studies.models import Patient, Study

TARGET_RULE = "largest_mtv_41_percent"
COLUMNS = (
    "suv_max", "suv_mean", "suv_peak", "volume_ml", "mtv_41_percent_ml", "mtv_suv_2_5_ml",
    "mtv_suv_4_0_ml", "tlg_41_percent", "tlg_suv_2_5", "tlg_suv_4_0",
)  # fmt: skip


def pairs_of(patient: Patient) -> QuerySet[PetCtPair]:
    return patient.pet_ct_pairs.select_related("pet", "ct").order_by("acquired_on", "id")


def chosen_rois(study: Study, rule: str = TARGET_RULE) -> dict[int, Roi]:
    """The region that speaks for each patient, by patient id; baseline scans only."""
    choices = usable(RoiChoice.objects.filter(study=study, rule=rule), study, IMAGING)
    choices = choices.select_related("roi__mask__study", "roi__patient")
    return {choice.patient_id: choice.roi for choice in choices}


def baseline_uptakes(patient: Patient) -> list[Uptake]:
    """Newest uptake of each region that is in force on a baseline PET or CT."""
    pairs = patient.pet_ct_pairs.filter(timing=Timing.BASELINE)
    series = [uid for pair in pairs for uid in (pair.pet_id, pair.ct_id)]
    rows = Uptake.objects.filter(
        patient=patient, roi__series_id__in=series, roi__superseded_by__isnull=True
    )
    return list({row.roi_id: row for row in rows.order_by("id")}.values())


@dataclass(frozen=True)
class ScanRow:
    """One PET in the list of scans."""

    pet: Series
    pair: PetCtPair | None
    regions: int
    target: Uptake | None


def scan_rows(pets: Sequence[Series]) -> list[ScanRow]:
    """The pairs, regions and target lesions of the PETs of one page, in a few queries."""
    found = PetCtPair.objects.filter(pet__in=pets).select_related("ct")
    pairs = {pair.pet_id: pair for pair in found}
    regions = dict(
        Roi.objects.filter(series__in=pets, superseded_by__isnull=True)
        .order_by()
        .values_list("series_id")
        .annotate(Count("id"))
    )
    chosen = RoiChoice.objects.filter(roi__series__in=pets, rule=TARGET_RULE)
    targets = {
        row.roi.series_id: row
        for row in Uptake.objects.filter(roi__in=chosen.values("roi_id"))
        .select_related("roi")
        .order_by("id")
    }
    return [
        ScanRow(pet, pairs.get(pet.pk), regions.get(pet.pk, 0), targets.get(pet.pk)) for pet in pets
    ]


def uptake_of(study: Study) -> dict[int, dict[str, Any]]:
    """Uptake of the chosen region by patient id: SUV g/mL, volumes mL, TLG g, and its record."""
    chosen = {roi.pk: patient for patient, roi in chosen_rois(study).items()}
    rows = Uptake.objects.filter(study=study, roi_id__in=chosen).order_by("id")
    return {
        chosen[row.roi_id]: {name: getattr(row, name) for name in COLUMNS}
        | {"inputs_digest": row.inputs_digest, "uid": str(row.uid)}
        for row in rows
    }
