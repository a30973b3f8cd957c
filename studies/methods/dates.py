"""Dates as hospitals know them: to the day, the month or the year."""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date

_ISO = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@dataclass(frozen=True, order=True)
class ClinicalDate:
    """A date and how exactly it is known.

    Parameters
    ----------
    earliest : datetime.date
        The day itself, or the first day of the month or year.
    precision : {"day", "month", "year"}
    """

    earliest: date
    precision: str = "day"

    @property
    def latest(self) -> date:
        """The last day that the date may be."""
        day = self.earliest
        if self.precision == "day":
            return day
        month = 12 if self.precision == "year" else day.month
        return date(day.year, month, calendar.monthrange(day.year, month)[1])

    @property
    def is_exact(self) -> bool:
        return self.precision == "day"

    def __str__(self) -> str:
        length = {"day": 10, "month": 7, "year": 4}[self.precision]
        return self.earliest.isoformat()[:length]


def read_date(text: str) -> ClinicalDate:
    """A date from ``2024-05-17``, ``2024-05`` or ``2024``.

    Raises
    ------
    ValueError
        Any other writing: ``03/04/24`` may mean three days, and is never guessed.
    """
    match = _ISO.fullmatch(text.strip())
    if not match:
        raise ValueError(f"{text!r} is not YYYY-MM-DD, YYYY-MM or YYYY")
    year, month, day = match.groups()
    precision = "day" if day else "month" if month else "year"
    return ClinicalDate(date(int(year), int(month or 1), int(day or 1)), precision)
