"""What RNA said: signatures, matrices, cell abundances, phenotypes."""

from __future__ import annotations

from django.db import models
from django.utils import timezone

from studies.models import DerivedMixin, ImportBatch, PatientRow, Specimen, StoredFile, StudyRow


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
        return f"{self.name} version {self.version}"


class MatrixScale(models.TextChoices):
    COUNTS = "counts"
    CPM = "cpm"
    TPM = "tpm"
    LOG = "log"


class ExpressionMatrix(StudyRow, DerivedMixin):
    """Genes by specimens as Parquet; the raw upload stays with its batch."""

    batch = models.OneToOneField(
        ImportBatch, on_delete=models.PROTECT, related_name="expression_matrix"
    )
    file = models.ForeignKey(StoredFile, on_delete=models.PROTECT, related_name="+")
    scale = models.TextField(choices=MatrixScale.choices)
    n_genes = models.PositiveIntegerField()
    n_specimens = models.PositiveIntegerField()
    coverage = models.JSONField(default=dict)
    notices = models.JSONField(default=list)

    class Meta:
        default_related_name = "expression_matrices"
        verbose_name_plural = "expression matrices"
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(scale__in=MatrixScale.values), name="matrix_scale_known"
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
                fields=["column", "signature", "method", "ties"], name="abundance_once"
            ),
            models.CheckConstraint(
                condition=models.Q(ties__in=Ties.values), name="abundance_ties_known"
            ),
        ]


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
    fit = models.JSONField()
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
        ]

    def __str__(self) -> str:
        return f"phenotype fit {self.number}"


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
