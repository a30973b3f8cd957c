"""What was said in English and records keep, in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import get_language, gettext, gettext_lazy, ngettext

from studies.methods.problems import DataProblem, Notice, Problem
from studies.methods.units import YEARS_OF_AGE, is_age
from studies.methods.wording import Wording, is_stored, marked, named, restored

OUR_WORDS = ("expected", "remedy", "text")  # never what somebody's file says


def said_choices(choices: Iterable[tuple[str, str]]) -> list[tuple[str, Any]]:
    """Values with their words in the language of whoever sees the form."""
    return [(value, gettext_lazy(word)) for value, word in choices]


def spoken(text: Any) -> str:
    """A sentence of the product in the current language; what is unknown stays as it is."""
    if is_stored(text):
        return restored(text).spoken(_pattern)
    told = "" if text is None else text if isinstance(text, str) else str(text)
    if isinstance(told, Wording):  # the text, or what a row is called
        return told.spoken(_pattern)
    return gettext(told) if told and isinstance(text, str) else told


LABELS = {", ": marked("{label}, {end}"), ": ": marked("{label}: {end}")}


def label_said(text: str) -> str:
    """A label that may end with its unit or level: ``Age, years``, ``Resection: yes``."""
    shown = spoken(text)
    for mark, pattern in LABELS.items():
        label, found, end = text.rpartition(mark)
        if shown == text and found:
            unit = YEARS_OF_AGE if end == YEARS_OF_AGE and is_age(label) else end
            return gettext(pattern).format(label=spoken(label), end=spoken(unit))
    return shown


def spoken_item(item: Problem | Notice | dict[str, Any]) -> dict[str, Any]:
    """A problem or notice, stored or not, in the current language and without its wording."""
    told = dict(item) if isinstance(item, dict) else item.as_dict()
    made = told.pop("wording", {})
    for name, text in told.items():
        if name in made:
            told[name] = restored(_with_names(made[name])).spoken(_pattern)
        elif name in OUR_WORDS:
            told[name] = spoken(text)
    return told


NAMES = ("cohort", "cohorts")  # places of a pattern that hold stored names


def _with_names(told: dict[str, Any]) -> dict[str, Any]:
    """The stored names in a sentence as people read them, in those that were kept without, too."""
    values = {
        name: _with_names(value) if isinstance(value, dict)
        else named(value).stored() if name in NAMES and isinstance(value, str)
        else value
        for name, value in told.get("values", {}).items()
    }  # fmt: skip
    return {**told, "values": values} if values else told


def spoken_items(items: Iterable[Problem | Notice | dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [spoken_item(item) for item in items or ()]


def job_message(job: Any) -> str:
    """How far a job says that it is."""
    if job.log and job.log[-1][2] == job.progress_message:
        return line_message(job.log[-1])
    return spoken(job.progress_message)


def line_message(line: list[Any]) -> str:
    """What a line of a job's log says: [time, share, message, wording where it has one]."""
    return spoken(line[3] if len(line) > 3 else line[2])


def sentence(problem: Problem) -> str:
    """The whole problem in one line, in the current language."""
    told = spoken_item(problem)
    return gettext("{where}: found {found}; expected {expected}. {remedy}").format(**told)


def language_now() -> str:
    """What the page speaks; what is drawn or kept for a page has it in its key."""
    return get_language() or "en"


def sentences(refusal: DataProblem) -> str:
    """All that is wrong, a line each, in the current language."""
    return "\n".join(sentence(problem) for problem in refusal.problems)


def _pattern(one: str, many: str, number: int) -> str:
    return ngettext(one, many, number) if many else gettext(one)


Wording.voice = staticmethod(_pattern)
