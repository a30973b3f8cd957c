"""A Rad-Score recalibrated at another site is a version of a kind of its own."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("modeling", "0003_version_lives"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="modelversion",
            name="model_version_kind_known",
        ),
        migrations.AlterField(
            model_name="modelversion",
            name="kind",
            field=models.TextField(
                choices=[
                    ("rad_score", "Rad-Score"),
                    ("recalibrated", "Recalibrated Rad-Score"),
                    ("nomogram", "Nomogram"),
                ]
            ),
        ),
        migrations.AddConstraint(
            model_name="modelversion",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["rad_score", "recalibrated", "nomogram"])),
                name="model_version_kind_known",
            ),
        ),
    ]
