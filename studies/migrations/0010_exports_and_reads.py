"""What left as a file, and who read what of patients."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import studies.identifiers


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0009_codes_in_order"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Export",
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
                    "content",
                    models.TextField(choices=[("patients", "Patients"), ("reads", "Reads")]),
                ),
                (
                    "format",
                    models.TextField(choices=[("csv", "Csv"), ("xlsx", "Xlsx")], default="csv"),
                ),
                ("filters", models.JSONField(blank=True, default=dict)),
                ("columns", models.JSONField(blank=True, default=list)),
                ("row_count", models.PositiveIntegerField(default=0)),
                ("left_out", models.JSONField(blank=True, default=dict)),
                ("expires_at", models.DateTimeField(blank=True, null=True)),
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
                (
                    "made_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "ordering": ["-id"],
                "default_related_name": "exports",
                "indexes": [models.Index(fields=["study", "-id"], name="export_list")],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("content__in", ["patients", "reads"])),
                        name="export_content_known",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("format__in", ["csv", "xlsx"])),
                        name="export_format_known",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="ReadRecord",
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
                    "action",
                    models.TextField(
                        choices=[
                            ("view", "View"),
                            ("download", "Download"),
                            ("export", "Export"),
                            ("api", "Api"),
                        ]
                    ),
                ),
                ("page", models.CharField(max_length=80)),
                ("subject", models.CharField(blank=True, max_length=200)),
                ("columns", models.JSONField(blank=True, default=list)),
                ("row_count", models.PositiveIntegerField(blank=True, null=True)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.study",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "default_related_name": "read_records",
                "indexes": [
                    models.Index(fields=["study", "-id"], name="read_record_list"),
                    models.Index(fields=["study", "user", "-id"], name="read_record_of_person"),
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("action__in", ["view", "download", "export", "api"])),
                        name="read_record_action_known",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="readrecord",
            trigger=pgtrigger.compiler.Trigger(
                name="written_once",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="d5af2377432fa0fa738a4473afb5dab5bb1399bd",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_written_once_71d5c",
                    table="studies_readrecord",
                    when="BEFORE",
                ),
            ),
        ),
    ]
