"""The life of a version, proofs of reproduction, questions, plans and later scores."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import studies.identifiers
from studies.db import patient_table_operations, study_table_operations


class Migration(migrations.Migration):
    dependencies = [
        ("modeling", "0002_tenancy"),
        ("studies", "0002_tenancy"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Examination",
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
                ("seed", models.BigIntegerField()),
                ("results", models.JSONField()),
                ("results_sha256", models.CharField(max_length=64)),
                ("notices", models.JSONField(blank=True, default=list)),
                ("seconds", models.FloatField(default=0)),
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
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="examinations",
                        to="modeling.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "default_related_name": "examinations",
            },
        ),
        migrations.CreateModel(
            name="PatientScore",
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
                ("value", models.FloatField(blank=True, null=True)),
                ("above_threshold", models.BooleanField(blank=True, null=True)),
                ("applicable", models.BooleanField()),
                ("distance", models.FloatField()),
                ("distance_percentile", models.FloatField()),
                ("reasons", models.JSONField(blank=True, default=list)),
                ("features_digest", models.CharField(max_length=64)),
                ("consent", models.JSONField()),
                (
                    "asked_by",
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
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="scores",
                        to="modeling.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "default_related_name": "patient_scores",
            },
        ),
        migrations.CreateModel(
            name="Reproduction",
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
                (
                    "verdict",
                    models.TextField(
                        choices=[
                            ("equal", "Equal"),
                            ("within_tolerance", "within tolerance"),
                            ("different", "Different"),
                        ]
                    ),
                ),
                ("tolerance", models.FloatField()),
                ("compared", models.PositiveIntegerField()),
                ("largest_difference", models.FloatField(blank=True, null=True)),
                ("parts", models.JSONField()),
                ("differences", models.JSONField(blank=True, default=list)),
                ("library_versions", models.JSONField()),
                ("changed_libraries", models.JSONField(blank=True, default=dict)),
                ("commit", models.CharField(blank=True, max_length=64)),
                ("seconds", models.FloatField(default=0)),
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
                    "run",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="reproductions",
                        to="modeling.modelrun",
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
                "default_related_name": "reproductions",
            },
        ),
        migrations.CreateModel(
            name="SavedQuestion",
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
                ("name", models.CharField(max_length=80)),
                ("document", models.JSONField()),
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
                "ordering": ["-number"],
                "default_related_name": "saved_questions",
            },
        ),
        migrations.CreateModel(
            name="VersionEvent",
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
                (
                    "from_state",
                    models.TextField(
                        choices=[
                            ("draft", "Draft"),
                            ("validated", "Validated"),
                            ("released", "Released"),
                            ("retired", "Retired"),
                        ]
                    ),
                ),
                (
                    "to_state",
                    models.TextField(
                        choices=[
                            ("draft", "Draft"),
                            ("validated", "Validated"),
                            ("released", "Released"),
                            ("retired", "Retired"),
                        ]
                    ),
                ),
                ("reason", models.CharField(max_length=1000)),
                (
                    "acted_by",
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
                (
                    "version",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="events",
                        to="modeling.modelversion",
                    ),
                ),
            ],
            options={
                "ordering": ["id"],
                "default_related_name": "version_events",
            },
        ),
        migrations.CreateModel(
            name="AnalysisPlan",
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
                ("document", models.JSONField()),
                ("sha256", models.CharField(max_length=64)),
                ("locked_at", models.DateTimeField(blank=True, null=True)),
                (
                    "locked_by",
                    models.ForeignKey(
                        blank=True,
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
                "ordering": ["-number"],
                "default_related_name": "analysis_plans",
                "constraints": [
                    models.UniqueConstraint(fields=("study", "number"), name="plan_number_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("locked_at__isnull", True), ("locked_by__isnull", True)),
                            models.Q(("locked_at__isnull", False), ("locked_by__isnull", False)),
                            _connector="OR",
                        ),
                        name="plan_locked_by_somebody",
                    ),
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="analysisplan",
            trigger=pgtrigger.compiler.Trigger(
                name="plan_locked_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."locked_at" IS NOT NULL)',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="36d79160afbce6a48595e99b0e9e979d63013525",
                    operation="UPDATE",
                    pgid="pgtrigger_plan_locked_stands_ae80f",
                    table="modeling_analysisplan",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="analysisplan",
            trigger=pgtrigger.compiler.Trigger(
                name="plan_no_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="86a84361826501562667f91d19710512b33779c1",
                    operation="DELETE",
                    pgid="pgtrigger_plan_no_delete_21f3b",
                    table="modeling_analysisplan",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="examination",
            constraint=models.UniqueConstraint(
                fields=("version", "inputs_digest"), name="examination_inputs_once"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="examination",
            trigger=pgtrigger.compiler.Trigger(
                name="examination_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="d82c41bf0efd34a18d388a2f0240eeece703cbb0",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_examination_stands_7075e",
                    table="modeling_examination",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="patientscore",
            constraint=models.UniqueConstraint(
                fields=("version", "patient", "inputs_digest"), name="patient_score_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="patientscore",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("value__isnull", True),
                    models.Q(("value__gte", 0), ("value__lte", 1)),
                    _connector="OR",
                ),
                name="patient_score_in_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="patientscore",
            constraint=models.CheckConstraint(
                condition=models.Q(("applicable", True), ("value__isnull", True), _connector="OR"),
                name="patient_score_only_where_applicable",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patientscore",
            trigger=pgtrigger.compiler.Trigger(
                name="patient_score_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."produced_by_id" IS DISTINCT FROM (NEW."produced_by_id") OR OLD."inputs_digest" IS DISTINCT FROM (NEW."inputs_digest") OR OLD."version_id" IS DISTINCT FROM (NEW."version_id") OR OLD."value" IS DISTINCT FROM (NEW."value") OR OLD."above_threshold" IS DISTINCT FROM (NEW."above_threshold") OR OLD."applicable" IS DISTINCT FROM (NEW."applicable") OR OLD."distance" IS DISTINCT FROM (NEW."distance") OR OLD."distance_percentile" IS DISTINCT FROM (NEW."distance_percentile") OR OLD."reasons" IS DISTINCT FROM (NEW."reasons") OR OLD."features_digest" IS DISTINCT FROM (NEW."features_digest") OR OLD."consent" IS DISTINCT FROM (NEW."consent") OR OLD."asked_by_id" IS DISTINCT FROM (NEW."asked_by_id"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="4086e0da1e08a392fcb79697fc066611f4886fa6",
                    operation="UPDATE",
                    pgid="pgtrigger_patient_score_stands_9d246",
                    table="modeling_patientscore",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="patientscore",
            trigger=pgtrigger.compiler.Trigger(
                name="patient_score_no_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition="WHEN (current_setting('isotherm.purging', true) IS DISTINCT FROM 'on')",
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="e68d5be00c02947bdc70d9246365fdf481c88478",
                    operation="DELETE",
                    pgid="pgtrigger_patient_score_no_delete_a116e",
                    table="modeling_patientscore",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="reproduction",
            constraint=models.CheckConstraint(
                condition=models.Q(("verdict__in", ["equal", "within_tolerance", "different"])),
                name="reproduction_verdict_known",
            ),
        ),
        migrations.AddConstraint(
            model_name="reproduction",
            constraint=models.CheckConstraint(
                condition=models.Q(("compared__gt", 0)), name="reproduction_of_something"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="reproduction",
            trigger=pgtrigger.compiler.Trigger(
                name="reproduction_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="059597d719f8b154ae0d23e0cdf47ca33370b54d",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_reproduction_stands_4486d",
                    table="modeling_reproduction",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="savedquestion",
            constraint=models.UniqueConstraint(
                fields=("study", "number"), name="question_number_once"
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="savedquestion",
            trigger=pgtrigger.compiler.Trigger(
                name="question_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="e1c565d7bc9e965caf9b3a53eed9c2cc29f56e93",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_question_stands_75682",
                    table="modeling_savedquestion",
                    when="BEFORE",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="versionevent",
            constraint=models.UniqueConstraint(
                fields=("version", "number"), name="version_event_once"
            ),
        ),
        migrations.AddConstraint(
            model_name="versionevent",
            constraint=models.CheckConstraint(
                condition=models.Q(("reason__regex", "\\S{3}")), name="version_event_has_reason"
            ),
        ),
        migrations.AddConstraint(
            model_name="versionevent",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("from_state", "draft"), ("to_state", "validated")),
                    models.Q(("from_state", "draft"), ("to_state", "retired")),
                    models.Q(("from_state", "validated"), ("to_state", "released")),
                    models.Q(("from_state", "validated"), ("to_state", "retired")),
                    models.Q(("from_state", "released"), ("to_state", "retired")),
                    models.Q(("from_state", "retired"), ("to_state", "released")),
                    _connector="OR",
                ),
                name="version_event_move_known",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="versionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="version_event_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="0b1b075f01733b17edd2a552c325eabb302a0cd3",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_version_event_stands_6dbd4",
                    table="modeling_versionevent",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="versionevent",
            trigger=pgtrigger.compiler.Trigger(
                name="version_event_move",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="\n    IF NEW.from_state IS DISTINCT FROM COALESCE((\n        SELECT e.to_state FROM modeling_versionevent e\n        WHERE e.version_id = NEW.version_id ORDER BY e.number DESC LIMIT 1), 'draft')\n    THEN\n        RAISE EXCEPTION 'version_event: the version is not %', NEW.from_state;\n    END IF;\n    IF NEW.to_state = 'released' AND NOT EXISTS (\n        SELECT 1 FROM modeling_modelversion v\n        JOIN modeling_modelrun r ON r.id = v.run_id\n        JOIN studies_job j ON j.id = COALESCE(v.produced_by_id, r.produced_by_id)\n        WHERE v.id = NEW.version_id AND j.acting_user_id <> NEW.acted_by_id)\n    THEN\n        RAISE EXCEPTION 'version_event: a release needs a second person';\n    END IF;\n    IF NEW.to_state = 'released' AND EXISTS (\n        SELECT 1 FROM modeling_versionevent e WHERE e.version_id = NEW.version_id\n        AND e.to_state = 'retired') AND NOT EXISTS (\n        SELECT 1 FROM modeling_versionevent e WHERE e.version_id = NEW.version_id\n        AND e.to_state = 'released')\n    THEN\n        RAISE EXCEPTION 'version_event: never released, so not to be rolled back to';\n    END IF;\n    RETURN NEW;\n",
                    hash="667353f858ab2434bb34d3326148070a9a109ef6",
                    operation="INSERT",
                    pgid="pgtrigger_version_event_move_87a01",
                    table="modeling_versionevent",
                    when="BEFORE",
                ),
            ),
        ),
        *patient_table_operations("modeling_patientscore"),
        *study_table_operations(
            "modeling_analysisplan",
            "modeling_examination",
            "modeling_reproduction",
            "modeling_savedquestion",
            "modeling_versionevent",
        ),
    ]
