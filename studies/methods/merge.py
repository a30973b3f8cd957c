"""Two people changed the same page: what each changed, and where they disagree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Merge:
    """``cells`` hold both sides' changes; ``clashes`` wait for a choice (mine is kept meanwhile).

    ``theirs`` are the cells that the other side alone changed: (before, now).
    """

    cells: dict[str, str]
    clashes: dict[str, tuple[str, str]] = field(default_factory=dict)
    theirs: dict[str, tuple[str, str]] = field(default_factory=dict)


def merge_cells(
    base: Mapping[str, str], mine: Mapping[str, str], theirs: Mapping[str, str]
) -> Merge:
    """A three-way merge of texts by key; an absent key is blank.

    Parameters
    ----------
    base : mapping of str to str
        What I was shown.
    mine, theirs : mapping of str to str
        What I send, and what is stored now.

    Returns
    -------
    Merge
        A cell that one side changed is that side's; changed alike by both it is no clash;
        ``clashes`` are (mine, theirs).
    """
    cells: dict[str, str] = {}
    clashes, others = {}, {}
    for key in dict.fromkeys([*theirs, *mine]):
        was, own, now = (side.get(key, "") for side in (base, mine, theirs))
        cells[key] = now if own == was else own
        if now != was and own != was and own != now:
            clashes[key] = (own, now)
        elif now != was and own == was:
            others[key] = (was, now)
    return Merge(cells, clashes, others)
