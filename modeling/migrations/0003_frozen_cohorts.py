"""A snapshot keeps what its cohorts were; a reproduction tells what has changed since."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("modeling", "0002_study_statements"),
    ]

    operations = [
        # the trigger names every column that stands
        pgtrigger.migrations.RemoveTrigger(
            model_name="datasetsnapshot",
            name="snapshot_stands",
        ),
        migrations.AddField(
            model_name="datasetsnapshot",
            name="cohorts",
            field=models.JSONField(blank=True, default=dict),
        ),
        migrations.AddField(
            model_name="reproduction",
            name="changed_since",
            field=models.JSONField(blank=True, default=list),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="datasetsnapshot",
            trigger=pgtrigger.compiler.Trigger(
                name="snapshot_stands",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    condition='WHEN (OLD."id" IS DISTINCT FROM (NEW."id") OR OLD."uid" IS DISTINCT FROM (NEW."uid") OR OLD."created_at" IS DISTINCT FROM (NEW."created_at") OR OLD."study_id" IS DISTINCT FROM (NEW."study_id") OR OLD."produced_by_id" IS DISTINCT FROM (NEW."produced_by_id") OR OLD."inputs_digest" IS DISTINCT FROM (NEW."inputs_digest") OR OLD."number" IS DISTINCT FROM (NEW."number") OR OLD."question" IS DISTINCT FROM (NEW."question") OR OLD."targets" IS DISTINCT FROM (NEW."targets") OR OLD."cohorts" IS DISTINCT FROM (NEW."cohorts") OR OLD."table_id" IS DISTINCT FROM (NEW."table_id") OR OLD."sha256" IS DISTINCT FROM (NEW."sha256") OR OLD."columns" IS DISTINCT FROM (NEW."columns") OR OLD."notices" IS DISTINCT FROM (NEW."notices") OR OLD."frozen_at" IS DISTINCT FROM (NEW."frozen_at"))',
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update rows from % table', TG_TABLE_NAME;",
                    hash="64ca10f9ac2d931ba24608a69b8d37e9cc17386b",
                    operation="UPDATE",
                    pgid="pgtrigger_snapshot_stands_1888c",
                    table="modeling_datasetsnapshot",
                    when="BEFORE",
                ),
            ),
        ),
    ]
