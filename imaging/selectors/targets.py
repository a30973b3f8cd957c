"""What may speak for a patient, what does, and who said so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from imaging.models import PetCtPair, RoiChoice, TargetDecision, TargetRule, Uptake
from studies.models import Patient, Study

from .scans import baseline_uptakes, choices_of, pairs_of


def decisions_of(patient: Patient) -> QuerySet[TargetDecision]:
    """What readers said of the target, the newest first; on lesions that came by a merge, too."""
    rows = TargetDecision.objects.filter(Q(patient=patient) | Q(lesion__patient=patient))
    return rows.select_related("lesion", "roi", "decided_by").order_by("-id")


def decision_in_force(patient: Patient) -> TargetDecision | None:
    """The reader's choice that holds; none where the rule speaks."""
    newest = decisions_of(patient).first()
    return newest if newest and newest.rule == TargetRule.READER else None


@dataclass(frozen=True)
class Candidate:
    """A region of a baseline scan that is in force, and its uptake."""

    uptake: Uptake
    pair: PetCtPair
    is_target: bool
    is_largest: bool


@dataclass(frozen=True)
class Target:
    """How a patient's target lesion stands."""

    choice: RoiChoice | None
    decision: TargetDecision | None
    candidates: Sequence[Candidate]
    decisions: Sequence[TargetDecision]

    @property
    def is_lost(self) -> bool:
        """A reader chose a lesion of which no baseline scan has a region any more."""
        return self.decision is not None and self.choice is None


def largest_of(uptakes: Sequence[Uptake]) -> Uptake:
    """The rule: the largest volume at or above 41 % of SUVmax; of equals the newer region."""
    return max(uptakes, key=lambda uptake: (uptake.mtv_41_percent_ml, uptake.roi_id))


def target_of(patient: Patient) -> Target:
    """The lesions of a patient's baseline scans, and which one speaks."""
    pairs = list(pairs_of(patient))
    by_series = {uid: pair for pair in pairs for uid in (pair.pet_id, pair.ct_id)}
    uptakes = baseline_uptakes(patient, pairs)
    choice = RoiChoice.objects.filter(patient=patient).first()
    largest = largest_of(uptakes) if uptakes else None
    uptakes.sort(key=lambda row: (row.roi.lesion.number, row.pk))
    return Target(
        choice,
        decision_in_force(patient),
        [
            Candidate(
                row,
                by_series[row.roi.series_id],
                choice is not None and row.roi_id == choice.roi_id,
                row is largest,
            )
            for row in uptakes
        ],
        list(decisions_of(patient)),
    )


def target_digests(study: Study) -> dict[int, list[str]]:
    """By patient id the digest of the reader's decision by which a region speaks."""
    chosen = choices_of(study).filter(decision__isnull=False)
    found = chosen.values_list("patient_id", "decision__digest")
    return {patient: [digest] for patient, digest in found}


def target_digests_that_agree(study: Study) -> set[str]:
    """Digests of every decision, in force or not, for a region that speaks today.

    A table frozen under any of them has the numbers that it would have now.
    """
    choices = choices_of(study)
    decisions = TargetDecision.objects.filter(study=study).filter(
        Q(roi_id__in=choices.values("roi_id")) | Q(choices__in=choices.values("pk"))
    )
    return set(decisions.values_list("digest", flat=True))
