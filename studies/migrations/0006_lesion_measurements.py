"""Lesions as they were measured at each assessment; the lines of a check until they are stored."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import studies.identifiers
from studies.db import history_table_operations, patient_table_operations


class Migration(migrations.Migration):
    dependencies = [
        ("pghistory", "0007_auto_20250421_0444"),
        ("studies", "0005_endpoint_definitions_stay"),
    ]

    operations = [
        migrations.AddField(
            model_name="importbatch",
            name="checked_file",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="studies.storedfile",
            ),
        ),
        migrations.CreateModel(
            name="LesionMeasurement",
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
                ("date", models.DateField()),
                (
                    "precision",
                    models.TextField(
                        choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                        default="day",
                    ),
                ),
                ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                ("lesion", models.CharField(max_length=20)),
                ("role", models.TextField()),
                ("organ", models.CharField(blank=True, max_length=60)),
                ("diameter_mm", models.FloatField(blank=True, null=True)),
                ("finding", models.TextField()),
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
                "abstract": False,
                "default_related_name": "lesion_measurements",
            },
        ),
        migrations.CreateModel(
            name="LesionMeasurementEvent",
            fields=[
                ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                ("pgh_label", models.TextField(help_text="The event label.")),
                ("id", models.BigIntegerField()),
                ("uid", models.UUIDField(default=studies.identifiers.uuid7, editable=False)),
                (
                    "created_at",
                    models.DateTimeField(default=django.utils.timezone.now, editable=False),
                ),
                ("date", models.DateField()),
                (
                    "precision",
                    models.TextField(
                        choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                        default="day",
                    ),
                ),
                ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                ("lesion", models.CharField(max_length=20)),
                ("role", models.TextField()),
                ("organ", models.CharField(blank=True, max_length=60)),
                ("diameter_mm", models.FloatField(blank=True, null=True)),
                ("finding", models.TextField()),
                (
                    "batch",
                    models.ForeignKey(
                        blank=True,
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="studies.importbatch",
                    ),
                ),
                (
                    "patient",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="studies.patient",
                    ),
                ),
                (
                    "pgh_context",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="pghistory.context",
                    ),
                ),
                (
                    "pgh_obj",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="studies.lesionmeasurement",
                    ),
                ),
                (
                    "site",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="studies.site",
                    ),
                ),
                (
                    "study",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        related_query_name="+",
                        to="studies.study",
                    ),
                ),
            ],
            options={
                "abstract": False,
            },
        ),
        migrations.AddConstraint(
            model_name="lesionmeasurement",
            constraint=models.CheckConstraint(
                condition=models.Q(("precision__in", ["day", "month", "year"])),
                name="lesionmeasurement_precision_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="lesionmeasurement",
            constraint=models.UniqueConstraint(
                fields=("patient", "date", "lesion"), name="lesion_measurement_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="lesionmeasurement",
            constraint=models.CheckConstraint(
                condition=models.Q(("role__in", ["target", "target_node", "non_target", "new"])),
                name="lesion_measurement_role_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="lesionmeasurement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "finding__in",
                        [
                            "measured",
                            "absent",
                            "too_small",
                            "present",
                            "progressed",
                            "merged",
                            "not_evaluable",
                        ],
                    )
                ),
                name="lesion_measurement_finding_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="lesionmeasurement",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("diameter_mm__isnull", True), ("diameter_mm__gt", 0), _connector="OR"
                ),
                name="lesion_measurement_positive",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lesionmeasurement",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_lesionmeasurementevent" ("batch_id", "created_at", "date", "diameter_mm", "finding", "id", "lesion", "organ", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "role", "site_id", "source_row", "study_id", "uid") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."diameter_mm", new_values."finding", new_values."id", new_values."lesion", new_values."organ", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."precision", new_values."role", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="d7f8a163b04669a2ba953bda07a09949e8ad0fe5",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_7c938",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="studies_lesionmeasurement",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lesionmeasurement",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_lesionmeasurementevent" ("batch_id", "created_at", "date", "diameter_mm", "finding", "id", "lesion", "organ", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "role", "site_id", "source_row", "study_id", "uid") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."diameter_mm", new_values."finding", new_values."id", new_values."lesion", new_values."organ", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."precision", new_values."role", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="0948b01110e7b1e7cec300d37ce1596dac8b378e",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_7ca4f",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="studies_lesionmeasurement",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="lesionmeasurement",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_lesionmeasurementevent" ("batch_id", "created_at", "date", "diameter_mm", "finding", "id", "lesion", "organ", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "role", "site_id", "source_row", "study_id", "uid") SELECT old_values."batch_id", old_values."created_at", old_values."date", old_values."diameter_mm", old_values."finding", old_values."id", old_values."lesion", old_values."organ", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."precision", old_values."role", old_values."site_id", old_values."source_row", old_values."study_id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="516afe74db81567b7b8a440e41664c2c17620d1a",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_5b394",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="studies_lesionmeasurement",
                    when="AFTER",
                ),
            ),
        ),
        *patient_table_operations("studies_lesionmeasurement"),
        *history_table_operations("studies_lesionmeasurementevent"),
    ]
