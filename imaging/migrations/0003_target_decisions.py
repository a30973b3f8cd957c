"""A reader may choose the target lesion: what was said, and by rule or reader what speaks now."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import studies.identifiers
from studies.db import patient_table_operations

RULES = [
    ("largest_mtv_41_percent", "largest MTV at 41 % of SUVmax"),
    ("chosen_by_reader", "chosen by a reader"),
]


def key(to, **options):
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=to, **options)


class Migration(migrations.Migration):
    dependencies = [
        ("imaging", "0002_volume_heads_and_peers"),
        ("studies", "0005_endpoint_definitions_stay"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="TargetDecision",
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
                ("study", key("studies.study", related_name="+")),
                ("site", key("studies.site", related_name="+")),
                ("patient", key("studies.patient")),
                ("rule", models.TextField(choices=RULES)),
                ("lesion", key("studies.lesion", null=True)),
                ("roi", key("imaging.roi", null=True)),
                ("offered", models.JSONField(default=list)),
                ("reason", models.TextField()),
                ("decided_by", key(settings.AUTH_USER_MODEL, related_name="+")),
                ("product_version", models.CharField(max_length=40)),
                ("digest", models.CharField(max_length=64)),
            ],
            options={
                "ordering": ["-id"],
                "default_related_name": "target_decisions",
                "indexes": [
                    models.Index(fields=["study", "digest"], name="target_decision_digest")
                ],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(rule="largest_mtv_41_percent", lesion=None, roi=None)
                        | models.Q(
                            rule="chosen_by_reader", lesion__isnull=False, roi__isnull=False
                        ),
                        name="target_decision_names_a_region",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("reason", ""), _negated=True),
                        name="target_decision_has_reason",
                    ),
                ],
            },
        ),
        migrations.RemoveConstraint("roichoice", "roi_choice_once_per_rule"),
        migrations.AlterField("roichoice", "rule", models.TextField(choices=RULES)),
        migrations.AddField(
            "roichoice",
            "decision",
            key("imaging.targetdecision", null=True, related_name="choices"),
        ),
        migrations.AddConstraint(
            "roichoice", models.UniqueConstraint(fields=("patient",), name="roi_choice_once")
        ),
        migrations.AddConstraint(
            "roichoice",
            models.CheckConstraint(
                condition=models.Q(rule="largest_mtv_41_percent", decision=None)
                | models.Q(rule="chosen_by_reader", decision__isnull=False),
                name="roi_choice_by_rule_or_reader",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="targetdecision",
            trigger=pgtrigger.compiler.Trigger(
                name="target_decision_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."rule" IS DISTINCT FROM (NEW."rule") OR OLD."lesion_id" IS DISTINCT FROM (NEW."lesion_id") OR OLD."roi_id" IS DISTINCT FROM (NEW."roi_id") OR OLD."offered" IS DISTINCT FROM (NEW."offered") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."decided_by_id" IS DISTINCT FROM (NEW."decided_by_id") OR OLD."product_version" IS DISTINCT FROM (NEW."product_version") OR OLD."digest" IS DISTINCT FROM (NEW."digest"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="a255e7234f767ca2feb7082677013ae82712d039",
                    operation="UPDATE",
                    pgid="pgtrigger_target_decision_stands_05c78",
                    table="imaging_targetdecision",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="targetdecision",
            trigger=pgtrigger.compiler.Trigger(
                name="target_decision_no_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('isotherm.purging', true) IS DISTINCT FROM 'on')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="bd0af72fc8a0b728fb7dc3d263e069840a9ba66a",
                    operation="DELETE",
                    pgid="pgtrigger_target_decision_no_delete_e1408",
                    table="imaging_targetdecision",
                    when="BEFORE",
                ),
            ),
        ),
        *patient_table_operations("imaging_targetdecision"),
        # Backwards: without its decision a reader's choice would pass for the rule's.
        migrations.RunSQL(
            migrations.RunSQL.noop,
            "DELETE FROM imaging_roichoice WHERE rule = 'chosen_by_reader'",
        ),
    ]
