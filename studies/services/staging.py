"""A checked table beside the stored one, in temporary tables of the transaction: what differs."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.db import connection

from studies.jobs import Progress
from studies.methods.cohort_table import CheckedLine, TableCheck, is_pseudonym, refuse_nobody
from studies.methods.dictionary import KEY_COLUMNS, VariableSpec
from studies.methods.table_columns import SITE
from studies.methods.values import write_value
from studies.methods.wording import say
from studies.models import ImportBatch, StoredFile

from .kept_lines import KeptLines
from .sets import query
from .table_clashes import clashes_of
from .table_findings import Findings, csv_line, csv_store
from .table_places import Places, places_of, unconfirmed

CHUNK = 5_000
CHANGES_SHOWN = 200
Keep = Callable[[str, str], None]


def _forget(table: str, text: str) -> None:
    """Nothing is kept."""


TABLES = """
CREATE TEMP TABLE staged_line (row int, pseudonym text, site text) ON COMMIT DROP;
CREATE TEMP TABLE staged_member (row int, pseudonym text, cohort text) ON COMMIT DROP;
CREATE TEMP TABLE staged_entry (row int, pseudonym text, form text, said jsonb) ON COMMIT DROP;
CREATE TEMP TABLE staged_blank (row int, pseudonym text, form text, name text) ON COMMIT DROP;
CREATE TEMP TABLE staged_cohort (name text, use text) ON COMMIT DROP;
"""
DIFFERENCE = """
CREATE TEMP TABLE difference ON COMMIT DROP AS
SELECT *, CASE WHEN entry_id IS NULL THEN 'new' WHEN before = after THEN 'same'
               ELSE 'changed' END AS kind
