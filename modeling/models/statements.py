"""What only the study's people know of it: ethics, funding, data; worded for the report."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from studies.methods.wording import marked
from studies.models import StudyRow
from studies.models.protect import unchangeable


class StatementKey(models.TextChoices):
    """In the order in which a paper tells them."""

    TITLE = "title", marked("Title")
    ABSTRACT = "abstract", marked("Abstract")
    RATIONALE = "rationale", marked("Background and rationale")
    INTENDED_USE = "intended_use", marked("Intended use and users")
    INEQUALITIES = "inequalities", marked("Known health inequalities")
    AIMS = "aims", marked("Aims and hypotheses")
    SETTING = "setting", marked("Setting and centres")
    DATES = "dates", marked("Design, dates of accrual and end of follow-up")
    TREATMENTS = "treatments", marked("Treatments")
    SPECIMENS = "specimens", marked("Handling of specimens")
    ACQUISITION = "acquisition", marked("Acquisition of the images")
    INTERVAL = "interval", marked("Interval between imaging and reference")
    SEGMENTATION_CHECK = "segmentation_check", marked("Check of the segmentation")
    ROBUSTNESS = "robustness", marked("Robustness of features and networks")
    CONFOUNDERS = "confounders", marked("Confounders")
    ASSESSORS = "assessors", marked("Assessors of outcomes and predictors")
    BLINDING = "blinding", marked("Blinding")
    HETEROGENEITY = "heterogeneity", marked("Heterogeneity between centres")
    IMBALANCE = "imbalance", marked("Class imbalance")
    FAIRNESS = "fairness", marked("Fairness")
    UPDATING = "updating", marked("Updating of the model")
    ETHICS = "ethics", marked("Ethics approval and consent")
    DATA_AVAILABILITY = "data_availability", marked("Data availability")
    CODE_AVAILABILITY = "code_availability", marked("Code availability")
    PROTOCOL = "protocol", marked("Protocol")
    REGISTRATION = "registration", marked("Registration")
    FUNDING = "funding", marked("Funding")
    INTERESTS = "interests", marked("Competing interests")
    INVOLVEMENT = "involvement", marked("Patient and public involvement")
    INTERPRETATION = "interpretation", marked("Interpretation")
    NEXT_STEPS = "next_steps", marked("Next steps")


class StudyStatement(StudyRow):
    """One statement as it was worded; another wording is another row, the newest one speaks."""

    key = models.TextField(choices=StatementKey.choices)
    text = models.TextField(blank=True)
    written_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )

    class Meta:
        default_related_name = "statements"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(key__in=StatementKey.values), name="statement_key_known"
            ),
        ]
        triggers = unchangeable("statement")

    def __str__(self) -> str:
        return self.get_key_display()
