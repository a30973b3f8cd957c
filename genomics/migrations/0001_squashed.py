"""What RNA said, whole: tables, keys, policies."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import studies.identifiers
from studies.db import Together

from ._rules import RULES


class Migration(migrations.Migration):
    replaces = [
        ("genomics", "0001_initial"),
        ("genomics", "0002_tenancy"),
        ("genomics", "0003_batches_quality_annotations"),
        ("genomics", "0004_borderline_rule_and_lifted_corrections"),
    ]

    initial = True

    dependencies = [
        ("studies", "0001_squashed"),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="AnnotationVersion",
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
                        ("name", models.CharField(max_length=80)),
                        ("version", models.PositiveIntegerField()),
                        (
                            "batch",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.importbatch",
                            ),
                        ),
                        ("digest", models.CharField(max_length=64)),
                        ("n_genes", models.PositiveIntegerField()),
                        ("n_transcripts", models.PositiveIntegerField()),
                    ],
                    options={
                        "ordering": ["name", "version"],
                        "default_related_name": "annotation_versions",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "name", "version"), name="annotation_version_once"
                            ),
                            models.UniqueConstraint(
                                fields=("study", "name", "digest"), name="annotation_content_once"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="BatchCorrection",
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
                        (
                            "file",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.storedfile",
                            ),
                        ),
                        ("batches", models.JSONField()),
                        (
                            "unseen",
                            models.TextField(
                                choices=[("refuse", "Refuse"), ("uncorrected", "Uncorrected")]
                            ),
                        ),
                        ("n_training", models.PositiveIntegerField()),
                        ("n_genes", models.PositiveIntegerField()),
                        ("summary", models.JSONField(default=dict)),
                        ("notices", models.JSONField(default=list)),
                        ("lifted_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ["-number"],
                        "default_related_name": "batch_corrections",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "number"), name="batch_correction_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("unseen__in", ["refuse", "uncorrected"])),
                                name="batch_correction_unseen_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CellAbundance",
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
                            "specimen",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="abundances",
                                to="studies.specimen",
                            ),
                        ),
                        (
                            "column",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="abundances",
                                to="genomics.expressioncolumn",
                            ),
                        ),
                        (
                            "signature",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="abundances",
                                to="genomics.signatureversion",
                            ),
                        ),
                        ("method", models.CharField(default="ssgsea", max_length=20)),
                        (
                            "ties",
                            models.TextField(
                                choices=[
                                    ("order_invariant", "Order Invariant"),
                                    ("gsva_compatible", "Gsva Compatible"),
                                ],
                                default="order_invariant",
                            ),
                        ),
                        ("scores", models.JSONField()),
                    ],
                    options={
                        "default_related_name": "cell_abundances",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("column", "signature", "method", "ties"),
                                name="abundance_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ties__in", ["order_invariant", "gsva_compatible"])
                                ),
                                name="abundance_ties_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ExpressionColumn",
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
                            "matrix",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="columns",
                                to="genomics.expressionmatrix",
                            ),
                        ),
                        (
                            "specimen",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="expression_columns",
                                to="studies.specimen",
                            ),
                        ),
                        ("position", models.PositiveIntegerField()),
                        ("label", models.CharField(max_length=120)),
                        ("quality", models.JSONField(default=dict)),
                    ],
                    options={
                        "default_related_name": "expression_columns",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("matrix", "specimen"), name="column_specimen_once"
                            ),
                            models.UniqueConstraint(
                                fields=("matrix", "position"), name="column_position_once"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ExpressionMatrix",
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
                            "batch",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="expression_matrices",
                                to="studies.importbatch",
                            ),
                        ),
                        (
                            "correction",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="matrices",
                                to="genomics.batchcorrection",
                            ),
                        ),
                        (
                            "file",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.storedfile",
                            ),
                        ),
                        (
                            "scale",
                            models.TextField(
                                choices=[
                                    ("counts", "Counts"),
                                    ("cpm", "Cpm"),
                                    ("tpm", "Tpm"),
                                    ("log", "Log"),
                                ]
                            ),
                        ),
                        ("n_genes", models.PositiveIntegerField()),
                        ("n_specimens", models.PositiveIntegerField()),
                        ("coverage", models.JSONField(default=dict)),
                        ("quality", models.JSONField(default=dict)),
                        ("notices", models.JSONField(default=list)),
                    ],
                    options={
                        "verbose_name_plural": "expression matrices",
                        "ordering": ["-id"],
                        "default_related_name": "expression_matrices",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("scale__in", ["counts", "cpm", "tpm", "log"])),
                                name="matrix_scale_known",
                            ),
                            models.UniqueConstraint(
                                fields=("batch", "correction"),
                                name="matrix_once_per_upload_and_correction",
                                nulls_distinct=False,
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Phenotype",
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
                        ("source", models.TextField(choices=[("rna", "Rna"), ("ihc", "Ihc")])),
                        ("label", models.CharField(max_length=40)),
                        (
                            "specimen",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="phenotypes",
                                to="studies.specimen",
                            ),
                        ),
                        (
                            "fit",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="phenotypes",
                                to="genomics.phenotypefit",
                            ),
                        ),
                        ("rule", models.CharField(blank=True, max_length=120)),
                        ("in_training", models.BooleanField(default=False)),
                        ("margin", models.FloatField(blank=True, null=True)),
                        ("stability", models.FloatField(blank=True, null=True)),
                        ("borderline", models.BooleanField(blank=True, null=True)),
                        ("core", models.FloatField(blank=True, null=True)),
                        ("distance", models.FloatField(blank=True, null=True)),
                        ("unusual", models.BooleanField(blank=True, null=True)),
                        ("stated_at", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                    options={
                        "default_related_name": "phenotypes",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("patient", "source", "inputs_digest"), name="phenotype_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("source__in", ["rna", "ihc"])),
                                name="phenotype_source_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(
                                        ("fit__isnull", False),
                                        ("source", "rna"),
                                        ("specimen__isnull", False),
                                    ),
                                    models.Q(
                                        ("fit__isnull", True),
                                        ("source", "ihc"),
                                        models.Q(("rule", ""), _negated=True),
                                    ),
                                    _connector="OR",
                                ),
                                name="phenotype_says_by_what",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("stability__isnull", True),
                                    models.Q(("stability__gte", 0), ("stability__lte", 1)),
                                    _connector="OR",
                                ),
                                name="phenotype_stability_is_share",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PhenotypeFit",
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
                        (
                            "signature",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="genomics.signatureversion",
                            ),
                        ),
                        ("method", models.CharField(default="ssgsea", max_length=20)),
                        (
                            "ties",
                            models.TextField(
                                choices=[
                                    ("order_invariant", "Order Invariant"),
                                    ("gsva_compatible", "Gsva Compatible"),
                                ]
                            ),
                        ),
                        ("k", models.PositiveSmallIntegerField()),
                        ("seed", models.BigIntegerField()),
                        ("n_training", models.PositiveIntegerField()),
                        (
                            "borderline_rule",
                            models.TextField(
                                choices=[
                                    ("keep", "Keep"),
                                    ("leave_out_of_training", "Leave Out Of Training"),
                                ],
                                default="keep",
                            ),
                        ),
                        ("fit", models.JSONField()),
                        ("digest", models.CharField(max_length=64)),
                        ("notices", models.JSONField(default=list)),
                        ("stated_at", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                    options={
                        "ordering": ["-number"],
                        "default_related_name": "phenotype_fits",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "number"), name="phenotype_fit_number_once"
                            ),
                            models.UniqueConstraint(
                                fields=("study", "inputs_digest"), name="phenotype_fit_inputs_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("borderline_rule__in", ["keep", "leave_out_of_training"])
                                ),
                                name="phenotype_fit_borderline_rule_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SequencingBatch",
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
                            "specimen",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="sequencing_batches",
                                to="studies.specimen",
                            ),
                        ),
                        ("name", models.CharField(max_length=80)),
                        (
                            "batch",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.importbatch",
                            ),
                        ),
                    ],
                    options={
                        "default_related_name": "sequencing_batches",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("specimen", "batch"), name="sequencing_batch_once_per_table"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("name", ""), _negated=True),
                                name="sequencing_batch_has_a_name",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SignatureVersion",
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
                        ("name", models.CharField(max_length=40)),
                        ("version", models.PositiveIntegerField()),
                        ("digest", models.CharField(max_length=64)),
                        ("content", models.TextField()),
                        ("n_cell_types", models.PositiveSmallIntegerField()),
                        ("n_pairs", models.PositiveIntegerField()),
                    ],
                    options={
                        "ordering": ["name", "version"],
                        "default_related_name": "signature_versions",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "name", "version"), name="signature_version_once"
                            ),
                            models.UniqueConstraint(
                                fields=("study", "name", "digest"), name="signature_content_once"
                            ),
                        ],
                    },
                ),
            ]
        ),
        *RULES,
    ]
