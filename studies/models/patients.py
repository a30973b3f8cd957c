"""The people studied, and what was taken from them."""

from __future__ import annotations

from django.db import models

from .base import PatientQuerySet, PatientRow, StudyRow, every_change
from .people import Site
from .protect import unchangeable_except


class PatientStatus(models.TextChoices):
    SCREENED = "screened"
    ENROLLED = "enrolled"
    EXCLUDED = "excluded"
    WITHDRAWN = "withdrawn"


class Partition(models.TextChoices):
    """The side of the wall a patient stands on, once any binding cohort holds them."""

    DEVELOPMENT = "development"
    VALIDATION = "validation"


@every_change()
class Patient(StudyRow):
    """A pseudonym in a study. No name and no hospital number, ever."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="patients")
    pseudonym = models.CharField(max_length=64)
    status = models.TextField(choices=PatientStatus.choices, default=PatientStatus.ENROLLED)
    status_on = models.DateField(null=True, blank=True)
    status_reason = models.TextField(blank=True)
    partition = models.TextField(choices=Partition.choices, null=True, blank=True)
    row_version = models.PositiveIntegerField(default=1)

    objects = PatientQuerySet.as_manager()

    class Meta:
        ordering = ["pseudonym"]
        indexes = [
            models.Index(fields=["study", "site", "pseudonym", "id"], name="patient_list"),
            models.Index(fields=["study", "pseudonym", "id"], name="patient_by_pseudonym"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["study", "pseudonym"], name="patient_pseudonym_once"),
            models.UniqueConstraint(fields=["id", "study", "site"], name="patient_tenancy_key"),
            models.UniqueConstraint(fields=["id", "partition"], name="patient_partition_key"),
            models.CheckConstraint(
                condition=models.Q(status__in=PatientStatus.values), name="patient_status_known"
            ),
            models.CheckConstraint(
                condition=models.Q(partition__isnull=True)
                | models.Q(partition__in=Partition.values),
                name="patient_partition_known",
            ),
            models.CheckConstraint(
                condition=~models.Q(pseudonym=""), name="patient_pseudonym_not_empty"
            ),
            models.CheckConstraint(
                condition=models.Q(status__in=["screened", "enrolled"])
                | ~models.Q(status_reason=""),
                name="patient_status_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.pseudonym


class FormerPseudonym(PatientRow):
    """A pseudonym that a patient had by mistake, until ``created_at``.

    Nobody else is given it before it is freed: before that a file with it means this patient.
    """

    pseudonym = models.CharField(max_length=64)
    freed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_related_name = "former_pseudonyms"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "pseudonym"],
                condition=models.Q(freed_at__isnull=True),
                name="former_pseudonym_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(pseudonym=""), name="former_pseudonym_not_empty"
            ),
        ]
        triggers = unchangeable_except("former_pseudonym", "site", "freed_at")

    def __str__(self) -> str:
        return self.pseudonym


class DeidentificationKey(PatientRow):
    """How a patient's dates were shifted and UIDs renamed: read by those with that right only."""

    date_offset_days = models.IntegerField()
    uid_root = models.CharField(max_length=40)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient"], name="deidentification_key_once"),
        ]


class LesionKind(models.TextChoices):
    PRIMARY = "primary"
    METASTASIS = "metastasis"
    UNKNOWN = "unknown"


@every_change()
class Lesion(PatientRow):
    number = models.PositiveSmallIntegerField()
    organ = models.CharField(max_length=80, blank=True)
    kind = models.TextField(choices=LesionKind.choices, default=LesionKind.UNKNOWN)
    is_target = models.BooleanField(default=False)

    class Meta:
        default_related_name = "lesions"
        constraints = [
            models.UniqueConstraint(fields=["patient", "number"], name="lesion_number_once"),
            models.UniqueConstraint(
                fields=["patient"], condition=models.Q(is_target=True), name="lesion_one_target"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=LesionKind.values), name="lesion_kind_known"
            ),
        ]

    def __str__(self) -> str:
        return f"lesion {self.number}"


