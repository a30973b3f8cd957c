"""Where staged lines clash with what is stored: walls, sites, closed forms, withdrawals."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from studies.access import memberships_of, sees_all_sites
from studies.methods.cohort_table import needed
from studies.methods.dictionary import VariableSpec
from studies.methods.problems import Problem
from studies.methods.wording import marked, say
from studies.models import ImportBatch

from .sets import query
from .staged_write import taken_elsewhere

Told = tuple[str | None, str, str, str]  # column, found, expected, remedy


def clashes_of(batch: ImportBatch, specs: Sequence[VariableSpec]) -> Iterator[Problem]:
    """Every clash of the lines in the temporary tables, asked as the one who brought the file."""
    yield from _blanks({spec.name: spec.label for spec in specs})
    user, study = batch.uploaded_by, batch.study
    own = sorted(m.site.name for m in memberships_of(user, study) if m.site)
    names = {
        "study": study.pk,
        "everywhere": sees_all_sites(user, study),
        "own": own,
        "own_sites": ", ".join(own),
    }
    for sql, told in CLASHES:
        for row, who, *values in query(sql, names):
            column, found, expected, remedy = told(*values)
            yield Problem(who or "line", found, expected, remedy, row, column)
    if not names["everywhere"]:
        yield from (taken_elsewhere(row, who) for row, who in query(TAKEN, names))


def _blanks(labels: Mapping[str, str]) -> Iterator[Problem]:
    """Blank cells of what the import needs, after which there is no value.

    A new patient needs one. Of a known one a blank keeps the value, where it was said so, and does
    not clear it otherwise.
    """
    for row, who, name, known, stored in query(BLANKS):
        if not known:
            yield needed(who, labels[name], row, name)
            continue
        found = say("blank, which would clear what is stored") if stored else say(
            "blank, and nothing is stored"
        )  # fmt: skip
        remedy = say("Fill it in, or say that a blank cell keeps what is stored.") if stored else (
            say("Fill it in.")
        )  # fmt: skip
        yield Problem(who, found, labels[name], remedy, row, name)


def _across_the_wall(cohort: str, use: str, partition: str) -> Told:
    found = say(
        "cohort {cohort} ({use}), but stored in a {partition} cohort",
        cohort=cohort, use=say(use), partition=say(partition),
    )  # fmt: skip
    remedy = marked("Take the line out, or give another patient another pseudonym.")
    expected = marked("a patient in development or in validation, never in both")
    return "cohort", found, expected, remedy


def _not_their_site(site: str, own: str) -> Told:
    expected = say("your own site: {sites}", sites=own)
    return "site", site, expected, marked("Leave other sites out.")


def _at_another_site(site: str, stored: str) -> Told:
    found = say("{site}, but stored at {stored}", site=site, stored=stored)
    remedy = marked("A transfer is made on the patient's page.")
    return "site", found, marked("the stored site"), remedy


def _in_a_closed_form(names: str, state: str) -> Told:
    found = say("other values of {names} in a form that is {state}", names=names, state=say(state))
    expected = say("the values that were {state}", state=say(state))
    return None, found, expected, marked("Correct the line, or open the form again first.")


def _former(pseudonym: str, now: str, since: str) -> Told:
    found = say(
        "{former}, the former pseudonym of {pseudonym} (corrected on {day})",
        former=pseudonym, pseudonym=now, day=since,
    )  # fmt: skip
    remedy = say(
        "Write {pseudonym} if the line is of that patient; if it is another one, free the former "
        "pseudonym on that patient's page.",
        pseudonym=now,
    )
    return "patient_id", found, marked("the pseudonym of today"), remedy


def _withdrawn() -> Told:
    found, expected = say("a patient who has withdrawn"), marked("patients whose data may be used")
    return "patient_id", found, expected, marked("Take the line out.")


def _of_a_frozen_cohort(cohort: str) -> Told:
    found = say("a new member of {cohort}, which is frozen", cohort=cohort)
    expected = marked("patients who were in it when it was frozen")
    return "cohort", found, expected, marked("Leave the line out, or name another cohort.")


BLANKS = """
SELECT b.row, b.pseudonym, b.name, COALESCE(d.patient_id IS NOT NULL, false),
       COALESCE(d.before ? b.name, false)
