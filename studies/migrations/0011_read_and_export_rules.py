"""Policies of exports and of the record of reads."""

from django.db import migrations

from studies.db import study_table_operations


class Migration(migrations.Migration):
    dependencies = [("studies", "0010_exports_and_reads")]

    operations = [*study_table_operations("studies_export", "studies_readrecord")]
