"""Uploads and jobs know the sites they are of; a pseudonym of another site is known as taken."""

import django.contrib.postgres.fields
from django.db import migrations, models

from studies.db import _IN_FORCE

# By whoever owns the tables: whether a pseudonym is taken, and no more, for who enters data there.
TAKEN = f"""
CREATE FUNCTION studies_pseudonyms_taken(of_study bigint, names text[]) RETURNS SETOF text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path FROM CURRENT AS $$
    SELECT p.pseudonym::text FROM studies_patient p
    WHERE p.study_id = of_study AND p.pseudonym = ANY(names) AND EXISTS (
        SELECT FROM studies_membership m
        WHERE {_IN_FORCE} AND m.study_id = of_study AND 'enter' = ANY(m.rights)
    )
$$;
"""
NOT_TAKEN = "DROP FUNCTION studies_pseudonyms_taken(bigint, text[]);"

# Of the sites of all memberships that whoever brought it ever had in the study; of all sites where
# one of them was at all, or none is known.
OF_WHOM = """
UPDATE {table} t SET site_ids = (
    SELECT array_agg(DISTINCT m.site_id) FROM studies_membership m
    WHERE m.study_id = t.study_id AND m.user_id = t.{whose}
    HAVING bool_and(m.site_id IS NOT NULL)
)
"""
OF_UPLOADS = """
UPDATE studies_job j SET site_ids = b.site_ids FROM studies_importbatch b
WHERE j.subject_table = 'studies_importbatch' AND j.subject_id = b.id
"""
OF_THE_STUDY = """
UPDATE studies_job SET site_ids = '{}'
WHERE kind = 'studies.page_draw' OR kind LIKE 'modeling.%' OR kind IN (
    'imaging.extractor_fit', 'imaging.extractor_seed', 'imaging.features_extract',
    'imaging.immunoscore', 'genomics.phenotype_fit', 'genomics.phenotype_assign',
    'genomics.phenotype_from_ihc', 'genomics.abundances', 'genomics.quality',
    'genomics.batch_correct', 'genomics.batch_correction_lift'
)
"""


def sites() -> models.Field:
    return django.contrib.postgres.fields.ArrayField(
        base_field=models.BigIntegerField(), blank=True, null=True, size=None
    )


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0011_endpoint_sources_and_standings"),
    ]

    operations = [
        migrations.RunSQL(TAKEN, NOT_TAKEN),
        migrations.AddField(model_name="importbatch", name="site_ids", field=sites()),
        migrations.AddField(model_name="job", name="site_ids", field=sites()),
        *(
            migrations.RunSQL(sql, migrations.RunSQL.noop)
            for sql in (
                OF_WHOM.format(table="studies_importbatch", whose="uploaded_by_id"),
                OF_WHOM.format(table="studies_job", whose="acting_user_id"),
                OF_UPLOADS,
                OF_THE_STUDY,
            )
        ),
    ]
