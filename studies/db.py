"""What Django cannot write: composite keys and row-level security, for every app's migrations.

The policies compare the row's study (and, below a patient, its site) with the memberships of the
user named by ``isotherm.user_id``, set per request and per job. The role ``isotherm_app`` cannot
bypass them; the owner, who runs migrations and backups, is not subject to them.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db import migrations
from django.db.migrations.operations.base import Operation

_USER = "NULLIF(current_setting('isotherm.user_id', true), '')::bigint"
_IN_FORCE = (
    f"m.user_id = {_USER} AND m.starts_on <= CURRENT_DATE"
    " AND (m.ends_on IS NULL OR m.ends_on > CURRENT_DATE)"
)
STUDY_RULE = f"study_id IN (SELECT m.study_id FROM studies_membership m WHERE {_IN_FORCE})"
PATIENT_RULE = f"""(
    study_id IN (SELECT m.study_id FROM studies_membership m
                 WHERE {_IN_FORCE} AND m.site_id IS NULL)
    OR (study_id, site_id) IN (SELECT m.study_id, m.site_id FROM studies_membership m
                               WHERE {_IN_FORCE} AND m.site_id IS NOT NULL)
)"""


# What the product keeps for one person is seen by that person alone.
OWN_RULE = f"user_id = {_USER} AND {STUDY_RULE}"

DRAWING_RULE = f"""(
    study_id IN (SELECT m.study_id FROM studies_membership m
                 WHERE {_IN_FORCE} AND m.site_id IS NULL)
    OR (
        study_id IN (SELECT m.study_id FROM studies_membership m WHERE {_IN_FORCE})
        AND NOT EXISTS (
            SELECT FROM unnest(site_ids) AS shown(id)
            WHERE (study_id, shown.id) NOT IN (
                SELECT m.study_id, m.site_id FROM studies_membership m
                WHERE {_IN_FORCE} AND m.site_id IS NOT NULL
            )
        )
    )
)"""  # rows drawn from patients of the sites in ``site_ids``


def policy(table: str, rule: str) -> migrations.RunSQL:
    """Row-level security of one table by ``rule``."""
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ENABLE ROW LEVEL SECURITY;
        CREATE POLICY membership ON {table} USING ({rule}) WITH CHECK ({rule});
        """,
        f"""
        DROP POLICY membership ON {table};
        ALTER TABLE {table} DISABLE ROW LEVEL SECURITY;
        """,
    )


def study_table_operations(*tables: str) -> list[migrations.RunSQL]:
    """Policy of tables that belong to a study as a whole."""
    return [policy(table, STUDY_RULE) for table in tables]


def history_table_operations(*tables: str) -> list[migrations.RunSQL]:
    """Policy of history tables below a patient (they carry study_id and site_id, and no keys)."""
    return [policy(table, PATIENT_RULE) for table in tables]


def patient_key(table: str) -> migrations.RunSQL:
    """The composite key of one table below a patient: study and site are the patient's."""
    return migrations.RunSQL(
        f"""
        ALTER TABLE {table} ADD CONSTRAINT {table}_of_patient
        FOREIGN KEY (patient_id, study_id, site_id)
        REFERENCES studies_patient (id, study_id, site_id)
        ON UPDATE CASCADE ON DELETE RESTRICT;
        """,
        f"ALTER TABLE {table} DROP CONSTRAINT {table}_of_patient;",
    )


def patient_table_operations(*tables: str) -> list[migrations.RunSQL]:
    """Policy and composite key of tables below a patient."""
    return [
        operation
        for table in tables
        for operation in (patient_key(table), policy(table, PATIENT_RULE))
    ]


def holders_of(*rights: str) -> str:
    """A condition that the acting user holds one of ``rights`` in the row's study."""
    names = ", ".join(f"'{right}'" for right in rights)
    return (
        f"study_id IN (SELECT m.study_id FROM studies_membership m WHERE {_IN_FORCE}"
        f" AND m.rights && ARRAY[{names}]::text[])"
    )


class Loosen(migrations.RemoveConstraint):
    """Takes away a constraint that a wider one follows; the way back keeps what came meanwhile.

    Rows that only the wider rule admits stay; the narrower one holds for whatever is written then.
    """

    def database_backwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        model = after.apps.get_model(app_label, self.model_name)
        state = after.models[app_label, self.model_name_lower]
        sql = state.get_constraint_by_name(self.name).create_sql(model, editor)
        editor.execute(f"{sql} NOT VALID", params=None)


class Together(Operation):
    """Operations that know of one state alone: the one after all of them.

    Django renders every related model anew after each operation, which for an app of fifty tables
    is a minute of nothing. Here the models are rendered once, so no operation may need what is
    true only half-way: tables, their triggers and SQL are made so, alterations are not.
    """

    serialization_expand_args = ["operations"]

    def __init__(self, operations: Sequence[Operation]) -> None:
        self.operations = operations

    @property
    def reversible(self) -> bool:  # type: ignore[override]
        return all(operation.reversible for operation in self.operations)

    def state_forwards(self, app_label: str, state: Any) -> None:
        vars(state).pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        for operation in self.operations:
            operation.database_forwards(app_label, editor, before, after)

    def database_backwards(self, app_label: str, editor: Any, before: Any, after: Any) -> None:
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, editor, before, after)

    def describe(self) -> str:
        return f"{len(self.operations)} operations together"
