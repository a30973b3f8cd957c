"""Where staged lines clash with what is stored: walls, sites, closed forms, withdrawals."""

from __future__ import annotations

from collections.abc import Iterator

from studies.access import memberships_of, sees_all_sites
from studies.methods.problems import Problem
from studies.models import ImportBatch

from .sets import query


def clashes_of(batch: ImportBatch) -> Iterator[Problem]:
    """Every clash of the lines in the temporary tables, asked as the one who brought the file."""
    user, study = batch.uploaded_by, batch.study
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
