"""A checked table beside the stored one, in temporary tables of the transaction: what differs."""

from __future__ import annotations

import csv
import io
import json
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.db import connection

from studies.access import memberships_of, sees_all_sites
from studies.jobs import Progress
from studies.methods.cells import escaped
from studies.methods.cohort_table import CheckedLine, TableCheck, nobody
from studies.methods.dictionary import KEY_COLUMNS
from studies.methods.problems import Problem
from studies.methods.values import write_value
from studies.models import ImportBatch, StoredFile

from .files import file_store
from .sets import query

CHUNK = 5_000
SHOWN = 1_000
CHANGES_SHOWN = 200
PROBLEM_COLUMNS = ("row", "column", "where", "found", "expected", "remedy")

TABLES = """
CREATE TEMP TABLE staged_line (row int, pseudonym text, site text) ON COMMIT DROP;
CREATE TEMP TABLE staged_member (row int, pseudonym text, cohort text) ON COMMIT DROP;
CREATE TEMP TABLE staged_entry (row int, pseudonym text, form text, said jsonb) ON COMMIT DROP;
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
class Findings:
    """Everything that is wrong: counted, the first ones at hand, all of them in a CSV."""

    total: int = 0
    first: list[Problem] = field(default_factory=list)
    groups: Counter[tuple[str, str]] = field(default_factory=Counter)
    rows: set[int] = field(default_factory=set)
    spool: Any = field(default_factory=lambda: tempfile.SpooledTemporaryFile(2**22))  # noqa: SIM115

    def close(self) -> None:
        self.spool.close()

    def add(self, problem: Problem) -> None:
        self.total += 1
        self.groups[problem.column or problem.where, problem.expected] += 1
        if problem.row is not None:
            self.rows.add(problem.row)
        if len(self.first) < SHOWN:
            self.first.append(problem)
        cells = [getattr(problem, name) for name in PROBLEM_COLUMNS]
        self.spool.write(csv_line(cells))

    def in_order(self) -> list[dict[str, Any]]:
        found = sorted(self.first, key=lambda problem: problem.row or 0)
        return [problem.as_dict() for problem in found]

    def grouped(self) -> list[dict[str, Any]]:
        """The commonest kinds: column, rule, how often."""
        return [
            {"column": column, "expected": expected, "number": number}
            for (column, expected), number in self.groups.most_common(20)
        ]

    def store(self, batch: ImportBatch) -> StoredFile | None:
        if not self.total:
            return None
        return _stored(batch, self.spool, PROBLEM_COLUMNS, "problems")


def csv_line(cells: Any) -> bytes:
    """One line of a CSV that no spreadsheet runs."""
    line = io.StringIO()
    csv.writer(line).writerow([escaped(c) if isinstance(c, str) else c for c in cells])
    return line.getvalue().encode()


def _stored(batch: ImportBatch, spool: Any, columns: Any, word: str) -> StoredFile:
    with tempfile.SpooledTemporaryFile(2**22) as whole:
        whole.write("\N{ZERO WIDTH NO-BREAK SPACE}".encode() + csv_line(columns))
        spool.seek(0)
        while chunk := spool.read(2**20):
            whole.write(chunk)
        whole.seek(0)
        return file_store(batch.study, whole, word, f"{word}.csv", batch)  # type: ignore[arg-type]


@dataclass
class Staging:
    """The temporary tables of one table's check; lives in one transaction."""

    batch: ImportBatch
    check: TableCheck
    findings: Findings = field(default_factory=Findings)
    lines: int = 0

    def fill(self, progress: Progress) -> None:
        """Check every line and stage the good ones, then set them against what is stored."""
        with connection.cursor() as cursor:
            cursor.execute(TABLES)
        self._copy("staged_cohort", self.check.cohort_use.items())
        waiting: list[CheckedLine] = []
        seen: set[str] = set()
        for line in self.check.lines():
            self.lines += 1
            if line.problems:
                for problem in line.problems:
                    self.findings.add(problem)
            else:
                waiting.append(line)
            if self.lines % CHUNK == 0:
                self._stage(waiting, seen)
                progress(*self._share(), f"checked {self.lines:,} lines")
        self._stage(waiting, seen)
        if not self.lines:
            self.findings.add(nobody())
        self._compare()
        progress(0.6, 1, "comparing with what is stored")
        for problem in self._clashes():
            self.findings.add(problem)
        self._leave_out_bad()

    def _share(self) -> tuple[float, float]:
        return 0.5 * self.check.table.share(), 1

    def _stage(self, lines: list[CheckedLine], seen: set[str]) -> None:
        fresh = [line for line in lines if line.pseudonym not in seen]
        fresh = list({line.pseudonym: line for line in reversed(fresh)}.values())
        seen.update(line.pseudonym for line in fresh)
        self._copy("staged_line", [(line.row, line.pseudonym, line.site) for line in lines])
        members = [(n.row, n.pseudonym, cohort) for n in lines for cohort in n.cohorts]
        self._copy("staged_member", members)
        self._copy("staged_entry", (entry for line in fresh for entry in self._entries(line)))
        lines.clear()

    def _entries(self, line: CheckedLine) -> Iterator[tuple[int, str, str, str]]:
        for form, names in self._forms.items():
            values = line.values
            if len(self._forms) > 1:
                values = {name: value for name, value in values.items() if name in names}
            yield line.row, line.pseudonym, form, json.dumps(values)

    @property
    def _forms(self) -> dict[str, set[str]]:
        found: dict[str, set[str]] = {"baseline": set()}
        for spec in self.check.dictionary:
            found.setdefault(spec.form, set()).add(spec.name)
        return found

    def _copy(self, table: str, rows: Any) -> None:
        with connection.cursor() as cursor, cursor.copy(f"COPY {table} FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)

    def _compare(self) -> None:
        mapped = [name for name in self.check.plan.columns if name not in ("", *KEY_COLUMNS)]
        with connection.cursor() as cursor:
            for table in ("staged_line", "staged_member", "staged_entry"):
                cursor.execute(f"CREATE INDEX ON {table} (pseudonym)")
                cursor.execute(f"ANALYZE {table}")
            keeps = self.check.options.blank == "keep"
            study = self.batch.study_id
            cursor.execute(DIFFERENCE, {"keeps": keeps, "mapped": mapped, "study": study})
            cursor.execute("ANALYZE difference")

    def _clashes(self) -> Iterator[Problem]:
        user, study = self.batch.uploaded_by, self.batch.study
        own = [m.site.name for m in memberships_of(user, study) if m.site]
        names = {
            "study": study.pk,
            "everywhere": sees_all_sites(user, study),
            "own": own,
            "expected_own": "your own site: " + ", ".join(sorted(own)),
        }
        for sql in CLASHES:
            for row, who, column, found, expected, remedy in query(sql, names):
                yield Problem(who, found, expected, remedy, row, column)

    def _leave_out_bad(self) -> None:
        """A patient with a bad line stays out as a whole."""
        bad = query(
            "SELECT pseudonym FROM staged_line WHERE row = ANY(%(rows)s)",
            {"rows": list(self.findings.rows)},
        )
        if not bad:
            return
        with connection.cursor() as cursor:
            for table in ("staged_line", "staged_member", "staged_entry", "difference"):
                names = [name for (name,) in bad]
                cursor.execute(f"DELETE FROM {table} WHERE pseudonym = ANY(%s)", [names])

    def summary(self) -> dict[str, Any]:
        """Lines, and patients that are new, changed or the same."""
        found = dict(query(KINDS))
        return {
            "lines": self.lines,
            **{kind: found.get(kind, 0) for kind in ("new", "changed", "same")},
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
        }


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
_WALL = "a patient in development or in validation, never in both"
CLASHES = (
    f"""
    SELECT m.row, m.pseudonym, 'cohort',
           'cohort ' || m.cohort || ' (' || c.use || '), but stored in a ' || p.partition
               || ' cohort',
           '{_WALL}',
           'Take the line out, or give another patient another pseudonym.'
    FROM staged_member m
    JOIN staged_cohort c ON c.name = m.cohort AND c.use <> 'descriptive'
    JOIN studies_patient p ON p.study_id = %(study)s AND p.pseudonym = m.pseudonym
    WHERE p.partition <> c.use ORDER BY m.row
    """,
    """
    SELECT l.row, l.pseudonym, 'site', l.site, %(expected_own)s, 'Leave other sites out.'
    FROM staged_line l WHERE NOT %(everywhere)s AND l.site <> ALL(%(own)s::text[]) ORDER BY l.row
    """,
    """
    SELECT l.row, l.pseudonym, 'site', l.site || ', but stored at ' || s.name, 'the stored site',
           'A transfer is made on the patient''s page.'
    FROM staged_line l
    JOIN studies_patient p ON p.study_id = %(study)s AND p.pseudonym = l.pseudonym
    JOIN studies_site s ON s.id = p.site_id
    WHERE s.name <> l.site AND (%(everywhere)s OR l.site = ANY(%(own)s::text[])) ORDER BY l.row
    """,
    """
    SELECT d.row, d.pseudonym, NULL,
           'other values of ' || (
               SELECT string_agg(name, ', ' ORDER BY name)
               FROM (SELECT jsonb_object_keys(d.before || d.after) AS name) k
               WHERE d.before -> k.name IS DISTINCT FROM d.after -> k.name
           ) || ' in a form that is ' || d.state,
           'the values that were ' || d.state, 'Correct the line, or open the form again first.'
    FROM difference d WHERE d.kind = 'changed' AND d.state IN ('verified', 'locked')
    ORDER BY d.row
    """,
    """
    SELECT d.row, d.pseudonym, 'patient_id', 'a patient who has withdrawn',
           'patients whose data may be used', 'Take the line out.'
    FROM difference d JOIN studies_patient p ON p.id = d.patient_id
    WHERE p.status = 'withdrawn' AND d.kind <> 'same' ORDER BY d.row
    """,
    """
    SELECT m.row, m.pseudonym, 'cohort', 'a new member of ' || m.cohort || ', which is frozen',
           'patients who were in it when it was frozen',
           'Leave the line out, or name another cohort.'
    FROM staged_member m
    JOIN studies_cohort c ON c.study_id = %(study)s AND c.name = m.cohort
        AND c.frozen_at IS NOT NULL
    WHERE NOT EXISTS (
        SELECT 1 FROM studies_cohortmember cm JOIN studies_patient p ON p.id = cm.patient_id
        WHERE cm.cohort_id = c.id AND p.pseudonym = m.pseudonym
    ) ORDER BY m.row
    """,
)


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
        return _stored(staging.batch, spool, columns, "difference") if number else None


def spelled(value: Any) -> str:
    """A stored value (JSON) as one would type it."""
    return write_value(json.loads(value) if isinstance(value, str) else value)
