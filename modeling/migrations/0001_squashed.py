"""What was learned, whole: tables, triggers, keys, policies."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import studies.identifiers
from studies.db import Together

from ._rules import RULES


class Migration(migrations.Migration):
    replaces = [
        ("modeling", "0001_initial"),
        ("modeling", "0002_tenancy"),
        ("modeling", "0003_version_lives"),
        ("modeling", "0004_recalibrated_versions"),
    ]

    initial = True

    dependencies = [
        ("studies", "0001_squashed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="AnalysisPlan",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("document", models.JSONField()),
                        ("sha256", models.CharField(max_length=64)),
                        (
                            "written_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("locked_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "locked_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-number"],
                        "default_related_name": "analysis_plans",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "number"), name="plan_number_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("locked_at__isnull", True), ("locked_by__isnull", True)
                                    ),
                                    models.Q(
                                        ("locked_at__isnull", False), ("locked_by__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="plan_locked_by_somebody",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DatasetSnapshot",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "produced_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.job",
                            ),
                        ),
                        ("inputs_digest", models.CharField(blank=True, max_length=64)),
                        ("number", models.PositiveIntegerField()),
                        ("question", models.JSONField()),
                        ("targets", models.JSONField()),
                        (
                            "table",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="snapshots",
                                to="studies.storedfile",
                            ),
                        ),
                        ("sha256", models.CharField(max_length=64)),
                        ("columns", models.JSONField()),
                        ("notices", models.JSONField(blank=True, default=list)),
                        ("frozen_at", models.DateTimeField()),
                        ("not_reproducible_since", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ["-number"],
                        "default_related_name": "dataset_snapshots",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "number"), name="snapshot_number_once"
                            ),
                            models.UniqueConstraint(
                                fields=("study", "inputs_digest"), name="snapshot_inputs_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                                name="snapshot_sha256_is_hex",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Evaluation",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "produced_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.job",
                            ),
                        ),
                        ("inputs_digest", models.CharField(blank=True, max_length=64)),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="evaluations",
                                to="modeling.modelversion",
                            ),
                        ),
                        (
                            "snapshot",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="evaluations",
                                to="modeling.datasetsnapshot",
                            ),
                        ),
                        (
                            "cohort",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="evaluations",
                                to="studies.cohort",
                            ),
                        ),
                        ("target", models.CharField(max_length=64)),
                        (
                            "basis",
                            models.TextField(
                                choices=[
                                    ("out_of_fold", "Out Of Fold"),
                                    ("applied", "Applied"),
                                    ("apparent", "Apparent"),
                                    ("optimism_corrected", "Optimism Corrected"),
                                ]
                            ),
                        ),
                        ("n", models.PositiveIntegerField()),
                        ("metrics", models.JSONField()),
                        ("metrics_sha256", models.CharField(max_length=64)),
                        ("looked_at", models.DateTimeField()),
                    ],
                    options={
                        "ordering": ["id"],
                        "default_related_name": "evaluations",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("version", "snapshot", "cohort", "target", "basis"),
                                name="evaluation_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "basis__in",
                                        [
                                            "out_of_fold",
                                            "applied",
                                            "apparent",
                                            "optimism_corrected",
                                        ],
                                    )
                                ),
                                name="evaluation_basis_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("n__gt", 0)), name="evaluation_of_somebody"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Examination",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "produced_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.job",
                            ),
                        ),
                        ("inputs_digest", models.CharField(blank=True, max_length=64)),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="examinations",
                                to="modeling.modelversion",
                            ),
                        ),
                        ("seed", models.BigIntegerField()),
                        ("results", models.JSONField()),
                        ("results_sha256", models.CharField(max_length=64)),
                        ("notices", models.JSONField(blank=True, default=list)),
                        ("seconds", models.FloatField(default=0)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "default_related_name": "examinations",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("version", "inputs_digest"), name="examination_inputs_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ModelRun",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "produced_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.job",
                            ),
                        ),
                        ("inputs_digest", models.CharField(blank=True, max_length=64)),
                        (
                            "kind",
                            models.TextField(
                                choices=[("rad_score", "Rad-Score"), ("prognosis", "Prognosis")]
                            ),
                        ),
                        ("recipe", models.JSONField()),
                        (
                            "snapshot",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="runs",
                                to="modeling.datasetsnapshot",
                            ),
                        ),
                        ("seed", models.BigIntegerField()),
                        ("threads", models.PositiveSmallIntegerField(default=1)),
                        ("library_versions", models.JSONField()),
                        ("commit", models.CharField(blank=True, max_length=64)),
                        ("results", models.JSONField(default=dict)),
                        ("results_sha256", models.CharField(max_length=64)),
                        (
                            "predictions",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.storedfile",
                            ),
                        ),
                        ("notices", models.JSONField(blank=True, default=list)),
                        ("seconds", models.FloatField(default=0)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "default_related_name": "model_runs",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "inputs_digest"), name="run_inputs_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["rad_score", "prognosis"])),
                                name="run_kind_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ModelVersion",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "produced_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.job",
                            ),
                        ),
                        ("inputs_digest", models.CharField(blank=True, max_length=64)),
                        (
                            "kind",
                            models.TextField(
                                choices=[
                                    ("rad_score", "Rad-Score"),
                                    ("recalibrated", "Recalibrated Rad-Score"),
                                    ("nomogram", "Nomogram"),
                                ]
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="versions",
                                to="modeling.modelrun",
                            ),
                        ),
                        (
                            "fitting_snapshot",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="fitted_versions",
                                to="modeling.datasetsnapshot",
                            ),
                        ),
                        ("method", models.CharField(max_length=80)),
                        ("endpoint", models.CharField(blank=True, max_length=64)),
                        (
                            "file",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.storedfile",
                            ),
                        ),
                        ("content", models.JSONField(default=dict)),
                        ("sha256", models.CharField(max_length=64)),
                        ("threshold", models.FloatField(blank=True, null=True)),
                        (
                            "parents",
                            models.ManyToManyField(
                                related_name="children",
                                through="modeling.ModelVersionParent",
                                to="modeling.modelversion",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["kind", "-number"],
                        "default_related_name": "model_versions",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "kind", "number"), name="model_version_number_once"
                            ),
                            models.UniqueConstraint(
                                fields=("study", "inputs_digest"), name="model_version_inputs_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind__in", ["rad_score", "recalibrated", "nomogram"])
                                ),
                                name="model_version_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("kind", "nomogram"), _negated=True),
                                    models.Q(("endpoint", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="model_version_nomogram_has_endpoint",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ModelVersionParent",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="modeling.modelversion",
                            ),
                        ),
                        (
                            "parent",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="modeling.modelversion",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("version", "parent"), name="version_parent_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("version", models.F("parent")), _negated=True),
                                name="version_parent_is_other",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PatientScore",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.site",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        (
                            "produced_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.job",
                            ),
                        ),
                        ("inputs_digest", models.CharField(blank=True, max_length=64)),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="scores",
                                to="modeling.modelversion",
                            ),
                        ),
                        ("value", models.FloatField(blank=True, null=True)),
                        ("above_threshold", models.BooleanField(blank=True, null=True)),
                        ("applicable", models.BooleanField()),
                        ("distance", models.FloatField()),
                        ("distance_percentile", models.FloatField()),
                        ("reasons", models.JSONField(blank=True, default=list)),
                        ("features_digest", models.CharField(max_length=64)),
                        ("consent", models.JSONField()),
                        (
                            "asked_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-id"],
                        "default_related_name": "patient_scores",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("version", "patient", "inputs_digest"),
                                name="patient_score_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("value__isnull", True),
                                    models.Q(("value__gte", 0), ("value__lte", 1)),
                                    _connector="OR",
                                ),
                                name="patient_score_in_range",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("applicable", True), ("value__isnull", True), _connector="OR"
                                ),
                                name="patient_score_only_where_applicable",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Prediction",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.site",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="predictions",
                                to="modeling.modelversion",
                            ),
                        ),
                        (
                            "kind",
                            models.TextField(
                                choices=[("out_of_fold", "Out Of Fold"), ("applied", "Applied")]
                            ),
                        ),
                        (
                            "quantity",
                            models.TextField(
                                choices=[
                                    ("probability", "Probability"),
                                    ("linear_predictor", "Linear Predictor"),
                                    ("survival", "Survival"),
                                ],
                                default="probability",
                            ),
                        ),
                        ("horizon_months", models.FloatField(blank=True, null=True)),
                        ("value", models.FloatField()),
                    ],
                    options={
                        "default_related_name": "predictions",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("version", "patient", "quantity", "horizon_months"),
                                name="prediction_once",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["out_of_fold", "applied"])),
                                name="prediction_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "quantity__in",
                                        ["probability", "linear_predictor", "survival"],
                                    )
                                ),
                                name="prediction_quantity_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("quantity", "linear_predictor"),
                                    models.Q(("value__gte", 0), ("value__lte", 1)),
                                    _connector="OR",
                                ),
                                name="prediction_probability_in_range",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Report",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "produced_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.job",
                            ),
                        ),
                        ("inputs_digest", models.CharField(blank=True, max_length=64)),
                        ("number", models.PositiveIntegerField()),
                        ("content", models.JSONField()),
                        ("sha256", models.CharField(max_length=64)),
                    ],
                    options={
                        "ordering": ["-number"],
                        "default_related_name": "reports",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "number"), name="report_number_once"
                            ),
                            models.UniqueConstraint(
                                fields=("study", "inputs_digest"), name="report_inputs_once"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Reproduction",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "produced_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.job",
                            ),
                        ),
                        ("inputs_digest", models.CharField(blank=True, max_length=64)),
                        (
                            "run",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="reproductions",
                                to="modeling.modelrun",
                            ),
                        ),
                        (
                            "verdict",
                            models.TextField(
                                choices=[
                                    ("equal", "Equal"),
                                    ("within_tolerance", "within tolerance"),
                                    ("different", "Different"),
                                ]
                            ),
                        ),
                        ("tolerance", models.FloatField()),
                        ("compared", models.PositiveIntegerField()),
                        ("largest_difference", models.FloatField(blank=True, null=True)),
                        ("parts", models.JSONField()),
                        ("differences", models.JSONField(blank=True, default=list)),
                        ("library_versions", models.JSONField()),
                        ("changed_libraries", models.JSONField(blank=True, default=dict)),
                        ("commit", models.CharField(blank=True, max_length=64)),
                        ("seconds", models.FloatField(default=0)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "default_related_name": "reproductions",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("verdict__in", ["equal", "within_tolerance", "different"])
                                ),
                                name="reproduction_verdict_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("compared__gt", 0)),
                                name="reproduction_of_something",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SavedQuestion",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("name", models.CharField(max_length=80)),
                        ("document", models.JSONField()),
                        (
                            "written_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-number"],
                        "default_related_name": "saved_questions",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "number"), name="question_number_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SnapshotMember",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.site",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        (
                            "snapshot",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="members",
                                to="modeling.datasetsnapshot",
                            ),
                        ),
                        (
                            "cohort",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.cohort",
                            ),
                        ),
                        ("included", models.BooleanField()),
                        ("reason", models.CharField(blank=True, max_length=300)),
                    ],
                    options={
                        "default_related_name": "snapshot_memberships",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("snapshot", "patient", "cohort"),
                                name="snapshot_member_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("included", True), ("reason", "")),
                                    models.Q(
                                        ("included", False), models.Q(("reason", ""), _negated=True)
                                    ),
                                    _connector="OR",
                                ),
                                name="snapshot_member_out_has_reason",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="VersionEvent",
                    fields=[
                        ("id", models.BigAutoField(primary_key=True, serialize=False)),
                        (
                            "uid",
                            models.UUIDField(
                                default=studies.identifiers.uuid7, editable=False, unique=True
                            ),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="events",
                                to="modeling.modelversion",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        (
                            "from_state",
                            models.TextField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("validated", "Validated"),
                                    ("released", "Released"),
                                    ("retired", "Retired"),
                                ]
                            ),
                        ),
                        (
                            "to_state",
                            models.TextField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("validated", "Validated"),
                                    ("released", "Released"),
                                    ("retired", "Retired"),
                                ]
                            ),
                        ),
                        ("reason", models.CharField(max_length=1000)),
                        (
                            "acted_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["id"],
                        "default_related_name": "version_events",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("version", "number"), name="version_event_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("reason__regex", "\\S{3}")),
                                name="version_event_has_reason",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("from_state", "draft"), ("to_state", "validated")),
                                    models.Q(("from_state", "draft"), ("to_state", "retired")),
                                    models.Q(("from_state", "validated"), ("to_state", "released")),
                                    models.Q(("from_state", "validated"), ("to_state", "retired")),
                                    models.Q(("from_state", "released"), ("to_state", "retired")),
                                    models.Q(("from_state", "retired"), ("to_state", "released")),
                                    _connector="OR",
                                ),
                                name="version_event_move_known",
                            ),
                        ],
                    },
                ),
            ]
        ),
        Together(
            [
                pgtrigger.migrations.AddTrigger(
                    model_name="analysisplan",
                    trigger=pgtrigger.compiler.Trigger(
                        name="plan_locked_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."locked_at" IS NOT NULL)',
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                            hash="36d79160afbce6a48595e99b0e9e979d63013525",
                            operation="UPDATE",
                            pgid="pgtrigger_plan_locked_stands_ae80f",
                            table="modeling_analysisplan",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="analysisplan",
                    trigger=pgtrigger.compiler.Trigger(
                        name="plan_no_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                            hash="86a84361826501562667f91d19710512b33779c1",
                            operation="DELETE",
                            pgid="pgtrigger_plan_no_delete_21f3b",
                            table="modeling_analysisplan",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="datasetsnapshot",
                    trigger=pgtrigger.compiler.Trigger(
                        name="snapshot_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."produced_by_id" IS DISTINCT FROM (NEW."produced_by_id") OR OLD."inputs_digest" IS DISTINCT FROM (NEW."inputs_digest") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."question" IS DISTINCT FROM (NEW."question") OR OLD."targets" IS DISTINCT FROM (NEW."targets") OR OLD."table_id" IS DISTINCT FROM (NEW."table_id") OR OLD."sha256" IS DISTINCT FROM (NEW."sha256") OR OLD."columns" IS DISTINCT FROM (NEW."columns") OR OLD."notices" IS DISTINCT FROM (NEW."notices") OR OLD."frozen_at" IS DISTINCT FROM (NEW."frozen_at"))',
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                            hash="5bef9265b7b427eafe13d353d07c52d7ff83b415",
                            operation="UPDATE",
                            pgid="pgtrigger_snapshot_stands_1888c",
                            table="modeling_datasetsnapshot",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="datasetsnapshot",
                    trigger=pgtrigger.compiler.Trigger(
                        name="snapshot_no_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                            hash="e58e8ebf5c7a557850e47eb6e533f7e01db29967",
                            operation="DELETE",
                            pgid="pgtrigger_snapshot_no_delete_7fe3d",
                            table="modeling_datasetsnapshot",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="evaluation",
                    trigger=pgtrigger.compiler.Trigger(
                        name="evaluation_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="23c841310bd8baf1f339771904ebcca159f05db6",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_evaluation_stands_99222",
                            table="modeling_evaluation",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="examination",
                    trigger=pgtrigger.compiler.Trigger(
                        name="examination_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="d82c41bf0efd34a18d388a2f0240eeece703cbb0",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_examination_stands_7075e",
                            table="modeling_examination",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="modelrun",
                    trigger=pgtrigger.compiler.Trigger(
                        name="model_run_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="d1fd944df0ce52dbcdbecfef17f661ed29884769",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_model_run_stands_68786",
                            table="modeling_modelrun",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="modelversion",
                    trigger=pgtrigger.compiler.Trigger(
                        name="model_version_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="362af1131125f7d72ed9b119e9847ade1cb40485",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_model_version_stands_3aa20",
                            table="modeling_modelversion",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="modelversionparent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="version_parent_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="9beb443e43d45923fa4c44f656c2d9ec6d824d63",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_version_parent_stands_8b2f4",
                            table="modeling_modelversionparent",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="patientscore",
                    trigger=pgtrigger.compiler.Trigger(
                        name="patient_score_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."produced_by_id" IS DISTINCT FROM (NEW."produced_by_id") OR OLD."inputs_digest" IS DISTINCT FROM (NEW."inputs_digest") OR OLD."version_id" IS DISTINCT FROM (NEW."version_id") OR OLD."value" IS DISTINCT FROM (NEW."value") OR OLD."above_threshold" IS DISTINCT FROM (NEW."above_threshold") OR OLD."applicable" IS DISTINCT FROM (NEW."applicable") OR OLD."distance" IS DISTINCT FROM (NEW."distance") OR OLD."distance_percentile" IS DISTINCT FROM (NEW."distance_percentile") OR OLD."reasons" IS DISTINCT FROM (NEW."reasons") OR OLD."features_digest" IS DISTINCT FROM (NEW."features_digest") OR OLD."consent" IS DISTINCT FROM (NEW."consent") OR OLD."asked_by_id" IS DISTINCT FROM (NEW."asked_by_id"))',
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                            hash="4086e0da1e08a392fcb79697fc066611f4886fa6",
                            operation="UPDATE",
                            pgid="pgtrigger_patient_score_stands_9d246",
                            table="modeling_patientscore",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="patientscore",
                    trigger=pgtrigger.compiler.Trigger(
                        name="patient_score_no_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (current_setting('isotherm.purging', true) IS DISTINCT FROM 'on')",
                            func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                            hash="e68d5be00c02947bdc70d9246365fdf481c88478",
                            operation="DELETE",
                            pgid="pgtrigger_patient_score_no_delete_a116e",
                            table="modeling_patientscore",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="prediction",
                    trigger=pgtrigger.compiler.Trigger(
                        name="prediction_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."version_id" IS DISTINCT FROM (NEW."version_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."quantity" IS DISTINCT FROM (NEW."quantity") OR OLD."horizon_months" IS DISTINCT FROM (NEW."horizon_months") OR OLD."value" IS DISTINCT FROM (NEW."value"))',
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                            hash="7c4e273372453f32443fdbfbc4616dbd50b27a71",
                            operation="UPDATE",
                            pgid="pgtrigger_prediction_stands_e2609",
                            table="modeling_prediction",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="prediction",
                    trigger=pgtrigger.compiler.Trigger(
                        name="prediction_no_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition="WHEN (current_setting('isotherm.purging', true) IS DISTINCT FROM 'on')",
                            func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                            hash="a54d2dbdc802dc5d7c29a26084f2f6a1c79a930a",
                            operation="DELETE",
                            pgid="pgtrigger_prediction_no_delete_35e37",
                            table="modeling_prediction",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="report",
                    trigger=pgtrigger.compiler.Trigger(
                        name="report_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="76187f002eb8153a0eb0290e27f6eef972b6aa8a",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_report_stands_dd60b",
                            table="modeling_report",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="reproduction",
                    trigger=pgtrigger.compiler.Trigger(
                        name="reproduction_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="059597d719f8b154ae0d23e0cdf47ca33370b54d",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_reproduction_stands_4486d",
                            table="modeling_reproduction",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="savedquestion",
                    trigger=pgtrigger.compiler.Trigger(
                        name="question_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="e1c565d7bc9e965caf9b3a53eed9c2cc29f56e93",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_question_stands_75682",
                            table="modeling_savedquestion",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="snapshotmember",
                    trigger=pgtrigger.compiler.Trigger(
                        name="snapshot_member_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."snapshot_id" IS DISTINCT FROM (NEW."snapshot_id") OR OLD."cohort_id" IS DISTINCT FROM (NEW."cohort_id") OR OLD."included" IS DISTINCT FROM (NEW."included") OR OLD."reason" IS DISTINCT FROM (NEW."reason"))',
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                            hash="66c65ef24a5adc90c64e678672e0e7514da6a10a",
                            operation="UPDATE",
                            pgid="pgtrigger_snapshot_member_stands_f0681",
                            table="modeling_snapshotmember",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="snapshotmember",
                    trigger=pgtrigger.compiler.Trigger(
                        name="snapshot_member_no_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                            hash="a93e32bd192a309e71a03fa202e27fad310f4111",
                            operation="DELETE",
                            pgid="pgtrigger_snapshot_member_no_delete_f6ca7",
                            table="modeling_snapshotmember",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="versionevent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="version_event_stands",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="0b1b075f01733b17edd2a552c325eabb302a0cd3",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_version_event_stands_6dbd4",
                            table="modeling_versionevent",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="versionevent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="version_event_move",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n    IF NEW.from_state IS DISTINCT FROM COALESCE((\n        SELECT e.to_state FROM modeling_versionevent e\n        WHERE e.version_id = NEW.version_id ORDER BY e.number DESC LIMIT 1), 'draft')\n    THEN\n        RAISE EXCEPTION 'version_event: the version is not %', NEW.from_state;\n    END IF;\n    IF NEW.to_state = 'released' AND NOT EXISTS (\n        SELECT 1 FROM modeling_modelversion v\n        JOIN modeling_modelrun r ON r.id = v.run_id\n        JOIN studies_job j ON j.id = COALESCE(v.produced_by_id, r.produced_by_id)\n        WHERE v.id = NEW.version_id AND j.acting_user_id <> NEW.acted_by_id)\n    THEN\n        RAISE EXCEPTION 'version_event: a release needs a second person';\n    END IF;\n    IF NEW.to_state = 'released' AND EXISTS (\n        SELECT 1 FROM modeling_versionevent e WHERE e.version_id = NEW.version_id\n        AND e.to_state = 'retired') AND NOT EXISTS (\n        SELECT 1 FROM modeling_versionevent e WHERE e.version_id = NEW.version_id\n        AND e.to_state = 'released')\n    THEN\n        RAISE EXCEPTION 'version_event: never released, so not to be rolled back to';\n    END IF;\n    RETURN NEW;\n",
                            hash="667353f858ab2434bb34d3326148070a9a109ef6",
                            operation="INSERT",
                            pgid="pgtrigger_version_event_move_87a01",
                            table="modeling_versionevent",
                            when="BEFORE",
                        ),
                    ),
                ),
            ]
        ),
        *RULES,
    ]
