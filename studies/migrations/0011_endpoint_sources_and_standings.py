"""What ends a survival time, and endpoints of the study that are retired."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import studies.identifiers
from studies.db import study_table_operations


class Migration(migrations.Migration):
    dependencies = [
        ("pghistory", "0007_auto_20250421_0444"),
        ("studies", "0010_completeness_of_study"),
    ]

    operations = [
        migrations.AddField(
            model_name="endpointvalue",
            name="source",
            field=models.CharField(blank=True, max_length=40),
        ),
        migrations.CreateModel(
            name="EndpointStanding",
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
                ("name", models.CharField(max_length=64)),
                ("is_offered", models.BooleanField()),
                ("since", models.DateField()),
                ("reason", models.CharField(max_length=500)),
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
                "default_related_name": "endpoint_standings",
            },
        ),
        migrations.CreateModel(
            name="EndpointStandingEvent",
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
                ("name", models.CharField(max_length=64)),
                ("is_offered", models.BooleanField()),
                ("since", models.DateField()),
                ("reason", models.CharField(max_length=500)),
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
                        to="studies.endpointstanding",
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
        migrations.AddIndex(
            model_name="endpointstanding",
            index=models.Index(fields=["study", "name", "-id"], name="endpoint_standing_newest"),
        ),
        migrations.AddConstraint(
            model_name="endpointstanding",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="endpoint_standing_has_reason",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="endpointstanding",
            trigger=pgtrigger.compiler.Trigger(
                name="endpoint_standing_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="45e7273434e0d183acdbe33e451d433ce67bac85",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_endpoint_standing_stays_abae8",
                    table="studies_endpointstanding",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="endpointstanding",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_endpointstandingevent" ("created_at", "id", "is_offered", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "since", "study_id", "uid") SELECT new_values."created_at", new_values."id", new_values."is_offered", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."reason", new_values."since", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="14c56699ef28382c94874862ff5131644dfa256a",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_edd2e",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="studies_endpointstanding",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="endpointstanding",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_endpointstandingevent" ("created_at", "id", "is_offered", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "since", "study_id", "uid") SELECT new_values."created_at", new_values."id", new_values."is_offered", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."reason", new_values."since", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="a675b1b1763ee6f5a644b72022970f777a25968f",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_6e0fe",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="studies_endpointstanding",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="endpointstanding",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_endpointstandingevent" ("created_at", "id", "is_offered", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "reason", "since", "study_id", "uid") SELECT old_values."created_at", old_values."id", old_values."is_offered", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."reason", old_values."since", old_values."study_id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="c1aaa67f37dbba73b6474061402132de996af84a",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_48f55",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="studies_endpointstanding",
                    when="AFTER",
                ),
            ),
        ),
        *study_table_operations("studies_endpointstanding", "studies_endpointstandingevent"),
    ]
