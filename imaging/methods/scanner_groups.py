"""Which scanner a series is of: one text per series, and groups that are large enough."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

# How much of the text makes a group, from the coarsest to the finest.
GROUPINGS = {"manufacturer": 1, "model": 2, "scanner": 3}
BETWEEN, ABSENT = " | ", "?"
UNRECORDED = ""


def scanner_text(manufacturer: str, model: str, reconstruction: str) -> str | None:
    """Manufacturer, model and reconstruction as stored, in one text; None when all are missing.

    Parameters
    ----------
    manufacturer, model, reconstruction : str
        As the header gave them; the reconstruction of a CT is its kernel. A bar in them is
        written as a stroke, since bars part them here.

    Returns
    -------
    str or None
        ``SIEMENS | Biograph mCT | PSF+TOF 3i21s``; what is missing is a question mark.
    """
    parts = [part.replace("|", "/").strip() for part in (manufacturer, model, reconstruction)]
    return BETWEEN.join(part or ABSENT for part in parts) if any(parts) else None


def scanner_group(text: Any, by: str = "scanner") -> str:
    """The group of a scanner; an empty text where nothing of it was recorded.

    Parameters
    ----------
    text : str or None
        Of ``scanner_text``; anything else counts as not recorded.
    by : {"manufacturer", "model", "scanner"}
        Manufacturer alone, with the model, or with the reconstruction too.

    Notes
    -----
    Capitals and the number of blanks make no difference; nothing else is brought together, since
    two names of one scanner cannot be told from two scanners.
    """
    if not isinstance(text, str):
        return UNRECORDED
    parts = text.split(BETWEEN)[: GROUPINGS[by]]
    tidy = [" ".join(part.split()).upper() for part in parts]
    return BETWEEN.join(tidy) if set(tidy) - {ABSENT, ""} else UNRECORDED


def known_groups(groups: Iterable[str], minimum: int) -> tuple[str, ...]:
    """Groups of at least ``minimum`` training patients, by name.

    Parameters
    ----------
    groups : iterable of str
        One per training patient; those not recorded make no group.
    minimum : int
    """
    counts = Counter(group for group in groups if group != UNRECORDED)
    return tuple(sorted(group for group, n in counts.items() if n >= minimum))


def largest_group(groups: Iterable[str], known: Iterable[str]) -> str:
    """The known group of most training patients; of equals the first by name.

    Parameters
    ----------
    groups : iterable of str
        One per training patient.
    known : iterable of str
    """
    counts = Counter(groups)
    return min(known, key=lambda group: (-counts[group], group), default=UNRECORDED)
