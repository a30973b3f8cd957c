"""Whether anything was written since: a mark of every table, moved by triggers.

A reading that notes which tables it asked (``noting``) may be kept as long as their marks stand.
Marks come from the database, so nothing that writes can forget them; a transaction that is rolled
back takes its marks along. Read the marks first, then the rows: what is written in between gives
another mark.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from hashlib import sha256
from typing import Any

from django.apps import apps
from django.conf import settings
from django.db import connection, connections
from django.db.models import Model
from django.utils import timezone

from studies.remembered import remembering

APPS = ("studies", "imaging", "genomics", "modeling")
# Written often and read by nothing that is kept; who reads them is asked anew each time.
UNMARKED = frozenset((
    "studies_readrecord", "studies_studyvisit", "studies_savedview", "studies_drawing",
    "studies_completeness", "studies_export", "studies_resumableupload", "studies_savedselection",
    "studies_fileuse", "studies_tablemark", "studies_keptstage", "imaging_arrivedfile",
    "imaging_uidmap", "imaging_uidsecret", "studies_deidentificationkey",
))  # fmt: skip
JOBS = "studies_job"
TRIGGER = "table_mark"
EVENTS = {
    "INSERT": "REFERENCING NEW TABLE AS changed",
    "UPDATE": "REFERENCING NEW TABLE AS changed OLD TABLE AS former",
    "DELETE": "REFERENCING OLD TABLE AS changed",
}
FOUND = "SELECT tgname, tgrelid::regclass::text, tgargs FROM pg_trigger WHERE tgname LIKE %s"
SUMS = """
    SELECT source, sum(number)::text, count(*) FROM studies_tablemark
    WHERE study_id = %s OR study_id IS NULL GROUP BY source
"""
TOGETHER = """
    WITH gone AS (
        DELETE FROM studies_tablemark WHERE id IN (
            SELECT id FROM studies_tablemark WHERE study_id = %s AND source = ANY(%s)
            FOR UPDATE SKIP LOCKED
        ) RETURNING study_id, source, number
    )
    INSERT INTO studies_tablemark (study_id, source, number)
    SELECT study_id, source, sum(number) FROM gone GROUP BY study_id, source
"""
MANY = 200  # marks of one table, before they are added up
WORD = re.compile(r"[a-z0-9_]+")
JOBS_OF_KIND = re.compile(r'"studies_job"\."kind" (?:= %s|IN \(%s)')
KIND = re.compile(r"[a-z]+\.[a-z0-9_]+")
_noted: ContextVar[set[str] | None] = ContextVar("noted", default=None)


@cache
def marked_tables() -> dict[str, str]:
    """Every table with a mark, and what of a row names its study."""
    found = {}
    for model in apps.get_models(include_auto_created=True):
        table = model._meta.db_table
        is_history = hasattr(model, "pgh_tracked_model")
        if model._meta.app_label not in APPS or is_history or table in UNMARKED:
            continue
        if table.partition("_")[0] in APPS:
            columns = {field.column for field in model._meta.local_concrete_fields}
            found[table] = "study_id" if "study_id" in columns else "NULL::bigint"
    return found | {"studies_study": "id"}


def install(using: str = "default") -> None:
    """Make the triggers that are wanted, drop the others; what was kept is asked anew.

    Run by whoever owns the tables (``migrate``): other code may read other rows.
    """
    tables = set(connections[using].introspection.table_names())
    if "studies_tablemark" not in tables:
        return
    with connections[using].cursor() as cursor:
        cursor.execute(FOUND, [f"{TRIGGER}_%"])
        found = {(name, table): bytes(args) for name, table, args in cursor.fetchall()}
        wanted = {
            (f"{TRIGGER}_{event.lower()}", table): (event, study, _source(table))
            for table, study in marked_tables().items()
            if table in tables
            for event in EVENTS
        }
        for (name, table), args in found.items():
            event, study, source = wanted.get((name, table), ("", "", ""))
            if args == f"{study}\0{source}\0".encode():
                del wanted[name, table]
            else:
                cursor.execute(f"DROP TRIGGER {name} ON {table}")
        for (name, table), (event, study, source) in wanted.items():
            literal = source.replace("'", "''")
            cursor.execute(
                f"CREATE TRIGGER {name} AFTER {event} ON {table} {EVENTS[event]} "
                f"FOR EACH STATEMENT EXECUTE FUNCTION studies_table_mark('{study}', '{literal}')"
            )
        cursor.execute("DELETE FROM studies_keptstage")


def _source(table: str) -> str:
    return f"'{JOBS}:' || kind" if table == JOBS else f"'{table}'"


def marks_of(study: Model) -> dict[str, str]:
    """The mark of every table that was written for the study, or for none; jobs' by their kind."""
    with connection.cursor() as cursor:
        cursor.execute(SUMS, [study.pk])
        rows = cursor.fetchall()
        if many := [source for source, _, count in rows if count > MANY]:
            cursor.execute(TOGETHER, [study.pk, many])
    return {source: number for source, number, _ in rows}


def mark_of(marks: Mapping[str, str], sources: Iterable[str]) -> str:
    """One mark of some tables, of today and of this version: consents begin and end with days."""
    parts = [settings.VERSION, str(timezone.localdate())]
    for source in sorted(sources):
        names = [n for n in marks if n.startswith(f"{JOBS}:")] if source == JOBS else [source]
        parts += [f"{name}={marks.get(name, 0)}" for name in sorted(names)]
    return sha256("\n".join(parts).encode()).hexdigest()


@contextmanager
def noting() -> Iterator[set[str]]:
    """Inside, the tables asked come into the set; nothing remembered stands for a query."""
    noted: set[str] = set()

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        note_query(str(sql), params)
        return execute(sql, params, many, context)

    token = _noted.set(noted)
    try:
        with remembering(), connection.execute_wrapper(note):
            yield noted
    finally:
        _noted.reset(token)


def note_query(sql: str, params: Any = None) -> None:
    """For what passes Django's cursor by, as COPY does."""
    if (noted := _noted.get()) is not None:
        noted.update(_asked(sql, params))


def _asked(sql: str, params: Any) -> set[str]:
    """Tables that a statement names; of jobs the kinds, where it asks for no others."""
    named = _tables() & set(WORD.findall(sql))
    if JOBS in named and _asks_for_kinds(sql):
        kinds = {p for p in params or () if isinstance(p, str) and KIND.fullmatch(p)}
        named = (named - {JOBS}) | {f"{JOBS}:{kind}" for kind in kinds} if kinds else named
    return named


def _asks_for_kinds(sql: str) -> bool:
    """Whether jobs are asked for once, and of some kinds alone."""
    others = ("NOT", " OR ", f'JOIN "{JOBS}"')
    once = sql.count(f'FROM "{JOBS}"') == 1
    return once and bool(JOBS_OF_KIND.search(sql)) and not any(word in sql for word in others)


@cache
def _tables() -> set[str]:
    return {model._meta.db_table for model in apps.get_models(include_auto_created=True)}


def is_marked(sources: Iterable[str]) -> bool:
    """Whether every one of them moves a mark."""
    return all(source.partition(":")[0] in marked_tables() for source in sources)
