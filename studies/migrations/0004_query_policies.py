"""Row-level security of queries and of the new histories; the right to verify."""

from django.db import migrations

from studies.db import (
    history_table_operations,
    patient_table_operations,
    study_table_operations,
)


class Migration(migrations.Migration):
    dependencies = [("studies", "0003_dictionary_queries_history")]

    operations = [
        *patient_table_operations("studies_query", "studies_querymessage"),
        *history_table_operations("studies_queryevent", "studies_querymessageevent"),
        *study_table_operations("studies_endpointdefinitionevent"),
        migrations.RunSQL(
            """
            UPDATE studies_membership SET rights = array_append(rights, 'verify')
            WHERE role IN ('coordinator', 'administrator') AND NOT 'verify' = ANY(rights);
            """,
            "UPDATE studies_membership SET rights = array_remove(rights, 'verify');",
        ),
    ]
