"""Names that a file says first: which of them may be a slip of a name that is known."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from difflib import SequenceMatcher

from .wording import say

ALIKE = 0.65  # share of letters in common, of both names: below it a name is not like another


def nearest_name(name: str, known: Mapping[str, int]) -> str:
    """The known name that ``name`` is most like; empty when none is like it.

    Parameters
    ----------
    name : str
    known : mapping of str to int
        Names and how many lines have each; of two that are as alike, the commoner one is meant.

    Notes
    -----
    Case, accents, spaces and signs do not count: ``North-Clinic`` is as near as can be to
    ``north clinic``; a name that goes on, ``North Clinic``, is like its beginning, ``North``.
    """
    bare = _bare(name)
    found = [(_likeness(bare, _bare(other)), n, other) for other, n in known.items()
             if other != name]  # fmt: skip
    likeness, _, other = max(found, default=(0.0, 0, ""))
    return other if likeness >= ALIKE else ""


def new_name_remedy(name: str, nearest: str) -> str:
    """What to do about a name that is new, where a new one has to be confirmed."""
    if nearest:
        return say(
            "Write {nearest!r}, or confirm that {name!r} is a new site.", nearest=nearest, name=name
        )
    return say("Correct it, or confirm that {name!r} is a new site.", name=name)


def _bare(name: str) -> str:
    plain = unicodedata.normalize("NFKD", name.casefold())
    return "".join(sign for sign in plain if sign.isalnum())


def _likeness(one: str, other: str) -> float:
    """Share of letters in common; of a name and its beginning at least what makes them alike."""
    share = SequenceMatcher(None, one, other, autojunk=False).ratio()
    begins = one.startswith(other) or other.startswith(one)
    return max(share, ALIKE) if one and other and begins else share