FROM staged_blank b LEFT JOIN difference d ON d.pseudonym = b.pseudonym AND d.form = b.form
WHERE d.after IS NULL OR NOT d.after ? b.name ORDER BY b.row
"""
# The reader's rows do not hold who is at another site: the database says no more than that.
TAKEN = """
SELECT min(l.row), l.pseudonym FROM staged_line l
JOIN studies_pseudonyms_taken(
    %(study)s, ARRAY(SELECT DISTINCT pseudonym FROM staged_line WHERE pseudonym <> '')
) AS taken(pseudonym) ON taken.pseudonym = l.pseudonym
WHERE NOT EXISTS (SELECT 1 FROM studies_patient p
                  WHERE p.study_id = %(study)s AND p.pseudonym = l.pseudonym)
    AND NOT EXISTS (SELECT 1 FROM studies_formerpseudonym f
                    WHERE f.study_id = %(study)s AND f.pseudonym = l.pseudonym)
GROUP BY 2 ORDER BY 1
"""
CLASHES: tuple[tuple[str, Callable[..., Told]], ...] = (
    (
        """
    SELECT l.row, l.pseudonym, l.pseudonym, p.pseudonym, to_char(f.created_at, 'YYYY-MM-DD')
    FROM staged_line l
    JOIN studies_formerpseudonym f ON f.study_id = %(study)s AND f.pseudonym = l.pseudonym
        AND f.freed_at IS NULL
    JOIN studies_patient p ON p.id = f.patient_id AND p.pseudonym <> l.pseudonym ORDER BY l.row
    """,
        _former,
    ),
    (
        """
    SELECT m.row, m.pseudonym, m.cohort, c.use, p.partition
    FROM staged_member m
    JOIN staged_cohort c ON c.name = m.cohort AND c.use <> 'descriptive'
    JOIN studies_patient p ON p.study_id = %(study)s AND p.pseudonym = m.pseudonym
    WHERE p.partition <> c.use ORDER BY m.row
    """,
        _across_the_wall,
    ),
    (
        """
    SELECT l.row, l.pseudonym, l.site, %(own_sites)s FROM staged_line l
    WHERE NOT %(everywhere)s AND l.site <> '' AND l.site <> ALL(%(own)s::text[]) ORDER BY l.row
    """,
        _not_their_site,
    ),
    (
        """
    SELECT l.row, l.pseudonym, l.site, s.name
    FROM staged_line l
    JOIN studies_patient p ON p.study_id = %(study)s AND p.pseudonym = l.pseudonym
    JOIN studies_site s ON s.id = p.site_id
    WHERE s.name <> l.site AND l.site <> ''
        AND (%(everywhere)s OR l.site = ANY(%(own)s::text[])) ORDER BY l.row
    """,
        _at_another_site,
    ),
    (
        """
    SELECT d.row, d.pseudonym, (
               SELECT string_agg(name, ', ' ORDER BY name)
               FROM (SELECT jsonb_object_keys(d.before || d.after) AS name) k
               WHERE d.before -> k.name IS DISTINCT FROM d.after -> k.name
           ), d.state
    FROM difference d WHERE d.kind = 'changed' AND d.state IN ('verified', 'locked')
    ORDER BY d.row
    """,
        _in_a_closed_form,
    ),
    (
        """
    SELECT d.row, d.pseudonym
    FROM difference d JOIN studies_patient p ON p.id = d.patient_id
    WHERE p.status = 'withdrawn' AND d.kind <> 'same' ORDER BY d.row
    """,
        _withdrawn,
    ),
    (
        """
    SELECT m.row, m.pseudonym, m.cohort
    FROM staged_member m
    JOIN studies_cohort c ON c.study_id = %(study)s AND c.name = m.cohort
        AND c.frozen_at IS NOT NULL
    WHERE NOT EXISTS (
        SELECT 1 FROM studies_cohortmember cm JOIN studies_patient p ON p.id = cm.patient_id
        WHERE cm.cohort_id = c.id AND p.pseudonym = m.pseudonym
    ) ORDER BY m.row
    """,
        _of_a_frozen_cohort,
    ),
)
