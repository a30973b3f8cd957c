"""Selections under a name, shared in the study; what a job said while it ran."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import studies.identifiers
from studies.db import study_table_operations


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0002_visits_and_saved_views"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.AddField(
            model_name="job",
            name="log",
            field=models.JSONField(blank=True, default=list),
        ),
        migrations.CreateModel(
            name="SavedSelection",
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
                ("address", models.TextField()),
                ("retired_at", models.DateTimeField(blank=True, null=True)),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.study",
                    ),
                ),
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
                "ordering": ["name", "id"],
                "default_related_name": "saved_selections",
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("retired_at__isnull", True)),
                        fields=("study", "name"),
                        name="selection_name_once",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("name", ""), _negated=True),
                            models.Q(("address", ""), _negated=True),
                        ),
                        name="selection_says_something",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="savedselection",
            trigger=pgtrigger.compiler.Trigger(
                name="saved_selection_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."name" IS DISTINCT FROM (NEW."name") OR OLD."address" IS DISTINCT FROM (NEW."address") OR OLD."written_by_id" IS DISTINCT FROM (NEW."written_by_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="cc55078bca2981974ad1bcf013037152f3cbb074",
                    operation="UPDATE",
                    pgid="pgtrigger_saved_selection_stands_f621f",
                    table="studies_savedselection",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="savedselection",
            trigger=pgtrigger.compiler.Trigger(
                name="saved_selection_no_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="b36c89bef7ad06a5ea68bb7dcd91f451da863272",
                    operation="DELETE",
                    pgid="pgtrigger_saved_selection_no_delete_a0b21",
                    table="studies_savedselection",
                    when="BEFORE",
                ),
            ),
        ),
        *study_table_operations("studies_savedselection"),
    ]
