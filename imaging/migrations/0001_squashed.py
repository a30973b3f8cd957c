"""What a scanner saw, whole: tables, keys, policies."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.conf import settings
from django.db import migrations, models

import studies.identifiers
from studies.db import Together

from ._rules import RULES


class Migration(migrations.Migration):
    replaces = [
        ("imaging", "0001_initial"),
        ("imaging", "0002_slides"),
        ("imaging", "0003_deidentification"),
        ("imaging", "0004_whole_slides"),
        ("imaging", "0005_arrivals"),
        ("imaging", "0006_immunoscore_readings"),
        ("imaging", "0007_roi_agreement"),
        ("imaging", "0008_extractor_registry"),
        ("imaging", "0009_regions_drawn_here"),
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
                    name="ArrivedFile",
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
                            "batch",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="arrived_files",
                                to="studies.importbatch",
                            ),
                        ),
                        (
                            "arrival",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="arrived_files",
                                to="imaging.scanarrival",
                            ),
                        ),
                        ("name", models.TextField()),
                        ("size", models.BigIntegerField()),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("stored", "Stored"),
                                    ("same", "Same"),
                                    ("left_out", "Left Out"),
                                    ("refused", "Refused"),
                                    ("held", "Held"),
                                    ("conflict", "Conflict"),
                                    ("quarantined", "Quarantined"),
                                    ("discarded", "Discarded"),
                                    ("arrived_again", "Arrived Again"),
                                ]
                            ),
                        ),
                        ("reason", models.TextField(blank=True)),
                    ],
                    options={
                        "ordering": ["id"],
                        "default_related_name": "arrived_files",
                        "indexes": [
                            models.Index(fields=["batch", "state", "id"], name="arrived_file_list")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "stored",
                                            "same",
                                            "left_out",
                                            "refused",
                                            "held",
                                            "conflict",
                                            "quarantined",
                                            "discarded",
                                            "arrived_again",
                                        ],
                                    )
                                ),
                                name="arrived_file_state_known",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CellCount",
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
                            "slide",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="counts",
                                to="imaging.wholeslide",
                            ),
                        ),
                        (
                            "region",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="counts",
                                to="imaging.slideregion",
                            ),
                        ),
                        (
                            "rule",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="counts",
                                to="imaging.cellcountingrule",
                            ),
                        ),
                        ("scale", models.PositiveSmallIntegerField(default=1)),
                        ("n_cells", models.PositiveIntegerField()),
                        ("tissue_mm2", models.FloatField()),
                        ("per_mm2", models.FloatField(null=True)),
                        (
                            "cells",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.storedfile",
                            ),
                        ),
                        ("notices", models.JSONField(blank=True, default=list)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "default_related_name": "cell_counts",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("region", "inputs_digest"), name="cell_count_inputs_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("tissue_mm2__gte", 0)),
                                name="cell_count_tissue_not_negative",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CellCountingRule",
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
                        ("marker", models.TextField(choices=[("CD3", "Cd3"), ("CD8", "Cd8")])),
                        ("staining_batch", models.CharField(blank=True, max_length=80)),
                        ("number", models.PositiveIntegerField()),
                        ("threshold", models.FloatField()),
                        ("suggested", models.FloatField(blank=True, null=True)),
                        ("rule", models.JSONField()),
                        ("reason", models.CharField(blank=True, max_length=400)),
                        (
                            "stated_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("stated_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("digest", models.CharField(max_length=64)),
                    ],
                    options={
                        "ordering": ["-number"],
                        "default_related_name": "cell_counting_rules",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "marker", "staining_batch", "number"),
                                name="cell_counting_rule_number_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("marker__in", ["CD3", "CD8"])),
                                name="cell_counting_rule_marker_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CellDensity",
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
                                related_name="cell_densities",
                                to="studies.specimen",
                            ),
                        ),
                        (
                            "batch",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.importbatch",
                            ),
                        ),
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        (
                            "count",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="densities",
                                to="imaging.cellcount",
                            ),
                        ),
                        ("marker", models.TextField(choices=[("CD3", "Cd3"), ("CD8", "Cd8")])),
                        (
                            "region",
                            models.TextField(
                                choices=[
                                    ("tumor_center", "Tumor Center"),
                                    ("invasive_margin", "Invasive Margin"),
                                ]
                            ),
                        ),
                        ("per_mm2", models.FloatField(null=True)),
                        ("as_entered", models.CharField(max_length=40)),
                        ("unit", models.CharField(max_length=20)),
                        ("working", models.CharField(blank=True, max_length=120)),
                    ],
                    options={
                        "verbose_name_plural": "cell densities",
                        "default_related_name": "cell_densities",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("specimen", "marker", "region", "batch"),
                                name="cell_density_once",
                            ),
                            models.UniqueConstraint(
                                fields=("count",), name="cell_density_of_count_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("batch__isnull", False), ("count__isnull", True)),
                                    models.Q(("batch__isnull", True), ("count__isnull", False)),
                                    _connector="OR",
                                ),
                                name="cell_density_has_one_source",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("per_mm2__gte", 0), ("per_mm2__isnull", True), _connector="OR"
                                ),
                                name="cell_density_not_negative",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("marker__in", ["CD3", "CD8"])),
                                name="cell_density_marker_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("region__in", ["tumor_center", "invasive_margin"])
                                ),
                                name="cell_density_region_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DicomStudy",
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
                        ("dicom_study_uid", models.CharField(max_length=64)),
                        ("scanned_on", models.DateField()),
                    ],
                    options={
                        "verbose_name_plural": "DICOM studies",
                        "default_related_name": "dicom_studies",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "dicom_study_uid"), name="dicom_study_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ExtractorVersion",
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
                        ("name", models.CharField(default="label-free encoder", max_length=80)),
                        ("architecture", models.CharField(default="encoder", max_length=20)),
                        (
                            "role",
                            models.TextField(
                                choices=[
                                    ("primary", "Primary"),
                                    ("ablation", "ablation: never trained"),
                                    ("baseline", "random baseline"),
                                    ("control", "control: voxels shuffled inside the region"),
                                ],
                                default="primary",
                            ),
                        ),
                        (
                            "modality",
                            models.CharField(choices=[("PT", "PET"), ("CT", "CT")], max_length=2),
                        ),
                        ("preset", models.CharField(max_length=40)),
                        ("seed", models.BigIntegerField()),
                        (
                            "weights",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="extractor_versions",
                                to="studies.storedfile",
                            ),
                        ),
                        ("fitted_on", models.PositiveIntegerField()),
                        ("members_digest", models.CharField(max_length=64)),
                        (
                            "feature_names",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.CharField(max_length=40), size=None
                            ),
                        ),
                        (
                            "losses",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(), size=None
                            ),
                        ),
                        (
                            "held_out_losses",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(), default=list, size=None
                            ),
                        ),
                        (
                            "picture",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="pictures_of_extractors",
                                to="studies.storedfile",
                            ),
                        ),
                        ("settings", models.JSONField(default=dict)),
                        ("versions", models.JSONField(default=dict)),
                        ("stated_at", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                    options={
                        "ordering": ["id"],
                        "default_related_name": "extractor_versions",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "modality", "inputs_digest"),
                                name="extractor_version_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("modality__in", ["PT", "CT"])),
                                name="extractor_modality_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("role__in", ["primary", "ablation", "baseline", "control"])
                                ),
                                name="extractor_role_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FeatureFailure",
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
                            "roi",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="feature_failures",
                                to="imaging.roi",
                            ),
                        ),
                        (
                            "extractor_version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="failures",
                                to="imaging.extractorversion",
                            ),
                        ),
                        ("problems", models.JSONField(default=list)),
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
                    ],
                    options={
                        "ordering": ["id"],
                        "default_related_name": "feature_failures",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("roi", "extractor_version"), name="feature_failure_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FeatureSet",
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
                            "roi",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="feature_sets",
                                to="imaging.roi",
                            ),
                        ),
                        (
                            "modality",
                            models.CharField(choices=[("PT", "PET"), ("CT", "CT")], max_length=2),
                        ),
                        (
                            "extractor_version",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="feature_sets",
                                to="imaging.extractorversion",
                            ),
                        ),
                        (
                            "vector",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.FloatField(), size=None
                            ),
                        ),
                        ("computed_with", models.JSONField(default=dict)),
                    ],
                    options={
                        "default_related_name": "feature_sets",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("roi", "modality", "extractor_version"),
                                name="feature_set_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("modality__in", ["PT", "CT"])),
                                name="feature_set_modality_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Immunoscore",
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
                                related_name="immunoscores",
                                to="studies.specimen",
                            ),
                        ),
                        (
                            "rule",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="scores",
                                to="imaging.immunoscorerule",
                            ),
                        ),
                        ("score", models.PositiveSmallIntegerField(null=True)),
                        ("high", models.BooleanField(null=True)),
                        ("reason", models.CharField(blank=True, max_length=120)),
                        ("mean_percentile", models.FloatField(null=True)),
                        ("consensus", models.PositiveSmallIntegerField(null=True)),
                        ("cd3_percentile", models.FloatField(null=True)),
                        ("cd8_percentile", models.FloatField(null=True)),
                        ("cd3_high", models.BooleanField(null=True)),
                        ("cd8_high", models.BooleanField(null=True)),
                        ("stated_at", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                    options={
                        "default_related_name": "immunoscores",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("specimen", "rule", "inputs_digest"),
                                name="immunoscore_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("score__isnull", True), ("score__lte", 4), _connector="OR"
                                ),
                                name="immunoscore_at_most_4",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("score__isnull", False),
                                    ("high__isnull", False),
                                    models.Q(("reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="immunoscore_none_has_reason",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ImmunoscoreRule",
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
                            "reading",
                            models.TextField(
                                choices=[
                                    ("immunoscore", "Immunoscore"),
                                    ("consensus", "consensus"),
                                    ("biopsy", "biopsy"),
                                    ("cd3_high", "CD3-high"),
                                    ("cd8_high", "CD8-high"),
                                ],
                                default="immunoscore",
                            ),
                        ),
                        (
                            "kind",
                            models.TextField(
                                choices=[
                                    ("reference_percentile", "percentile of the reference"),
                                    ("reference_mean_share", "share of the reference mean"),
                                    ("fixed", "fixed cuts"),
                                ]
                            ),
                        ),
                        ("parameter", models.FloatField(blank=True, null=True)),
                        ("cuts", models.JSONField()),
                        ("rule", models.JSONField()),
                        ("digest", models.CharField(max_length=64)),
                        ("n_reference", models.PositiveIntegerField()),
                        ("shares_high", models.JSONField(default=dict)),
                        ("notices", models.JSONField(default=list)),
                        ("stated_at", models.DateTimeField(default=django.utils.timezone.now)),
                    ],
                    options={
                        "ordering": ["-number"],
                        "default_related_name": "immunoscore_rules",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "reading", "number"),
                                name="immunoscore_rule_number_once",
                            ),
                            models.UniqueConstraint(
                                fields=("study", "inputs_digest"),
                                name="immunoscore_rule_inputs_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        ["reference_percentile", "reference_mean_share", "fixed"],
                                    )
                                ),
                                name="immunoscore_rule_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "reading__in",
                                        [
                                            "immunoscore",
                                            "consensus",
                                            "biopsy",
                                            "cd3_high",
                                            "cd8_high",
                                        ],
                                    )
                                ),
                                name="immunoscore_rule_reading_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LaboratoryProfile",
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
                        ("number", models.PositiveIntegerField(default=1)),
                        ("profile", models.JSONField()),
                        (
                            "stated_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["name", "-number"],
                        "default_related_name": "laboratory_profiles",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "name", "number"),
                                name="laboratory_profile_number_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PetCtPair",
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
                            "pet",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="pairs_as_pet",
                                to="imaging.series",
                            ),
                        ),
                        (
                            "ct",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="pairs_as_ct",
                                to="imaging.series",
                            ),
                        ),
                        ("acquired_on", models.DateField()),
                        (
                            "timing",
                            models.TextField(
                                choices=[
                                    ("baseline", "Baseline"),
                                    ("earlier", "Earlier"),
                                    ("followup", "Followup"),
                                    ("unknown", "Unknown"),
                                ]
                            ),
                        ),
                        ("days_before_treatment", models.IntegerField(null=True)),
                        ("quality", models.JSONField(default=list)),
                    ],
                    options={
                        "default_related_name": "pet_ct_pairs",
                        "constraints": [
                            models.UniqueConstraint(fields=("pet",), name="pet_ct_pair_once"),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("timing__in", ["baseline", "earlier", "followup", "unknown"])
                                ),
                                name="pet_ct_pair_timing_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("timing", "baseline"), _negated=True),
                                    ("days_before_treatment__gte", 0),
                                    _connector="OR",
                                ),
                                name="pet_ct_pair_baseline_is_before",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Roi",
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
                            "series",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="rois",
                                to="imaging.series",
                            ),
                        ),
                        (
                            "lesion",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="rois",
                                to="studies.lesion",
                            ),
                        ),
                        (
                            "batch",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="rois",
                                to="studies.importbatch",
                            ),
                        ),
                        ("name", models.CharField(max_length=120)),
                        ("reader", models.CharField(blank=True, max_length=120)),
                        (
                            "drawn_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("recipe", models.JSONField(blank=True, default=dict)),
                        ("comment", models.TextField(blank=True)),
                        ("tool", models.CharField(blank=True, max_length=120)),
                        (
                            "method",
                            models.TextField(
                                choices=[
                                    ("manual", "Manual"),
                                    ("semi_automatic", "Semi Automatic"),
                                    ("automatic", "Automatic"),
                                    ("unknown", "Unknown"),
                                ],
                                default="unknown",
                            ),
                        ),
                        (
                            "supersedes",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="superseded_by",
                                to="imaging.roi",
                            ),
                        ),
                        (
                            "mask",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="mask_of",
                                to="studies.storedfile",
                            ),
                        ),
                        ("source_digest", models.CharField(max_length=64)),
                        ("voxels", models.PositiveIntegerField()),
                        ("volume_ml", models.FloatField()),
                        ("notices", models.JSONField(default=list)),
                        ("quality", models.JSONField(default=list)),
                    ],
                    options={
                        "ordering": ["id"],
                        "default_related_name": "rois",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("series", "name", "source_digest"),
                                name="roi_once_per_source",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("voxels__gt", 0)), name="roi_not_empty"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("batch__isnull", False),
                                    ("drawn_by__isnull", False),
                                    _connector="OR",
                                ),
                                name="roi_has_a_source",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "method__in",
                                        ["manual", "semi_automatic", "automatic", "unknown"],
                                    )
                                ),
                                name="roi_method_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RoiAgreement",
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
                            "first",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="agreements",
                                to="imaging.roi",
                            ),
                        ),
                        (
                            "second",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="imaging.roi",
                            ),
                        ),
                        ("dice", models.FloatField()),
                        ("hausdorff_mm", models.FloatField()),
                        ("hausdorff_95_mm", models.FloatField()),
                        ("mean_surface_mm", models.FloatField()),
                        ("shift_mm", models.FloatField()),
                    ],
                    options={
                        "ordering": ["id"],
                        "default_related_name": "roi_agreements",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("first", "second"), name="roi_agreement_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("dice__gte", 0), ("dice__lte", 1)),
                                name="roi_agreement_dice_is_share",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="RoiChoice",
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
                            "roi",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="choices",
                                to="imaging.roi",
                            ),
                        ),
                        ("rule", models.CharField(max_length=80)),
                    ],
                    options={
                        "default_related_name": "roi_choices",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("patient", "rule"), name="roi_choice_once_per_rule"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ScanArrival",
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
                            "batch",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="arrivals",
                                to="studies.importbatch",
                            ),
                        ),
                        (
                            "patient",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                to="studies.patient",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.site",
                            ),
                        ),
                        ("claimed_patient_id", models.CharField(blank=True, max_length=64)),
                        ("visit_uid", models.CharField(max_length=64)),
                        ("series_uid", models.CharField(max_length=64)),
                        ("modality", models.CharField(max_length=16)),
                        ("content_digest", models.CharField(max_length=64)),
                        ("file_count", models.PositiveIntegerField()),
                        (
                            "stored_as",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="arrivals",
                                to="imaging.series",
                            ),
                        ),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("stored", "Stored"),
                                    ("same", "Same"),
                                    ("left_out", "Left Out"),
                                    ("refused", "Refused"),
                                    ("held", "Held"),
                                    ("conflict", "Conflict"),
                                    ("quarantined", "Quarantined"),
                                    ("discarded", "Discarded"),
                                    ("arrived_again", "Arrived Again"),
                                ]
                            ),
                        ),
                        ("problems", models.JSONField(blank=True, default=list)),
                        (
                            "decision",
                            models.TextField(
                                blank=True,
                                choices=[
                                    ("keep", "keep what is stored"),
                                    ("take", "take what came now"),
                                    ("assign", "they are of this patient"),
                                    ("discard", "throw them away"),
                                ],
                            ),
                        ),
                        ("decision_reason", models.TextField(blank=True)),
                        (
                            "decided_by",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("decided_at", models.DateTimeField(blank=True, null=True)),
                        ("wanted_again", models.BooleanField(default=False)),
                    ],
                    options={
                        "ordering": ["id"],
                        "default_related_name": "scan_arrivals",
                        "indexes": [
                            models.Index(
                                fields=["study", "state", "id"], name="scan_arrival_waiting"
                            ),
                            models.Index(
                                fields=["study", "series_uid"], name="scan_arrival_series"
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("batch", "claimed_patient_id", "series_uid"),
                                name="scan_arrival_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "stored",
                                            "same",
                                            "left_out",
                                            "refused",
                                            "held",
                                            "conflict",
                                            "quarantined",
                                            "discarded",
                                            "arrived_again",
                                        ],
                                    )
                                ),
                                name="scan_arrival_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("decision__in", ["", "keep", "take", "assign", "discard"])
                                ),
                                name="scan_arrival_decision_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("decision", ""),
                                    models.Q(
                                        ("decided_at__isnull", False), ("decided_by__isnull", False)
                                    ),
                                    _connector="OR",
                                ),
                                name="scan_arrival_decision_has_maker",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Series",
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
                            "dicom_study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="series",
                                to="imaging.dicomstudy",
                            ),
                        ),
                        (
                            "batch",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="series",
                                to="studies.importbatch",
                            ),
                        ),
                        ("series_uid", models.CharField(max_length=64)),
                        ("frame_of_reference_uid", models.CharField(blank=True, max_length=64)),
                        (
                            "modality",
                            models.CharField(choices=[("PT", "PET"), ("CT", "CT")], max_length=2),
                        ),
                        ("manufacturer", models.CharField(blank=True, max_length=80)),
                        ("model", models.CharField(blank=True, max_length=80)),
                        ("reconstruction", models.CharField(blank=True, max_length=120)),
                        ("content_digest", models.CharField(max_length=64)),
                        (
                            "volume",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="volume_of",
                                to="studies.storedfile",
                            ),
                        ),
                        ("size", models.JSONField(default=list)),
                        ("spacing_mm", models.JSONField(default=list)),
                        ("header", models.JSONField(default=dict)),
                        ("suv_working", models.JSONField(default=list)),
                        ("notices", models.JSONField(default=list)),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("received", "Received"),
                                    ("ready", "Ready"),
                                    ("failed", "Failed"),
                                ],
                                default="received",
                            ),
                        ),
                        ("problems", models.JSONField(default=list)),
                        ("instance_uids", models.JSONField(default=list)),
                        ("quality", models.JSONField(default=list)),
                        ("deidentification", models.JSONField(default=dict)),
                        ("replaced_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "verbose_name_plural": "series",
                        "ordering": ["id"],
                        "default_related_name": "series",
                        "indexes": [
                            models.Index(fields=["study", "modality", "id"], name="series_list")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                condition=models.Q(("replaced_at__isnull", True)),
                                fields=("study", "series_uid"),
                                name="series_uid_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("modality__in", ["PT", "CT"])),
                                name="series_modality_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["received", "ready", "failed"])),
                                name="series_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "ready"), _negated=True),
                                    ("volume__isnull", False),
                                    _connector="OR",
                                ),
                                name="series_ready_has_volume",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SlideRegion",
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
                            "slide",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="regions",
                                to="imaging.wholeslide",
                            ),
                        ),
                        (
                            "region",
                            models.TextField(
                                choices=[
                                    ("tumor_center", "Tumor Center"),
                                    ("invasive_margin", "Invasive Margin"),
                                ]
                            ),
                        ),
                        ("geometry", models.JSONField()),
                        ("area_mm2", models.FloatField()),
                        (
                            "source",
                            models.TextField(
                                choices=[("drawn", "drawn"), ("imported", "imported as GeoJSON")]
                            ),
                        ),
                        (
                            "drawn_by",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("digest", models.CharField(max_length=64)),
                        ("comment", models.CharField(blank=True, max_length=400)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "default_related_name": "slide_regions",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("region__in", ["tumor_center", "invasive_margin"])
                                ),
                                name="slide_region_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("source__in", ["drawn", "imported"])),
                                name="slide_region_source_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("area_mm2__gt", 0)),
                                name="slide_region_area_positive",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="UidMap",
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
                            "series",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="uid_map",
                                to="imaging.series",
                            ),
                        ),
                        ("study_uid", models.CharField(blank=True, max_length=64)),
                        ("series_uid", models.CharField(max_length=64)),
                        ("frame_of_reference_uid", models.CharField(blank=True, max_length=64)),
                        ("instance_uids", models.JSONField(default=list)),
                    ],
                    options={
                        "default_related_name": "uid_maps",
                    },
                ),
                migrations.CreateModel(
                    name="UidSecret",
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
                        ("secret", models.CharField(max_length=64)),
                    ],
                    options={
                        "default_related_name": "uid_secrets",
                        "constraints": [
                            models.UniqueConstraint(fields=("study",), name="uid_secret_once")
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Uptake",
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
                            "roi",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="uptakes",
                                to="imaging.roi",
                            ),
                        ),
                        ("suv_max", models.FloatField()),
                        ("suv_mean", models.FloatField()),
                        ("suv_peak", models.FloatField()),
                        ("volume_ml", models.FloatField()),
                        ("mtv_41_percent_ml", models.FloatField()),
                        ("mtv_suv_2_5_ml", models.FloatField()),
                        ("mtv_suv_4_0_ml", models.FloatField()),
                        ("tlg_41_percent", models.FloatField()),
                        ("tlg_suv_2_5", models.FloatField()),
                        ("tlg_suv_4_0", models.FloatField()),
                        ("notices", models.JSONField(default=list)),
                    ],
                    options={
                        "default_related_name": "uptakes",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("roi", "inputs_digest"), name="uptake_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("suv_max__gte", models.F("suv_mean"))),
                                name="uptake_max_not_below_mean",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="WholeSlide",
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
                                related_name="whole_slides",
                                to="studies.specimen",
                            ),
                        ),
                        (
                            "batch",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.importbatch",
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
                        ("marker", models.TextField(choices=[("CD3", "Cd3"), ("CD8", "Cd8")])),
                        ("staining_batch", models.CharField(blank=True, max_length=80)),
                        ("vendor", models.CharField(max_length=40)),
                        ("width", models.PositiveIntegerField()),
                        ("height", models.PositiveIntegerField()),
                        ("um_per_pixel", models.FloatField()),
                        ("resolution_stated", models.BooleanField(default=False)),
                        ("tissue_mm2", models.FloatField()),
                        ("stain_histogram", models.JSONField(blank=True, default=list)),
                        ("notices", models.JSONField(blank=True, default=list)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "default_related_name": "whole_slides",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "file"), name="whole_slide_file_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("um_per_pixel__gt", 0)),
                                name="whole_slide_resolution_positive",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("marker__in", ["CD3", "CD8"])),
                                name="whole_slide_marker_known",
                            ),
                        ],
                    },
                ),
            ]
        ),
        *RULES,
    ]
