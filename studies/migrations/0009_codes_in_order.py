"""Codes of a category keep their order: pairs instead of an object, whose keys jsonb sorts."""

from django.db import migrations, models

import studies.models.base

_CODED = models.Q(("type", "category"), _negated=True) | models.Q(("codes", {}), _negated=True)

_TO_PAIRS = """
UPDATE {table} SET codes = COALESCE(
    (SELECT jsonb_agg(jsonb_build_array(key, value)) FROM jsonb_each(codes)), '[]'::jsonb)
WHERE jsonb_typeof(codes) = 'object';
"""
_TO_OBJECT = """
UPDATE {table} SET codes = COALESCE(
    (SELECT jsonb_object_agg(pair ->> 0, pair -> 1) FROM jsonb_array_elements(codes) pair),
    '{{}}'::jsonb)
WHERE jsonb_typeof(codes) = 'array';
"""


def _rewrite(statement: str) -> str:
    """A frozen dictionary's variables are rewritten as they are, without a new version."""
    return (
        "ALTER TABLE studies_variable DISABLE TRIGGER USER;"
        + statement.format(table="studies_variable")
        + statement.format(table="studies_variableevent")
        + "ALTER TABLE studies_variable ENABLE TRIGGER USER;"
    )


class Migration(migrations.Migration):
    dependencies = [("studies", "0008_resumable_uploads")]

    operations = [
        migrations.RemoveConstraint("variable", "variable_category_has_codes"),
        migrations.RunSQL(_rewrite(_TO_PAIRS), _rewrite(_TO_OBJECT)),
        migrations.AlterField(
            "variable", "codes", studies.models.base.CodesField(blank=True, default=dict)
        ),
        migrations.AlterField(
            "variableevent", "codes", studies.models.base.CodesField(blank=True, default=dict)
        ),
        migrations.AddConstraint(
            "variable",
            models.CheckConstraint(condition=_CODED, name="variable_category_has_codes"),
        ),
    ]
