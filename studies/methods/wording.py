"""Texts that remember how they were made, so that a page can say them in its language.

A method says what it found in English, with ``say``; a module names its titles, a figure its axes
in the same way. What they get is that English text, a ``str`` like any other whatever is done to
it: compared, joined, formatted, hashed, stored, exchanged. Beside it stand the pattern and the
values, which is what a translation needs; they survive a record (``stored``) and come back from it
(``restored``). It is in the language of whoever asked only where somebody says so: in a template
(``__html__``), in a picture (``figures.plain``), by ``studies.languages.spoken``. ``Wording.voice``
knows that language; without, it is English.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from html import escape
from numbers import Integral, Real
from typing import Any, ClassVar

Translate = Callable[[str, str, int], str]  # (one, many or "", number) -> pattern


class Wording(str):
    """English text with its pattern and values.

    Attributes
    ----------
    pattern, plural : str
        As written in the code: ``"{n} patient"``, ``"{n} patients"``; ``plural`` may be empty.
    number : int
        What chooses between the two.
    values : dict
        What fills the places: numbers, text, or further wordings.
    """

    pattern: str
    plural: str
    number: int
    values: dict[str, Any]
    voice: ClassVar[Translate | None] = None

    def __new__(
        cls, pattern: str, values: dict[str, Any] | None = None, plural: str = "", number: int = 1
    ) -> Wording:
        values = values or {}
        chosen = plural if plural and number != 1 else pattern
        if values:
            chosen = chosen.format(**{name: english(value) for name, value in values.items()})
        made = super().__new__(cls, chosen)
        made.pattern, made.plural, made.number, made.values = pattern, plural, number, values
        return made

    def here(self) -> str:
        """In the language of now."""
        return self.spoken(Wording.voice) if Wording.voice else str(self)

    def __html__(self) -> str:
        """What a template shows."""
        return escape(self.here())

    def __reduce__(self) -> tuple[Any, ...]:
        return (Wording, (self.pattern, self.values, self.plural, self.number))

    def spoken(self, translate: Translate) -> str:
        """The sentence in the language of ``translate``, the sentences inside it too."""
        if not self.pattern:
            return ""
        pattern = translate(self.pattern, self.plural, self.number)
        if not self.values:
            return pattern
        return pattern.format(
            **{
                name: value.spoken(translate) if isinstance(value, Wording) else value
                for name, value in self.values.items()
            }
        )

    def stored(self) -> dict[str, Any]:
        """As JSON; ``restored`` is the way back."""
        told: dict[str, Any] = {"pattern": self.pattern}
        if self.values:
            told["values"] = {
                name: value.stored() if isinstance(value, Wording) else value
                for name, value in self.values.items()
            }
        if self.plural:
            told |= {"plural": self.plural, "number": self.number}
        return told


def say(pattern: str, /, **values: Any) -> Wording:
    """``say("{n} of {total} patients", n=3, total=10)``, ``say("Overall survival")``.

    What is a wording already stays as it is; a text that has no translation is shown as it stands.
    """
    if isinstance(pattern, Wording) and not values:
        return pattern
    return Wording(english(pattern), {name: _plain(value) for name, value in values.items()})


def say_number(one: str, many: str, number: int, /, **values: Any) -> Wording:
    """``say_number("{number} patient", "{number} patients", 3)``: the form that fits the number."""
    values = {"number": number, **values}
    plain = {name: _plain(value) for name, value in values.items()}
    return Wording(one, plain, many, int(number))


def marked(text: str) -> str:
    """The text itself; marks a sentence that is translated where it is shown."""
    return text


def named(value: Any) -> Wording:
    """A stored name as people read it: ``external_response`` as ``external response``."""
    return say(str(value).replace("_", " "))


def listed(parts: Any, pattern: str = marked("{first}, {rest}")) -> str:
    """Several texts as one, each of which may be a wording: ``a, b, c``."""
    texts = list(parts)
    if not any(isinstance(text, Wording) for text in texts):
        between = pattern.replace("{first}", "").replace("{rest}", "")
        return between.join(texts)
    first, *rest = texts
    return say(pattern, first=first, rest=listed(rest, pattern)) if rest else first


def kept(fields: dict[str, Any]) -> dict[str, Any]:
    """Fields as JSON; under ``wording`` stands how their sentences were made."""
    made = {name: text.stored() for name, text in fields.items() if isinstance(text, Wording)}
    return {**fields, "wording": made} if made else fields


def recalled(text: str, *patterns: str) -> str:
    """The wording of a text of which only the text was stored; the text where none fits.

    ``patterns`` end with their one place, which held one or several texts of the product:
    ``recalled("not measured: cd3, cd8", "not measured: {names}")``.
    """
    for pattern in patterns:
        beginning, _, place = pattern.partition("{")
        if text.startswith(beginning):
            parts = text.removeprefix(beginning).split(", ")
            return Wording(pattern, {place.rstrip("}"): listed(say(part) for part in parts)})
    return text


def restored(told: dict[str, Any]) -> Wording:
    """The wording that ``stored`` told."""
    values = {
        name: restored(value) if isinstance(value, dict) else value
        for name, value in told.get("values", {}).items()
    }
    return Wording(told["pattern"], values, told.get("plural", ""), told.get("number", 1))


def is_stored(told: Any) -> bool:
    """Whether ``told`` is what ``Wording.stored`` gives."""
    return isinstance(told, dict) and "pattern" in told and told.keys() <= _STORED


_STORED = {"pattern", "values", "plural", "number"}


def to_stored(content: Any) -> Any:
    """JSON-like content whose wordings keep their patterns; ``from_stored`` is the way back."""
    if isinstance(content, Wording):
        return content.stored()
    if isinstance(content, dict):
        return {name: to_stored(value) for name, value in content.items()}
    if isinstance(content, list | tuple):
        return [to_stored(value) for value in content]
    return content


def from_stored(content: Any) -> Any:
    """Content with wordings again where ``to_stored`` left their patterns."""
    if is_stored(content):
        return restored(content)
    if isinstance(content, dict):
        return {name: from_stored(value) for name, value in content.items()}
    return [from_stored(value) for value in content] if isinstance(content, list) else content


def english(value: Any) -> Any:
    """The text as it is compared, stored and exchanged; anything else as it is."""
    return str(value) if isinstance(value, Wording) else value


def _plain(value: Any) -> Any:
    """What JSON can keep; a number that JSON has no word for is kept as it is printed."""
    if isinstance(value, Wording | bool) or value is None:
        return value
    if isinstance(value, Integral):
        return int(value)
    if isinstance(value, Real) and math.isfinite(value):
        return float(value)
    return value if isinstance(value, float) else str(value)
