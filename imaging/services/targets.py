"""When a scan was made relative to treatment, and which region speaks for the patient."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.conf import settings
from django.db import transaction

from imaging.models import (
    PetCtPair,
    Roi,
    RoiChoice,
    TargetDecision,
    TargetRule,
    Timing,
    Uptake,
)
from imaging.selectors.scans import baseline_uptakes, pairs_of
from imaging.selectors.targets import decision_in_force, largest_of
from studies.access import require_at
from studies.consents import IMAGING, refusals
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import Lesion, Patient, Precision, Study, Treatment
from studies.services import inputs_digest

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
    """The region that speaks for the patient, brought in line with scans, regions and readers.

    A reader's choice holds while its lesion has a region on a baseline scan, and nothing speaks
    when it has none; without one it is the largest volume at or above 41 % of SUVmax. Whoever
    writes a region calls this; how it agrees with others of its lesion follows too.
    """
    agreements_update(patient)
    uptakes = baseline_uptakes(patient, pairs_of(patient))
    decision = decision_in_force(patient)
    best = _spoken_for(decision, uptakes)
    choices = RoiChoice.objects.filter(patient=patient)
    if best is None:
        choices.delete()
        return None
    rule = TargetRule.READER if decision else TargetRule.LARGEST_MTV
    RoiChoice.objects.update_or_create(
        patient=patient,
        defaults={
            "roi": best, "rule": rule, "decision": decision,
            "study_id": patient.study_id, "site_id": patient.site_id,
        },
    )  # fmt: skip
    Lesion.objects.filter(patient=patient, is_target=True).exclude(pk=best.lesion_id).update(
        is_target=False
    )
    Lesion.objects.filter(pk=best.lesion_id, is_target=False).update(is_target=True)
    return best


def _spoken_for(decision: TargetDecision | None, uptakes: Sequence[Uptake]) -> Roi | None:
    """Of a chosen lesion the region that was meant, or what superseded it, or its largest."""
    if decision is not None:
        uptakes = [row for row in uptakes if row.roi.lesion_id == decision.lesion_id]
        meant = _newest_version(decision.roi)
        uptakes = [row for row in uptakes if row.roi_id == meant.pk] or uptakes
    return largest_of(uptakes).roi if uptakes else None


def _newest_version(roi: Roi | None) -> Roi:
    """The region itself, or the one that superseded it last."""
    if roi is None:
        raise LookupError(say("a reader's decision without a region"))
    while (later := roi.superseded_by.order_by("-id").first()) is not None:
        roi = later
    return roi


@transaction.atomic
def target_decide(patient: Patient, user: Any, roi: Roi | None, reason: str) -> TargetDecision:
    """A reader says which region speaks for the patient; without one the rule shall again.

    Features, snapshots and models that used another region are out of date from then on; what was
    frozen stays as it is.

    Raises
    ------
    DataProblem
        No reason, a region that is not in force on a baseline scan, what holds already, or a
        patient whose scans may not be used.
    PermissionDenied
        The user lacks the right ``enter`` at the patient's site.
    """
    require_at(user, patient, "enter")
    patient = Patient.objects.select_for_update().get(pk=patient.pk)
    uptakes = baseline_uptakes(patient, pairs_of(patient))
    _check(patient, roi, reason, uptakes)
    offered = [_offered(row) for row in sorted(uptakes, key=lambda row: row.roi_id)]
    rule = TargetRule.READER if roi else TargetRule.LARGEST_MTV
    decision = TargetDecision(
        patient=patient, rule=rule, lesion=roi.lesion if roi else None, roi=roi, offered=offered,
        reason=reason.strip(), decided_by=user, product_version=settings.VERSION,
    )  # fmt: skip
    mask = roi.mask.sha256 if roi else ""
    decision.digest = inputs_digest(
        "target/1", str(decision.uid), str(patient.uid), str(rule), mask, offered, decision.reason
    )
    decision.save()
    target_choose(patient)
    return decision


def _offered(row: Uptake) -> dict[str, Any]:
    return {
        "region": str(row.roi.uid),
        "lesion": row.roi.lesion.number,
        "suv_max": row.suv_max,
        "mtv_41_percent_ml": row.mtv_41_percent_ml,
        "tlg_41_percent": row.tlg_41_percent,
        "uptake": row.inputs_digest,
    }


def _check(patient: Patient, roi: Roi | None, reason: str, uptakes: Sequence[Uptake]) -> None:
    rows = Patient.objects.filter(pk=patient.pk)
    if why := refusals(patient.study, IMAGING, rows).get(patient.pk):
        raise refuse(
            patient.pseudonym, why, "a patient whose scans may be used", "Record the consent."
        )
    if not reason.strip():
        raise refuse("reason", say("nothing"), "why", "Say why, for the record.", column="reason")
    if roi is not None and roi.pk not in {row.roi_id for row in uptakes}:
        raise refuse(
            "region",
            str(roi),
            "a region in force, with uptake, on a baseline scan of this patient",
            "Choose one of the list.",
            column="region",
        )
    before = decision_in_force(patient)
    if (before.roi_id if before else None) == (roi.pk if roi else None):
        raise refuse(
            "region",
            say("{region}, chosen already", region=str(roi))
            if roi
            else say("the rule speaks already"),
            "another choice",
            "Nothing needs to change.",
            column="region",
        )
