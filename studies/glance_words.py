"""Titles, groups and levels of the study at a glance in the language of the page.

They are kept in English with the numbers; some hold a label of the study's dictionary.
"""

from __future__ import annotations

from dataclasses import replace

from django.utils.translation import gettext

from studies.languages import spoken
from studies.methods.selection import Column, Condition
from studies.methods.selection_text import in_words
from studies.methods.wording import marked

PATTERNS = (
    marked("Clinical: {part}"),
    marked("{part}, from the start of treatment"),
    marked("{part} (not in the dictionary)"),
    marked("Rad-Score {part}; out of fold in training"),
)


def said(text: str) -> str:
    """The title, group or level as the page says it; a study's own words stay as they are."""
    shown = spoken(text)
    if shown != text:
        return shown
    for pattern in PATTERNS:
        head, _, tail = pattern.partition("{part}")
        if len(text) > len(head + tail) and text.startswith(head) and text.endswith(tail):
            part = text[len(head) : len(text) - len(tail)]
            return gettext(pattern).format(part=_part_said(part))
    return text


def _part_said(part: str) -> str:
    """A label that is known, whole, or states that stand beside each other."""
    shown = spoken(part)
    return shown if shown != part else ", ".join(spoken(word) for word in part.split(", "))


def condition_said(column: Column, condition: Condition) -> str:
    """``Age: 60 to below 70 years, or not known``, as the page says it."""
    levels = tuple((key, said(label)) for key, label in column.levels)
    shown = replace(column, title=said(column.title), levels=levels, unit=spoken(column.unit))
    return spoken(in_words(shown, condition))
