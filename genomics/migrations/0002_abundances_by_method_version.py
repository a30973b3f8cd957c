"""Abundances of a column may stand beside those of an earlier version of their method."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("genomics", "0001_squashed"),
    ]

    operations = [
        migrations.RemoveConstraint(model_name="cellabundance", name="abundance_once"),
        migrations.AddConstraint(
            model_name="cellabundance",
            constraint=models.UniqueConstraint(
                fields=["column", "signature", "method", "ties", "inputs_digest"],
                name="abundance_once",
            ),
        ),
    ]
