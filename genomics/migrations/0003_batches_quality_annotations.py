"""Quality, sequencing batches and their correction, tables of gene names, distance of a label."""

import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import studies.identifiers
from studies.db import patient_table_operations, study_table_operations


class Migration(migrations.Migration):
    dependencies = [
        ("genomics", "0002_tenancy"),
        ("studies", "0002_tenancy"),
    ]

    operations = [
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
                ("name", models.CharField(max_length=80)),
            ],
            options={
                "default_related_name": "sequencing_batches",
            },
        ),
        migrations.AddField(
            model_name="expressioncolumn",
            name="quality",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="expressionmatrix",
            name="quality",
            field=models.JSONField(default=dict),
        ),
        migrations.AddField(
            model_name="phenotype",
            name="distance",
            field=models.FloatField(blank=True, null=True),
        ),
        migrations.AddField(
            model_name="phenotype",
            name="unusual",
            field=models.BooleanField(blank=True, null=True),
        ),
        migrations.AlterField(
            model_name="expressionmatrix",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="expression_matrices",
                to="studies.importbatch",
            ),
        ),
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
                ("name", models.CharField(max_length=80)),
                ("version", models.PositiveIntegerField()),
                ("digest", models.CharField(max_length=64)),
                ("n_genes", models.PositiveIntegerField()),
                ("n_transcripts", models.PositiveIntegerField()),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.importbatch",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.study",
                    ),
                ),
            ],
            options={
                "ordering": ["name", "version"],
                "default_related_name": "annotation_versions",
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
                ("inputs_digest", models.CharField(blank=True, max_length=64)),
                ("number", models.PositiveIntegerField()),
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
                (
                    "file",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.storedfile",
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
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.study",
                    ),
                ),
            ],
            options={
                "ordering": ["-number"],
                "default_related_name": "batch_corrections",
            },
        ),
        migrations.AddField(
            model_name="expressionmatrix",
            name="correction",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="matrices",
                to="genomics.batchcorrection",
            ),
        ),
        migrations.AddConstraint(
            model_name="expressionmatrix",
            constraint=models.UniqueConstraint(
                fields=("batch", "correction"),
                name="matrix_once_per_upload_and_correction",
                nulls_distinct=False,
            ),
        ),
        migrations.AddField(
            model_name="sequencingbatch",
            name="batch",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="studies.importbatch",
            ),
        ),
        migrations.AddField(
            model_name="sequencingbatch",
            name="patient",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
            ),
        ),
        migrations.AddField(
            model_name="sequencingbatch",
            name="site",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="studies.site"
            ),
        ),
        migrations.AddField(
            model_name="sequencingbatch",
            name="specimen",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="sequencing_batches",
                to="studies.specimen",
            ),
        ),
        migrations.AddField(
            model_name="sequencingbatch",
            name="study",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT, related_name="+", to="studies.study"
            ),
        ),
        migrations.AddConstraint(
            model_name="annotationversion",
            constraint=models.UniqueConstraint(
                fields=("study", "name", "version"), name="annotation_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="annotationversion",
            constraint=models.UniqueConstraint(
                fields=("study", "name", "digest"), name="annotation_content_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="batchcorrection",
            constraint=models.UniqueConstraint(
                fields=("study", "number"), name="batch_correction_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="batchcorrection",
            constraint=models.CheckConstraint(
                condition=models.Q(("unseen__in", ["refuse", "uncorrected"])),
                name="batch_correction_unseen_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="sequencingbatch",
            constraint=models.UniqueConstraint(
                fields=("specimen", "batch"), name="sequencing_batch_once_per_table"
            ),
        ),
        migrations.AddConstraint(
            model_name="sequencingbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(("name", ""), _negated=True), name="sequencing_batch_has_a_name"
            ),
        ),
        *patient_table_operations("genomics_sequencingbatch"),
        *study_table_operations("genomics_annotationversion", "genomics_batchcorrection"),
    ]
