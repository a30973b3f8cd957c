"""What only the study's people know of it, worded for the report."""

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
        ("modeling", "0001_squashed"),
        ("studies", "0001_squashed"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="StudyStatement",
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
                    "key",
                    models.TextField(
                        choices=[
                            ("title", "Title"),
                            ("abstract", "Abstract"),
                            ("rationale", "Background and rationale"),
                            ("intended_use", "Intended use and users"),
                            ("inequalities", "Known health inequalities"),
                            ("aims", "Aims and hypotheses"),
                            ("setting", "Setting and centres"),
                            ("dates", "Design, dates of accrual and end of follow-up"),
                            ("treatments", "Treatments"),
                            ("specimens", "Handling of specimens"),
                            ("acquisition", "Acquisition of the images"),
                            ("interval", "Interval between imaging and reference"),
                            ("segmentation_check", "Check of the segmentation"),
                            ("robustness", "Robustness of features and networks"),
                            ("confounders", "Confounders"),
                            ("assessors", "Assessors of outcomes and predictors"),
                            ("blinding", "Blinding"),
                            ("heterogeneity", "Heterogeneity between centres"),
                            ("imbalance", "Class imbalance"),
                            ("fairness", "Fairness"),
                            ("updating", "Updating of the model"),
                            ("ethics", "Ethics approval and consent"),
                            ("data_availability", "Data availability"),
                            ("code_availability", "Code availability"),
                            ("protocol", "Protocol"),
                            ("registration", "Registration"),
                            ("funding", "Funding"),
                            ("interests", "Competing interests"),
                            ("involvement", "Patient and public involvement"),
                            ("interpretation", "Interpretation"),
                            ("next_steps", "Next steps"),
                        ]
                    ),
                ),
                ("text", models.TextField(blank=True)),
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
                "ordering": ["-id"],
                "default_related_name": "statements",
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(
                            (
                                "key__in",
                                [
                                    "title",
                                    "abstract",
                                    "rationale",
                                    "intended_use",
                                    "inequalities",
                                    "aims",
                                    "setting",
                                    "dates",
                                    "treatments",
                                    "specimens",
                                    "acquisition",
                                    "interval",
                                    "segmentation_check",
                                    "robustness",
                                    "confounders",
                                    "assessors",
                                    "blinding",
                                    "heterogeneity",
                                    "imbalance",
                                    "fairness",
                                    "updating",
                                    "ethics",
                                    "data_availability",
                                    "code_availability",
                                    "protocol",
                                    "registration",
                                    "funding",
                                    "interests",
                                    "involvement",
                                    "interpretation",
                                    "next_steps",
                                ],
                            )
                        ),
                        name="statement_key_known",
                    )
                ],
            },
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="studystatement",
            trigger=pgtrigger.compiler.Trigger(
                name="statement_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="728746180580f98b5f08db08c0eb05bd502882d1",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_statement_stands_faf1f",
                    table="modeling_studystatement",
                    when="BEFORE",
                ),
            ),
        ),
        *study_table_operations("modeling_studystatement"),
    ]
