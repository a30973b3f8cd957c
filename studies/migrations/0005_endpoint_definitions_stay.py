"""The rule of an endpoint is not changed: a change is the next version."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0004_drawings"),
    ]

    operations = [
        pgtrigger.migrations.AddTrigger(
            model_name="endpointdefinition",
            trigger=pgtrigger.compiler.Trigger(
                name="endpoint_definition_stays",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func="RAISE EXCEPTION 'pgtrigger: Cannot update or delete rows from % table', TG_TABLE_NAME;",
                    hash="74db9e02b3203ebb60fea09ef0be008953267187",
                    operation="UPDATE OR DELETE",
                    pgid="pgtrigger_endpoint_definition_stays_fe095",
                    table="studies_endpointdefinition",
                    when="BEFORE",
                ),
            ),
        ),
    ]