FROM (
    SELECT s.row, s.pseudonym, s.form, p.id AS patient_id, e.id AS entry_id, e.row_version,
           e.state, COALESCE(e.values, '{}') AS before,
           CASE WHEN %(keeps)s THEN COALESCE(e.values, '{}') || s.said
                ELSE (COALESCE(e.values, '{}') - %(mapped)s::text[]) || s.said END AS after
    FROM staged_entry s
    LEFT JOIN studies_patient p ON p.study_id = %(study)s AND p.pseudonym = s.pseudonym
    LEFT JOIN studies_formentry e
        ON e.patient_id = p.id AND e.form = s.form AND e.occasion = 'baseline'
) AS joined
WHERE NOT (entry_id IS NULL AND after = '{}' AND form <> 'baseline')
"""


@dataclass
class Staging:
    """The temporary tables of one table's check; lives in one transaction.

    ``mapped`` are the variables that the file has; a blank cell keeps what is stored or clears it.
    """

    batch: ImportBatch
    specs: Sequence[VariableSpec]
    keeps: bool
    cohort_use: Mapping[str, str]
    mapped: list[str] = field(default_factory=list)
    findings: Findings = field(default_factory=Findings)
    lines: int = 0
    told: list[Any] = field(default_factory=list)
    places: Places = field(default_factory=Places)
    brought: Places = field(default_factory=Places)

    def fill(self, check: TableCheck, progress: Progress, keep: Keep = _forget) -> None:
        """Check every line, stage all of them, and set them against what is stored.

        Lines with problems are staged, too, so that their clashes are told with the rest of their
        problems; then they are left out. ``keep`` gets the good ones, table by table.
        """
        self._begin()
        self.mapped = [name for name in check.plan.columns if name not in ("", *KEY_COLUMNS)]
        waiting: list[CheckedLine] = []
        seen: set[str] = set()
        for line in check.lines():
            self.lines += 1
            if line.problems:
                self.findings.add_line(line.pseudonym, line.problems)
            waiting.append(line)
            if self.lines % CHUNK == 0:
                self._stage(waiting, seen, keep)
                progress(0.5 * check.table.share(), 1, say("checked {n:,} lines", n=self.lines))
        self._stage(waiting, seen, keep)
        if not self.lines:
            self.findings.add(refuse_nobody())
        self.told = check.told.notices()
        self._end(progress)

    def fill_kept(self, kept: KeptLines, progress: Progress) -> None:
        """Stage what an earlier check staged, then set it against what is stored now."""
        self._begin()
        self.lines, self.told = kept.facts["lines"], kept.facts["notices"]
        self.mapped = kept.facts["mapped"]
        self.findings.rows |= set(kept.facts["rows"])
        self.findings.names |= set(kept.facts["names"])
        for table, text in kept.chunks():
            _copy(table, text)
        self._end(progress)

    def facts(self) -> dict[str, Any]:
        """What must be known of a check to go on from its lines."""
        return {
            "lines": self.lines,
            "mapped": self.mapped,
            "rows": sorted(self.findings.rows),
            "names": sorted(self.findings.names),
            "notices": [notice.as_dict() for notice in self.told],
        }

    def _begin(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
        _copy("staged_cohort", "".join(f"{_text(n)}\t{u}\n" for n, u in self.cohort_use.items()))

    def _end(self, progress: Progress) -> None:
        self._compare()
        progress(0.6, 1, say("comparing with what is stored"))
        self.places = places_of(self.batch)
        for problem in (*unconfirmed(self.places), *clashes_of(self.batch, self.specs)):
            self.findings.add(problem)
        self._leave_out_bad()
        self.brought = places_of(self.batch)

    def _stage(self, lines: list[CheckedLine], seen: set[str], keep: Keep) -> None:
        self._put([line for line in lines if not line.problems], seen, keep)
        self._put([_placed(line) for line in lines if line.problems], seen, _forget)
        lines.clear()

    def _put(self, lines: list[CheckedLine], seen: set[str], keep: Keep) -> None:
        fresh = [line for line in lines if line.pseudonym and line.pseudonym not in seen]
        fresh = list({line.pseudonym: line for line in reversed(fresh)}.values())
        seen.update(line.pseudonym for line in fresh)
        texts = {
            "staged_line": [f"{n.row}\t{n.pseudonym}\t{_text(n.site)}\n" for n in lines],
            "staged_member": [
                f"{n.row}\t{n.pseudonym}\t{_text(cohort)}\n" for n in lines for cohort in n.cohorts
            ],
            "staged_entry": [entry for line in fresh for entry in self._entries(line)],
            "staged_blank": [
                f"{n.row}\t{n.pseudonym}\t{_text(self._form_of[name])}\t{name}\n"
                for n in lines for name in n.blank
            ],
        }  # fmt: skip
        for table, rows in texts.items():
            if text := "".join(rows):
                _copy(table, text)
                keep(table, text)

    def _entries(self, line: CheckedLine) -> Iterator[str]:
        for form, names in self._forms.items():
            values = line.values
            if len(self._forms) > 1:
                values = {name: value for name, value in values.items() if name in names}
            yield f"{line.row}\t{line.pseudonym}\t{_text(form)}\t{_text(json.dumps(values))}\n"

    @cached_property
    def _form_of(self) -> dict[str, str]:
        return {spec.name: spec.form for spec in self.specs}

    @cached_property
    def _forms(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {"baseline": set()}
        for spec in self.specs:
            found.setdefault(spec.form, set()).add(spec.name)
        return found

    def _compare(self) -> None:
        with connection.cursor() as cursor:
            for table in ("staged_line", "staged_member", "staged_entry", "staged_blank"):
                cursor.execute(f"CREATE INDEX ON {table} (pseudonym)")
                cursor.execute(f"ANALYZE {table}")
            names: Any = {"keeps": self.keeps, "mapped": self.mapped, "study": self.batch.study_id}
            cursor.execute(DIFFERENCE, names)
            cursor.execute("ANALYZE difference")

    def _leave_out_bad(self) -> None:
        """A patient with a bad line stays out as a whole."""
        rows = {"rows": list(self.findings.rows)}
        clashing = query("SELECT pseudonym FROM staged_line WHERE row = ANY(%(rows)s)", rows)
        names = [*self.findings.names, *(name for (name,) in clashing)]
        if not names:
            return
        names.append("")  # of lines whose pseudonym cannot be read
        with connection.cursor() as cursor:
            for table in ("staged_line", "staged_member", "staged_entry", "difference"):
                cursor.execute(f"DELETE FROM {table} WHERE pseudonym = ANY(%s)", [names])

    def summary(self) -> dict[str, Any]:
        """Lines, patients that are new, changed or the same, and cohorts that known ones join."""
        found, ((joins,),) = dict(query(KINDS)), query(JOINS, {"study": self.batch.study_id})
        return {
            "lines": self.lines,
            **{kind: found.get(kind, 0) for kind in ("new", "changed", "same")},
            **({"joins": joins} if joins else {}),
            "cohorts": dict(query(COHORTS)),
        }

    def digest(self) -> str:
        """Tells whether the same file would still do the same."""
        return str(query(DIGEST)[0][0])

    def difference(self) -> dict[str, Any]:
        """How many values of which variables change, and the first of them."""
        fields = ("name", "number", "cleared")
        first = query(f"{CHANGES} LIMIT {CHANGES_SHOWN}")
        return {
            "digest": self.digest(),
            "fields": [dict(zip(fields, row, strict=True)) for row in query(FIELDS)],
            "first": [_change(*row) for row in first],
            "new": [row for (row,) in query(NEW_ONES)],
            **self.places.as_dict(),
        }

    def notices(self) -> list[Any]:
        """What can go on: of single lines, and sites and cohorts that the file brings."""
        return [*self.brought.told(), *self.told]


def _placed(line: CheckedLine) -> CheckedLine:
    """A line with problems as far as it can be set against what is stored."""
    who = line.pseudonym if is_pseudonym(line.pseudonym) else ""
    site = "" if any(problem.column == SITE for problem in line.problems) else line.site
    return replace(line, pseudonym=who, site=site)


def _copy(table: str, text: str | bytes) -> None:
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
        copy.write(text)


def _text(text: str) -> str:
    """As COPY reads it."""
    return text.translate(_ESCAPES) if _ESCAPED.search(text) else text


_ESCAPES = {ord("\\"): "\\\\", ord("\t"): "\\t", ord("\n"): "\\n", ord("\r"): "\\r"}
_ESCAPED = re.compile(r"[\\\t\n\r]")


def _change(row: int, who: str, name: str, before: Any, after: Any) -> dict[str, Any]:
    shown = {"before": spelled(before), "after": spelled(after)}
    return {"row": row, "pseudonym": who, "name": name, **shown}


KINDS = """
SELECT kind, count(*) FROM (
    SELECT pseudonym, CASE WHEN bool_or(kind = 'changed') OR (bool_or(kind = 'new')
        AND bool_or(patient_id IS NOT NULL)) THEN 'changed' ELSE min(kind) END AS kind
    FROM difference GROUP BY pseudonym
) AS patients GROUP BY kind
"""
JOINS = """
SELECT count(DISTINCT (p.id, m.cohort)) FROM staged_member m
JOIN studies_patient p ON p.study_id = %(study)s AND p.pseudonym = m.pseudonym
WHERE NOT EXISTS (
    SELECT 1 FROM studies_cohortmember o JOIN studies_cohort c ON c.id = o.cohort_id
    WHERE o.patient_id = p.id AND c.name = m.cohort
)
"""
COHORTS = "SELECT cohort, count(DISTINCT pseudonym) FROM staged_member GROUP BY 1 ORDER BY 1"
DIGEST = """
SELECT md5(COALESCE(string_agg(concat_ws(':', pseudonym, form, kind, row_version), ','
                               ORDER BY pseudonym, form), ''))
