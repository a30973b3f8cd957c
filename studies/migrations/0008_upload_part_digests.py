"""The digest of each part of an upload, by which the same file chosen again is known."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0007_marks_and_kept_stages"),
    ]

    operations = [
        migrations.AddField(
            "resumableupload",
            "part_digests",
            django.contrib.postgres.fields.ArrayField(
                models.CharField(max_length=64), blank=True, default=list
            ),
        ),
    ]
