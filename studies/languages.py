"""What methods said in English and records keep, in the language of the page."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from django.utils.translation import get_language, gettext, ngettext

from studies.figures.words import speaking
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


def language_now() -> str:
    """What the page speaks; what is drawn or kept for a page has it in its key."""
    return get_language() or "en"


@contextmanager
def figures_spoken() -> Iterator[None]:
    """Figures drawn inside are in the language of the page."""
    with speaking(None if language_now().startswith("en") else _pattern):
        yield


def _pattern(one: str, many: str, number: int) -> str:
    return ngettext(one, many, number) if many else gettext(one)
