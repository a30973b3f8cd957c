"""What methods said in English and records keep, in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext, ngettext

from studies.methods.problems import Notice, Problem
from studies.methods.wording import Wording, restored

OUR_WORDS = ("expected", "remedy", "text")  # never what somebody's file says


def spoken(text: Any) -> str:
    """A sentence of the product in the current language; what is unknown stays as it is."""
    if isinstance(text, Wording):
        return text.spoken(_pattern)
    return gettext(text) if isinstance(text, str) and text else str(text or "")


def spoken_item(item: Problem | Notice | dict[str, Any]) -> dict[str, Any]:
    """A problem or notice, stored or not, in the current language and without its wording."""
    told = dict(item) if isinstance(item, dict) else item.as_dict()
    made = told.pop("wording", {})
    for name, text in told.items():
        if name in made:
            told[name] = restored(made[name]).spoken(_pattern)
        elif name in OUR_WORDS:
            told[name] = spoken(text)
    return told


def spoken_items(items: Iterable[Problem | Notice | dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [spoken_item(item) for item in items or ()]


def sentence(problem: Problem) -> str:
    """The whole problem in one line, in the current language."""
    told = spoken_item(problem)
    return gettext("{where}: found {found}; expected {expected}. {remedy}").format(**told)


def _pattern(one: str, many: str, number: int) -> str:
    return ngettext(one, many, number) if many else gettext(one)
