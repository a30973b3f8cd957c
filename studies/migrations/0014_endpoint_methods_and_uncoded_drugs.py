"""Endpoint values know the version of their method; a drug without a code stands in the form, too."""

from django.db import migrations, models

# The form repeats what its dated facts say; a drug that the dictionary has no code for was left out
# of it, and read as missing.
REPEATED = """
UPDATE studies_formentry e
SET "values" = e."values" || jsonb_build_object('drug', jsonb_build_object('v', t.drug)),
    row_version = e.row_version + 1
FROM studies_treatment t
WHERE t.patient_id = e.patient_id AND t.is_index AND t.drug NOT IN ('', 'not recorded')
    AND e.form = 'baseline' AND e.occasion = 'baseline'
    AND e."values" #>> '{drug,v}' IS NULL
    AND EXISTS (
        SELECT FROM studies_variable v
        WHERE v.dictionary_id = e.dictionary_id AND v.form = 'baseline' AND v.name = 'drug'
            AND v.type = 'category'
    )
"""


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0013_frozen_tables_leave"),
    ]

    operations = [
        migrations.RunSQL(REPEATED, migrations.RunSQL.noop),
        migrations.AddField(
            model_name="endpointvalue",
            name="method_version",
            field=models.PositiveSmallIntegerField(db_default=1, default=1),
        ),
    ]
