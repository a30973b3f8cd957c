"""Measured lesions leave as a file, too."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0008_upload_part_digests"),
    ]

    operations = [
        migrations.AlterField(
            model_name="export",
            name="content",
            field=models.TextField(
                choices=[("patients", "Patients"), ("lesions", "Lesions"), ("reads", "Reads")]
            ),
        ),
        migrations.RemoveConstraint(model_name="export", name="export_content_known"),
        migrations.AddConstraint(
            model_name="export",
            constraint=models.CheckConstraint(
                condition=models.Q(("content__in", ["patients", "lesions", "reads"])),
                name="export_content_known",
            ),
        ),
    ]
