"""What an app above lends to pages below: spellings of values, and methods."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

_methods: dict[str, Callable[..., Any]] = {}
_spellings: dict[str, str] = {}


def register_spelling(words: Mapping[str, str]) -> None:
    """How people write a value that its name alone does not give: ``ada_boost`` as AdaBoost."""
    _spellings.update({value.replace("_", " "): text for value, text in words.items()})


def spelling(text: str) -> str:
    return _spellings.get(text, text)


def register_method(name: str, method: Callable[..., Any]) -> None:
    """A method of an app above that a page below shows, so that the house has one of each."""
    _methods[name] = method


def method(name: str) -> Callable[..., Any]:
    return _methods[name]
