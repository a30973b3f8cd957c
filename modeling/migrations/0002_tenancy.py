"""Composite keys and row-level security of what was learned."""

from django.db import migrations

from studies.db import patient_table_operations, study_table_operations


class Migration(migrations.Migration):
    dependencies = [("modeling", "0001_initial"), ("studies", "0002_tenancy")]

    operations = [
        *patient_table_operations("modeling_prediction", "modeling_snapshotmember"),
        *study_table_operations(
            "modeling_datasetsnapshot",
            "modeling_evaluation",
            "modeling_modelrun",
            "modeling_modelversion",
            "modeling_modelversionparent",
            "modeling_report",
        ),
    ]
