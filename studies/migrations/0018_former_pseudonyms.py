"""A pseudonym can be corrected; the former one is remembered, and nobody else's before it is freed."""

import django.db.models.deletion
import django.utils.timezone
import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

import studies.identifiers
from studies.db import _IN_FORCE, Loosen, patient_table_operations

KINDS = ["screened", "enrolled", "excluded", "withdrawn", "transferred", "merged"]
LABELS = {"renamed": "Pseudonym corrected", "freed": "Former pseudonym freed"}

TAKEN = f"""
CREATE OR REPLACE FUNCTION studies_pseudonyms_taken(of_study bigint, names text[])
RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT named.pseudonym FROM (
        SELECT p.pseudonym::text FROM studies_patient p
        WHERE p.study_id = of_study AND p.pseudonym = ANY(names)
        {{former}}
    ) AS named
    WHERE EXISTS (
        SELECT FROM studies_membership m
        WHERE {_IN_FORCE} AND m.study_id = of_study AND 'enter' = ANY(m.rights)
    )
$$;
"""
FORMER = """UNION SELECT f.pseudonym::text FROM studies_formerpseudonym f
        WHERE f.study_id = of_study AND f.pseudonym = ANY(names) AND f.freed_at IS NULL"""

# By whoever owns the tables: whoever writes does not see the patients of other sites. After the
# statement, so that a correction which committed meanwhile is seen.
FREE = """
CREATE FUNCTION studies_pseudonym_is_free() RETURNS trigger LANGUAGE plpgsql
SECURITY DEFINER SET search_path FROM CURRENT AS $$
BEGIN
    IF EXISTS (
        SELECT FROM changed c JOIN studies_formerpseudonym f
            ON f.study_id = c.study_id AND f.pseudonym = c.pseudonym
        WHERE f.freed_at IS NULL AND f.patient_id <> c.id
    ) THEN
        RAISE EXCEPTION 'the former pseudonym of another patient'
            USING ERRCODE = 'unique_violation', CONSTRAINT = 'pseudonym_is_free';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER pseudonym_is_free_insert AFTER INSERT ON studies_patient
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION studies_pseudonym_is_free();
CREATE TRIGGER pseudonym_is_free_update AFTER UPDATE ON studies_patient
    REFERENCING NEW TABLE AS changed
    FOR EACH STATEMENT EXECUTE FUNCTION studies_pseudonym_is_free();
"""
NOT_FREE = "DROP FUNCTION studies_pseudonym_is_free() CASCADE;"


def below(model: str, related_name: str | None = "+") -> models.ForeignKey:
    named = {"related_name": related_name} if related_name else {}
    return models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, to=model, **named)


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0017_variables_under_policy"),
    ]

    operations = [
        migrations.CreateModel(
            name="FormerPseudonym",
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
                ("pseudonym", models.CharField(max_length=64)),
                ("freed_at", models.DateTimeField(blank=True, null=True)),
                ("patient", below("studies.patient", None)),
                ("site", below("studies.site")),
                ("study", below("studies.study")),
            ],
            options={"ordering": ["-id"], "default_related_name": "former_pseudonyms"},
        ),
        migrations.AddConstraint(
            model_name="formerpseudonym",
            constraint=models.UniqueConstraint(
                condition=models.Q(("freed_at__isnull", True)),
                fields=("study", "pseudonym"),
                name="former_pseudonym_once",
            ),
        ),
        migrations.AddConstraint(
            model_name="formerpseudonym",
            constraint=models.CheckConstraint(
                condition=models.Q(("pseudonym", ""), _negated=True),
                name="former_pseudonym_not_empty",
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="formerpseudonym",
            trigger=pgtrigger.compiler.Trigger(
                name="former_pseudonym_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."pseudonym" IS DISTINCT FROM (NEW."pseudonym"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="daecf432972975eb3d2824befa5add3f4d29e090",
                    operation="UPDATE",
                    pgid="pgtrigger_former_pseudonym_stands_ed543",
                    table="studies_formerpseudonym",
                    when="BEFORE",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="formerpseudonym",
            trigger=pgtrigger.compiler.Trigger(
                name="former_pseudonym_no_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot delete rows from % table', TG_TABLE_NAME;",
                    hash="892e48043f35ad041b41ee2d6f21aecbd26ae3b4",
                    operation="DELETE",
                    pgid="pgtrigger_former_pseudonym_no_delete_ff519",
                    table="studies_formerpseudonym",
                    when="BEFORE",
                ),
            ),
        ),
        *patient_table_operations("studies_formerpseudonym"),
        migrations.RunSQL(TAKEN.format(former=FORMER), TAKEN.format(former="")),
        migrations.RunSQL(FREE, NOT_FREE),
        Loosen(model_name="patientmove", name="patient_move_kind_known"),
        migrations.AlterField(
            model_name="patientmove",
            name="kind",
            field=models.TextField(
                choices=[*((kind, kind.capitalize()) for kind in KINDS), *LABELS.items()]
            ),
        ),
        migrations.AddConstraint(
            model_name="patientmove",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", [*KINDS, *LABELS])), name="patient_move_kind_known"
            ),
        ),
    ]
