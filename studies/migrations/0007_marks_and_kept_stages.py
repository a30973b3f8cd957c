"""Marks of what was written, by trigger, and stages kept by them.

The triggers themselves are made after every migrate (``studies.marks.install``).
"""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.utils.timezone
from django.db import migrations, models

import studies.identifiers
from studies.db import DRAWING_RULE, STUDY_RULE, policy

# By whoever owns the tables: a mark is made whoever writes. What was read by one statement is one
# row; only the state of a job counts, since its progress moves twice a second.
MARKS = """
CREATE FUNCTION studies_table_mark() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    written text := CASE
        WHEN TG_TABLE_NAME = 'studies_job' AND TG_OP = 'UPDATE' THEN
            '(SELECT c.* FROM changed c JOIN former f USING (id) WHERE c.state <> f.state) w'
        ELSE 'changed w' END;
BEGIN
    EXECUTE format(
        'INSERT INTO studies_tablemark (study_id, source, number)'
        ' SELECT study, source, hashtextextended(gen_random_uuid()::text, 0)'
        ' FROM (SELECT DISTINCT %s AS study, %s AS source FROM %s) s',
        TG_ARGV[0], TG_ARGV[1], written);
    RETURN NULL;
END $$;
"""
NO_MARKS = "DROP FUNCTION studies_table_mark() CASCADE;"


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0006_lesion_measurements"),
    ]

    operations = [
        migrations.CreateModel(
            name="TableMark",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("source", models.CharField(max_length=140)),
                ("number", models.DecimalField(decimal_places=0, max_digits=60)),
                (
                    "study",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="studies.study",
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["study", "source"], name="table_mark_of")],
            },
        ),
        migrations.CreateModel(
            name="KeptStage",
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
                ("stage", models.CharField(max_length=40)),
                ("reach", models.CharField(max_length=64)),
                ("language", models.CharField(max_length=12)),
                (
                    "site_ids",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(), size=None
                    ),
                ),
                (
                    "sources",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(max_length=140), size=None
                    ),
                ),
                ("mark", models.CharField(max_length=64)),
                ("state", models.CharField(max_length=20)),
                ("headline", models.TextField()),
                ("detail", models.TextField(blank=True)),
                ("url", models.CharField(blank=True, max_length=300)),
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
                "constraints": [
                    models.UniqueConstraint(
                        fields=("study", "stage", "reach", "language"), name="kept_stage_once"
                    )
                ],
            },
        ),
        policy("studies_tablemark", f"(study_id IS NULL OR {STUDY_RULE})"),
        policy("studies_keptstage", DRAWING_RULE),
        migrations.RunSQL(MARKS, NO_MARKS),
    ]
