"""The parts a report is built from: sections of words, tables and figures."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from modeling.models import Basis, Evaluation
from modeling.services.prognosis_rows import TITLES
from modeling.services.report_sources import Sources
from studies.colours import SIMULATED
from studies.figures.figure import Figure
from studies.figures.render import render_inline_svg
from studies.methods.wording import marked, say

Cell = str | int | dict[str, Any] | None

COHORTS = {
    "training": marked("Training"),
    "internal_validation": marked("Internal validation"),
    "external_phenotype": marked("External, phenotype"),
    "external_response": marked("External, response"),
}
BASES = {
    "out_of_fold": marked("out of fold"),
    "applied": marked("applied"),
    "apparent": marked("apparent"),
    "optimism_corrected": marked("optimism-corrected"),
}
TARGETS = {
    "rna": marked("hot by RNA"),
    "ihc": marked("hot by IHC"),
    "response": marked("responder at 6 months"),
}


@dataclass
class Section:
    """One part of the page; figures are named, their specifications stand beside."""

    key: str
    title: str
    text: list[str] = field(default_factory=list)
    tables: list[dict[str, Any]] = field(default_factory=list)
    figures: list[str] = field(default_factory=list)

    def table(
        self,
        key: str,
        title: str,
        columns: Sequence[str],
        rows: Sequence[Sequence[Cell]],
        note: str = "",
    ) -> None:
        """Words are told as in figures: a page that shows the same table has its language."""
        if rows:
            self.tables.append(
                {
                    "key": key,
                    "title": say(title),
                    "columns": [say(column) for column in columns],
                    "rows": [[say(c) if isinstance(c, str) else c for c in row] for row in rows],
                    "note": say(note),
                }
            )


@dataclass
class Draft:
    """A report that is being written."""

    simulated: bool = False
    sources: Sources = field(default_factory=Sources)
    sections: list[Section] = field(default_factory=list)
    figures: dict[str, dict[str, Any]] = field(default_factory=dict)
    notices: list[dict[str, str]] = field(default_factory=list)
    told: set[str] = field(default_factory=set)  # what the Methods tell, for the checklists

    def section(self, key: str, title: str, *text: str) -> Section:
        made = Section(key, title, list(text))
        self.sections.append(made)
        return made

    def figure(self, section: Section, figure: Figure, *sources: dict[str, Any]) -> None:
        """Draw once, here, so that a page only has to send it."""
        if self.simulated:
            figure = marked_simulated(figure)
        numbers = sorted({source["number"] for source in sources})
        self.figures[figure.key] = {
            **figure.as_dict(),
            "svg": render_inline_svg(figure),
            "sources": numbers,
        }
        section.figures.append(figure.key)

    def notice(self, where: str, notices: Sequence[dict[str, str]]) -> None:
        for found in notices_in_words(notices):
            place = f"{where[:1].upper()}{where[1:]}"
            notice = {"where": place, "code": found["code"], "text": found["text"]}
            if notice not in self.notices:
                self.notices.append(notice)


def marked_simulated(figure: Figure) -> Figure:
    """A figure that leaves the page says itself that its patients are not real."""
    mark = {"subtitle": say("SIMULATED: no real patients").here(), "subtitleColor": SIMULATED}
    plain = {"text": figure.title, "anchor": "start"}
    title = figure.spec.get("title", plain) | mark | {"subtitleFontSize": 11}
    return replace(figure, spec=figure.spec | {"title": title})


def spelled(text: str) -> str:
    """Column names as people spell them."""
    return _NAMES.sub(lambda match: plain_title(match.group(0)), text)


def in_words(text: str) -> str:
    """Cohorts by their titles, and other names of the program without their underscores."""
    named = _COHORT.sub(lambda match: COHORTS[match.group(0)], text)
    return _JOINED.sub(lambda match: match.group(0).replace("_", " "), named)


_COHORT = re.compile(r"\b(" + "|".join(sorted(COHORTS, key=len, reverse=True)) + r")\b(?=: )")
_JOINED = re.compile(r"\b[a-z]+(?:_[a-z0-9]+)+\b(?!\.\w)")
_NAMES = re.compile(r"\b(" + "|".join(sorted(TITLES, key=len, reverse=True)) + r")\b")


def notices_in_words(notices: Iterable[dict[str, str]]) -> list[dict[str, str]]:
    """As a page or a report says them: columns by their titles, no name of the program."""
    return [{**found, "text": in_words(spelled(found["text"]))} for found in notices]


def plain_title(name: str) -> str:
    return TITLES.get(name, name).replace(", log scale", "")


def in_sentence(title: str) -> str:
    """A title inside a sentence: small, unless it is a name or an abbreviation."""
    if title.startswith(("Rad-Score", "Immunoscore")) or title[1:2] != title[1:2].lower():
        return title
    return title[:1].lower() + title[1:]


WORDS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def counted(number: int) -> str:
    """A number that begins a sentence."""
    return WORDS[number].capitalize() if number < len(WORDS) else str(number)


def cohort_title(name: str) -> str:
    return COHORTS.get(name, name.replace("_", " ").capitalize())


def titled(evaluation: Evaluation) -> str:
    """A cohort in a legend; what is no plain validation says what it is."""
    title = cohort_title(evaluation.cohort.name)
    applied = evaluation.basis == Basis.APPLIED
    if applied:
        return say(title)
    return say("{title}, {basis}", title=say(title), basis=say(BASES[evaluation.basis]))


def cohort_phrase(name: str) -> str:
    """A cohort inside a sentence."""
    kind, _, rest = name.partition("_")
    return f"the external {rest} cohort" if kind == "external" else name.replace("_", " ")


def cohort_order(name: str) -> tuple[int, str]:
    names = list(COHORTS)
    return (names.index(name) if name in names else len(names), name)
