"""The rule of each kind of endpoint as data: what always holds of it, and what may be chosen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .endpoints import BEST_FIRST, RESPONDERS, RESPONSE_WINDOW_DAYS, SIX_MONTHS_DAYS
from .problems import DataProblem, Problem
from .wording import marked, say

Rule = Mapping[str, Any]


@dataclass(frozen=True)
class RulePart:
    """One choice of a rule: one of ``choices``, or a whole number within its limits.

    ``unsaid`` is what a rule says that was stored before there was this part; else the default.
    """

    name: str
    label: str
    default: Any
    choices: tuple[tuple[str, str], ...] = ()
    minimum: int = 0
    maximum: int = 0
    help: str = ""
    none: str = ""  # what 0 means
    unsaid: Any = None

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
    "partial_dates",
    marked("A date known to the month or year only"),
    "excluded",
    (
        ("excluded", marked("the patient is left out of this endpoint, and listed")),
        ("middle", marked("the 15th, or 1 July, stands for it, within what else is known")),
    ),
    help=marked("The start of treatment must be known to the day either way."),
)
_CENSORED = RulePart(
    "censored",
    marked("Without an event, censored at the"),
    marked("last adequate imaging"),
    (
        (marked("last adequate imaging"), marked("last adequate imaging")),
        (marked("last contact"), marked("last contact of any kind")),
    ),
    help=marked("Who was seen, but not imaged, is not known to be free of progression."),
)
_IMAGING = RulePart(
    "imaging",
    marked("Adequate imaging is"),
    "recorded or assessed",
    (
        (
            "recorded or assessed",
            marked("a day entered as such, or a dated response or measurement (CR, PR, SD)"),
        ),
        ("recorded", marked("a day entered as such, and nothing else")),
    ),
    help=marked("NE and what follows a PD prove nothing; what lies before the start is baseline."),
    unsaid="recorded",
)
_PROGRESSION = RulePart(
    "progression",
    marked("Progression is"),
    "dated",
    (
        ("dated", marked("the first that is dated in the course")),
        ("assessed", marked("the first that is dated, or assessed as PD")),
        ("measured", marked("the first PD by lesion measurements (RECIST 1.1)")),
        ("either", marked("whichever of the two is first")),
    ),
)
_RESPONSES = RulePart(
    "responses",
    marked("Responses are"),
    "entered",
    (
        ("entered", marked("those entered as categories")),
        ("measured", marked("derived from lesion measurements (RECIST 1.1)")),
    ),
)
_EARLIER = RulePart(
    "earlier_progression_or_death",
    marked("Progression or death before that day"),
    "PD",
    (
        ("PD", marked("counts as progressive disease")),
        (marked("as assessed"), marked("does not count: the nearest assessment speaks")),
    ),
)
_BEST = (
    RulePart(
        "assessments",
        marked("Assessments that count"),
        marked("all"),
        (
            (marked("all"), marked("all")),
            (marked("until progression"), marked("those up to the first progression")),
        ),
    ),
    RulePart(
        "confirmed_after_days",
        marked("Days until a response is confirmed"),
        0,
        maximum=120,
        help=marked("RECIST 1.1 asks for 28 where response is the aim; 0: not asked for."),
        none=marked("not asked for"),
    ),
    RulePart(
        "stable_from_day",
        marked("Stable disease counts from day"),
        0,
        maximum=183,
        help=marked(
            "RECIST 1.1 asks for 42 to 56 days after the start; 0: from the first assessment."
        ),
        none=marked("the first assessment"),
    ),
)
_START = {"from": marked("index treatment start")}
_NEAREST = marked("The assessment nearest the day speaks, within these.")
KINDS: dict[str, EndpointKind] = {
    kind.name: kind
    for kind in (
        EndpointKind(
            "overall_survival",
            marked("Overall survival"),
            {**_START, "event": "death", "censored": marked("last known alive")},
            (_PARTIAL,),
            is_survival=True,
        ),
        EndpointKind(
            "progression_free_survival",
            marked("Progression-free survival"),
            {**_START, "event": marked("first of progression and death")},
            (_CENSORED, _IMAGING, _PROGRESSION, _PARTIAL),
            is_survival=True,
        ),
        EndpointKind(
            "response_at_6_months",
            marked("Response at 6 months"),
            {"responder": list(RESPONDERS)},
            (
                RulePart(
                    "day", marked("Day that is meant"), SIX_MONTHS_DAYS, minimum=150, maximum=214
                ),
                RulePart(
                    "window_days",
                    marked("Days before and after"),
                    RESPONSE_WINDOW_DAYS,
                    minimum=0,
                    maximum=92,
                    help=_NEAREST,
                ),
                _EARLIER,
                _RESPONSES,
            ),
        ),
        EndpointKind(
            "best_overall_response",
            marked("Best overall response"),
            {"order": list(BEST_FIRST), "responder": list(RESPONDERS)},
            (*_BEST, _RESPONSES),
        ),
        EndpointKind(
            "time_to_progression",
            marked("Time to progression"),
            {**_START, "event": "progression", "death": marked("censors on its day")},
            (_CENSORED, _IMAGING, _PROGRESSION, _PARTIAL),
            shipped=False,
            is_survival=True,
        ),
        EndpointKind(
            "response_at_a_day",
            marked("Response at a day"),
            {"responder": list(RESPONDERS)},
            (
                RulePart("day", marked("Day that is meant"), 91, minimum=14, maximum=1826),
                RulePart(
                    "window_days",
                    marked("Days before and after"),
                    28,
                    minimum=0,
                    maximum=183,
                    help=_NEAREST,
                ),
                _EARLIER,
                _RESPONSES,
            ),
            shipped=False,
        ),
    )
}
SHIPPED = tuple(name for name, kind in KINDS.items() if kind.shipped)


def kind_of(name: str, rule: Rule) -> EndpointKind:
    """The kind of an endpoint: of one that the study named, as its rule says."""
    return KINDS[rule.get("kind", name)]


def title_of(name: str, rule: Rule) -> str:
    """What an endpoint is called: by its rule where the study named it."""
    return rule.get("title") or kind_of(name, rule).title


def read_rule(name: str, rule: Rule) -> dict[str, Any]:
    """The rule whole: a part that an earlier version did not name says what held then."""
    kind = kind_of(name, rule)
    before = {part.name: part.unsaid for part in kind.parts if part.unsaid is not None}
    return {**kind.default, **before, **rule}


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
            expected = say(
                "a whole number from {minimum} to {maximum}",
                minimum=part.minimum,
                maximum=part.maximum,
            )
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
    return Problem(kind.title, found, expected, marked("Correct it."), column=column)
