"""Who and what is studied, whole: tables, histories, triggers, keys, policies."""

import django.contrib.auth.models
import django.contrib.auth.validators
import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.conf import settings
from django.db import migrations, models

import studies.identifiers
import studies.models.base
from studies.db import Together

from ._rules import RULES


class Migration(migrations.Migration):
    replaces = [
        ("studies", "0001_initial"),
        ("studies", "0002_tenancy"),
        ("studies", "0003_dictionary_queries_history"),
        ("studies", "0004_query_policies"),
        ("studies", "0005_cohort_keeping"),
        ("studies", "0006_cohort_keeping_rules"),
        ("studies", "0007_import_states"),
        ("studies", "0008_resumable_uploads"),
        ("studies", "0009_codes_in_order"),
        ("studies", "0010_exports_and_reads"),
        ("studies", "0011_read_and_export_rules"),
    ]

    initial = True

    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("authtoken", "0004_alter_tokenproxy_options"),
        ("pghistory", "0007_auto_20250421_0444"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        Together(
            [
                migrations.CreateModel(
                    name="AccessTokenEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
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
                            "user",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                                verbose_name="User",
                            ),
                        ),
                        (
                            "created",
                            models.DateTimeField(auto_now_add=True, verbose_name="Created"),
                        ),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="Cohort",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        ("name", models.CharField(max_length=80)),
                        (
                            "role",
                            models.TextField(
                                choices=[
                                    ("training", "Training"),
                                    ("internal_validation", "Internal Validation"),
                                    ("external_phenotype", "External Phenotype"),
                                    ("external_response", "External Response"),
                                    ("histology", "Histology"),
                                ]
                            ),
                        ),
                        (
                            "use",
                            models.TextField(
                                choices=[
                                    ("development", "Development"),
                                    ("validation", "Validation"),
                                    ("descriptive", "Descriptive"),
                                ]
                            ),
                        ),
                        ("frozen_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "ordering": ["id"],
                        "default_related_name": "cohorts",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "name"), name="cohort_name_once"
                            ),
                            models.UniqueConstraint(fields=("id", "use"), name="cohort_use_key"),
                            models.UniqueConstraint(
                                fields=("id", "study"), name="cohort_study_key"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "role__in",
                                        [
                                            "training",
                                            "internal_validation",
                                            "external_phenotype",
                                            "external_response",
                                            "histology",
                                        ],
                                    )
                                ),
                                name="cohort_role_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("use__in", ["development", "validation", "descriptive"])
                                ),
                                name="cohort_use_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CohortEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.cohort",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                        ("name", models.CharField(max_length=80)),
                        (
                            "role",
                            models.TextField(
                                choices=[
                                    ("training", "Training"),
                                    ("internal_validation", "Internal Validation"),
                                    ("external_phenotype", "External Phenotype"),
                                    ("external_response", "External Response"),
                                    ("histology", "Histology"),
                                ]
                            ),
                        ),
                        (
                            "use",
                            models.TextField(
                                choices=[
                                    ("development", "Development"),
                                    ("validation", "Validation"),
                                    ("descriptive", "Descriptive"),
                                ]
                            ),
                        ),
                        ("frozen_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="CohortMember",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        (
                            "cohort",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="members",
                                to="studies.cohort",
                            ),
                        ),
                        (
                            "use",
                            models.TextField(
                                choices=[
                                    ("development", "Development"),
                                    ("validation", "Validation"),
                                    ("descriptive", "Descriptive"),
                                ]
                            ),
                        ),
                        (
                            "partition",
                            models.GeneratedField(
                                db_persist=True,
                                expression=models.Case(
                                    models.When(then=models.Value(None), use="descriptive"),
                                    default=models.F("use"),
                                    output_field=models.TextField(null=True),
                                ),
                                output_field=models.TextField(null=True),
                            ),
                        ),
                    ],
                    options={
                        "default_related_name": "cohort_memberships",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("patient", "cohort"), name="cohort_member_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="CohortMemberEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.cohortmember",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "cohort",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.cohort",
                            ),
                        ),
                        (
                            "use",
                            models.TextField(
                                choices=[
                                    ("development", "Development"),
                                    ("validation", "Validation"),
                                    ("descriptive", "Descriptive"),
                                ]
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="completeness",
                                to="studies.patient",
                            ),
                        ),
                        (
                            "present",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), default=list, size=None
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "completeness",
                    },
                ),
                migrations.CreateModel(
                    name="Consent",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        ("scope", models.CharField(max_length=40)),
                        ("withdrawn_on", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "abstract": False,
                        "default_related_name": "consents",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("precision__in", ["day", "month", "year"])),
                                name="consent_precision_known",
                            ),
                            models.UniqueConstraint(
                                fields=("patient", "scope", "date"), name="consent_once"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ConsentEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.consent",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "patient",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.patient",
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        ("scope", models.CharField(max_length=40)),
                        ("withdrawn_on", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "abstract": False,
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
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
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
                migrations.CreateModel(
                    name="Contact",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        (
                            "kind",
                            models.TextField(
                                choices=[("alive", "Alive"), ("assessed", "Assessed")]
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "default_related_name": "contacts",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("precision__in", ["day", "month", "year"])),
                                name="contact_precision_known",
                            ),
                            models.UniqueConstraint(
                                fields=("patient", "kind", "date"), name="contact_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("kind__in", ["alive", "assessed"])),
                                name="contact_kind_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ContactEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.contact",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "patient",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.patient",
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        (
                            "kind",
                            models.TextField(
                                choices=[("alive", "Alive"), ("assessed", "Assessed")]
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="Death",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        ("cause", models.CharField(blank=True, max_length=120)),
                    ],
                    options={
                        "abstract": False,
                        "default_related_name": "deaths",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("precision__in", ["day", "month", "year"])),
                                name="death_precision_known",
                            ),
                            models.UniqueConstraint(fields=("patient",), name="death_once"),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DeathEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.death",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "patient",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.patient",
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        ("cause", models.CharField(blank=True, max_length=120)),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="DeidentificationKey",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        ("date_offset_days", models.IntegerField()),
                        ("uid_root", models.CharField(max_length=40)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("patient",), name="deidentification_key_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Derivation",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        ("parent_digest", models.CharField(max_length=64)),
                        ("child_digest", models.CharField(max_length=64)),
                        (
                            "job",
                            models.ForeignKey(
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="derivations",
                                to="studies.job",
                            ),
                        ),
                    ],
                    options={
                        "default_related_name": "derivations",
                        "indexes": [
                            models.Index(
                                fields=["study", "child_digest"], name="derivation_upwards"
                            )
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "parent_digest", "child_digest"),
                                name="derivation_once",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DerivedVariable",
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
                            "dictionary",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="derived",
                                to="studies.dictionaryversion",
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        ("name", models.CharField(max_length=64)),
                        ("label", models.CharField(max_length=200)),
                        ("expression", models.CharField(max_length=500)),
                        ("unit", models.CharField(blank=True, max_length=40)),
                    ],
                    options={
                        "ordering": ["position", "id"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("dictionary", "name"), name="derived_variable_name_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DerivedVariableEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.derivedvariable",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "dictionary",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.dictionaryversion",
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        ("name", models.CharField(max_length=64)),
                        ("label", models.CharField(max_length=200)),
                        ("expression", models.CharField(max_length=500)),
                        ("unit", models.CharField(blank=True, max_length=40)),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="DictionaryVersion",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        ("number", models.PositiveIntegerField()),
                        ("frozen_at", models.DateTimeField(blank=True, null=True)),
                        ("note", models.TextField(blank=True)),
                    ],
                    options={
                        "ordering": ["number"],
                        "default_related_name": "dictionary_versions",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "number"), name="dictionary_number_once"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("frozen_at__isnull", True)),
                                fields=("study",),
                                name="dictionary_one_draft",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="DictionaryVersionEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.dictionaryversion",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                        ("number", models.PositiveIntegerField()),
                        ("frozen_at", models.DateTimeField(blank=True, null=True)),
                        ("note", models.TextField(blank=True)),
                    ],
                    options={
                        "abstract": False,
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
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
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
                    ],
                    options={
                        "ordering": ["id"],
                        "default_related_name": "eligibility_overrides",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("reason", ""), _negated=True),
                                name="eligibility_override_has_reason",
                            )
                        ],
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
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
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
                    ],
                    options={
                        "ordering": ["number"],
                        "default_related_name": "eligibility_versions",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "number"), name="eligibility_number_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EndpointDefinition",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        ("name", models.CharField(max_length=64)),
                        ("version", models.PositiveIntegerField()),
                        ("rule", models.JSONField()),
                    ],
                    options={
                        "default_related_name": "endpoint_definitions",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "name", "version"), name="endpoint_definition_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="EndpointDefinitionEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.endpointdefinition",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                        ("name", models.CharField(max_length=64)),
                        ("version", models.PositiveIntegerField()),
                        ("rule", models.JSONField()),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="EndpointValue",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                        ("inputs_digest", models.CharField(blank=True, max_length=64)),
                        (
                            "definition",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="values",
                                to="studies.endpointdefinition",
                            ),
                        ),
                        ("duration_days", models.FloatField(blank=True, null=True)),
                        ("event", models.BooleanField(blank=True, null=True)),
                        ("label", models.CharField(blank=True, max_length=40)),
                        ("notices", models.JSONField(blank=True, default=list)),
                    ],
                    options={
                        "default_related_name": "endpoint_values",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("patient", "definition", "inputs_digest"),
                                name="endpoint_value_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("duration_days__isnull", True),
                                    ("duration_days__gt", 0),
                                    _connector="OR",
                                ),
                                name="endpoint_value_duration_positive",
                            ),
                        ],
                    },
                ),
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "content",
                            models.TextField(
                                choices=[("patients", "Patients"), ("reads", "Reads")]
                            ),
                        ),
                        (
                            "format",
                            models.TextField(
                                choices=[("csv", "Csv"), ("xlsx", "Xlsx")], default="csv"
                            ),
                        ),
                        ("filters", models.JSONField(blank=True, default=dict)),
                        ("columns", models.JSONField(blank=True, default=list)),
                        ("row_count", models.PositiveIntegerField(default=0)),
                        ("left_out", models.JSONField(blank=True, default=dict)),
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
                        ("expires_at", models.DateTimeField(blank=True, null=True)),
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
                    name="FileUse",
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
                            "file",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="uses",
                                to="studies.storedfile",
                            ),
                        ),
                        ("table", models.CharField(max_length=63)),
                        ("row_id", models.BigIntegerField()),
                        ("patient_id", models.BigIntegerField(blank=True, null=True)),
                    ],
                    options={
                        "indexes": [
                            models.Index(fields=["table", "row_id"], name="file_use_of_row")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("file", "table", "row_id"), name="file_use_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FormEntry",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        ("form", models.CharField(max_length=40)),
                        ("occasion", models.CharField(default="baseline", max_length=40)),
                        (
                            "dictionary",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="entries",
                                to="studies.dictionaryversion",
                            ),
                        ),
                        ("values", models.JSONField(default=dict)),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("complete", "Complete"),
                                    ("verified", "Verified"),
                                    ("locked", "Locked"),
                                ],
                                default="complete",
                            ),
                        ),
                        ("row_version", models.PositiveIntegerField(default=1)),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                    ],
                    options={
                        "default_related_name": "form_entries",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("patient", "form", "occasion"),
                                name="form_entry_once_per_occasion",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("state__in", ["draft", "complete", "verified", "locked"])
                                ),
                                name="form_entry_state_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="FormEntryEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.formentry",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "patient",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.patient",
                            ),
                        ),
                        ("form", models.CharField(max_length=40)),
                        ("occasion", models.CharField(default="baseline", max_length=40)),
                        (
                            "dictionary",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.dictionaryversion",
                            ),
                        ),
                        ("values", models.JSONField(default=dict)),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("draft", "Draft"),
                                    ("complete", "Complete"),
                                    ("verified", "Verified"),
                                    ("locked", "Locked"),
                                ],
                                default="complete",
                            ),
                        ),
                        ("row_version", models.PositiveIntegerField(default=1)),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="ImportBatch",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        ("kind", models.CharField(max_length=40)),
                        (
                            "file",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="batches",
                                to="studies.storedfile",
                            ),
                        ),
                        ("filename", models.CharField(max_length=255)),
                        ("options", models.JSONField(blank=True, default=dict)),
                        ("mapping", models.JSONField(blank=True, default=dict)),
                        (
                            "dictionary",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="batches",
                                to="studies.dictionaryversion",
                            ),
                        ),
                        (
                            "uploaded_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "state",
                            models.TextField(
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
                        ("problems", models.JSONField(blank=True, default=list)),
                        ("notices", models.JSONField(blank=True, default=list)),
                        ("summary", models.JSONField(blank=True, default=dict)),
                        ("look", models.JSONField(blank=True, default=dict)),
                        ("difference", models.JSONField(blank=True, default=dict)),
                        ("written", models.JSONField(blank=True, default=dict)),
                        ("problem_count", models.PositiveIntegerField(default=0)),
                        (
                            "problems_file",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.storedfile",
                            ),
                        ),
                        (
                            "difference_file",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.storedfile",
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "import batches",
                        "ordering": ["-id"],
                        "default_related_name": "import_batches",
                        "constraints": [
                            models.CheckConstraint(
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
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Job",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "acting_user",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("kind", models.CharField(max_length=80)),
                        ("subject_table", models.CharField(blank=True, max_length=63)),
                        ("subject_id", models.BigIntegerField(blank=True, null=True)),
                        ("params", models.JSONField(blank=True, default=dict)),
                        ("idempotency_key", models.CharField(max_length=200, unique=True)),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("queued", "Queued"),
                                    ("running", "Running"),
                                    ("done", "Done"),
                                    ("failed", "Failed"),
                                    ("errored", "Errored"),
                                    ("cancelled", "Cancelled"),
                                ],
                                default="queued",
                            ),
                        ),
                        ("attempt", models.PositiveIntegerField(default=0)),
                        ("sent_at", models.DateTimeField(default=django.utils.timezone.now)),
                        ("started_at", models.DateTimeField(blank=True, null=True)),
                        ("ended_at", models.DateTimeField(blank=True, null=True)),
                        ("lease_until", models.DateTimeField(blank=True, null=True)),
                        ("heartbeat_at", models.DateTimeField(blank=True, null=True)),
                        ("progress_done", models.FloatField(default=0)),
                        ("progress_total", models.FloatField(default=0)),
                        ("progress_message", models.CharField(blank=True, max_length=200)),
                        ("cancel_requested_at", models.DateTimeField(blank=True, null=True)),
                        (
                            "parent",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="children",
                                to="studies.job",
                            ),
                        ),
                        ("problems", models.JSONField(blank=True, default=list)),
                        ("result", models.JSONField(blank=True, default=dict)),
                        ("error_id", models.CharField(blank=True, max_length=16)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "default_related_name": "jobs",
                        "indexes": [
                            models.Index(fields=["study", "-id"], name="job_list"),
                            models.Index(fields=["state", "lease_until"], name="job_sweep"),
                            models.Index(
                                fields=["subject_table", "subject_id"], name="job_of_subject"
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        [
                                            "queued",
                                            "running",
                                            "done",
                                            "failed",
                                            "errored",
                                            "cancelled",
                                        ],
                                    )
                                ),
                                name="job_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("state", "running"), _negated=True),
                                    ("lease_until__isnull", False),
                                    _connector="OR",
                                ),
                                name="job_running_has_lease",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LabResult",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        ("analyte", models.CharField(max_length=40)),
                        ("value", models.FloatField()),
                        ("unit", models.CharField(max_length=40)),
                        ("value_as_entered", models.CharField(max_length=40)),
                        ("unit_as_entered", models.CharField(blank=True, max_length=40)),
                        ("comparator", models.CharField(blank=True, max_length=2)),
                    ],
                    options={
                        "abstract": False,
                        "default_related_name": "lab_results",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("precision__in", ["day", "month", "year"])),
                                name="labresult_precision_known",
                            ),
                            models.UniqueConstraint(
                                fields=("patient", "analyte", "date"), name="lab_result_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("comparator__in", ["", "<", ">", "<=", ">="])),
                                name="lab_result_comparator_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LabResultEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.labresult",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "patient",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.patient",
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        ("analyte", models.CharField(max_length=40)),
                        ("value", models.FloatField()),
                        ("unit", models.CharField(max_length=40)),
                        ("value_as_entered", models.CharField(max_length=40)),
                        ("unit_as_entered", models.CharField(blank=True, max_length=40)),
                        ("comparator", models.CharField(blank=True, max_length=2)),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="Lesion",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        ("organ", models.CharField(blank=True, max_length=80)),
                        (
                            "kind",
                            models.TextField(
                                choices=[
                                    ("primary", "Primary"),
                                    ("metastasis", "Metastasis"),
                                    ("unknown", "Unknown"),
                                ],
                                default="unknown",
                            ),
                        ),
                        ("is_target", models.BooleanField(default=False)),
                    ],
                    options={
                        "default_related_name": "lesions",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("patient", "number"), name="lesion_number_once"
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("is_target", True)),
                                fields=("patient",),
                                name="lesion_one_target",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind__in", ["primary", "metastasis", "unknown"])
                                ),
                                name="lesion_kind_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="LesionEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.lesion",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "patient",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.patient",
                            ),
                        ),
                        ("number", models.PositiveSmallIntegerField()),
                        ("organ", models.CharField(blank=True, max_length=80)),
                        (
                            "kind",
                            models.TextField(
                                choices=[
                                    ("primary", "Primary"),
                                    ("metastasis", "Metastasis"),
                                    ("unknown", "Unknown"),
                                ],
                                default="unknown",
                            ),
                        ),
                        ("is_target", models.BooleanField(default=False)),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="Membership",
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
                                related_name="memberships",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="memberships",
                                to="studies.site",
                            ),
                        ),
                        (
                            "role",
                            models.TextField(
                                choices=[
                                    ("administrator", "Administrator"),
                                    ("coordinator", "Coordinator"),
                                    ("statistician", "Statistician"),
                                    ("collaborator", "Collaborator"),
                                ]
                            ),
                        ),
                        (
                            "rights",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), blank=True, default=list, size=None
                            ),
                        ),
                        ("starts_on", models.DateField(default=django.utils.timezone.localdate)),
                        ("ends_on", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "user", "site"),
                                name="membership_once",
                                nulls_distinct=False,
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "role__in",
                                        [
                                            "administrator",
                                            "coordinator",
                                            "statistician",
                                            "collaborator",
                                        ],
                                    )
                                ),
                                name="membership_role_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "rights__contained_by",
                                        [
                                            "aggregates",
                                            "rows",
                                            "identifiers",
                                            "download",
                                            "enter",
                                            "verify",
                                            "run",
                                            "comment",
                                            "manage",
                                        ],
                                    )
                                ),
                                name="membership_rights_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("ends_on__isnull", True),
                                    ("ends_on__gte", models.F("starts_on")),
                                    _connector="OR",
                                ),
                                name="membership_ends_after_start",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="MembershipEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.membership",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                        (
                            "user",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.site",
                            ),
                        ),
                        (
                            "role",
                            models.TextField(
                                choices=[
                                    ("administrator", "Administrator"),
                                    ("coordinator", "Coordinator"),
                                    ("statistician", "Statistician"),
                                    ("collaborator", "Collaborator"),
                                ]
                            ),
                        ),
                        (
                            "rights",
                            django.contrib.postgres.fields.ArrayField(
                                base_field=models.TextField(), blank=True, default=list, size=None
                            ),
                        ),
                        ("starts_on", models.DateField(default=django.utils.timezone.localdate)),
                        ("ends_on", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="Patient",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="patients",
                                to="studies.site",
                            ),
                        ),
                        ("pseudonym", models.CharField(max_length=64)),
                        (
                            "status",
                            models.TextField(
                                choices=[
                                    ("screened", "Screened"),
                                    ("enrolled", "Enrolled"),
                                    ("excluded", "Excluded"),
                                    ("withdrawn", "Withdrawn"),
                                ],
                                default="enrolled",
                            ),
                        ),
                        ("status_on", models.DateField(blank=True, null=True)),
                        ("status_reason", models.TextField(blank=True)),
                        (
                            "partition",
                            models.TextField(
                                blank=True,
                                choices=[
                                    ("development", "Development"),
                                    ("validation", "Validation"),
                                ],
                                null=True,
                            ),
                        ),
                        ("row_version", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "ordering": ["pseudonym"],
                        "indexes": [
                            models.Index(
                                fields=["study", "site", "pseudonym", "id"], name="patient_list"
                            ),
                            models.Index(
                                fields=["study", "pseudonym", "id"], name="patient_by_pseudonym"
                            ),
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "pseudonym"), name="patient_pseudonym_once"
                            ),
                            models.UniqueConstraint(
                                fields=("id", "study", "site"), name="patient_tenancy_key"
                            ),
                            models.UniqueConstraint(
                                fields=("id", "partition"), name="patient_partition_key"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "status__in",
                                        ["screened", "enrolled", "excluded", "withdrawn"],
                                    )
                                ),
                                name="patient_status_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("partition__isnull", True),
                                    ("partition__in", ["development", "validation"]),
                                    _connector="OR",
                                ),
                                name="patient_partition_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("pseudonym", ""), _negated=True),
                                name="patient_pseudonym_not_empty",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("status__in", ["screened", "enrolled"]),
                                    models.Q(("status_reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="patient_status_has_reason",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PatientEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                        ("pseudonym", models.CharField(max_length=64)),
                        (
                            "status",
                            models.TextField(
                                choices=[
                                    ("screened", "Screened"),
                                    ("enrolled", "Enrolled"),
                                    ("excluded", "Excluded"),
                                    ("withdrawn", "Withdrawn"),
                                ],
                                default="enrolled",
                            ),
                        ),
                        ("status_on", models.DateField(blank=True, null=True)),
                        ("status_reason", models.TextField(blank=True)),
                        (
                            "partition",
                            models.TextField(
                                blank=True,
                                choices=[
                                    ("development", "Development"),
                                    ("validation", "Validation"),
                                ],
                                null=True,
                            ),
                        ),
                        ("row_version", models.PositiveIntegerField(default=1)),
                    ],
                    options={
                        "abstract": False,
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
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
                        ("details", models.JSONField(blank=True, default=dict)),
                    ],
                    options={
                        "ordering": ["-id"],
                        "default_related_name": "moves",
                        "indexes": [
                            models.Index(fields=["study", "-id"], name="patient_move_list")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "kind__in",
                                        [
                                            "screened",
                                            "enrolled",
                                            "excluded",
                                            "withdrawn",
                                            "transferred",
                                            "merged",
                                        ],
                                    )
                                ),
                                name="patient_move_kind_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("kind__in", ["screened", "enrolled"]),
                                    models.Q(("reason", ""), _negated=True),
                                    _connector="OR",
                                ),
                                name="patient_move_has_reason",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="PersonEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.person",
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
                        ("id", models.IntegerField()),
                        (
                            "is_superuser",
                            models.BooleanField(
                                default=False,
                                help_text="Designates that this user has all permissions without explicitly assigning them.",
                                verbose_name="superuser status",
                            ),
                        ),
                        (
                            "username",
                            models.CharField(
                                error_messages={
                                    "unique": "A user with that username already exists."
                                },
                                help_text="Required. 150 characters or fewer. Letters, digits and @/./+/-/_ only.",
                                max_length=150,
                                validators=[
                                    django.contrib.auth.validators.UnicodeUsernameValidator()
                                ],
                                verbose_name="username",
                            ),
                        ),
                        (
                            "first_name",
                            models.CharField(blank=True, max_length=150, verbose_name="first name"),
                        ),
                        (
                            "last_name",
                            models.CharField(blank=True, max_length=150, verbose_name="last name"),
                        ),
                        (
                            "email",
                            models.EmailField(
                                blank=True, max_length=254, verbose_name="email address"
                            ),
                        ),
                        (
                            "is_staff",
                            models.BooleanField(
                                default=False,
                                help_text="Designates whether the user can log into this admin site.",
                                verbose_name="staff status",
                            ),
                        ),
                        (
                            "is_active",
                            models.BooleanField(
                                default=True,
                                help_text="Designates whether this user should be treated as active. Unselect this instead of deleting accounts.",
                                verbose_name="active",
                            ),
                        ),
                        (
                            "date_joined",
                            models.DateTimeField(
                                default=django.utils.timezone.now, verbose_name="date joined"
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="Progression",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                    ],
                    options={
                        "abstract": False,
                        "default_related_name": "progressions",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("precision__in", ["day", "month", "year"])),
                                name="progression_precision_known",
                            ),
                            models.UniqueConstraint(
                                fields=("patient", "date"), name="progression_once"
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ProgressionEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.progression",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "patient",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.patient",
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="Query",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        ("form", models.CharField(default="baseline", max_length=40)),
                        ("field", models.CharField(blank=True, max_length=64)),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("open", "Open"),
                                    ("answered", "Answered"),
                                    ("closed", "Closed"),
                                ],
                                default="open",
                            ),
                        ),
                        (
                            "raised_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "assignee",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "verbose_name_plural": "queries",
                        "ordering": ["-id"],
                        "default_related_name": "queries",
                        "indexes": [
                            models.Index(fields=["study", "state", "site"], name="query_list")
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["open", "answered", "closed"])),
                                name="query_state_known",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="QueryEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.query",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "patient",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.patient",
                            ),
                        ),
                        ("form", models.CharField(default="baseline", max_length=40)),
                        ("field", models.CharField(blank=True, max_length=64)),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("open", "Open"),
                                    ("answered", "Answered"),
                                    ("closed", "Closed"),
                                ],
                                default="open",
                            ),
                        ),
                        (
                            "raised_by",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        (
                            "assignee",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="QueryMessage",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        (
                            "query",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="messages",
                                to="studies.query",
                            ),
                        ),
                        (
                            "author",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("text", models.TextField(blank=True)),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("open", "Open"),
                                    ("answered", "Answered"),
                                    ("closed", "Closed"),
                                ]
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["id"],
                        "default_related_name": "query_messages",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("state__in", ["open", "answered", "closed"])),
                                name="query_message_state_known",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="QueryMessageEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.querymessage",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "query",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.query",
                            ),
                        ),
                        (
                            "author",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("text", models.TextField(blank=True)),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("open", "Open"),
                                    ("answered", "Answered"),
                                    ("closed", "Closed"),
                                ]
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
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
                    ],
                    options={
                        "ordering": ["-id"],
                        "default_related_name": "read_records",
                        "indexes": [
                            models.Index(fields=["study", "-id"], name="read_record_list"),
                            models.Index(
                                fields=["study", "user", "-id"], name="read_record_of_person"
                            ),
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("action__in", ["view", "download", "export", "api"])
                                ),
                                name="read_record_action_known",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ResponseAssessment",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        ("method", models.CharField(default="RECIST 1.1", max_length=40)),
                        (
                            "result",
                            models.TextField(
                                choices=[
                                    ("CR", "Cr"),
                                    ("PR", "Pr"),
                                    ("SD", "Sd"),
                                    ("PD", "Pd"),
                                    ("NE", "Ne"),
                                ]
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "default_related_name": "response_assessments",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("precision__in", ["day", "month", "year"])),
                                name="responseassessment_precision_known",
                            ),
                            models.UniqueConstraint(
                                fields=("patient", "date", "method"),
                                name="response_assessment_once",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("result__in", ["CR", "PR", "SD", "PD", "NE"])),
                                name="response_assessment_result_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="ResponseAssessmentEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.responseassessment",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "patient",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.patient",
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        ("method", models.CharField(default="RECIST 1.1", max_length=40)),
                        (
                            "result",
                            models.TextField(
                                choices=[
                                    ("CR", "Cr"),
                                    ("PR", "Pr"),
                                    ("SD", "Sd"),
                                    ("PD", "Pd"),
                                    ("NE", "Ne"),
                                ]
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="ResumableUpload",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        ("kind", models.CharField(max_length=40)),
                        ("filename", models.CharField(max_length=255)),
                        ("size", models.BigIntegerField()),
                        ("fingerprint", models.CharField(blank=True, max_length=200)),
                        ("part_bytes", models.PositiveIntegerField(default=8388608)),
                        ("received", models.BigIntegerField(default=0)),
                        ("options", models.JSONField(blank=True, default=dict)),
                        (
                            "uploaded_by",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to=settings.AUTH_USER_MODEL,
                            ),
                        ),
                        ("touched_at", models.DateTimeField(default=django.utils.timezone.now)),
                        (
                            "state",
                            models.TextField(
                                choices=[
                                    ("open", "Open"),
                                    ("joining", "Joining"),
                                    ("taken_in", "Taken In"),
                                    ("refused", "Refused"),
                                    ("discarded", "Discarded"),
                                ],
                                default="open",
                            ),
                        ),
                        ("problems", models.JSONField(blank=True, default=list)),
                        (
                            "batch",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="uploads",
                                to="studies.importbatch",
                            ),
                        ),
                    ],
                    options={
                        "ordering": ["-id"],
                        "default_related_name": "resumable_uploads",
                        "indexes": [
                            models.Index(
                                fields=["study", "uploaded_by", "state"],
                                name="resumable_upload_open",
                            )
                        ],
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(
                                    (
                                        "state__in",
                                        ["open", "joining", "taken_in", "refused", "discarded"],
                                    )
                                ),
                                name="resumable_upload_state_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("received__gte", 0), ("received__lte", models.F("size"))
                                ),
                                name="resumable_upload_received_within_size",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Site",
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
                        ("name", models.CharField(max_length=200, unique=True)),
                    ],
                    options={
                        "ordering": ["name"],
                    },
                ),
                migrations.CreateModel(
                    name="SiteEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.site",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        ("name", models.CharField(max_length=200)),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="Specimen",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        (
                            "lesion",
                            models.ForeignKey(
                                blank=True,
                                null=True,
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="specimens",
                                to="studies.lesion",
                            ),
                        ),
                        ("label", models.CharField(max_length=120)),
                        (
                            "procedure",
                            models.TextField(
                                choices=[
                                    ("biopsy", "Biopsy"),
                                    ("resection", "Resection"),
                                    ("unknown", "Unknown"),
                                ],
                                default="unknown",
                            ),
                        ),
                        ("tissue", models.CharField(blank=True, max_length=80)),
                        ("collected_on", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "default_related_name": "specimens",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "label"), name="specimen_label_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("procedure__in", ["biopsy", "resection", "unknown"])
                                ),
                                name="specimen_procedure_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SpecimenChoice",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        (
                            "specimen",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="choices",
                                to="studies.specimen",
                            ),
                        ),
                        ("purpose", models.CharField(max_length=40)),
                        ("rule", models.CharField(max_length=80)),
                    ],
                    options={
                        "default_related_name": "specimen_choices",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("patient", "purpose"),
                                name="specimen_choice_once_per_purpose",
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SpecimenEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.specimen",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "lesion",
                            models.ForeignKey(
                                blank=True,
                                db_constraint=False,
                                null=True,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.lesion",
                            ),
                        ),
                        ("label", models.CharField(max_length=120)),
                        (
                            "procedure",
                            models.TextField(
                                choices=[
                                    ("biopsy", "Biopsy"),
                                    ("resection", "Resection"),
                                    ("unknown", "Unknown"),
                                ],
                                default="unknown",
                            ),
                        ),
                        ("tissue", models.CharField(blank=True, max_length=80)),
                        ("collected_on", models.DateField(blank=True, null=True)),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="StoredFile",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        ("sha256", models.CharField(max_length=64)),
                        ("size", models.BigIntegerField()),
                        ("kind", models.CharField(max_length=40)),
                        ("name", models.CharField(blank=True, max_length=255)),
                        ("bytes_dropped_at", models.DateTimeField(blank=True, null=True)),
                    ],
                    options={
                        "default_related_name": "stored_files",
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "sha256"), name="stored_file_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("sha256__regex", "^[0-9a-f]{64}$")),
                                name="stored_file_sha256_is_hex",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("size__gte", 0)),
                                name="stored_file_size_positive",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Study",
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
                        ("name", models.CharField(max_length=200, unique=True)),
                        ("description", models.TextField(blank=True)),
                        ("is_simulated", models.BooleanField(default=False)),
                    ],
                    options={
                        "verbose_name_plural": "studies",
                        "ordering": ["name"],
                    },
                ),
                migrations.CreateModel(
                    name="StudyEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.study",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        ("name", models.CharField(max_length=200)),
                        ("description", models.TextField(blank=True)),
                        ("is_simulated", models.BooleanField(default=False)),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="StudyQuota",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        ("quota_bytes", models.BigIntegerField()),
                    ],
                    options={
                        "verbose_name_plural": "study quotas",
                        "constraints": [
                            models.UniqueConstraint(fields=("study",), name="study_quota_once"),
                            models.CheckConstraint(
                                condition=models.Q(("quota_bytes__gte", 0)),
                                name="study_quota_not_negative",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StudySite",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "site",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="study_sites",
                                to="studies.site",
                            ),
                        ),
                    ],
                    options={
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("study", "site"), name="study_site_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="StudySiteEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.studysite",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="Surgery",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        (
                            "margin",
                            models.TextField(
                                choices=[
                                    ("R0", "R0"),
                                    ("R1", "R1"),
                                    ("R2", "R2"),
                                    ("unknown", "Unknown"),
                                ],
                                default="unknown",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                        "default_related_name": "surgeries",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("precision__in", ["day", "month", "year"])),
                                name="surgery_precision_known",
                            ),
                            models.UniqueConstraint(
                                fields=("patient", "date"), name="surgery_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(("margin__in", ["R0", "R1", "R2", "unknown"])),
                                name="surgery_margin_known",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="SurgeryEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.surgery",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "patient",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.patient",
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        (
                            "margin",
                            models.TextField(
                                choices=[
                                    ("R0", "R0"),
                                    ("R1", "R1"),
                                    ("R2", "R2"),
                                    ("unknown", "Unknown"),
                                ],
                                default="unknown",
                            ),
                        ),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="Treatment",
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
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
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
                            "patient",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT, to="studies.patient"
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        ("line", models.PositiveSmallIntegerField(default=1)),
                        ("drug", models.CharField(max_length=80)),
                        ("stopped_on", models.DateField(blank=True, null=True)),
                        ("is_index", models.BooleanField(default=True)),
                    ],
                    options={
                        "abstract": False,
                        "default_related_name": "treatments",
                        "constraints": [
                            models.CheckConstraint(
                                condition=models.Q(("precision__in", ["day", "month", "year"])),
                                name="treatment_precision_known",
                            ),
                            models.UniqueConstraint(
                                condition=models.Q(("is_index", True)),
                                fields=("patient",),
                                name="treatment_one_index",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="TreatmentEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.treatment",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
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
                            "patient",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.patient",
                            ),
                        ),
                        ("date", models.DateField()),
                        (
                            "precision",
                            models.TextField(
                                choices=[("day", "Day"), ("month", "Month"), ("year", "Year")],
                                default="day",
                            ),
                        ),
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
                        ("source_row", models.PositiveIntegerField(blank=True, null=True)),
                        ("line", models.PositiveSmallIntegerField(default=1)),
                        ("drug", models.CharField(max_length=80)),
                        ("stopped_on", models.DateField(blank=True, null=True)),
                        ("is_index", models.BooleanField(default=True)),
                    ],
                    options={
                        "abstract": False,
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
                        (
                            "study",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="+",
                                to="studies.study",
                            ),
                        ),
                        (
                            "move",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="traces",
                                to="studies.patientmove",
                            ),
                        ),
                        ("table", models.CharField(max_length=63)),
                        ("row_id", models.BigIntegerField()),
                        ("title", models.CharField(max_length=200)),
                        ("url", models.CharField(blank=True, max_length=300)),
                        ("withdrawn_on", models.DateField()),
                    ],
                    options={
                        "ordering": ["id"],
                        "default_related_name": "use_traces",
                        "indexes": [
                            models.Index(fields=["table", "row_id"], name="use_trace_of_row")
                        ],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("move", "table", "row_id"), name="use_trace_once"
                            )
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="Variable",
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
                            "dictionary",
                            models.ForeignKey(
                                on_delete=django.db.models.deletion.PROTECT,
                                related_name="variables",
                                to="studies.dictionaryversion",
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        ("form", models.CharField(default="baseline", max_length=40)),
                        ("section", models.CharField(blank=True, max_length=80)),
                        ("name", models.CharField(max_length=64)),
                        ("label", models.CharField(max_length=200)),
                        (
                            "type",
                            models.TextField(
                                choices=[
                                    ("number", "Number"),
                                    ("date", "Date"),
                                    ("category", "Category"),
                                    ("text", "Text"),
                                ]
                            ),
                        ),
                        ("unit", models.CharField(blank=True, max_length=40)),
                        ("minimum", models.FloatField(blank=True, null=True)),
                        ("maximum", models.FloatField(blank=True, null=True)),
                        ("plausible_minimum", models.FloatField(blank=True, null=True)),
                        ("plausible_maximum", models.FloatField(blank=True, null=True)),
                        ("codes", studies.models.base.CodesField(blank=True, default=dict)),
                        ("missing_codes", models.JSONField(blank=True, default=list)),
                        ("required_for", models.JSONField(blank=True, default=list)),
                    ],
                    options={
                        "ordering": ["position", "id"],
                        "constraints": [
                            models.UniqueConstraint(
                                fields=("dictionary", "name"), name="variable_name_once"
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    ("type__in", ["number", "date", "category", "text"])
                                ),
                                name="variable_type_known",
                            ),
                            models.CheckConstraint(
                                condition=models.Q(
                                    models.Q(("type", "category"), _negated=True),
                                    models.Q(("codes", {}), _negated=True),
                                    _connector="OR",
                                ),
                                name="variable_category_has_codes",
                            ),
                        ],
                    },
                ),
                migrations.CreateModel(
                    name="VariableEvent",
                    fields=[
                        ("pgh_id", models.AutoField(primary_key=True, serialize=False)),
                        ("pgh_created_at", models.DateTimeField(auto_now_add=True)),
                        ("pgh_label", models.TextField(help_text="The event label.")),
                        (
                            "pgh_obj",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="events",
                                to="studies.variable",
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
                        ("id", models.BigIntegerField()),
                        (
                            "uid",
                            models.UUIDField(default=studies.identifiers.uuid7, editable=False),
                        ),
                        (
                            "created_at",
                            models.DateTimeField(default=django.utils.timezone.now, editable=False),
                        ),
                        (
                            "dictionary",
                            models.ForeignKey(
                                db_constraint=False,
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                related_name="+",
                                related_query_name="+",
                                to="studies.dictionaryversion",
                            ),
                        ),
                        ("position", models.PositiveSmallIntegerField()),
                        ("form", models.CharField(default="baseline", max_length=40)),
                        ("section", models.CharField(blank=True, max_length=80)),
                        ("name", models.CharField(max_length=64)),
                        ("label", models.CharField(max_length=200)),
                        (
                            "type",
                            models.TextField(
                                choices=[
                                    ("number", "Number"),
                                    ("date", "Date"),
                                    ("category", "Category"),
                                    ("text", "Text"),
                                ]
                            ),
                        ),
                        ("unit", models.CharField(blank=True, max_length=40)),
                        ("minimum", models.FloatField(blank=True, null=True)),
                        ("maximum", models.FloatField(blank=True, null=True)),
                        ("plausible_minimum", models.FloatField(blank=True, null=True)),
                        ("plausible_maximum", models.FloatField(blank=True, null=True)),
                        ("codes", studies.models.base.CodesField(blank=True, default=dict)),
                        ("missing_codes", models.JSONField(blank=True, default=list)),
                        ("required_for", models.JSONField(blank=True, default=list)),
                    ],
                    options={
                        "abstract": False,
                    },
                ),
                migrations.CreateModel(
                    name="AccessToken",
                    fields=[],
                    options={
                        "proxy": True,
                        "indexes": [],
                        "constraints": [],
                    },
                    bases=("authtoken.token",),
                ),
                migrations.CreateModel(
                    name="Person",
                    fields=[],
                    options={
                        "proxy": True,
                        "indexes": [],
                        "constraints": [],
                    },
                    bases=("auth.user",),
                    managers=[
                        ("objects", django.contrib.auth.models.UserManager()),
                    ],
                ),
            ]
        ),
        Together(
            [
                pgtrigger.migrations.AddTrigger(
                    model_name="cohort",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_cohortevent" ("created_at", "frozen_at", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "study_id", "uid", "use") SELECT new_values."created_at", new_values."frozen_at", new_values."id", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."role", new_values."study_id", new_values."uid", new_values."use" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="700f3c47878477388a260d1a14e15a9cc2e1d07f",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_6fc79",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_cohort",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="cohort",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_cohortevent" ("created_at", "frozen_at", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "study_id", "uid", "use") SELECT new_values."created_at", new_values."frozen_at", new_values."id", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."role", new_values."study_id", new_values."uid", new_values."use" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="c23f7a4837a6c638bff34685c460689282e9054f",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_25461",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_cohort",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="cohort",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_cohortevent" ("created_at", "frozen_at", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "role", "study_id", "uid", "use") SELECT old_values."created_at", old_values."frozen_at", old_values."id", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."role", old_values."study_id", old_values."uid", old_values."use" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="c996a59332c740745e34750340b0583c7b14a0e1",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_65c6c",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_cohort",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="cohortmember",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_cohortmemberevent" ("cohort_id", "created_at", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id", "study_id", "uid", "use") SELECT new_values."cohort_id", new_values."created_at", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."site_id", new_values."study_id", new_values."uid", new_values."use" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="5b1911dd5955b14ce7407045efe0722842fbca85",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_d75e4",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_cohortmember",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="cohortmember",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_cohortmemberevent" ("cohort_id", "created_at", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id", "study_id", "uid", "use") SELECT new_values."cohort_id", new_values."created_at", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."site_id", new_values."study_id", new_values."uid", new_values."use" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."cohort_id" IS DISTINCT FROM (new_values."cohort_id") OR old_values."created_at" IS DISTINCT FROM (new_values."created_at") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."patient_id" IS DISTINCT FROM (new_values."patient_id") OR old_values."site_id" IS DISTINCT FROM (new_values."site_id") OR old_values."study_id" IS DISTINCT FROM (new_values."study_id") OR old_values."uid" IS DISTINCT FROM (new_values."uid") OR old_values."use" IS DISTINCT FROM (new_values."use")) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="64de5f277de222d6317382302e247a50ed2f526a",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_a6c65",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_cohortmember",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="cohortmember",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_cohortmemberevent" ("cohort_id", "created_at", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id", "study_id", "uid", "use") SELECT old_values."cohort_id", old_values."created_at", old_values."id", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."site_id", old_values."study_id", old_values."uid", old_values."use" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="47c0eddbdca5b389fb7d1dd9270f9656b9be8946",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_1168d",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_cohortmember",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="consent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_consentevent" ("batch_id", "created_at", "date", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "scope", "site_id", "source_row", "study_id", "uid", "withdrawn_on") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."precision", new_values."scope", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid", new_values."withdrawn_on" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="8e868433902b0505b945f49222f01820adf45fc7",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_3f8a3",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_consent",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="consent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_consentevent" ("batch_id", "created_at", "date", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "scope", "site_id", "source_row", "study_id", "uid", "withdrawn_on") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."precision", new_values."scope", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid", new_values."withdrawn_on" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="70808b4608361759fee7c084637f3acb90e29c66",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_f829b",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_consent",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="consent",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_consentevent" ("batch_id", "created_at", "date", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "scope", "site_id", "source_row", "study_id", "uid", "withdrawn_on") SELECT old_values."batch_id", old_values."created_at", old_values."date", old_values."id", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."precision", old_values."scope", old_values."site_id", old_values."source_row", old_values."study_id", old_values."uid", old_values."withdrawn_on" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="d610d6b34a7e129dcc5cddd98279e58d68528c53",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_47e8e",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_consent",
                            when="AFTER",
                        ),
                    ),
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
                pgtrigger.migrations.AddTrigger(
                    model_name="contact",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_contactevent" ("batch_id", "created_at", "date", "id", "kind", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."id", new_values."kind", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."precision", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="0609403c9ce25d7bf9bb0ddc1b17ad8fe3ffdd74",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_8547f",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_contact",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="contact",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_contactevent" ("batch_id", "created_at", "date", "id", "kind", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."id", new_values."kind", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."precision", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="2c6ec26e09d6cf5ae8c3285f2ce1ee9486ce9054",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_57f17",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_contact",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="contact",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_contactevent" ("batch_id", "created_at", "date", "id", "kind", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid") SELECT old_values."batch_id", old_values."created_at", old_values."date", old_values."id", old_values."kind", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."precision", old_values."site_id", old_values."source_row", old_values."study_id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="90af919c0985082c284264c639038769028c1c25",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_86049",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_contact",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="death",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_deathevent" ("batch_id", "cause", "created_at", "date", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid") SELECT new_values."batch_id", new_values."cause", new_values."created_at", new_values."date", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."precision", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="cb7be9969a56d427daf06c7abdaf38d57e479238",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_63ae2",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_death",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="death",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_deathevent" ("batch_id", "cause", "created_at", "date", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid") SELECT new_values."batch_id", new_values."cause", new_values."created_at", new_values."date", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."precision", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="f1748158a740a9e58d8e364b9f3f21d0ce86be68",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_ca069",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_death",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="death",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_deathevent" ("batch_id", "cause", "created_at", "date", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid") SELECT old_values."batch_id", old_values."cause", old_values."created_at", old_values."date", old_values."id", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."precision", old_values."site_id", old_values."source_row", old_values."study_id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="5260b740ab014b0473ea234e1c63a207d163f66f",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_30fbf",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_death",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="derivedvariable",
                    trigger=pgtrigger.compiler.Trigger(
                        name="frozen_derived",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n            IF EXISTS (\n                SELECT 1 FROM studies_dictionaryversion d\n                WHERE d.id IN (OLD.dictionary_id, NEW.dictionary_id) AND d.frozen_at IS NOT NULL\n            ) THEN\n                RAISE EXCEPTION 'a frozen dictionary is not changed; make a new version'\n                USING ERRCODE = 'check_violation';\n            END IF;\n            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n            RETURN NEW;\n        ",
                            hash="f14b4bf521d8a589210aba37473a6d22cc7cc952",
                            operation="INSERT OR UPDATE OR DELETE",
                            pgid="pgtrigger_frozen_derived_671c3",
                            table="studies_derivedvariable",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="derivedvariable",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_derivedvariableevent" ("created_at", "dictionary_id", "expression", "id", "label", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "uid", "unit") SELECT new_values."created_at", new_values."dictionary_id", new_values."expression", new_values."id", new_values."label", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."position", new_values."uid", new_values."unit" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="b38dc7ded00930424dae7437879730b26aae5b13",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_92d58",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_derivedvariable",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="derivedvariable",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_derivedvariableevent" ("created_at", "dictionary_id", "expression", "id", "label", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "uid", "unit") SELECT new_values."created_at", new_values."dictionary_id", new_values."expression", new_values."id", new_values."label", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."position", new_values."uid", new_values."unit" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="fdd699c46c8bf29470b1de3d351ffe06f9f20e42",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_76af6",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_derivedvariable",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="derivedvariable",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_derivedvariableevent" ("created_at", "dictionary_id", "expression", "id", "label", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "position", "uid", "unit") SELECT old_values."created_at", old_values."dictionary_id", old_values."expression", old_values."id", old_values."label", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."position", old_values."uid", old_values."unit" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="d565e5db552f72c448951b632fe73672a5e88b87",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_ec870",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_derivedvariable",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="dictionaryversion",
                    trigger=pgtrigger.compiler.Trigger(
                        name="frozen_dictionary",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            condition='WHEN (OLD."frozen_at" IS NOT NULL)',
                            func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                            hash="b066b61947b132ec4ef92eed854acc765f6c3605",
                            operation="UPDATE OR DELETE",
                            pgid="pgtrigger_frozen_dictionary_2fc03",
                            table="studies_dictionaryversion",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="dictionaryversion",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_dictionaryversionevent" ("created_at", "frozen_at", "id", "note", "number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "study_id", "uid") SELECT new_values."created_at", new_values."frozen_at", new_values."id", new_values."note", new_values."number", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="4087536f3d9d2110e4aee544db1fb48ef919310d",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_0c09c",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_dictionaryversion",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="dictionaryversion",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_dictionaryversionevent" ("created_at", "frozen_at", "id", "note", "number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "study_id", "uid") SELECT new_values."created_at", new_values."frozen_at", new_values."id", new_values."note", new_values."number", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="48eb4f14ecb29629f4b9243aff88e2af378c35ea",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_41731",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_dictionaryversion",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="dictionaryversion",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_dictionaryversionevent" ("created_at", "frozen_at", "id", "note", "number", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "study_id", "uid") SELECT old_values."created_at", old_values."frozen_at", old_values."id", old_values."note", old_values."number", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."study_id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="1576948d3be62f1af1981e5d26d360275ef0c421",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_7fe55",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_dictionaryversion",
                            when="AFTER",
                        ),
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
                pgtrigger.migrations.AddTrigger(
                    model_name="endpointdefinition",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_endpointdefinitionevent" ("created_at", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rule", "study_id", "uid", "version") SELECT new_values."created_at", new_values."id", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."rule", new_values."study_id", new_values."uid", new_values."version" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="37d4370b60bf5b3498bd41f02b2685eb39a94367",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_bf710",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_endpointdefinition",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="endpointdefinition",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_endpointdefinitionevent" ("created_at", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rule", "study_id", "uid", "version") SELECT new_values."created_at", new_values."id", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."rule", new_values."study_id", new_values."uid", new_values."version" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="524cc833d9b76530b5420541b4c0c2d1906f7afb",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_22472",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_endpointdefinition",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="endpointdefinition",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_endpointdefinitionevent" ("created_at", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rule", "study_id", "uid", "version") SELECT old_values."created_at", old_values."id", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."rule", old_values."study_id", old_values."uid", old_values."version" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="052687a1cc04f2be323171c8b6bdf5248b6dc48d",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_e35c0",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_endpointdefinition",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="formentry",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_formentryevent" ("batch_id", "created_at", "dictionary_id", "form", "id", "occasion", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "row_version", "site_id", "source_row", "state", "study_id", "uid", "values") SELECT new_values."batch_id", new_values."created_at", new_values."dictionary_id", new_values."form", new_values."id", new_values."occasion", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."row_version", new_values."site_id", new_values."source_row", new_values."state", new_values."study_id", new_values."uid", new_values."values" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="7a4a39d2f4f63a2d88a65ce60e93f6125b4506fe",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_e1b4b",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_formentry",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="formentry",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_formentryevent" ("batch_id", "created_at", "dictionary_id", "form", "id", "occasion", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "row_version", "site_id", "source_row", "state", "study_id", "uid", "values") SELECT new_values."batch_id", new_values."created_at", new_values."dictionary_id", new_values."form", new_values."id", new_values."occasion", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."row_version", new_values."site_id", new_values."source_row", new_values."state", new_values."study_id", new_values."uid", new_values."values" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="6f22abe1aca0e6100ba933e13085e09e39fdf4f3",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_face1",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_formentry",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="formentry",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_formentryevent" ("batch_id", "created_at", "dictionary_id", "form", "id", "occasion", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "row_version", "site_id", "source_row", "state", "study_id", "uid", "values") SELECT old_values."batch_id", old_values."created_at", old_values."dictionary_id", old_values."form", old_values."id", old_values."occasion", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."row_version", old_values."site_id", old_values."source_row", old_values."state", old_values."study_id", old_values."uid", old_values."values" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="5fece9a4f50f32a9600543280369608ca3183fd9",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_8ca2f",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_formentry",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="labresult",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_labresultevent" ("analyte", "batch_id", "comparator", "created_at", "date", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid", "unit", "unit_as_entered", "value", "value_as_entered") SELECT new_values."analyte", new_values."batch_id", new_values."comparator", new_values."created_at", new_values."date", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."precision", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid", new_values."unit", new_values."unit_as_entered", new_values."value", new_values."value_as_entered" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="4b40a701b30059e17d96485aba11ec2fcc4bec1b",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_9ae6d",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_labresult",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="labresult",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_labresultevent" ("analyte", "batch_id", "comparator", "created_at", "date", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid", "unit", "unit_as_entered", "value", "value_as_entered") SELECT new_values."analyte", new_values."batch_id", new_values."comparator", new_values."created_at", new_values."date", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."precision", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid", new_values."unit", new_values."unit_as_entered", new_values."value", new_values."value_as_entered" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="f0901f767c7b760163bf3ad8973f79568a259710",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_9d602",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_labresult",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="labresult",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_labresultevent" ("analyte", "batch_id", "comparator", "created_at", "date", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid", "unit", "unit_as_entered", "value", "value_as_entered") SELECT old_values."analyte", old_values."batch_id", old_values."comparator", old_values."created_at", old_values."date", old_values."id", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."precision", old_values."site_id", old_values."source_row", old_values."study_id", old_values."uid", old_values."unit", old_values."unit_as_entered", old_values."value", old_values."value_as_entered" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="87d92a6e58914bf02dfb5d60aa754cb09872c4f6",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_6d276",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_labresult",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="lesion",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_lesionevent" ("created_at", "id", "is_target", "kind", "number", "organ", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id", "study_id", "uid") SELECT new_values."created_at", new_values."id", new_values."is_target", new_values."kind", new_values."number", new_values."organ", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."site_id", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="edc457dd3a5ba8987d4a35ecf5a472fd3f50a087",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_d6390",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_lesion",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="lesion",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_lesionevent" ("created_at", "id", "is_target", "kind", "number", "organ", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id", "study_id", "uid") SELECT new_values."created_at", new_values."id", new_values."is_target", new_values."kind", new_values."number", new_values."organ", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."site_id", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="99391e5557baa36d26491a165e899c9e13ae7732",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_46ba9",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_lesion",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="lesion",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_lesionevent" ("created_at", "id", "is_target", "kind", "number", "organ", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id", "study_id", "uid") SELECT old_values."created_at", old_values."id", old_values."is_target", old_values."kind", old_values."number", old_values."organ", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."site_id", old_values."study_id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="2c7034591287f51a646bc7d532ac7c78c316cdf1",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_602cc",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_lesion",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="membership",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_membershipevent" ("created_at", "ends_on", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rights", "role", "site_id", "starts_on", "study_id", "uid", "user_id") SELECT new_values."created_at", new_values."ends_on", new_values."id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."rights", new_values."role", new_values."site_id", new_values."starts_on", new_values."study_id", new_values."uid", new_values."user_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="8945e8c47f2efaee4850c2980677d701a076d232",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_f98c1",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_membership",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="membership",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_membershipevent" ("created_at", "ends_on", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rights", "role", "site_id", "starts_on", "study_id", "uid", "user_id") SELECT new_values."created_at", new_values."ends_on", new_values."id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."rights", new_values."role", new_values."site_id", new_values."starts_on", new_values."study_id", new_values."uid", new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="5b6e7acdb4292e048ac892ccdf1099fb4074116f",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_d9bf8",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_membership",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="membership",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_membershipevent" ("created_at", "ends_on", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "rights", "role", "site_id", "starts_on", "study_id", "uid", "user_id") SELECT old_values."created_at", old_values."ends_on", old_values."id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."rights", old_values."role", old_values."site_id", old_values."starts_on", old_values."study_id", old_values."uid", old_values."user_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="282843cac25a72dbf1880b67a84dba377c2516d3",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_79795",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_membership",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="patient",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_patientevent" ("created_at", "id", "partition", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pseudonym", "row_version", "site_id", "status", "status_on", "status_reason", "study_id", "uid") SELECT new_values."created_at", new_values."id", new_values."partition", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."pseudonym", new_values."row_version", new_values."site_id", new_values."status", new_values."status_on", new_values."status_reason", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="54fce4832cd014d9156e6b5b26dfb90908e5eb53",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_67e8e",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_patient",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="patient",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_patientevent" ("created_at", "id", "partition", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pseudonym", "row_version", "site_id", "status", "status_on", "status_reason", "study_id", "uid") SELECT new_values."created_at", new_values."id", new_values."partition", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."pseudonym", new_values."row_version", new_values."site_id", new_values."status", new_values."status_on", new_values."status_reason", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="1d4e20f24643f86d14ac6c96f79eea713b8c59c2",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_54466",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_patient",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="patient",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_patientevent" ("created_at", "id", "partition", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "pseudonym", "row_version", "site_id", "status", "status_on", "status_reason", "study_id", "uid") SELECT old_values."created_at", old_values."id", old_values."partition", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."pseudonym", old_values."row_version", old_values."site_id", old_values."status", old_values."status_on", old_values."status_reason", old_values."study_id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="22dcb3c3140b802f0525e5d1d1450d41cf95efe4",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_1a9c2",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_patient",
                            when="AFTER",
                        ),
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
                pgtrigger.migrations.AddTrigger(
                    model_name="progression",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_progressionevent" ("batch_id", "created_at", "date", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."precision", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="1c334cfd95a38a161adb6ce684dd026da898e67c",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_c8330",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_progression",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="progression",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_progressionevent" ("batch_id", "created_at", "date", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."precision", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="555b4f8ffad602bd8a6c6ae84a671aa923296d70",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_ea507",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_progression",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="progression",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_progressionevent" ("batch_id", "created_at", "date", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid") SELECT old_values."batch_id", old_values."created_at", old_values."date", old_values."id", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."precision", old_values."site_id", old_values."source_row", old_values."study_id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="590af892d3c85369e793f653bc5ede5b6b8a35b0",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_aa4c0",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_progression",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="query",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_queryevent" ("assignee_id", "created_at", "field", "form", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "raised_by_id", "site_id", "state", "study_id", "uid") SELECT new_values."assignee_id", new_values."created_at", new_values."field", new_values."form", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."raised_by_id", new_values."site_id", new_values."state", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="dd6be10b970ea800827a7f6a09251a6a2d9d59dd",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_0071a",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_query",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="query",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_queryevent" ("assignee_id", "created_at", "field", "form", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "raised_by_id", "site_id", "state", "study_id", "uid") SELECT new_values."assignee_id", new_values."created_at", new_values."field", new_values."form", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."raised_by_id", new_values."site_id", new_values."state", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="269a5463a2358b1316d26ad464f57f2bc0832961",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_cd7ab",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_query",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="query",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_queryevent" ("assignee_id", "created_at", "field", "form", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "raised_by_id", "site_id", "state", "study_id", "uid") SELECT old_values."assignee_id", old_values."created_at", old_values."field", old_values."form", old_values."id", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."raised_by_id", old_values."site_id", old_values."state", old_values."study_id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="47c5d82ca0e834dd4af66ed243691a2ba685561c",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_09993",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_query",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="querymessage",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_querymessageevent" ("author_id", "created_at", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "query_id", "site_id", "state", "study_id", "text", "uid") SELECT new_values."author_id", new_values."created_at", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."query_id", new_values."site_id", new_values."state", new_values."study_id", new_values."text", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="9b56abd92fc1622f52deddc9bb350503544ff786",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_e855c",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_querymessage",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="querymessage",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_querymessageevent" ("author_id", "created_at", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "query_id", "site_id", "state", "study_id", "text", "uid") SELECT new_values."author_id", new_values."created_at", new_values."id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."query_id", new_values."site_id", new_values."state", new_values."study_id", new_values."text", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="61b102b125c2fdc06302e279d00e4862270c7743",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_9157f",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_querymessage",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="querymessage",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_querymessageevent" ("author_id", "created_at", "id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "query_id", "site_id", "state", "study_id", "text", "uid") SELECT old_values."author_id", old_values."created_at", old_values."id", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."query_id", old_values."site_id", old_values."state", old_values."study_id", old_values."text", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="e9d6adbf823e6155479bcd0f07853485e8c72695",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_d6a5d",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_querymessage",
                            when="AFTER",
                        ),
                    ),
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
                pgtrigger.migrations.AddTrigger(
                    model_name="responseassessment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_responseassessmentevent" ("batch_id", "created_at", "date", "id", "method", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "result", "site_id", "source_row", "study_id", "uid") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."id", new_values."method", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."precision", new_values."result", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="360ff93ac9a14345bb8640f8487ea7373c19f989",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_b3a74",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_responseassessment",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="responseassessment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_responseassessmentevent" ("batch_id", "created_at", "date", "id", "method", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "result", "site_id", "source_row", "study_id", "uid") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."id", new_values."method", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."precision", new_values."result", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="933c4a60e14aed4e91d04a5aac5b19a3193ff69b",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_3ee23",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_responseassessment",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="responseassessment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_responseassessmentevent" ("batch_id", "created_at", "date", "id", "method", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "result", "site_id", "source_row", "study_id", "uid") SELECT old_values."batch_id", old_values."created_at", old_values."date", old_values."id", old_values."method", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."precision", old_values."result", old_values."site_id", old_values."source_row", old_values."study_id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="6855f0fca6ea8e96c164f6b25136fc7ed853d63e",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_e5fd8",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_responseassessment",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="site",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_siteevent" ("created_at", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "uid") SELECT new_values."created_at", new_values."id", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="129a925a3002e735fcca455ad152fb4d8c8157b2",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_36bff",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_site",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="site",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_siteevent" ("created_at", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "uid") SELECT new_values."created_at", new_values."id", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="3b4640cea033337e8e79dbfbc2d6c845a64a64ad",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_a6665",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_site",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="site",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_siteevent" ("created_at", "id", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "uid") SELECT old_values."created_at", old_values."id", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="356e9071cf7b49a3a55247280aa01ce792eab050",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_705ef",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_site",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="specimen",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_specimenevent" ("collected_on", "created_at", "id", "label", "lesion_id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "procedure", "site_id", "study_id", "tissue", "uid") SELECT new_values."collected_on", new_values."created_at", new_values."id", new_values."label", new_values."lesion_id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."procedure", new_values."site_id", new_values."study_id", new_values."tissue", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="4daa13ea1600d28b8d9260638d0b43656ab2a8db",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_b41ea",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_specimen",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="specimen",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_specimenevent" ("collected_on", "created_at", "id", "label", "lesion_id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "procedure", "site_id", "study_id", "tissue", "uid") SELECT new_values."collected_on", new_values."created_at", new_values."id", new_values."label", new_values."lesion_id", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."procedure", new_values."site_id", new_values."study_id", new_values."tissue", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="f163c41a734032b503b27a2cf52ec9b65a8147af",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_ea8c3",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_specimen",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="specimen",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_specimenevent" ("collected_on", "created_at", "id", "label", "lesion_id", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "procedure", "site_id", "study_id", "tissue", "uid") SELECT old_values."collected_on", old_values."created_at", old_values."id", old_values."label", old_values."lesion_id", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."procedure", old_values."site_id", old_values."study_id", old_values."tissue", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="f113682511f05e9b0de94250360ac75709a86aef",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_1d66f",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_specimen",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="study",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_studyevent" ("created_at", "description", "id", "is_simulated", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "uid") SELECT new_values."created_at", new_values."description", new_values."id", new_values."is_simulated", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="61d79421307d7257c725485513041a532fd4e198",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_f60b6",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_study",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="study",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_studyevent" ("created_at", "description", "id", "is_simulated", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "uid") SELECT new_values."created_at", new_values."description", new_values."id", new_values."is_simulated", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="9bc04cebdbc2f127b07f3f6a7864929806741290",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_8013b",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_study",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="study",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_studyevent" ("created_at", "description", "id", "is_simulated", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "uid") SELECT old_values."created_at", old_values."description", old_values."id", old_values."is_simulated", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="a5105fa0743fcd06f1d210b911cd3bca8a2f0703",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_6aa33",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_study",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="studysite",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_studysiteevent" ("created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id", "study_id", "uid") SELECT new_values."created_at", new_values."id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."site_id", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="940c13df702b5caa2f5a54cfc66cfbd2119a042a",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_5ccca",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_studysite",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="studysite",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_studysiteevent" ("created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id", "study_id", "uid") SELECT new_values."created_at", new_values."id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."site_id", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="526b2f3a73679ac8ad23c173f8140848984b2a74",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_eb6fc",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_studysite",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="studysite",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_studysiteevent" ("created_at", "id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "site_id", "study_id", "uid") SELECT old_values."created_at", old_values."id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."site_id", old_values."study_id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="6e95457dc539a8f52aab730c0a937ce2ae2352d9",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_3a336",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_studysite",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="surgery",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_surgeryevent" ("batch_id", "created_at", "date", "id", "margin", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."id", new_values."margin", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."precision", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="2fb17b431a0d5c7a2eb0b23d4694f7ecff755fdd",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_b2273",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_surgery",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="surgery",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_surgeryevent" ("batch_id", "created_at", "date", "id", "margin", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."id", new_values."margin", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."precision", new_values."site_id", new_values."source_row", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="dcb5ca4c2849d2a8a850e32a659a489e3f2e7299",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_6a631",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_surgery",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="surgery",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_surgeryevent" ("batch_id", "created_at", "date", "id", "margin", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "study_id", "uid") SELECT old_values."batch_id", old_values."created_at", old_values."date", old_values."id", old_values."margin", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."precision", old_values."site_id", old_values."source_row", old_values."study_id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="71dbf1e8cccf5128221d85837120936c5b7a805d",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_6bb09",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_surgery",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="treatment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_treatmentevent" ("batch_id", "created_at", "date", "drug", "id", "is_index", "line", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "stopped_on", "study_id", "uid") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."drug", new_values."id", new_values."is_index", new_values."line", new_values."patient_id", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."precision", new_values."site_id", new_values."source_row", new_values."stopped_on", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="3689333603b302e86cfea13da220d088737bdda9",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_b3c29",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_treatment",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="treatment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_treatmentevent" ("batch_id", "created_at", "date", "drug", "id", "is_index", "line", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "stopped_on", "study_id", "uid") SELECT new_values."batch_id", new_values."created_at", new_values."date", new_values."drug", new_values."id", new_values."is_index", new_values."line", new_values."patient_id", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."precision", new_values."site_id", new_values."source_row", new_values."stopped_on", new_values."study_id", new_values."uid" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="2a11c59274df0db7c2c508f1df74ffd7ee9340ba",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_149a3",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_treatment",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="treatment",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_treatmentevent" ("batch_id", "created_at", "date", "drug", "id", "is_index", "line", "patient_id", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "precision", "site_id", "source_row", "stopped_on", "study_id", "uid") SELECT old_values."batch_id", old_values."created_at", old_values."date", old_values."drug", old_values."id", old_values."is_index", old_values."line", old_values."patient_id", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."precision", old_values."site_id", old_values."source_row", old_values."stopped_on", old_values."study_id", old_values."uid" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="cde974220c3dca6fd1c47b80afe3cfdfeae00700",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_31947",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_treatment",
                            when="AFTER",
                        ),
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
                pgtrigger.migrations.AddTrigger(
                    model_name="variable",
                    trigger=pgtrigger.compiler.Trigger(
                        name="frozen_variable",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func="\n            IF EXISTS (\n                SELECT 1 FROM studies_dictionaryversion d\n                WHERE d.id IN (OLD.dictionary_id, NEW.dictionary_id) AND d.frozen_at IS NOT NULL\n            ) THEN\n                RAISE EXCEPTION 'a frozen dictionary is not changed; make a new version'\n                USING ERRCODE = 'check_violation';\n            END IF;\n            IF TG_OP = 'DELETE' THEN RETURN OLD; END IF;\n            RETURN NEW;\n        ",
                            hash="41072ededdd2cad9701f48f8d834d987733df6bb",
                            operation="INSERT OR UPDATE OR DELETE",
                            pgid="pgtrigger_frozen_variable_cc1a1",
                            table="studies_variable",
                            when="BEFORE",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="variable",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_variableevent" ("codes", "created_at", "dictionary_id", "form", "id", "label", "maximum", "minimum", "missing_codes", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plausible_maximum", "plausible_minimum", "position", "required_for", "section", "type", "uid", "unit") SELECT new_values."codes", new_values."created_at", new_values."dictionary_id", new_values."form", new_values."id", new_values."label", new_values."maximum", new_values."minimum", new_values."missing_codes", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."plausible_maximum", new_values."plausible_minimum", new_values."position", new_values."required_for", new_values."section", new_values."type", new_values."uid", new_values."unit" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="d1f63df2c6ac660f32c8058b95ac420fa8bba581",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_8ae14",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="studies_variable",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="variable",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_variableevent" ("codes", "created_at", "dictionary_id", "form", "id", "label", "maximum", "minimum", "missing_codes", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plausible_maximum", "plausible_minimum", "position", "required_for", "section", "type", "uid", "unit") SELECT new_values."codes", new_values."created_at", new_values."dictionary_id", new_values."form", new_values."id", new_values."label", new_values."maximum", new_values."minimum", new_values."missing_codes", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."plausible_maximum", new_values."plausible_minimum", new_values."position", new_values."required_for", new_values."section", new_values."type", new_values."uid", new_values."unit" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="cd86fbe2f4871e34ae5bf802340583e20b5420bc",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_8bbcc",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="studies_variable",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="variable",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_variableevent" ("codes", "created_at", "dictionary_id", "form", "id", "label", "maximum", "minimum", "missing_codes", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plausible_maximum", "plausible_minimum", "position", "required_for", "section", "type", "uid", "unit") SELECT old_values."codes", old_values."created_at", old_values."dictionary_id", old_values."form", old_values."id", old_values."label", old_values."maximum", old_values."minimum", old_values."missing_codes", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."plausible_maximum", old_values."plausible_minimum", old_values."position", old_values."required_for", old_values."section", old_values."type", old_values."uid", old_values."unit" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="c7c2d3caebfa05dc14d772a4fa2a2939782704e0",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_c779c",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="studies_variable",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="accesstoken",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_accesstokenevent" ("created", "pgh_context_id", "pgh_created_at", "pgh_label", "user_id") SELECT new_values."created", _pgh_attached_context.value, NOW(), \'insert\', new_values."user_id" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="adbe6bdea8a93f62d99609cc80969ce4ac1a608c",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_737da",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="authtoken_token",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="accesstoken",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_accesstokenevent" ("created", "pgh_context_id", "pgh_created_at", "pgh_label", "user_id") SELECT new_values."created", _pgh_attached_context.value, NOW(), \'update\', new_values."user_id" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."key") = (new_values."key") WHERE (old_values."created" IS DISTINCT FROM (new_values."created") OR old_values."user_id" IS DISTINCT FROM (new_values."user_id")) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="177bba1e16c19825e5920bfa8acd96bed7a75a76",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_fa1c8",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="authtoken_token",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="accesstoken",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_accesstokenevent" ("created", "pgh_context_id", "pgh_created_at", "pgh_label", "user_id") SELECT old_values."created", _pgh_attached_context.value, NOW(), \'delete\', old_values."user_id" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="a724adddc5d7bfa8048927e6bbbef0de44d8649c",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_e445d",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="authtoken_token",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="person",
                    trigger=pgtrigger.compiler.Trigger(
                        name="insert_insert",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_personevent" ("date_joined", "email", "first_name", "id", "is_active", "is_staff", "is_superuser", "last_name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "username") SELECT new_values."date_joined", new_values."email", new_values."first_name", new_values."id", new_values."is_active", new_values."is_staff", new_values."is_superuser", new_values."last_name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."username" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="cd4f5f3f86f7c929728c7596f533adcf208ae3d5",
                            level="STATEMENT",
                            operation="INSERT",
                            pgid="pgtrigger_insert_insert_f5fe6",
                            referencing="REFERENCING NEW TABLE AS new_values ",
                            table="auth_user",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="person",
                    trigger=pgtrigger.compiler.Trigger(
                        name="update_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_personevent" ("date_joined", "email", "first_name", "id", "is_active", "is_staff", "is_superuser", "last_name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "username") SELECT new_values."date_joined", new_values."email", new_values."first_name", new_values."id", new_values."is_active", new_values."is_staff", new_values."is_superuser", new_values."last_name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."username" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."date_joined" IS DISTINCT FROM (new_values."date_joined") OR old_values."email" IS DISTINCT FROM (new_values."email") OR old_values."first_name" IS DISTINCT FROM (new_values."first_name") OR old_values."id" IS DISTINCT FROM (new_values."id") OR old_values."is_active" IS DISTINCT FROM (new_values."is_active") OR old_values."is_staff" IS DISTINCT FROM (new_values."is_staff") OR old_values."is_superuser" IS DISTINCT FROM (new_values."is_superuser") OR old_values."last_name" IS DISTINCT FROM (new_values."last_name") OR old_values."username" IS DISTINCT FROM (new_values."username")) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="298d96d2cdfbc266c981881aec1fab8d2f4ee461",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_update_update_d3efa",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="auth_user",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="person",
                    trigger=pgtrigger.compiler.Trigger(
                        name="password_update",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_personevent" ("date_joined", "email", "first_name", "id", "is_active", "is_staff", "is_superuser", "last_name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "username") SELECT new_values."date_joined", new_values."email", new_values."first_name", new_values."id", new_values."is_active", new_values."is_staff", new_values."is_superuser", new_values."last_name", _pgh_attached_context.value, NOW(), \'password\', new_values."id", new_values."username" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values."password" IS DISTINCT FROM (new_values."password")) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                            hash="3925c89dd36198ae1baf76ad672d15bd33fd7e95",
                            level="STATEMENT",
                            operation="UPDATE",
                            pgid="pgtrigger_password_update_122c8",
                            referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                            table="auth_user",
                            when="AFTER",
                        ),
                    ),
                ),
                pgtrigger.migrations.AddTrigger(
                    model_name="person",
                    trigger=pgtrigger.compiler.Trigger(
                        name="delete_delete",
                        sql=pgtrigger.compiler.UpsertTriggerSql(
                            func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_personevent" ("date_joined", "email", "first_name", "id", "is_active", "is_staff", "is_superuser", "last_name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "username") SELECT old_values."date_joined", old_values."email", old_values."first_name", old_values."id", old_values."is_active", old_values."is_staff", old_values."is_superuser", old_values."last_name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."username" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                            hash="12837bd1fdc842bc50741e210da8a9b926b45e00",
                            level="STATEMENT",
                            operation="DELETE",
                            pgid="pgtrigger_delete_delete_f0fdc",
                            referencing="REFERENCING OLD TABLE AS old_values ",
                            table="auth_user",
                            when="AFTER",
                        ),
                    ),
                ),
            ]
        ),
        *RULES,
    ]
