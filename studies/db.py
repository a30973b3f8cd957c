"""What Django cannot write: composite keys and row-level security, for every app's migrations.

The policies compare the row's study (and, below a patient, its site) with the memberships of the
user named by ``isotherm.user_id``, set per request and per job. The role ``isotherm_app`` cannot
bypass them; the owner, who runs migrations and backups, is not subject to them.
"""

from __future__ import annotations

from django.db import migrations

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


def patient_table_operations(*tables: str) -> list[migrations.RunSQL]:
    """Policy and composite key of tables below a patient."""
    operations = []
    for table in tables:
        operations += [
            migrations.RunSQL(
                f"""
                ALTER TABLE {table} ADD CONSTRAINT {table}_of_patient
                FOREIGN KEY (patient_id, study_id, site_id)
                REFERENCES studies_patient (id, study_id, site_id)
                ON UPDATE CASCADE ON DELETE RESTRICT;
                """,
                f"ALTER TABLE {table} DROP CONSTRAINT {table}_of_patient;",
            ),
            policy(table, PATIENT_RULE),
        ]
    return operations


def holders_of(*rights: str) -> str:
    """A condition that the acting user holds one of ``rights`` in the row's study."""
    names = ", ".join(f"'{right}'" for right in rights)
    return (
        f"study_id IN (SELECT m.study_id FROM studies_membership m WHERE {_IN_FORCE}"
        f" AND m.rights && ARRAY[{names}]::text[])"
    )
