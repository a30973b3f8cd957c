"""Scans, regions, uptake, extractors and features."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import studies.identifiers
from studies.db import patient_table_operations, study_table_operations


class Migration(migrations.Migration):
    initial = True

    dependencies = [
        ("studies", "0002_tenancy"),
    ]

    operations = [
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
                ("dicom_study_uid", models.CharField(max_length=64)),
                ("scanned_on", models.DateField()),
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
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
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.study",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "DICOM studies",
                "default_related_name": "dicom_studies",
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
                ("inputs_digest", models.CharField(blank=True, max_length=64)),
                ("modality", models.CharField(choices=[("PT", "PET"), ("CT", "CT")], max_length=2)),
                ("preset", models.CharField(max_length=40)),
                ("seed", models.BigIntegerField()),
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
                ("settings", models.JSONField(default=dict)),
                ("versions", models.JSONField(default=dict)),
                ("stated_at", models.DateTimeField(default=django.utils.timezone.now)),
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
                (
                    "weights",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="extractor_versions",
                        to="studies.storedfile",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "default_related_name": "extractor_versions",
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
                ("inputs_digest", models.CharField(blank=True, max_length=64)),
                ("name", models.CharField(max_length=120)),
                ("reader", models.CharField(blank=True, max_length=120)),
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
                ("source_digest", models.CharField(max_length=64)),
                ("voxels", models.PositiveIntegerField()),
                ("volume_ml", models.FloatField()),
                ("notices", models.JSONField(default=list)),
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="rois",
                        to="studies.importbatch",
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
                    "mask",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="mask_of",
                        to="studies.storedfile",
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
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.site",
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
            ],
            options={
                "ordering": ["id"],
                "default_related_name": "rois",
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
                ("inputs_digest", models.CharField(blank=True, max_length=64)),
                ("modality", models.CharField(choices=[("PT", "PET"), ("CT", "CT")], max_length=2)),
                (
                    "vector",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.FloatField(), size=None
                    ),
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
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.site",
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
                (
                    "roi",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="feature_sets",
                        to="imaging.roi",
                    ),
                ),
            ],
            options={
                "default_related_name": "feature_sets",
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
                ("rule", models.CharField(max_length=80)),
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
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.site",
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
                "default_related_name": "roi_choices",
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
                ("inputs_digest", models.CharField(blank=True, max_length=64)),
                ("series_uid", models.CharField(max_length=64)),
                ("frame_of_reference_uid", models.CharField(blank=True, max_length=64)),
                ("modality", models.CharField(choices=[("PT", "PET"), ("CT", "CT")], max_length=2)),
                ("manufacturer", models.CharField(blank=True, max_length=80)),
                ("model", models.CharField(blank=True, max_length=80)),
                ("reconstruction", models.CharField(blank=True, max_length=120)),
                ("content_digest", models.CharField(max_length=64)),
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
                (
                    "batch",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="series",
                        to="studies.importbatch",
                    ),
                ),
                (
                    "dicom_study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="series",
                        to="imaging.dicomstudy",
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
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.site",
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
                (
                    "volume",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="volume_of",
                        to="studies.storedfile",
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "series",
                "ordering": ["id"],
                "default_related_name": "series",
            },
        ),
        migrations.AddField(
            model_name="roi",
            name="series",
            field=models.ForeignKey(
                on_delete=django.db.models.deletion.PROTECT,
                related_name="rois",
                to="imaging.series",
            ),
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
                (
                    "patient",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
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
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.study",
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
                (
                    "pet",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="pairs_as_pet",
                        to="imaging.series",
                    ),
                ),
            ],
            options={
                "default_related_name": "pet_ct_pairs",
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
                ("inputs_digest", models.CharField(blank=True, max_length=64)),
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
                (
                    "roi",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="uptakes",
                        to="imaging.roi",
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
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.study",
                    ),
                ),
            ],
            options={
                "default_related_name": "uptakes",
            },
        ),
        migrations.AddConstraint(
            model_name="dicomstudy",
            constraint=models.UniqueConstraint(
                fields=("study", "dicom_study_uid"), name="dicom_study_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="extractorversion",
            constraint=models.UniqueConstraint(
                fields=("study", "modality", "inputs_digest"), name="extractor_version_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="extractorversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("modality__in", ["PT", "CT"])), name="extractor_modality_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="featureset",
            constraint=models.UniqueConstraint(
                fields=("roi", "modality", "extractor_version"), name="feature_set_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="featureset",
            constraint=models.CheckConstraint(
                condition=models.Q(("modality__in", ["PT", "CT"])),
                name="feature_set_modality_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="roichoice",
            constraint=models.UniqueConstraint(
                fields=("patient", "rule"), name="roi_choice_once_per_rule"
            ),
        ),
        migrations.AddIndex(
            model_name="series",
            index=models.Index(fields=["study", "modality", "id"], name="series_list"),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.UniqueConstraint(
                fields=("study", "series_uid"), name="series_uid_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.CheckConstraint(
                condition=models.Q(("modality__in", ["PT", "CT"])), name="series_modality_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.CheckConstraint(
                condition=models.Q(("state__in", ["received", "ready", "failed"])),
                name="series_state_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="series",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("state", "ready"), _negated=True),
                    ("volume__isnull", False),
                    _connector="OR",
                ),
                name="series_ready_has_volume",
            ),
        ),
        migrations.AddConstraint(
            model_name="roi",
            constraint=models.UniqueConstraint(
                fields=("series", "name", "source_digest"), name="roi_once_per_source"
            ),
        ),
        migrations.AddConstraint(
            model_name="roi",
            constraint=models.CheckConstraint(
                condition=models.Q(("voxels__gt", 0)), name="roi_not_empty"
            ),
        ),
        migrations.AddConstraint(
            model_name="roi",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("method__in", ["manual", "semi_automatic", "automatic", "unknown"])
                ),
                name="roi_method_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="petctpair",
            constraint=models.UniqueConstraint(fields=("pet",), name="pet_ct_pair_once"),
        ),
        migrations.AddConstraint(
            model_name="petctpair",
            constraint=models.CheckConstraint(
                condition=models.Q(("timing__in", ["baseline", "earlier", "followup", "unknown"])),
                name="pet_ct_pair_timing_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="petctpair",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("timing", "baseline"), _negated=True),
                    ("days_before_treatment__gte", 0),
                    _connector="OR",
                ),
                name="pet_ct_pair_baseline_is_before",
            ),
        ),
        migrations.AddConstraint(
            model_name="uptake",
            constraint=models.UniqueConstraint(fields=("roi", "inputs_digest"), name="uptake_once"),
        ),
        migrations.AddConstraint(
            model_name="uptake",
            constraint=models.CheckConstraint(
                condition=models.Q(("suv_max__gte", models.F("suv_mean"))),
                name="uptake_max_not_below_mean",
            ),
        ),
        *study_table_operations("imaging_extractorversion"),
        *patient_table_operations(
            "imaging_dicomstudy",
            "imaging_series",
            "imaging_petctpair",
            "imaging_roi",
            "imaging_roichoice",
            "imaging_uptake",
            "imaging_featureset",
        ),
    ]
