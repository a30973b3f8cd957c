"""When a value is known: before treatment starts, during treatment, or at the outcome.

A model is to be used when treatment starts; what nobody can know by then is no predictor (TRIPOD+AI
item 9b, PROBAST 2.3 and 3.5 ask for it). A variable says it of itself; one that is derived is known
when the last of its parts is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from .course import MIRRORED
from .derivations import meanings
from .dictionary import (
    AT_OUTCOME,
    BEFORE_TREATMENT,
    DEFAULT_DICTIONARY,
    DURING_TREATMENT,
    KNOWN_WHEN,
    DerivedSpec,
    VariableSpec,
)
from .expressions import Meaning, read_expression
from .problems import Problem
from .wording import say

# The latest of several speaks; that nobody has said leaves it open, unless another is late anyhow.
_ORDER = (BEFORE_TREATMENT, "", DURING_TREATMENT, AT_OUTCOME)
# Variables that repeat dated facts of the course mean the same in every study.
OF_THE_COURSE: Mapping[str, str] = {
    spec.name: spec.known_when
    for spec in DEFAULT_DICTIONARY
    if spec.name in MIRRORED and spec.known_when != BEFORE_TREATMENT
}


def latest(known: Iterable[str]) -> str:
    """When all of these are known."""
    return max(known, key=_ORDER.index, default=BEFORE_TREATMENT)


def known_of(name: str, said: str) -> str:
    """When a variable is known; what repeats the course is never known earlier than the course."""
    return latest((said, OF_THE_COURSE.get(name, BEFORE_TREATMENT)))


def known_of_all(
    variables: Sequence[VariableSpec], derived: Sequence[DerivedSpec]
) -> dict[str, str]:
    """When each variable of a dictionary and each derived one is known, by name.

    Parameters
    ----------
    variables, derived : sequences
        Of one version, in its order.

    Raises
    ------
    ExpressionError
        An expression of ``derived`` is none.

    References
    ----------
    Collins et al., BMJ 2024;385:e078378 (TRIPOD+AI), item 9b; Wolff et al., Ann Intern Med
    2019;170:51 (PROBAST), question 2.3.
    """
    names = meanings(variables)
    known = {spec.name: known_of(spec.name, spec.known_when) for spec in variables}
    for spec in derived:
        expression = read_expression(spec.expression, names)
        known[spec.name] = latest(known[name] for name in expression.names)
        names[spec.name] = Meaning(expression.kind, unit=spec.unit)
    return known


def why_untimely(known: str) -> str:
    """Why what is known then is no predictor, or nothing."""
    return {
        BEFORE_TREATMENT: "",
        DURING_TREATMENT: say("known only during treatment"),
        AT_OUTCOME: say("known only at the outcome or after it"),
        "": say("the dictionary does not say when it is known"),
    }[known]


def check_known_when(spec: VariableSpec) -> list[Problem]:
    """A word that is none, or one that the course of patients contradicts."""
    if spec.known_when not in (*KNOWN_WHEN, ""):
        return [
            Problem(
                "known_when", repr(spec.known_when),
                say("one of {known}", known=", ".join(KNOWN_WHEN)),
                "Correct it, or leave it blank until it is known.", column="known_when",
            )
        ]  # fmt: skip
    known = known_of(spec.name, spec.known_when)
    if spec.known_when and spec.known_when != known:
        return [
            Problem(
                "known_when", spec.known_when,
                say("{known}: {name} repeats the dated facts of the course",
                    known=known, name=spec.name),
                "Correct it, or give another variable another name.", column="known_when",
            )
        ]  # fmt: skip
    return []
