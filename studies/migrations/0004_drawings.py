"""Figures that a job drew, for those who see the same rows."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import studies.identifiers
from studies.db import DRAWING_RULE, policy


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0003_saved_selections_and_job_logs"),
    ]

    operations = [
        migrations.CreateModel(
            name="Drawing",
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
                ("page", models.CharField(max_length=60)),
                ("subject", models.CharField(blank=True, max_length=60)),
                (
                    "site_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                ("figures", models.JSONField()),
                ("specs", models.JSONField()),
                ("pictures", models.JSONField()),
                ("said", models.JSONField(default=dict)),
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
                "default_related_name": "drawings",
                "constraints": [
                    models.UniqueConstraint(
                        fields=("study", "page", "subject", "inputs_digest"), name="drawing_once"
                    )
                ],
            },
        ),
        policy("studies_drawing", DRAWING_RULE),
    ]
