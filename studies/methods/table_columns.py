"""Which column of a file is which variable: by name, as it was before, or as a person says."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from .dictionary import KEY_COLUMNS, VariableSpec
from .problems import Problem
from .wording import say

PATIENT, SITE, COHORT = KEY_COLUMNS
LEFT_OUT = ""
LABEL_SUFFIX = "__label"
_ALIKE = {
    PATIENT: ("id", "patient", "subject", "subject_id", "record_id", "pid", "case_id", "usubjid"),
    SITE: ("hospital", "centre", "center", "redcap_data_access_group"),
    COHORT: ("cohorts", "group"),
}


@dataclass(frozen=True)
class ColumnPlan:
    """What each column is.

    Parameters
    ----------
    columns : tuple of str
        In the order of the file: a variable, ``patient_id``, ``site``, ``cohort``, or empty.
    site, cohort : str
        Said once for all lines, where the file has no such column; no cohort when both are empty.
    """

    columns: tuple[str, ...]
    site: str = ""
    cohort: str = ""


@dataclass(frozen=True)
class Suggestion:
    """What a column may be, and why: ``remembered``, ``name``, ``alike`` or nothing."""

    column: str
    target: str
    why: str


def suggest_columns(
    header: Sequence[str], dictionary: Sequence[VariableSpec], remembered: Mapping[str, str]
) -> list[Suggestion]:
    """A suggestion per column, for a person to confirm; no target is suggested twice.

    Parameters
    ----------
    header : sequence of str
    dictionary : sequence of VariableSpec
    remembered : mapping of str to str
        Column to target, as the study's last file was read.
    """
    targets = [*KEY_COLUMNS, *(spec.name for spec in dictionary)]
    found: dict[int, tuple[str, str]] = {}
    rules = (
        ("remembered", lambda name: remembered.get(name)),
        ("name", lambda name: name if name in targets else variable_name(name)),
        ("alike", lambda name: _alike(name, dictionary)),
    )
    for why, rule in rules:
        for at, name in enumerate(header):
            target = None if at in found else rule(name)
            if target == LEFT_OUT and why == "remembered":
                found[at] = (LEFT_OUT, why)
            elif target in targets and target not in {taken for taken, _ in found.values()}:
                found[at] = (target, why)
    return [Suggestion(name, *found.get(at, (LEFT_OUT, ""))) for at, name in enumerate(header)]


def _alike(name: str, dictionary: Sequence[VariableSpec]) -> str | None:
    if name.endswith(LABEL_SUFFIX):
        return None
    plain = _plain(name)
    for key, names in _ALIKE.items():
        if plain in names or plain == key:
            return key
    spoken = {_plain(spec.name): spec.name for spec in dictionary}
    spoken |= {_plain(spec.label): spec.name for spec in dictionary}
    near = difflib.get_close_matches(plain, list(spoken), 1, cutoff=0.85)
    return spoken[near[0]] if near else None


def variable_name(column: str) -> str:
    """``ph.ecog`` as ``ph_ecog``: what a dictionary and an expression can name."""
    plain = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")[:60]
    return plain if re.match(r"[a-z]", plain) else f"v_{plain}".rstrip("_")


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "_", name.lower()).strip("_")


def plan_by_name(
    header: Sequence[str], dictionary: Sequence[VariableSpec], site: str = "", cohort: str = ""
) -> tuple[ColumnPlan, list[Problem]]:
    """The plan of a file whose columns are named as the dictionary names them."""
    known = [*KEY_COLUMNS, *(spec.name for spec in dictionary)]
    columns, problems = [], []
    for name in header:
        if name in known:
            columns.append(name)
            continue
        columns.append(LEFT_OUT)
        if name.endswith(LABEL_SUFFIX) and name.removesuffix(LABEL_SUFFIX) in known:
            continue
        near = difflib.get_close_matches(name, known, 1)
        hint = (
            say("Did you mean {near!r}?", near=near[0])
            if near
            else say("Remove it or add it to the dictionary.")
        )
        problems.append(Problem("header", repr(name), "a column of the dictionary", hint, 1, name))
    plan = ColumnPlan(tuple(columns), site, cohort)
    if not cohort and COHORT not in columns:
        problems.append(_absent(COHORT))
    return plan, [*problems, *check_plan(header, plan, dictionary)]


def check_plan(
    header: Sequence[str], plan: ColumnPlan, dictionary: Sequence[VariableSpec]
) -> list[Problem]:
    """What a plan lacks or says twice, whoever made it."""
    problems = []
    for name in dict.fromkeys(header):
        if header.count(name) > 1:
            shown = repr(name) if name else say("a blank name")
            problems.append(
                Problem(
                    "header",
                    say("{shown} twice", shown=shown),
                    "each column once",
                    "Remove one.",
                    1,
                    name,
                )
            )
    named = [target for target in plan.columns if target]
    for target in dict.fromkeys(named):
        if named.count(target) > 1 and header.count(target) < 2:
            found = say("two columns read as {target!r}", target=target)
            problems.append(
                Problem("columns", found, "each variable once", "Leave one out.", 1, target)
            )
    required = [PATIENT, *(s.name for s in dictionary if "import" in s.required_for)]
    if not plan.site:
        required.insert(1, SITE)
    return problems + [_absent(name) for name in required if name not in named]


def _absent(name: str) -> Problem:
    return Problem(
        "header",
        say("no such column"),
        say("a column {name!r}", name=name),
        "Add the column.",
        1,
        name,
    )
