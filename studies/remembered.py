"""What one reading request asks of the database again and again, asked once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_answers: ContextVar[dict[Any, Any] | None] = ContextVar("answers", default=None)


@contextmanager
def remembering() -> Iterator[None]:
    """Inside, the same question gets the first answer: only where nothing is written."""
    token = _answers.set({})
    try:
        yield
    finally:
        _answers.reset(token)


def once(question: Any, ask: Callable[[], Any]) -> Any:
    """The answer to ``question``, asked anew unless it is being remembered."""
    known = _answers.get()
    if known is None:
        return ask()
    if question not in known:
        known[question] = ask()
    return known[question]
