"""A frozen table leaves as a file, too: as CSV, as Parquet, or with all that explains it."""

from django.db import migrations, models

from studies.db import Loosen

CONTENTS = [("patients", "Patients"), ("lesions", "Lesions"), ("reads", "Reads")]
FORMATS = [("csv", "Csv"), ("xlsx", "Xlsx")]
NEW_CONTENTS = [*CONTENTS, ("frozen_table", "Frozen Table")]
NEW_FORMATS = [*FORMATS, ("parquet", "Parquet"), ("zip", "Zip")]


def known(field: str, choices: list[tuple[str, str]]) -> models.CheckConstraint:
    values = [value for value, _ in choices]
    return models.CheckConstraint(
        condition=models.Q((f"{field}__in", values)), name=f"export_{field}_known"
    )


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0012_whose_uploads_are"),
    ]

    operations = [
        migrations.AlterField(
            model_name="export", name="content", field=models.TextField(choices=NEW_CONTENTS)
        ),
        migrations.AlterField(
            model_name="export",
            name="format",
            field=models.TextField(choices=NEW_FORMATS, default="csv"),
        ),
        *(
            operation
            for field, choices in (("content", NEW_CONTENTS), ("format", NEW_FORMATS))
            for operation in (
                Loosen(model_name="export", name=f"export_{field}_known"),
                migrations.AddConstraint(model_name="export", constraint=known(field, choices)),
            )
        ),
    ]
