"""Which region speaks for a patient: by the rule, or by a reader's word."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from studies.methods.wording import marked, say
from studies.models import Lesion, PatientRow
from studies.models.protect import unchangeable_of_patient

from .scans import Roi


class TargetRule(models.TextChoices):
    """How the target came about."""

    LARGEST_MTV = "largest_mtv_41_percent", marked("largest MTV at 41 % of SUVmax")
    READER = "chosen_by_reader", marked("chosen by a reader")


class TargetDecision(PatientRow):
    """A reader's word that this lesion speaks for the patient, or that the rule shall again.

    Never changed; the newest holds. ``roi`` is the region that was chosen, ``offered`` what there
    was to choose from, with the uptake that the reader saw. ``digest`` names the decision in the
    lineage of what follows from it.
    """

    rule = models.TextField(choices=TargetRule.choices)
    lesion = models.ForeignKey(Lesion, null=True, on_delete=models.PROTECT)
    roi = models.ForeignKey(Roi, null=True, on_delete=models.PROTECT)
    offered = models.JSONField(default=list)
    reason = models.TextField()
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    product_version = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)

    class Meta:
        default_related_name = "target_decisions"
        ordering = ["-id"]
        indexes = [models.Index(fields=["study", "digest"], name="target_decision_digest")]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(rule=TargetRule.LARGEST_MTV, lesion=None, roi=None)
                | models.Q(rule=TargetRule.READER, lesion__isnull=False, roi__isnull=False),
                name="target_decision_names_a_region",
            ),
            models.CheckConstraint(
                condition=~models.Q(reason=""), name="target_decision_has_reason"
            ),
        ]
        triggers = unchangeable_of_patient("target_decision", purged=True)

    def __str__(self) -> str:
        return f"{self.lesion}, {self.rule}" if self.lesion else say(self.get_rule_display())


class RoiChoice(PatientRow):
    """The one region that speaks for the patient now, and how it came to; never "the last"."""

    roi = models.ForeignKey(Roi, on_delete=models.PROTECT, related_name="choices")
    rule = models.TextField(choices=TargetRule.choices)
    decision = models.ForeignKey(
        TargetDecision, null=True, on_delete=models.PROTECT, related_name="choices"
    )

    class Meta:
        default_related_name = "roi_choices"
        constraints = [
            models.UniqueConstraint(fields=["patient"], name="roi_choice_once"),
            models.CheckConstraint(
                condition=models.Q(rule=TargetRule.LARGEST_MTV, decision=None)
                | models.Q(rule=TargetRule.READER, decision__isnull=False),
                name="roi_choice_by_rule_or_reader",
            ),
        ]

    @property
    def by_reader(self) -> bool:
        return self.rule == TargetRule.READER
