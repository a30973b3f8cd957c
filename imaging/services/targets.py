"""When a scan was made relative to treatment, and which region speaks for the patient."""

from __future__ import annotations

from datetime import date

from django.conf import settings

from imaging.models import PetCtPair, Roi, RoiChoice, Timing
from imaging.selectors.scans import TARGET_RULE, baseline_uptakes, pairs_of
from studies.models import Lesion, Patient, Precision, Study, Treatment

from .regions import agreements_update


def index_treatment(patient: Patient) -> Treatment | None:
    """The treatment from which endpoints count, when its start is known to the day."""
    return patient.treatments.filter(is_index=True, precision=Precision.DAY).first()


def timing_of(treatment: Treatment | None, scanned_on: date) -> tuple[Timing, int | None]:
    """Where a scan stands to the treatment, and how many days before it."""
    if treatment is None:
        return Timing.UNKNOWN, None
    days = (treatment.date - scanned_on).days
    if days < 0:
        return Timing.FOLLOWUP, days
    return (Timing.BASELINE if days <= settings.BASELINE_SCAN_DAYS else Timing.EARLIER), days


def pairs_retime(study: Study) -> int:
    """Bring the timing of stored pairs in line with treatment dates that changed since."""
    dates = {
        row.patient_id: row
        for row in Treatment.objects.filter(study=study, is_index=True, precision=Precision.DAY)
    }
    changed = []
    for pair in PetCtPair.objects.filter(study=study).select_related("patient"):
        timing, days = timing_of(dates.get(pair.patient_id), pair.acquired_on)
        if (timing, days) != (pair.timing, pair.days_before_treatment):
            pair.timing, pair.days_before_treatment = timing, days
            pair.save(update_fields=["timing", "days_before_treatment"])
            changed.append(pair.patient)
    for patient in changed:
        target_choose(patient)
    return len(changed)


def target_choose(patient: Patient) -> Roi | None:
    """The target lesion: largest volume at or above 41 % of SUVmax on the baseline scan.

    Whoever writes a region calls this; how it agrees with others of its lesion follows too.
    """
    agreements_update(patient)
    uptakes = baseline_uptakes(patient, pairs_of(patient))
    choices = RoiChoice.objects.filter(patient=patient, rule=TARGET_RULE)
    if not uptakes:
        choices.delete()
        return None
    best = max(uptakes, key=lambda uptake: (uptake.mtv_41_percent_ml, uptake.roi_id)).roi
    RoiChoice.objects.update_or_create(
        patient=patient, rule=TARGET_RULE,
        defaults={"roi": best, "study_id": patient.study_id, "site_id": patient.site_id},
    )  # fmt: skip
    Lesion.objects.filter(patient=patient, is_target=True).exclude(pk=best.lesion_id).update(
        is_target=False
    )
    Lesion.objects.filter(pk=best.lesion_id, is_target=False).update(is_target=True)
    return best
