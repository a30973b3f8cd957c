"""Two sides of a catalogue as one, message by message: git's merge driver for ``locale/**/*.po``.

By lines two branches that each added messages conflict wherever these sort beside each other.
``make setup`` names the driver to git (``dev/messages.py``); ``make messages`` afterwards tells the
files of each message anew.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from config.messages import written

Key = tuple[Any, str | None]  # the message (one and many of a plural) and its context


def merge(base: Catalog, ours: Catalog, theirs: Catalog) -> tuple[Catalog, list[str]]:
    """The catalogue of both, and the messages that both translated anew and differently."""
    was, mine, other = _by_key(base), _by_key(ours), _by_key(theirs)
    found, torn = Catalog(locale=ours.locale, fuzzy=False, header_comment=""), []
    for key in mine | other:
        before, one, two = was.get(key), mine.get(key), other.get(key)
        if one is None or two is None:
            kept = one or two
            if before is None or kept.string != before.string:
                found.add(key[0], kept.string, kept.locations, context=key[1])
            continue
        text = _of_three(before, one, two)
        if text is None:
            torn.append(str(key[0]))
        places = _places(before, one, two)
        found.add(key[0], one.string if text is None else text, places, context=key[1])
    return found, torn


def _by_key(catalogue: Catalog) -> dict[Key, Message]:
    return {(message.id, message.context): message for message in catalogue if message.id}


def _of_three(before: Message | None, one: Message, two: Message) -> Any:
    """The translation that one side changed, or both alike; None when they disagree."""
    had = before.string if before else None
    if one.string == two.string or two.string == had or not _is_said(two):
        return one.string
    return two.string if one.string == had or not _is_said(one) else None


def _is_said(message: Message) -> bool:
    return any(message.string) if isinstance(message.string, tuple) else bool(message.string)


def _places(before: Message | None, one: Message, two: Message) -> list[tuple[str, int]]:
    """Files that say it: those of both sides, without those that one side took away."""
    had = {name for name, _ in before.locations} if before else set()
    mine, other = ({name for name, _ in side.locations} for side in (one, two))
    return [(name, 0) for name in sorted((mine & other) | (mine - had) | (other - had))]


def main(base: str, ours: str, theirs: str, place: str) -> int:
    """As git calls a merge driver: the result goes to ``ours``; not 0 is a conflict.

    ``place`` is the catalogue's own path, ``locale/<language>/LC_MESSAGES/<domain>.po``.
    """
    catalogues = []
    for path in (base, ours, theirs):
        with Path(path).open("rb") as file:
            catalogues.append(read_po(file, locale=Path(place).parts[-3]))
    found, torn = merge(*catalogues)
    if torn:
        sys.stderr.write("translated twice: " + "; ".join(torn) + "\n")
        return 1
    Path(ours).write_bytes(written(found))
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:5]))
