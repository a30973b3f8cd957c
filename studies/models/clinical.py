"""What is known of a patient: form entries and dated facts."""

from __future__ import annotations

from django.db import models

from studies.methods.recist import FINDINGS, ROLES, LesionFinding

from .base import PatientRow, every_change
from .dictionary import DictionaryVersion


class Precision(models.TextChoices):
    DAY = "day"
    MONTH = "month"
    YEAR = "year"


class EntryState(models.TextChoices):
    DRAFT = "draft"
    COMPLETE = "complete"
    VERIFIED = "verified"
    LOCKED = "locked"


@every_change()
class FormEntry(PatientRow):
    """The values of one form on one occasion, as JSON under a dictionary version.

    A value is ``{"v", "unit_as_entered", "comparator", "precision"}`` or ``{"missing": code}``;
    an absent key is blank.
    """

    form = models.CharField(max_length=40)
    occasion = models.CharField(max_length=40, default="baseline")
    dictionary = models.ForeignKey(
        DictionaryVersion, on_delete=models.PROTECT, related_name="entries"
    )
    values = models.JSONField(default=dict)
    state = models.TextField(choices=EntryState.choices, default=EntryState.COMPLETE)
    row_version = models.PositiveIntegerField(default=1)
    batch = models.ForeignKey(
        "studies.ImportBatch", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    source_row = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        default_related_name = "form_entries"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "form", "occasion"], name="form_entry_once_per_occasion"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=EntryState.values), name="form_entry_state_known"
            ),
        ]


class DatedFact(PatientRow):
    """Something that happened on a date of stated precision; which line of which file says so."""

    date = models.DateField()
    precision = models.TextField(choices=Precision.choices, default=Precision.DAY)
    batch = models.ForeignKey(
        "studies.ImportBatch", null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    source_row = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=models.Q(precision__in=Precision.values),
                name="%(class)s_precision_known",
            ),
        ]


@every_change()
class Consent(DatedFact):
    """``date`` is from when; ``withdrawn_on`` ends it."""

    scope = models.CharField(max_length=40)
    withdrawn_on = models.DateField(null=True, blank=True)

    class Meta(DatedFact.Meta):
        default_related_name = "consents"
        constraints = [
            *DatedFact.Meta.constraints,
            models.UniqueConstraint(fields=["patient", "scope", "date"], name="consent_once"),
        ]


@every_change()
class Treatment(DatedFact):
    """``date`` is the start."""

    line = models.PositiveSmallIntegerField(default=1)
    drug = models.CharField(max_length=80)
    stopped_on = models.DateField(null=True, blank=True)
    is_index = models.BooleanField(default=True)

    class Meta(DatedFact.Meta):
        default_related_name = "treatments"
        constraints = [
            *DatedFact.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient"],
                condition=models.Q(is_index=True),
                name="treatment_one_index",
            ),
        ]


class ResponseResult(models.TextChoices):
    CR = "CR"
    PR = "PR"
    SD = "SD"
    PD = "PD"
    NE = "NE"


@every_change()
class ResponseAssessment(DatedFact):
    method = models.CharField(max_length=40, default="RECIST 1.1")
    result = models.TextField(choices=ResponseResult.choices)

    class Meta(DatedFact.Meta):
        default_related_name = "response_assessments"
        constraints = [
            *DatedFact.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient", "date", "method"], name="response_assessment_once"
            ),
            models.CheckConstraint(
                condition=models.Q(result__in=ResponseResult.values),
                name="response_assessment_result_known",
            ),
        ]


@every_change()
class LesionMeasurement(DatedFact):
    """One lesion at one assessment: longest diameter, of a node the short axis."""

    lesion = models.CharField(max_length=20)
    role = models.TextField()
    organ = models.CharField(max_length=60, blank=True)
    diameter_mm = models.FloatField(null=True, blank=True)
    finding = models.TextField()

    class Meta(DatedFact.Meta):
        default_related_name = "lesion_measurements"
        constraints = [
            *DatedFact.Meta.constraints,
            models.UniqueConstraint(
                fields=["patient", "date", "lesion"], name="lesion_measurement_once"
            ),
            models.CheckConstraint(
                condition=models.Q(role__in=list(ROLES)), name="lesion_measurement_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(finding__in=list(FINDINGS)),
                name="lesion_measurement_finding_known",
            ),
            models.CheckConstraint(
                condition=models.Q(diameter_mm__isnull=True) | models.Q(diameter_mm__gt=0),
                name="lesion_measurement_positive",
            ),
        ]

    @property
    def found(self) -> LesionFinding:
        """As the methods read it."""
        return LesionFinding(
            self.date, self.lesion, self.role, self.finding, self.diameter_mm, self.organ
        )


@every_change()
class Progression(DatedFact):
    class Meta(DatedFact.Meta):
        default_related_name = "progressions"
        constraints = [
            *DatedFact.Meta.constraints,
            models.UniqueConstraint(fields=["patient", "date"], name="progression_once"),
        ]


@every_change()
class Death(DatedFact):
    cause = models.CharField(max_length=120, blank=True)

    class Meta(DatedFact.Meta):
        default_related_name = "deaths"
        constraints = [
            *DatedFact.Meta.constraints,
            models.UniqueConstraint(fields=["patient"], name="death_once"),
        ]


class ContactKind(models.TextChoices):
    ALIVE = "alive"
    ASSESSED = "assessed"


@every_change()
class Contact(DatedFact):
    """Last known alive (censors OS) or adequately assessed by imaging (censors PFS)."""

    kind = models.TextField(choices=ContactKind.choices)

    class Meta(DatedFact.Meta):
        default_related_name = "contacts"
        constraints = [
            *DatedFact.Meta.constraints,
            models.UniqueConstraint(fields=["patient", "kind", "date"], name="contact_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=ContactKind.values), name="contact_kind_known"
            ),
        ]


class ResectionMargin(models.TextChoices):
    R0 = "R0"
    R1 = "R1"
    R2 = "R2"
    UNKNOWN = "unknown"


@every_change()
class Surgery(DatedFact):
    margin = models.TextField(choices=ResectionMargin.choices, default=ResectionMargin.UNKNOWN)

    class Meta(DatedFact.Meta):
        default_related_name = "surgeries"
        constraints = [
            *DatedFact.Meta.constraints,
            models.UniqueConstraint(fields=["patient", "date"], name="surgery_once"),
            models.CheckConstraint(
                condition=models.Q(margin__in=ResectionMargin.values), name="surgery_margin_known"
            ),
        ]


@every_change()
class LabResult(DatedFact):
    """Canonical value and unit, beside what was entered."""

    analyte = models.CharField(max_length=40)
    value = models.FloatField()
    unit = models.CharField(max_length=40)
    value_as_entered = models.CharField(max_length=40)
    unit_as_entered = models.CharField(max_length=40, blank=True)
    comparator = models.CharField(max_length=2, blank=True)

    class Meta(DatedFact.Meta):
        default_related_name = "lab_results"
        constraints = [
            *DatedFact.Meta.constraints,
            models.UniqueConstraint(fields=["patient", "analyte", "date"], name="lab_result_once"),
            models.CheckConstraint(
                condition=models.Q(comparator__in=["", "<", ">", "<=", ">="]),
                name="lab_result_comparator_known",
            ),
        ]
