"""What is there of each patient: a summary kept by triggers, made from what the apps register."""

from __future__ import annotations

from django.db import connections

from studies.registry import CompletenessColumn, completeness_columns

EVENTS = {
    "INSERT": "REFERENCING NEW TABLE AS changed",
    "UPDATE": "REFERENCING NEW TABLE AS changed OLD TABLE AS former",
    "DELETE": "REFERENCING OLD TABLE AS changed",
}
PREFIX = "completeness_of_"
FOUND = """
    SELECT tgname, tgrelid::regclass::text, tgargs FROM pg_trigger
    WHERE NOT tgisinternal AND tgname LIKE 'completeness\\_of\\_%'
"""
BACKFILL = """
    UPDATE studies_completeness c SET present = CASE WHEN now.there
        THEN array_append(array_remove(c.present, %(key)s), %(key)s)
        ELSE array_remove(c.present, %(key)s) END
    FROM (
        SELECT p.id, EXISTS (
            SELECT 1 FROM {table} t WHERE t.patient_id = p.id AND ({condition})
        ) AS there FROM studies_patient p
    ) now
    WHERE c.patient_id = now.id AND (%(key)s = ANY (c.present)) <> now.there
"""


def install(using: str = "default") -> list[str]:
    """Make the triggers of every registered column, drop those of none; returns the keys renewed.

    Run by whoever owns the tables (``migrate``); a renewed column is filled for everybody.
    """
    connection = connections[using]
    tables = set(connection.introspection.table_names())
    if "studies_completeness" not in tables:
        return []
    with connection.cursor() as cursor:
        cursor.execute(FOUND)
        found = {name: (table, bytes(args)) for name, table, args in cursor.fetchall()}
        wanted = [column for column in completeness_columns() if column.table in tables]
        names = {f"{PREFIX}{c.key}_{event.lower()}" for c in wanted for event in EVENTS}
        for name in sorted(set(found) - names):
            cursor.execute(f"DROP TRIGGER {name} ON {found[name][0]}")
        renewed = [column for column in wanted if not _stands(column, found)]
        for column in renewed:
            _make(cursor, column, found)
            fill = BACKFILL.format(table=column.table, condition=column.condition)
            cursor.execute(fill, {"key": column.key})
    return [column.key for column in renewed]


def _stands(column: CompletenessColumn, found: dict[str, tuple[str, bytes]]) -> bool:
    told = f"{column.key}\0{column.condition}\0".encode()
    return all(
        found.get(f"{PREFIX}{column.key}_{event.lower()}") == (column.table, told)
        for event in EVENTS
    )


def _make(cursor: object, column: CompletenessColumn, found: dict[str, tuple[str, bytes]]) -> None:
    condition = column.condition.replace("'", "''")
    for event, referencing in EVENTS.items():
        name = f"{PREFIX}{column.key}_{event.lower()}"
        if name in found:
            cursor.execute(f"DROP TRIGGER {name} ON {found[name][0]}")  # type: ignore[attr-defined]
        cursor.execute(  # type: ignore[attr-defined]
            f"CREATE TRIGGER {name} AFTER {event} ON {column.table} {referencing} "
            "FOR EACH STATEMENT EXECUTE FUNCTION "
            f"studies_completeness_keep('{column.key}', '{condition}')"
        )
