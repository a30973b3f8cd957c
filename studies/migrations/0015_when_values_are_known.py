"""A variable of the dictionary says when its values are known; its history keeps it, too."""

import pgtrigger.compiler
import pgtrigger.migrations
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("studies", "0014_endpoint_methods_and_uncoded_drugs"),
    ]

    operations = [
        pgtrigger.migrations.RemoveTrigger(
            model_name="variable",
            name="insert_insert",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="variable",
            name="update_update",
        ),
        pgtrigger.migrations.RemoveTrigger(
            model_name="variable",
            name="delete_delete",
        ),
        migrations.AddField(
            model_name="variable",
            name="known_when",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        migrations.AddField(
            model_name="variableevent",
            name="known_when",
            field=models.TextField(blank=True, db_default="", default=""),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="variable",
            trigger=pgtrigger.compiler.Trigger(
                name="insert_insert",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_variableevent" ("codes", "created_at", "dictionary_id", "form", "id", "known_when", "label", "maximum", "minimum", "missing_codes", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plausible_maximum", "plausible_minimum", "position", "required_for", "section", "type", "uid", "unit") SELECT new_values."codes", new_values."created_at", new_values."dictionary_id", new_values."form", new_values."id", new_values."known_when", new_values."label", new_values."maximum", new_values."minimum", new_values."missing_codes", new_values."name", _pgh_attached_context.value, NOW(), \'insert\', new_values."id", new_values."plausible_maximum", new_values."plausible_minimum", new_values."position", new_values."required_for", new_values."section", new_values."type", new_values."uid", new_values."unit" FROM ( SELECT new_values.* FROM new_values  ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="1d943f94022ca60b7d7250c362ead3717f81d71e",
                    level="STATEMENT",
                    operation="INSERT",
                    pgid="pgtrigger_insert_insert_8ae14",
                    referencing="REFERENCING NEW TABLE AS new_values ",
                    table="studies_variable",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="variable",
            trigger=pgtrigger.compiler.Trigger(
                name="update_update",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_variableevent" ("codes", "created_at", "dictionary_id", "form", "id", "known_when", "label", "maximum", "minimum", "missing_codes", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plausible_maximum", "plausible_minimum", "position", "required_for", "section", "type", "uid", "unit") SELECT new_values."codes", new_values."created_at", new_values."dictionary_id", new_values."form", new_values."id", new_values."known_when", new_values."label", new_values."maximum", new_values."minimum", new_values."missing_codes", new_values."name", _pgh_attached_context.value, NOW(), \'update\', new_values."id", new_values."plausible_maximum", new_values."plausible_minimum", new_values."position", new_values."required_for", new_values."section", new_values."type", new_values."uid", new_values."unit" FROM ( SELECT new_values.* FROM old_values JOIN new_values ON (old_values."id") = (new_values."id") WHERE (old_values.* IS DISTINCT FROM new_values.*) ) AS new_values, _pgh_attached_context; RETURN NULL;',
                    hash="62935e2f2301592fbac95088c165ec288f07ff5c",
                    level="STATEMENT",
                    operation="UPDATE",
                    pgid="pgtrigger_update_update_8bbcc",
                    referencing="REFERENCING OLD TABLE AS old_values  NEW TABLE AS new_values ",
                    table="studies_variable",
                    when="AFTER",
                ),
            ),
        ),
        pgtrigger.migrations.AddTrigger(
            model_name="variable",
            trigger=pgtrigger.compiler.Trigger(
                name="delete_delete",
                sql=pgtrigger.compiler.UpsertTriggerSql(
                    func='WITH _pgh_attached_context AS ( SELECT _pgh_attach_context() AS value ) INSERT INTO "studies_variableevent" ("codes", "created_at", "dictionary_id", "form", "id", "known_when", "label", "maximum", "minimum", "missing_codes", "name", "pgh_context_id", "pgh_created_at", "pgh_label", "pgh_obj_id", "plausible_maximum", "plausible_minimum", "position", "required_for", "section", "type", "uid", "unit") SELECT old_values."codes", old_values."created_at", old_values."dictionary_id", old_values."form", old_values."id", old_values."known_when", old_values."label", old_values."maximum", old_values."minimum", old_values."missing_codes", old_values."name", _pgh_attached_context.value, NOW(), \'delete\', old_values."id", old_values."plausible_maximum", old_values."plausible_minimum", old_values."position", old_values."required_for", old_values."section", old_values."type", old_values."uid", old_values."unit" FROM ( SELECT old_values.* FROM old_values  ) AS old_values, _pgh_attached_context; RETURN NULL;',
                    hash="25690e8dc3b5750d712338d521070d1bc591539e",
                    level="STATEMENT",
                    operation="DELETE",
                    pgid="pgtrigger_delete_delete_c779c",
                    referencing="REFERENCING OLD TABLE AS old_values ",
                    table="studies_variable",
                    when="AFTER",
                ),
            ),
        ),
        migrations.AddConstraint(
            model_name="variable",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("known_when__in", ["", "before_treatment", "during_treatment", "at_outcome"])
                ),
                name="variable_known_when",
            ),
        ),
    ]