class Procedure(models.TextChoices):
    BIOPSY = "biopsy"
    RESECTION = "resection"
    UNKNOWN = "unknown"


@every_change()
class Specimen(PatientRow):
    """A piece of tissue: RNA columns, slides and densities hang on it."""

    lesion = models.ForeignKey(
        Lesion, null=True, blank=True, on_delete=models.PROTECT, related_name="specimens"
    )
    label = models.CharField(max_length=120)
    procedure = models.TextField(choices=Procedure.choices, default=Procedure.UNKNOWN)
    tissue = models.CharField(max_length=80, blank=True)
    collected_on = models.DateField(null=True, blank=True)

    class Meta:
        default_related_name = "specimens"
        constraints = [
            models.UniqueConstraint(fields=["study", "label"], name="specimen_label_once"),
            models.CheckConstraint(
                condition=models.Q(procedure__in=Procedure.values),
                name="specimen_procedure_known",
            ),
        ]

    def __str__(self) -> str:
        return self.label


class SpecimenChoice(PatientRow):
    """Which specimen speaks for the patient, for what, and by which named rule."""

    specimen = models.ForeignKey(Specimen, on_delete=models.PROTECT, related_name="choices")
    purpose = models.CharField(max_length=40)
    rule = models.CharField(max_length=80)

    class Meta:
        default_related_name = "specimen_choices"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "purpose"], name="specimen_choice_once_per_purpose"
            ),
        ]


class CohortRole(models.TextChoices):
    TRAINING = "training"
    INTERNAL_VALIDATION = "internal_validation"
    EXTERNAL_PHENOTYPE = "external_phenotype"
    EXTERNAL_RESPONSE = "external_response"
    HISTOLOGY = "histology"


class CohortUse(models.TextChoices):
    DEVELOPMENT = "development"
    VALIDATION = "validation"
    DESCRIPTIVE = "descriptive"


USE_OF_ROLE: dict[str, str] = {
    CohortRole.TRAINING: CohortUse.DEVELOPMENT,
    CohortRole.INTERNAL_VALIDATION: CohortUse.VALIDATION,
    CohortRole.EXTERNAL_PHENOTYPE: CohortUse.VALIDATION,
    CohortRole.EXTERNAL_RESPONSE: CohortUse.VALIDATION,
    CohortRole.HISTOLOGY: CohortUse.DESCRIPTIVE,
}


@every_change()
class Cohort(StudyRow):
    name = models.CharField(max_length=80)
    role = models.TextField(choices=CohortRole.choices)
    use = models.TextField(choices=CohortUse.choices)
    frozen_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        default_related_name = "cohorts"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["study", "name"], name="cohort_name_once"),
            models.UniqueConstraint(fields=["id", "use"], name="cohort_use_key"),
            models.UniqueConstraint(fields=["id", "study"], name="cohort_study_key"),
            models.CheckConstraint(
                condition=models.Q(role__in=CohortRole.values), name="cohort_role_known"
            ),
            models.CheckConstraint(
                condition=models.Q(use__in=CohortUse.values), name="cohort_use_known"
            ),
        ]

    def __str__(self) -> str:
        return self.name


@every_change(exclude=["partition"])
class CohortMember(PatientRow):
    """A patient in a cohort.

    ``partition`` follows ``use`` (nothing for descriptive cohorts) and must equal the patient's,
    by a composite key: development and validation exclude each other whatever is written first,
    two validating cohorts may overlap.
    """

    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="members")
    use = models.TextField(choices=CohortUse.choices)
    partition = models.GeneratedField(
        expression=models.Case(
            models.When(use=CohortUse.DESCRIPTIVE, then=models.Value(None)),
            default=models.F("use"),
            output_field=models.TextField(null=True),
        ),
        output_field=models.TextField(null=True),
        db_persist=True,
    )

    class Meta:
        default_related_name = "cohort_memberships"
        constraints = [
            models.UniqueConstraint(fields=["patient", "cohort"], name="cohort_member_once"),
        ]
