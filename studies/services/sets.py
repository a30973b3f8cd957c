"""Whole sets of rows moved by the database itself, with the defaults that the records give."""

from __future__ import annotations

from typing import Any

from django.db import connection, models
from django.utils import timezone


def query(sql: str, names: dict[str, Any] | None = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, names or None)
        return cursor.fetchall()


def insert_select(
    model: type[models.Model],
    given: dict[str, str],
    source: str,
    names: dict[str, Any],
    once: str = "",
) -> None:
    """``INSERT ... SELECT`` with the model's own defaults for what is not given."""
    columns, values = [], []
    params = dict(names)
    for field in model._meta.concrete_fields:
        if field.primary_key or getattr(field, "generated", False):
            continue
        columns.append(f'"{field.column}"')
        if field.column in given:
            values.append(given[field.column])
        elif field.column == "uid":
            values.append("uuidv7()")
        else:
            params[f"default_{field.column}"] = _default(field)
            values.append(f"%(default_{field.column})s")
    conflict = f"ON CONFLICT {once} DO NOTHING" if once else ""
    execute(
        f"INSERT INTO {model._meta.db_table} ({', '.join(columns)}) "
        f"SELECT {', '.join(values)} {source} {conflict}",
        params,
    )


def execute(sql: str, names: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, names)


def _default(field: models.Field) -> Any:
    value = timezone.now() if field.column == "created_at" else field.get_default()
    return field.get_db_prep_save(value, connection)
