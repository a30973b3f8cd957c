"""The rule of each kind of endpoint as data: what always holds of it, and what may be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .endpoints import BEST_FIRST, RESPONDERS, RESPONSE_WINDOW_DAYS, SIX_MONTHS_DAYS
from .problems import DataProblem, Problem
from .wording import say

Rule = Mapping[str, Any]


@dataclass(frozen=True)
class RulePart:
    """One choice of a rule: one of ``choices``, or a whole number within its limits."""

    name: str
    label: str
    default: Any
    choices: tuple[tuple[str, str], ...] = ()
    minimum: int = 0
    maximum: int = 0
    help: str = ""
    none: str = ""  # what 0 means

    def spoken(self, value: Any) -> str:
        return self.none if self.none and value == 0 else dict(self.choices).get(value, str(value))


@dataclass(frozen=True)
class EndpointKind:
    """What is derived: what always holds of it, and the parts of its rule that a study chooses.

    Every study has the endpoints of the kinds that are ``shipped``, by the kind's name; others are
    named by the study and say in their rule of which ``kind`` they are.
    """

    name: str
    title: str
    holds: Mapping[str, Any]
    parts: tuple[RulePart, ...]
    shipped: bool = True
    is_survival: bool = False

    @property
    def default(self) -> dict[str, Any]:
        return {**self.holds, **{part.name: part.default for part in self.parts}}


_PARTIAL = RulePart(
    "partial_dates", "A date known to the month or year only", "excluded",
    (("excluded", "the patient is left out of this endpoint, and listed"),
     ("middle", "the 15th, or 1 July, stands for it, within what else is known")),
    help="The start of treatment must be known to the day either way.",
)  # fmt: skip
_CENSORED = RulePart(
    "censored", "Without an event, censored at the", "last adequate imaging",
    (("last adequate imaging", "last adequate imaging"),
     ("last contact", "last contact of any kind")),
    help="Who was seen, but not imaged, is not known to be free of progression.",
)  # fmt: skip
_PROGRESSION = RulePart(
    "progression", "Progression is", "dated",
    (("dated", "the first that is dated in the course"),
     ("measured", "the first PD by lesion measurements (RECIST 1.1)"),
     ("either", "whichever of the two is first")),
)  # fmt: skip
_RESPONSES = RulePart(
    "responses", "Responses are", "entered",
    (("entered", "those entered as categories"),
     ("measured", "derived from lesion measurements (RECIST 1.1)")),
)  # fmt: skip
_EARLIER = RulePart(
    "earlier_progression_or_death", "Progression or death before that day", "PD",
    (("PD", "counts as progressive disease"),
     ("as assessed", "does not count: the nearest assessment speaks")),
)  # fmt: skip
_BEST = (
    RulePart("assessments", "Assessments that count", "all",
             (("all", "all"), ("until progression", "those up to the first progression"))),
    RulePart("confirmed_after_days", "Days until a response is confirmed", 0, maximum=120,
             help="RECIST 1.1 asks for 28 where response is the aim; 0: not asked for.",
             none="not asked for"),
    RulePart("stable_from_day", "Stable disease counts from day", 0, maximum=183,
             help="RECIST 1.1 asks for 42 to 56 days after the start; 0: from the first "
             "assessment.", none="the first assessment"),
)  # fmt: skip
_START = {"from": "index treatment start"}
_NEAREST = "The assessment nearest the day speaks, within these."
KINDS: dict[str, EndpointKind] = {
    kind.name: kind
    for kind in (
        EndpointKind("overall_survival", "Overall survival",
                     {**_START, "event": "death", "censored": "last known alive"}, (_PARTIAL,),
                     is_survival=True),
        EndpointKind("progression_free_survival", "Progression-free survival",
                     {**_START, "event": "first of progression and death"},
                     (_CENSORED, _PROGRESSION, _PARTIAL), is_survival=True),
        EndpointKind(
            "response_at_6_months", "Response at 6 months", {"responder": list(RESPONDERS)},
            (RulePart("day", "Day that is meant", SIX_MONTHS_DAYS, minimum=150, maximum=214),
             RulePart("window_days", "Days before and after", RESPONSE_WINDOW_DAYS, minimum=0,
                      maximum=92, help=_NEAREST),
             _EARLIER, _RESPONSES),
        ),
        EndpointKind("best_overall_response", "Best overall response",
                     {"order": list(BEST_FIRST), "responder": list(RESPONDERS)},
                     (*_BEST, _RESPONSES)),
        EndpointKind("time_to_progression", "Time to progression",
                     {**_START, "event": "progression", "death": "censors on its day"},
                     (_CENSORED, _PROGRESSION, _PARTIAL), shipped=False, is_survival=True),
        EndpointKind(
            "response_at_a_day", "Response at a day", {"responder": list(RESPONDERS)},
            (RulePart("day", "Day that is meant", 91, minimum=14, maximum=1826),
             RulePart("window_days", "Days before and after", 28, minimum=0, maximum=183,
                      help=_NEAREST),
             _EARLIER, _RESPONSES), shipped=False,
        ),
    )
}  # fmt: skip
SHIPPED = tuple(name for name, kind in KINDS.items() if kind.shipped)


def kind_of(name: str, rule: Rule) -> EndpointKind:
    """The kind of an endpoint: of one that the study named, as its rule says."""
    return KINDS[rule.get("kind", name)]


def title_of(name: str, rule: Rule) -> str:
    return rule.get("title") or kind_of(name, rule).title


def read_rule(name: str, rule: Rule) -> dict[str, Any]:
    """The rule whole: a part that an earlier version did not name has its default."""
    return {**kind_of(name, rule).default, **rule}


def check_rule(name: str, given: Rule) -> dict[str, Any]:
    """The rule that ``given`` makes of the default of the endpoint's kind.

    Raises
    ------
    DataProblem
        Every part that there is not, and every value that a part does not admit.
    """
    kind, problems = kind_of(name, given), []
    parts = {part.name: part for part in kind.parts}
    for key in sorted(set(given) - set(parts) - set(kind.holds) - set(_OF_THE_STUDY)):
        problems.append(
            _problem(kind, key, repr(given[key]), say("one of {known}", known=", ".join(parts)))
        )
    for key, part in parts.items():
        value = given.get(key, part.default)
        if part.choices and value not in dict(part.choices):
            expected = say("one of {known}", known=", ".join(dict(part.choices)))
            problems.append(_problem(kind, key, repr(value), expected))
        whole = isinstance(value, int) and not isinstance(value, bool)
        if not part.choices and not (whole and part.minimum <= value <= part.maximum):
            expected = say("a whole number from {minimum} to {maximum}",
                           minimum=part.minimum, maximum=part.maximum)  # fmt: skip
            problems.append(_problem(kind, key, repr(value), expected))
    if problems:
        raise DataProblem(problems)
    own = {key: given[key] for key in (*_OF_THE_STUDY, *parts) if key in given}
    return {**kind.default, **own}


def spoken_rule(name: str, rule: Rule) -> list[tuple[str, str]]:
    """The rule in words, line by line: label and value."""
    whole, kind = read_rule(name, rule), kind_of(name, rule)
    said = [(key, ", ".join(v) if isinstance(v, list) else str(v)) for key, v in kind.holds.items()]
    return said + [(part.label, part.spoken(whole[part.name])) for part in kind.parts]


_OF_THE_STUDY = ("kind", "title")


def _problem(kind: EndpointKind, column: str, found: str, expected: str) -> Problem:
    return Problem(kind.title, found, expected, "Correct it.", column=column)
