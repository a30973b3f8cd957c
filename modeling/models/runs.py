"""What was fitted, how it was judged, what it says of each patient."""

from __future__ import annotations

from django.db import models

from studies.methods.wording import marked, named, say
from studies.models import Cohort, DerivedMixin, PatientRow, StoredFile, StoredResult, StudyRow
from studies.models.protect import unchangeable, unchangeable_of_patient

from .snapshots import DatasetSnapshot


class RunKind(models.TextChoices):
    RAD_SCORE = "rad_score", marked("Rad-Score")
    PROGNOSIS = "prognosis", marked("Prognosis")


class ModelRun(DerivedMixin, StudyRow):
    """A recipe on a snapshot with a seed: all that is needed to get the same numbers again.

    Written with its results when the job is done; a run under way is a Job. ``results`` holds
    what belongs to no single version: the comparison of classifiers, ablations, LASSO paths.
    """

    kind = models.TextField(choices=RunKind.choices)
    recipe = models.JSONField()
    snapshot = models.ForeignKey(DatasetSnapshot, on_delete=models.PROTECT, related_name="runs")
    seed = models.BigIntegerField()
    threads = models.PositiveSmallIntegerField(default=1)
    library_versions = models.JSONField()
    commit = models.CharField(max_length=64, blank=True)
    results = StoredResult(default=dict)
    results_sha256 = models.CharField(max_length=64)
    predictions = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    notices = models.JSONField(default=list, blank=True)
    seconds = models.FloatField(default=0)

    class Meta:
        default_related_name = "model_runs"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["study", "inputs_digest"], name="run_inputs_once"),
            models.CheckConstraint(
                condition=models.Q(kind__in=RunKind.values), name="run_kind_known"
            ),
        ]
        triggers = unchangeable("model_run")

    def __str__(self) -> str:
        return say("{kind} run {number}", kind=say(self.get_kind_display()), number=self.pk)


class VersionKind(models.TextChoices):
    RAD_SCORE = "rad_score", marked("Rad-Score")
    RECALIBRATED = "recalibrated", marked("Recalibrated Rad-Score")
    NOMOGRAM = "nomogram", marked("Nomogram")


class ModelVersion(DerivedMixin, StudyRow):
    """A fitted estimator as data: a skops file, or JSON in ``content``; ``sha256`` is its digest.

    A Rad-Score carries its frozen threshold; a nomogram its endpoint, and in ``content`` the
    coefficients with their centre, the baseline, the axes and the factor levels in order.
    """

    kind = models.TextField(choices=VersionKind.choices)
    number = models.PositiveIntegerField()
    run = models.ForeignKey(ModelRun, on_delete=models.PROTECT, related_name="versions")
    fitting_snapshot = models.ForeignKey(
        DatasetSnapshot, on_delete=models.PROTECT, related_name="fitted_versions"
    )
    parents = models.ManyToManyField(
        "self", symmetrical=False, through="ModelVersionParent", related_name="children"
    )
    method = models.CharField(max_length=80)
    endpoint = models.CharField(max_length=64, blank=True)
    file = models.ForeignKey(
        StoredFile, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    content = StoredResult(default=dict)
    sha256 = models.CharField(max_length=64)
    threshold = models.FloatField(null=True, blank=True)

    class Meta:
        default_related_name = "model_versions"
        ordering = ["kind", "-number"]
        constraints = [
            models.UniqueConstraint(
                fields=["study", "kind", "number"], name="model_version_number_once"
            ),
            models.UniqueConstraint(
                fields=["study", "inputs_digest"], name="model_version_inputs_once"
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=VersionKind.values), name="model_version_kind_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(kind="nomogram") | ~models.Q(endpoint=""),
                name="model_version_nomogram_has_endpoint",
            ),
        ]
        triggers = unchangeable("model_version")

    def __str__(self) -> str:
        return say("{kind} {number}", kind=say(self.get_kind_display()), number=self.number)

    @property
    def predicts(self) -> str:
        """The endpoint as people read its name, with its landmark; nothing of a Rad-Score."""
        days = self.content.get("landmark_days") if self.endpoint else None
        if not days:
            return named(self.endpoint) if self.endpoint else ""
        return say("{endpoint} from day {days} on", endpoint=named(self.endpoint), days=days)


class ModelVersionParent(StudyRow):
    """``version`` was made with ``parent``: a nomogram with its Rad-Score."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    parent = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "parent"], name="version_parent_once"),
            models.CheckConstraint(
                condition=~models.Q(version=models.F("parent")), name="version_parent_is_other"
            ),
        ]
        triggers = unchangeable("version_parent")


class PredictionKind(models.TextChoices):
    """An apparent prediction has no name here: no fit and no figure can reach for one."""

    OUT_OF_FOLD = "out_of_fold"
    APPLIED = "applied"


class Quantity(models.TextChoices):
    PROBABILITY = "probability"
    LINEAR_PREDICTOR = "linear_predictor"
    SURVIVAL = "survival"


class Prediction(PatientRow):
    """What a version says of a patient it was not fitted to.

    A Rad-Score is the probability of the immune-enhanced phenotype; a linear predictor is higher
    for worse; survival is the probability of no event by ``horizon_months``.
    """

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="predictions")
    kind = models.TextField(choices=PredictionKind.choices)
    quantity = models.TextField(choices=Quantity.choices, default=Quantity.PROBABILITY)
    horizon_months = models.FloatField(null=True, blank=True)
    value = models.FloatField()

    class Meta:
        default_related_name = "predictions"
        constraints = [
            models.UniqueConstraint(
                fields=["version", "patient", "quantity", "horizon_months"],
                nulls_distinct=False,
                name="prediction_once",
            ),
            models.CheckConstraint(
                condition=models.Q(kind__in=PredictionKind.values), name="prediction_kind_known"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity__in=Quantity.values), name="prediction_quantity_known"
            ),
            models.CheckConstraint(
                condition=models.Q(quantity="linear_predictor")
                | models.Q(value__gte=0, value__lte=1),
                name="prediction_probability_in_range",
            ),
        ]
        triggers = unchangeable_of_patient("prediction", purged=True)


class Basis(models.TextChoices):
    """On what ground a number stands; only ``applied`` in a validating cohort is validation."""

    OUT_OF_FOLD = "out_of_fold"
    APPLIED = "applied"
    APPARENT = "apparent"
    OPTIMISM_CORRECTED = "optimism_corrected"


class Evaluation(DerivedMixin, StudyRow):
    """A version judged in a cohort against a target; every number with its n and interval."""

    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="evaluations")
    snapshot = models.ForeignKey(
        DatasetSnapshot, on_delete=models.PROTECT, related_name="evaluations"
    )
    cohort = models.ForeignKey(Cohort, on_delete=models.PROTECT, related_name="evaluations")
    target = models.CharField(max_length=64)
    basis = models.TextField(choices=Basis.choices)
    n = models.PositiveIntegerField()
    metrics = StoredResult()
    metrics_sha256 = models.CharField(max_length=64)
    looked_at = models.DateTimeField()

    class Meta:
        default_related_name = "evaluations"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "snapshot", "cohort", "target", "basis"],
                name="evaluation_once",
            ),
            models.CheckConstraint(
                condition=models.Q(basis__in=Basis.values), name="evaluation_basis_known"
            ),
            models.CheckConstraint(condition=models.Q(n__gt=0), name="evaluation_of_somebody"),
        ]
        triggers = unchangeable("evaluation")
