"""The words of a figure, in the language for which it is drawn.

``told`` marks a word where it is written and gives it as it is drawn: in English, unless the
figure is drawn inside ``speaking``. So the report and whatever is stored stay English, and a page
shows the same figure in its own language (``studies.languages.figures_spoken``). The table behind
a figure keeps its English; ``Figure.heads`` and ``Figure.cells`` are what a page shows of it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from studies.methods.wording import Translate, Wording

_voice: ContextVar[Translate | None] = ContextVar("voice of figures", default=None)


class Told(str):
    """Drawn text that knows the English it was made from."""

    english: str

    def __new__(cls, text: str, english: str) -> Told:
        made = super().__new__(cls, text)
        made.english = english
        return made

    def __getnewargs__(self) -> tuple[str, str]:
        return str(self), self.english


def told(text: str, /, **values: Any) -> str:
    """``told("Predicted survival")``, ``told("n {n}, {title}", n=3, title=told("all"))``.

    ``text`` may be a sentence of ``say``, a label or a title that is marked elsewhere; what has no
    translation stays as it is.
    """
    if isinstance(text, Told):
        return text
    if isinstance(text, Wording):
        voice = _voice.get()
        plain = str.__str__(text)  # English, whatever language the page has
        return Told(text.spoken(voice), plain) if voice else plain
    return _drawn(text, text, "", 1, values) if text else text


def told_number(one: str, many: str, number: int, /, **values: Any) -> str:
    """``told_number("{number} patient", "{number} patients", 3)``."""
    return _drawn(one if number == 1 else many, one, many, number, {"number": number, **values})


def _drawn(pattern: str, one: str, many: str, number: int, values: dict[str, Any]) -> str:
    voice = _voice.get()
    if voice is None:
        return pattern.format(**values) if values else pattern
    shown = voice(one, many, number)
    if not values:
        return Told(shown, pattern)
    here = {name: told(v) if isinstance(v, Wording) else v for name, v in values.items()}
    return Told(shown.format(**here), pattern.format(**{k: english(v) for k, v in here.items()}))


def english(value: Any) -> Any:
    """What was drawn, as it is exchanged and stored."""
    return value.english if isinstance(value, Told) else value


@contextmanager
def speaking(translate: Translate | None) -> Iterator[None]:
    """Figures that are drawn inside speak so; ``None``: English."""
    token = _voice.set(translate)
    try:
        yield
    finally:
        _voice.reset(token)
