"""Consent policy, moves of patients and their traces, eligibility, completeness."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import studies.identifiers


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0004_query_policies"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Completeness",
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
                    "present",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.TextField(), default=list, size=None
                    ),
                ),
                (
                    "patient",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="completeness",
                        to="studies.patient",
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
                "verbose_name_plural": "completeness",
            },
        ),
        migrations.CreateModel(
            name="EligibilityOverride",
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
                ("criterion", models.CharField(max_length=40)),
                ("granted", models.BooleanField(default=True)),
                ("reason", models.TextField()),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
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
                "ordering": ["id"],
                "default_related_name": "eligibility_overrides",
            },
        ),
        migrations.CreateModel(
            name="EligibilityVersion",
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
                ("number", models.PositiveIntegerField()),
                ("criteria", models.JSONField()),
                ("note", models.TextField(blank=True)),
                (
                    "decided_by",
                    models.ForeignKey(
                        null=True,
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
                "ordering": ["number"],
                "default_related_name": "eligibility_versions",
            },
        ),
        migrations.CreateModel(
            name="PatientMove",
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
                    "kind",
                    models.TextField(
                        choices=[
                            ("screened", "Screened"),
                            ("enrolled", "Enrolled"),
                            ("excluded", "Excluded"),
                            ("withdrawn", "Withdrawn"),
                            ("transferred", "Transferred"),
                            ("merged", "Merged"),
                        ]
                    ),
                ),
                ("date", models.DateField()),
                ("reason", models.TextField(blank=True)),
                ("details", models.JSONField(blank=True, default=dict)),
                (
                    "decided_by",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
                (
                    "other",
                    models.ForeignKey(
                        blank=True,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="moves_as_other",
                        to="studies.patient",
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
                "ordering": ["-id"],
                "default_related_name": "moves",
            },
        ),
        migrations.CreateModel(
            name="UseTrace",
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
                ("table", models.CharField(max_length=63)),
                ("row_id", models.BigIntegerField()),
                ("title", models.CharField(max_length=200)),
                ("url", models.CharField(blank=True, max_length=300)),
                ("withdrawn_on", models.DateField()),
                (
                    "move",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="traces",
                        to="studies.patientmove",
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
                "ordering": ["id"],
                "default_related_name": "use_traces",
            },
        ),
        migrations.CreateModel(
            name="ConsentPolicy",
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
                ("required", models.BooleanField()),
                ("reason", models.TextField(blank=True)),
                (
                    "decided_by",
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
                "verbose_name_plural": "consent policies",
                "ordering": ["-id"],
                "default_related_name": "consent_policies",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            ("required", True),
                            models.Q(("reason", ""), _negated=True),
                            _connector="OR",
                        ),
                        name="consent_policy_waiver_has_reason",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="consentpolicy",
            trigger=pgtrigger.compiler.Trigger(
                name="consent_policy_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="4e719cfbd28c2cc52f3f64067f9a010bc13aa5cc",
                    operation="UPDATE",
                    pgid="pgtrigger_consent_policy_stands_6f3c6",
                    table="studies_consentpolicy",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="consentpolicy",
            trigger=pgtrigger.compiler.Trigger(
                name="consent_policy_no_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="9c304a6d3ea5d78979eeeb46179929f85cb0f3c3",
                    operation="DELETE",
                    pgid="pgtrigger_consent_policy_no_delete_8c5a1",
                    table="studies_consentpolicy",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="eligibilityoverride",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason", ""), _negated=True),
                name="eligibility_override_has_reason",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="eligibilityoverride",
            trigger=pgtrigger.compiler.Trigger(
                name="eligibility_override_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."criterion" IS DISTINCT FROM (NEW."criterion") OR OLD."granted" IS DISTINCT FROM (NEW."granted") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."decided_by_id" IS DISTINCT FROM (NEW."decided_by_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="2530564d52f485a56a23f8fc148aac59091978ed",
                    operation="UPDATE",
                    pgid="pgtrigger_eligibility_override_stands_d1908",
                    table="studies_eligibilityoverride",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="eligibilityoverride",
            trigger=pgtrigger.compiler.Trigger(
                name="eligibility_override_no_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="913438aad34f202067509c939054d9f13e630564",
                    operation="DELETE",
                    pgid="pgtrigger_eligibility_override_no_delete_3c8ba",
                    table="studies_eligibilityoverride",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="eligibilityversion",
            constraint=models.UniqueConstraint(
                fields=("study", "number"), name="eligibility_number_once"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="eligibilityversion",
            trigger=pgtrigger.compiler.Trigger(
                name="eligibility_version_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="1424e5b88871c1ca1ba6c9148cd3ce9f5e5d20a1",
                    operation="UPDATE",
                    pgid="pgtrigger_eligibility_version_stands_06b46",
                    table="studies_eligibilityversion",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="eligibilityversion",
            trigger=pgtrigger.compiler.Trigger(
                name="eligibility_version_no_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="89a79be94fa70cde2ae8f87d854c537d804fb98c",
                    operation="DELETE",
                    pgid="pgtrigger_eligibility_version_no_delete_568b6",
                    table="studies_eligibilityversion",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="patientmove",
            index=models.Index(fields=["study", "-id"], name="patient_move_list"),
        ),
        migrations.AddConstraint(
            model_name="patientmove",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        ["screened", "enrolled", "excluded", "withdrawn", "transferred", "merged"],
                    )
                ),
                name="patient_move_kind_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="patientmove",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("kind__in", ["screened", "enrolled"]),
                    models.Q(("reason", ""), _negated=True),
                    _connector="OR",
                ),
                name="patient_move_has_reason",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patientmove",
            trigger=pgtrigger.compiler.Trigger(
                name="patient_move_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."kind" IS DISTINCT FROM (NEW."kind") OR OLD."date" IS DISTINCT FROM (NEW."date") OR OLD."reason" IS DISTINCT FROM (NEW."reason") OR OLD."decided_by_id" IS DISTINCT FROM (NEW."decided_by_id") OR OLD."other_id" IS DISTINCT FROM (NEW."other_id") OR OLD."details" IS DISTINCT FROM (NEW."details"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="48c6d8b96602f880e83fd3bee6ff6c124bc6cc28",
                    operation="UPDATE",
                    pgid="pgtrigger_patient_move_stands_68fe6",
                    table="studies_patientmove",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patientmove",
            trigger=pgtrigger.compiler.Trigger(
                name="patient_move_no_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="1a72b0471e67afddf6110cdf9dd625036f386ab6",
                    operation="DELETE",
                    pgid="pgtrigger_patient_move_no_delete_dce5b",
                    table="studies_patientmove",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddIndex(
            model_name="usetrace",
            index=models.Index(fields=["table", "row_id"], name="use_trace_of_row"),
        ),
        migrations.AddConstraint(
            model_name="usetrace",
            constraint=models.UniqueConstraint(
                fields=("move", "table", "row_id"), name="use_trace_once"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="usetrace",
            trigger=pgtrigger.compiler.Trigger(
                name="use_trace_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="39054f6242aabf2a5d4c5ca7b153df1d555c2030",
                    operation="UPDATE",
                    pgid="pgtrigger_use_trace_stands_4f28a",
                    table="studies_usetrace",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="usetrace",
            trigger=pgtrigger.compiler.Trigger(
                name="use_trace_no_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="225a6d9452fd4bae7a514b9483a963172580665a",
                    operation="DELETE",
                    pgid="pgtrigger_use_trace_no_delete_3e14d",
                    table="studies_usetrace",
                    when="BEFORE",
                ),
            ),
        ),
    ]
