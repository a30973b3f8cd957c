"""What only the study's people know of it: ethics, funding, data; worded for the report."""

from __future__ import annotations

from django.conf import settings
from django.db import models

from studies.models import StudyRow
from studies.models.protect import unchangeable


class StatementKey(models.TextChoices):
    """In the order in which a paper tells them."""

    TITLE = "title", "Title"
    ABSTRACT = "abstract", "Abstract"
    RATIONALE = "rationale", "Background and rationale"
    INTENDED_USE = "intended_use", "Intended use and users"
    INEQUALITIES = "inequalities", "Known health inequalities"
    AIMS = "aims", "Aims and hypotheses"
    SETTING = "setting", "Setting and centres"
    DATES = "dates", "Design, dates of accrual and end of follow-up"
    TREATMENTS = "treatments", "Treatments"
    SPECIMENS = "specimens", "Handling of specimens"
    ACQUISITION = "acquisition", "Acquisition of the images"
    INTERVAL = "interval", "Interval between imaging and reference"
    SEGMENTATION_CHECK = "segmentation_check", "Check of the segmentation"
    ROBUSTNESS = "robustness", "Robustness of features and networks"
    CONFOUNDERS = "confounders", "Confounders"
    ASSESSORS = "assessors", "Assessors of outcomes and predictors"
    BLINDING = "blinding", "Blinding"
    HETEROGENEITY = "heterogeneity", "Heterogeneity between centres"
    IMBALANCE = "imbalance", "Class imbalance"
    FAIRNESS = "fairness", "Fairness"
    UPDATING = "updating", "Updating of the model"
    ETHICS = "ethics", "Ethics approval and consent"
    DATA_AVAILABILITY = "data_availability", "Data availability"
    CODE_AVAILABILITY = "code_availability", "Code availability"
    PROTOCOL = "protocol", "Protocol"
    REGISTRATION = "registration", "Registration"
    FUNDING = "funding", "Funding"
    INTERESTS = "interests", "Competing interests"
    INVOLVEMENT = "involvement", "Patient and public involvement"
    INTERPRETATION = "interpretation", "Interpretation"
    NEXT_STEPS = "next_steps", "Next steps"


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
