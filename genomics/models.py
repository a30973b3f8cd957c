"""What RNA said: signatures, matrices, cell abundances, phenotypes."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from studies.methods.wording import say
from studies.models import (
    DerivedMixin,
    ImportBatch,
    PatientRow,
    Specimen,
    StoredFile,
    StoredResult,
    StudyRow,
)


class SignatureVersion(StudyRow):
    """A list of genes per cell type; another list is another version, never an edit."""

    name = models.CharField(max_length=40)
    version = models.PositiveIntegerField()
    digest = models.CharField(max_length=64)
    content = models.TextField()
    n_cell_types = models.PositiveSmallIntegerField()
    n_pairs = models.PositiveIntegerField()

    class Meta:
        default_related_name = "signature_versions"
        ordering = ["name", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "name", "version"], name="signature_version_once"
            ),
            models.UniqueConstraint(
                fields=["study", "name", "digest"], name="signature_content_once"
            ),
        ]

    def __str__(self) -> str:
        return say("{name} version {version}", name=self.name, version=self.version)


class AnnotationVersion(StudyRow):
    """Names of genes and transcripts from HGNC or Ensembl; another table is another version."""

    name = models.CharField(max_length=80)
    version = models.PositiveIntegerField()
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="+")
    digest = models.CharField(max_length=64)
    n_genes = models.PositiveIntegerField()
    n_transcripts = models.PositiveIntegerField()

    class Meta:
        default_related_name = "annotation_versions"
        ordering = ["name", "version"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "name", "version"], name="annotation_version_once"
            ),
            models.UniqueConstraint(
                fields=["study", "name", "digest"], name="annotation_content_once"
            ),
        ]

    def __str__(self) -> str:
        return say("{name} version {version}", name=self.name, version=self.version)


class SequencingBatch(PatientRow):
    """In which run of the laboratory a specimen was sequenced; the newest row speaks."""

    specimen = models.ForeignKey(
        Specimen, on_delete=models.PROTECT, related_name="sequencing_batches"
    )
    name = models.CharField(max_length=80)
    batch = models.ForeignKey(ImportBatch, on_delete=models.PROTECT, related_name="+")

    class Meta:
        default_related_name = "sequencing_batches"
        constraints = [
            models.UniqueConstraint(
                fields=["specimen", "batch"], name="sequencing_batch_once_per_table"
            ),
            models.CheckConstraint(
                condition=~models.Q(name=""), name="sequencing_batch_has_a_name"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class UnseenBatch(models.TextChoices):
    """What becomes of a specimen whose batch the correction never saw."""

    REFUSE = "refuse"
    UNCORRECTED = "uncorrected"


class BatchCorrection(StudyRow, DerivedMixin):
    """ComBat fitted on the development cohort and frozen, applied to every matrix."""

    number = models.PositiveIntegerField()
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    batches = models.JSONField()  # name: development specimens
    unseen = models.TextField(choices=UnseenBatch.choices)
    n_training = models.PositiveIntegerField()
    n_genes = models.PositiveIntegerField()
    summary = models.JSONField(default=dict)
    notices = models.JSONField(default=list)
    lifted_at = models.DateTimeField(null=True, blank=True)  # uncorrected matrices speak since

    class Meta:
        default_related_name = "batch_corrections"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="batch_correction_once"),
            models.CheckConstraint(
                condition=models.Q(unseen__in=UnseenBatch.values),
                name="batch_correction_unseen_known",
            ),
        ]

    def __str__(self) -> str:
        return say("batch correction {number}", number=self.number)


class MatrixScale(models.TextChoices):
    COUNTS = "counts"
    CPM = "cpm"
    TPM = "tpm"
    LOG = "log"


class ExpressionMatrix(StudyRow, DerivedMixin):
    """Genes by specimens as Parquet; the raw upload stays with its batch."""

    batch = models.ForeignKey(
        ImportBatch, on_delete=models.PROTECT, related_name="expression_matrices"
    )
    correction = models.ForeignKey(
        BatchCorrection, null=True, on_delete=models.PROTECT, related_name="matrices"
    )
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    scale = models.TextField(choices=MatrixScale.choices)
    n_genes = models.PositiveIntegerField()
    n_specimens = models.PositiveIntegerField()
    coverage = models.JSONField(default=dict)
    quality = models.JSONField(default=dict)
    notices = models.JSONField(default=list)

    class Meta:
        default_related_name = "expression_matrices"
        verbose_name_plural = "expression matrices"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scale__in=MatrixScale.values), name="matrix_scale_known"
            ),
            models.UniqueConstraint(
                fields=["batch", "correction"],
                nulls_distinct=False,
                name="matrix_once_per_upload_and_correction",
            ),
        ]


class ExpressionColumn(PatientRow):
    """Which column of a matrix is which specimen."""

    matrix = models.ForeignKey(ExpressionMatrix, on_delete=models.PROTECT, related_name="columns")
    specimen = models.ForeignKey(
        Specimen, on_delete=models.PROTECT, related_name="expression_columns"
    )
    position = models.PositiveIntegerField()
    label = models.CharField(max_length=120)
    quality = models.JSONField(default=dict)

    class Meta:
        default_related_name = "expression_columns"
        constraints = [
            models.UniqueConstraint(fields=["matrix", "specimen"], name="column_specimen_once"),
            models.UniqueConstraint(fields=["matrix", "position"], name="column_position_once"),
        ]


class Ties(models.TextChoices):
    ORDER_INVARIANT = "order_invariant"
    GSVA_COMPATIBLE = "gsva_compatible"


class CellAbundance(PatientRow, DerivedMixin):
    """Raw scores of one specimen by cell type; higher is more of the cells."""

    specimen = models.ForeignKey(Specimen, on_delete=models.PROTECT, related_name="abundances")
    column = models.ForeignKey(
        ExpressionColumn, on_delete=models.PROTECT, related_name="abundances"
    )
    signature = models.ForeignKey(
        SignatureVersion, on_delete=models.PROTECT, related_name="abundances"
    )
    method = models.CharField(max_length=20, default="ssgsea")
    ties = models.TextField(choices=Ties.choices, default=Ties.ORDER_INVARIANT)
    scores = models.JSONField()

    class Meta:
        default_related_name = "cell_abundances"
        constraints = [
            models.UniqueConstraint(
                fields=["column", "signature", "method", "ties", "inputs_digest"],
                name="abundance_once",
            ),
            models.CheckConstraint(
                condition=models.Q(ties__in=Ties.values), name="abundance_ties_known"
            ),
        ]


class BorderlineRule(models.TextChoices):
    """Whether patients of an undecided label teach the Rad-Score; they are judged either way."""

    KEEP = "keep"
    LEAVE_OUT_OF_TRAINING = "leave_out_of_training"


class PhenotypeFit(StudyRow, DerivedMixin):
    """Centroids frozen on the development cohort, and what was seen when they were found.

    Of several fits the one stated last speaks: a run with the inputs of an earlier one states it.
    """

    number = models.PositiveIntegerField()
    signature = models.ForeignKey(SignatureVersion, on_delete=models.PROTECT, related_name="+")
    method = models.CharField(max_length=20, default="ssgsea")
    ties = models.TextField(choices=Ties.choices)
    k = models.PositiveSmallIntegerField()
    seed = models.BigIntegerField()
    n_training = models.PositiveIntegerField()
    borderline_rule = models.TextField(choices=BorderlineRule.choices, default=BorderlineRule.KEEP)
    fit = StoredResult()
    digest = models.CharField(max_length=64)
    notices = models.JSONField(default=list)
    stated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_related_name = "phenotype_fits"
        ordering = ["-number"]
        constraints = [
            models.UniqueConstraint(fields=["study", "number"], name="phenotype_fit_number_once"),
            models.UniqueConstraint(
                fields=["study", "inputs_digest"], name="phenotype_fit_inputs_once"
            ),
            models.CheckConstraint(
                condition=models.Q(borderline_rule__in=BorderlineRule.values),
                name="phenotype_fit_borderline_rule_known",
            ),
        ]

    def __str__(self) -> str:
        return say("phenotype fit {number}", number=self.number)


class PhenotypeSource(models.TextChoices):
    RNA = "rna"
    IHC = "ihc"


class Phenotype(PatientRow, DerivedMixin):
    """A patient's label: by a frozen fit of RNA, or by the Immunoscore of stained slides.

    A run that comes to the same row again states it again: what was stated last speaks.
    """

    source = models.TextField(choices=PhenotypeSource.choices)
    label = models.CharField(max_length=40)
    specimen = models.ForeignKey(
        Specimen, null=True, blank=True, on_delete=models.PROTECT, related_name="phenotypes"
    )
    fit = models.ForeignKey(
        PhenotypeFit, null=True, blank=True, on_delete=models.PROTECT, related_name="phenotypes"
    )
    rule = models.CharField(max_length=120, blank=True)
    in_training = models.BooleanField(default=False)
    margin = models.FloatField(null=True, blank=True)
    stability = models.FloatField(null=True, blank=True)
    borderline = models.BooleanField(null=True, blank=True)
    core = models.FloatField(null=True, blank=True)
    distance = models.FloatField(null=True, blank=True)  # to the nearest centroid, SD of training
    unusual = models.BooleanField(null=True, blank=True)  # farther than every training patient
    stated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        default_related_name = "phenotypes"
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "source", "inputs_digest"], name="phenotype_once"
            ),
            models.CheckConstraint(
                condition=models.Q(source__in=PhenotypeSource.values),
                name="phenotype_source_known",
            ),
            models.CheckConstraint(
                condition=models.Q(source="rna", fit__isnull=False, specimen__isnull=False)
                | (models.Q(source="ihc", fit__isnull=True) & ~models.Q(rule="")),
                name="phenotype_says_by_what",
            ),
            models.CheckConstraint(
                condition=models.Q(stability__isnull=True)
                | models.Q(stability__gte=0, stability__lte=1),
                name="phenotype_stability_is_share",
            ),
        ]
