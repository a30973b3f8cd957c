"""A table halts to be confirmed and may be reverted; it is staged in temporary tables."""

import django.db.models.deletion
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0006_cohort_keeping_rules"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.RunSQL(
            """
            DO $$ BEGIN EXECUTE format(
                'GRANT TEMPORARY ON DATABASE %I TO isotherm_app', current_database()
            ); END $$;
            """,
            migrations.RunSQL.noop,
        ),
        migrations.RemoveConstraint(
            model_name="importbatch",
            name="import_batch_state_known",
        ),
        migrations.AddField(
            model_name="importbatch",
            name="difference",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="difference_file",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="studies.storedfile",
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="look",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="problem_count",
            field=models.PositiveIntegerField(default=0),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="problems_file",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="studies.storedfile",
            ),
        ),
        migrations.AddField(
            model_name="importbatch",
            name="written",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AlterField(
            model_name="importbatch",
            name="state",
            field=models.TextField(
                choices=[
                    ("received", "Received"),
                    ("running", "Running"),
                    ("looked", "Looked"),
                    ("checked", "Checked"),
                    ("ready", "Ready"),
                    ("reverted", "Reverted"),
                    ("failed", "Failed"),
                    ("errored", "Errored"),
                ],
                default="received",
            ),
        ),
        migrations.AddConstraint(
            model_name="importbatch",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "state__in",
                        [
                            "received",
                            "running",
                            "looked",
                            "checked",
                            "ready",
                            "reverted",
                            "failed",
                            "errored",
                        ],
                    )
                ),
                name="import_batch_state_known",
            ),
        ),
    ]