FROM difference WHERE kind <> 'same'
"""
CHANGES = """
SELECT d.row, d.pseudonym, k.name, d.before -> k.name AS was, d.after -> k.name AS becomes
FROM difference d, LATERAL (SELECT jsonb_object_keys(d.before || d.after) AS name) k
WHERE d.kind = 'changed' AND d.before -> k.name IS DISTINCT FROM d.after -> k.name
ORDER BY d.row, k.name
"""
FIELDS = f"""
SELECT name, count(*), count(*) FILTER (WHERE becomes IS NULL) FROM ({CHANGES}) AS changes
GROUP BY name ORDER BY 2 DESC, 1
"""
NEW_ONES = f"""
SELECT pseudonym FROM difference WHERE kind = 'new' AND patient_id IS NULL AND form = 'baseline'
ORDER BY row LIMIT {CHANGES_SHOWN}
"""


def store_difference(staging: Staging) -> StoredFile | None:
    """Every change of every value, as a CSV."""
    number = 0
    columns = ("row", "patient_id", "variable", "stored", "in_the_file")
    with tempfile.SpooledTemporaryFile(2**22) as spool, connection.cursor() as cursor:
        cursor.execute(CHANGES)
        while rows := cursor.fetchmany(CHUNK):
            number += len(rows)
            for row, who, name, before, after in rows:
                spool.write(csv_line([row, who, name, spelled(before), spelled(after)]))
        return csv_store(staging.batch, spool, columns, "difference") if number else None


def spelled(value: Any) -> str:
    """A stored value (JSON) as one would type it."""
    return write_value(json.loads(value) if isinstance(value, str) else value)
