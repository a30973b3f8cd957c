"""Sites and cohorts that a table names first: told, and sites refused until somebody confirms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from studies.methods.new_names import nearest_name, new_name_remedy
from studies.methods.problems import Notice, Problem, refuse
from studies.methods.wording import say, say_number
from studies.models import ImportBatch

from .sets import query

OPTION = "new_sites"


@dataclass(frozen=True)
class NewSite:
    """A site that the study does not have, and the one it may be a slip of."""

    name: str
    lines: int
    first_row: int
    nearest: str
    confirmed: bool


@dataclass(frozen=True)
class Places:
    """What the staged lines name first."""

    sites: Sequence[NewSite] = ()
    cohorts: Sequence[tuple[str, int]] = field(default_factory=tuple)
    is_first: bool = False  # the study has no site yet

    def told(self) -> list[Notice]:
        """What the file will bring with it."""
        return [
            *(_site_told(site) for site in self.sites if site.confirmed),
            *(_cohort_told(name, lines) for name, lines in self.cohorts),
        ]

    def as_dict(self) -> dict[str, Any]:
        return {
            "new_sites": [asdict(site) for site in self.sites],
            "new_cohorts": [{"name": name, "lines": lines} for name, lines in self.cohorts],
            "first_sites": self.is_first,
        }


def sites_confirmed(options: dict[str, Any]) -> list[str]:
    """The names that somebody said are new sites.

    Raises
    ------
    DataProblem
        They are no list of names.
    """
    names = options.get(OPTION) or []
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        expected = say("a list of names of sites")
        raise refuse("options", OPTION, expected, "List them.", column="options")
    return names


def places_of(batch: ImportBatch) -> Places:
    """Sites and cohorts of the staged lines that the study does not have, the commonest first."""
    names = {"study": batch.study_id}
    known = dict(query(KNOWN_SITES, names))
    new = query(NEW_SITES, names)
    confirmed = set(sites_confirmed(batch.options))
    every = known | {name: lines for name, lines, _ in new}
    sites = [
        NewSite(name, lines, row, nearest_name(name, _meant(name, lines, every, known)),
                name in confirmed)
        for name, lines, row in new
    ]  # fmt: skip
    return Places(sites, query(NEW_COHORTS, names), not known)


def unconfirmed(places: Places) -> Iterator[Problem]:
    """Every line of a site that nobody confirmed."""
    doubtful = {site.name: site for site in places.sites if not site.confirmed}
    if not doubtful:
        return
    for row, who, name in query(LINES_OF, {"names": list(doubtful)}):
        site = doubtful[name]
        found = say_number(
            "{name!r}, which is no site of the study yet ({number} line)",
            "{name!r}, which is no site of the study yet ({number} lines)",
            site.lines, name=name,
        )  # fmt: skip
        expected = (
            say("a site of the study; the nearest is {nearest!r}", nearest=site.nearest)
            if site.nearest
            else say("a site of the study")
        )
        yield Problem(who or "line", found, expected, new_name_remedy(name, site.nearest), row,
                      "site")  # fmt: skip


def _meant(name: str, lines: int, every: dict[str, int], known: dict[str, int]) -> dict[str, int]:
    """Of what a name may be a slip: a site that is known, or a commoner one of the same file."""
    return {other: n for other, n in every.items() if other in known or n > lines}


def _site_told(site: NewSite) -> Notice:
    text = say_number(
        "{name}: a new site of the study, {number} line",
        "{name}: a new site of the study, {number} lines",
        site.lines, name=site.name,
    )  # fmt: skip
    return Notice("new_site", text)


def _cohort_told(name: str, lines: int) -> Notice:
    text = say_number(
        "{name}: a cohort that this file begins, {number} line",
        "{name}: a cohort that this file begins, {number} lines",
        lines, name=name,
    )  # fmt: skip
    return Notice("new_cohort", text)


KNOWN_SITES = """
SELECT s.name, (SELECT count(*) FROM staged_line l WHERE l.site = s.name)
FROM studies_studysite ss JOIN studies_site s ON s.id = ss.site_id
WHERE ss.study_id = %(study)s
"""
NEW_SITES = """
SELECT l.site, count(*), min(l.row) FROM staged_line l
WHERE l.site <> '' AND NOT EXISTS (
    SELECT 1 FROM studies_studysite ss JOIN studies_site s ON s.id = ss.site_id
    WHERE ss.study_id = %(study)s AND s.name = l.site
) GROUP BY 1 ORDER BY 2 DESC, 1
"""
NEW_COHORTS = """
SELECT m.cohort, count(*) FROM staged_member m JOIN staged_cohort k ON k.name = m.cohort
WHERE NOT EXISTS (
    SELECT 1 FROM studies_cohort c WHERE c.study_id = %(study)s AND c.name = m.cohort
) GROUP BY 1 ORDER BY 2 DESC, 1
"""
LINES_OF = """
SELECT row, pseudonym, site FROM staged_line WHERE site = ANY(%(names)s::text[]) ORDER BY row
"""
