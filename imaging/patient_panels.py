"""What the patient's page shows of scans and slides: plain values, each with its source."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from imaging.methods.immunoscore import LACKING
from imaging.models import CellDensity, Immunoscore, PetCtPair, RoiChoice, Series, Timing, Uptake
from imaging.selectors import pairs_of
from imaging.selectors.scans import baseline_uptakes
from imaging.selectors.slides import rule_current
from imaging.selectors.targets import decision_in_force
from studies.methods.wording import marked, recalled, say
from studies.models import Patient

PICTURES = (("PT", "PET"), ("CT", "CT"))
NUMBERS = (
    (marked("SUVmax"), "suv_max", "g/mL", 2),
    (marked("SUVmean"), "suv_mean", "g/mL", 2),
    (marked("MTV 41 %"), "mtv_41_percent_ml", "mL", 1),
    (marked("TLG 41 %"), "tlg_41_percent", "g", 0),
)


NO_REGION = marked("the baseline scan has no region")
NO_BASELINE = marked("no scan is of the weeks before treatment")


def scans_panel(patient: Patient) -> dict[str, Any]:
    """Visits, regions of the baseline scan with their uptake, and pictures of the target."""
    pairs = list(pairs_of(patient).select_related("pet__volume", "ct__volume"))
    choices = RoiChoice.objects.filter(patient=patient)
    choice = choices.select_related("roi__lesion", "decision__decided_by").first()
    chosen = choice.roi_id if choice else None
    uptakes = baseline_uptakes(patient, pairs)
    uptakes.sort(key=lambda row: (row.roi_id != chosen, row.roi.lesion.number, row.pk))
    return {
        "visits": [_visit(patient, pair) for pair in pairs],
        "regions": [_region(patient, uptake, chosen) for uptake in uptakes],
        "pictures": _pictures(patient, pairs, uptakes, chosen),
        "target": _target(patient, choice, pairs) if pairs else None,
    }


def _target(patient: Patient, choice: RoiChoice | None, pairs: list[PetCtPair]) -> dict[str, Any]:
    """How the target came about: by rule, or who said so and why; or what is missing for one."""
    baseline = any(pair.timing == Timing.BASELINE for pair in pairs)
    decision = choice.decision if choice else decision_in_force(patient)
    return {
        "region": choice.roi.name if choice else None,
        "rule": choice.rule if choice else None,
        "decided_by": decision.decided_by.username if decision else None,
        "reason": decision.reason if decision else None,
        "lacks": None if choice else NO_REGION if baseline else NO_BASELINE,
        "url": reverse("imaging:target", args=[patient.study.uid, patient.uid]),
    }


def _visit(patient: Patient, pair: PetCtPair) -> dict[str, Any]:
    study = patient.study.uid
    return {
        "timing": pair.timing,
        "days_before_treatment": pair.days_before_treatment,
        "pet_url": reverse("imaging:scan", args=[study, pair.pet.uid]),
        "ct_url": reverse("imaging:scan", args=[study, pair.ct.uid]),
        "viewer_url": reverse("imaging:viewer", args=[study, pair.pet.uid]),
    }


def _region(patient: Patient, uptake: Uptake, chosen: int | None) -> dict[str, Any]:
    roi = uptake.roi
    return {
        "name": roi.name,
        "lesion": roi.lesion.number,
        "is_target": roi.pk == chosen,
        "url": reverse("imaging:scan", args=[patient.study.uid, roi.series.uid]),
        "numbers": [
            {"name": title, "value": round(getattr(uptake, name), digits), "unit": unit}
            for title, name, unit, digits in NUMBERS
        ],
    }


def _pictures(
    patient: Patient, pairs: list[PetCtPair], uptakes: list[Uptake], chosen: int | None
) -> list[dict[str, str]]:
    """The slice through the target on PET and on CT, where their bytes are still there."""
    target = next((row.roi for row in uptakes if row.roi_id == chosen), None)
    pair = next((p for p in pairs if target and target.series_id in (p.pet_id, p.ct_id)), None)
    if target is None or pair is None or pair.timing != Timing.BASELINE:
        return []
    layers = {"PT": pair.pet, "CT": pair.ct}
    return [
        {
            "name": name,
            "src": reverse("imaging:picture", args=[patient.study.uid, target.uid, modality]),
            "alt": say(
                "{name}, axial slice through {name_2}, the region outlined",
                name=name,
                name_2=target.name,
            ),
            "url": reverse("imaging:viewer", args=[patient.study.uid, pair.pet.uid]),
        }
        for modality, name in PICTURES
        if _is_there(layers[modality])
    ]


def _is_there(series: Series) -> bool:
    return series.volume is not None and series.volume.bytes_dropped_at is None


def slides_panel(patient: Patient) -> dict[str, Any]:
    """The Immunoscore by the rule in force, the densities behind it, and scanned slides."""
    study = patient.study
    densities = list(
        CellDensity.objects.filter(patient=patient)
        .select_related("specimen")
        .order_by("specimen__label", "marker", "region", "id")
    )
    scores = Immunoscore.objects.filter(patient=patient, rule=rule_current(study))
    slides = patient.whole_slides.select_related("specimen").order_by("specimen__label", "id")
    return {
        "url": reverse("imaging:slides", args=[study.uid]),
        "scores": [
            {
                "specimen": row.specimen.label,
                "score": row.score,
                "high": row.high,
                "reason": recalled(row.reason, *LACKING),
                "rule": str(row.rule),
            }
            for row in scores.select_related("specimen", "rule").order_by("id")
        ],
        "densities": [
            {
                "specimen": row.specimen.label,
                "marker": row.marker,
                "region": row.region,
                "per_mm2": row.per_mm2,
                "working": row.working,
            }
            for row in densities
        ],
        "slides": [
            {
                "specimen": slide.specimen.label,
                "marker": slide.marker,
                "url": reverse("imaging:slide", args=[study.uid, slide.uid]),
            }
            for slide in slides
        ],
    }
