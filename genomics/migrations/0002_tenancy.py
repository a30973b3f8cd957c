"""Composite keys and row-level security."""

from django.db import migrations

from studies.db import patient_table_operations, study_table_operations


class Migration(migrations.Migration):
    dependencies = [("genomics", "0001_initial")]

    operations = [
        *patient_table_operations(
            "genomics_expressioncolumn", "genomics_cellabundance", "genomics_phenotype"
        ),
        *study_table_operations(
            "genomics_signatureversion", "genomics_expressionmatrix", "genomics_phenotypefit"
        ),
    ]
