"""A member of a frozen table keeps the pseudonym of that day, which may be corrected later."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models

# Before corrections were possible everybody had the pseudonym of today.
OF_TODAY = """
UPDATE modeling_snapshotmember m SET pseudonym = p.pseudonym
FROM studies_patient p WHERE p.id = m.patient_id;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("modeling", "0003_frozen_cohorts"),
        ("studies", "0014_endpoint_methods_and_uncoded_drugs"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="snapshotmember",
            name="snapshot_member_stands",
        ),
        migrations.AddField(
            model_name="snapshotmember",
            name="pseudonym",
            field=models.CharField(default="", max_length=64),
            preserve_default=False,
        ),
        migrations.RunSQL(OF_TODAY, migrations.RunSQL.noop),
        pgtrigger.migrations.AddTrigger(
            model_name="snapshotmember",
            trigger=pgtrigger.compiler.Trigger(
                name="snapshot_member_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."patient_id" IS DISTINCT FROM (NEW."patient_id") OR OLD."snapshot_id" IS DISTINCT FROM (NEW."snapshot_id") OR OLD."cohort_id" IS DISTINCT FROM (NEW."cohort_id") OR OLD."pseudonym" IS DISTINCT FROM (NEW."pseudonym") OR OLD."included" IS DISTINCT FROM (NEW."included") OR OLD."reason" IS DISTINCT FROM (NEW."reason"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="44e61280d01e7d20886b20ce6a94430feface14e",
                    operation="UPDATE",
                    pgid="pgtrigger_snapshot_member_stands_f0681",
                    table="modeling_snapshotmember",
                    when="BEFORE",
                ),
            ),
        ),
    ]
