"""Which days can be at all, and which are unlikely: one rule for files, forms, steps and the API.

What cannot be is a problem: a day to come, one before 1900, one before the patient's birth or
120 years after it. What is unlikely is kept and noticed: anything but a birth before 1990. What
course a disease may take (nothing after death, progression after the start) is another question.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from .dates import ClinicalDate
from .wording import marked, say

EARLIEST = date(1900, 1, 1)
PLAUSIBLE_FROM = date(1990, 1, 1)
LONGEST_LIFE_YEARS = 120
BORN = ("born_on", "birth_date", "date_of_birth", "dob")
CHECK_YEAR = marked("Check the year.")


def impossible_day(day: ClinicalDate, today: date) -> str:
    """What was expected of a day that cannot be; empty where it can.

    Parameters
    ----------
    day : ClinicalDate
        Of a stated precision: a month is to come when all of it is.
    today : datetime.date
    """
    if day.earliest > today:
        return say("a day up to today, {today}", today=today.isoformat())
    if day.latest < EARLIEST:
        return say("a day from {year} on", year=EARLIEST.year)
    return ""


def unlikely_day(name: str, day: ClinicalDate) -> str:
    """``plausible is 1990 or later``; nothing of a birth, and nothing where it is likely."""
    if name in BORN or day.latest >= PLAUSIBLE_FROM:
        return ""
    return say("plausible is {year} or later", year=PLAUSIBLE_FROM.year)


def check_lifetime(dates: Mapping[str, ClinicalDate]) -> Iterator[tuple[str, str, str, str]]:
    """Days that are not within the life of who was born then: name, found, expected, remedy."""
    born = next((dates[name] for name in BORN if name in dates), None)
    if born is None:
        return
    remedy = say("Check both dates.")
    last = born.latest.year + LONGEST_LIFE_YEARS
    for name, day in dates.items():
        if day.latest < born.earliest:
            expected = say("a date after the birth on {born}", born=born)
            yield name, say("{day}, before the birth", day=day), expected, remedy
        elif day.earliest.year > last:
            expected = say("a date up to {years} years after the birth on {born}",
                           years=LONGEST_LIFE_YEARS, born=born)  # fmt: skip
            yield name, str(day), expected, remedy
