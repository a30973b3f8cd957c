"""Who lacks what is read from an index, whatever other studies hold."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0009_lesion_exports"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="completeness",
            index=models.Index(
                fields=["study", "patient"],
                include=("site", "present"),
                name="completeness_of_study",
            ),
        ),
    ]
