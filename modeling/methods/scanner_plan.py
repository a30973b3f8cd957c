"""What harmonising over scanners comes to on a training table: known groups, and codes for them.

A classifier's table is numbers. The scanner of a modality stands in it as one more column, whose
code is the place of the group among those that are known, and -1 for every other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from imaging.methods.scanner_groups import (
    ABSENT,
    BETWEEN,
    GROUPINGS,
    UNRECORDED,
    known_groups,
    largest_group,
    scanner_group,
)
from studies.methods.combat import FEWEST
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import marked, named, say

# By column of scanners: what it is called, and which features it bears on.
SCANNERS = {"scanner.ct": "CT", "scanner.pet": "PET"}
FEATURES = {"scanner.ct": ("ct.", "control.ct."), "scanner.pet": ("pet.", "control.pet.")}
UNKNOWN = -1.0
LARGEST, MINIMUM = "largest", 10
SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["by", "method", "unseen"],
    "properties": {
        "by": {"enum": list(GROUPINGS)},
        "method": {"const": "combat"},
        "unseen": {"enum": ["refuse", "reference", "pooled"]},
        "reference": {"type": "string", "minLength": 1, "maxLength": 300},
        "minimum": {"type": "integer", "minimum": FEWEST, "maximum": 1000},
    },
}
GROUPED_BY = {
    "scanner": marked("manufacturer, model and reconstruction"),
    "model": marked("manufacturer and model"),
    "manufacturer": marked("manufacturer alone"),
}
RULES = {
    "refuse": marked("a scanner that training did not have is refused"),
    "reference": marked("a scanner that training did not have is taken for the reference scanner"),
    "pooled": marked("features of a scanner that training did not have stay as they are"),
}


@dataclass(frozen=True)
class ScannerPlan:
    """Decided on the training table before any fit, by counting alone.

    Parameters
    ----------
    by : str
        As ``scanner_group``.
    unseen : {"refuse", "reference", "pooled"}
    minimum : int
        Training patients of a group that is known.
    known : mapping of str to tuple of str
        Groups by column of scanners; those under the minimum count as unseen.
    reference : mapping of str to str
        By column the group that stands for those unseen.
    """

    by: str
    unseen: str
    minimum: int
    known: Mapping[str, tuple[str, ...]]
    reference: Mapping[str, str]

    @property
    def columns(self) -> list[str]:
        return sorted(self.known)

    def as_dict(self) -> dict[str, Any]:
        """As JSON."""
        told = asdict(self)
        return told | {"known": {name: list(groups) for name, groups in self.known.items()}}


def read_scanner_plan(told: Mapping[str, Any]) -> ScannerPlan:
    """The plan of its ``as_dict``.

    Parameters
    ----------
    told : mapping
    """
    known = {name: tuple(groups) for name, groups in told["known"].items()}
    return ScannerPlan(**{**told, "known": known})


def plan_harmonising(settings: Mapping[str, Any], training: pd.DataFrame) -> ScannerPlan:
    """Which groups of scanners a training table knows.

    Parameters
    ----------
    settings : mapping
        The recipe's ``harmonise``.
    training : DataFrame
        Rows of training, with columns of scanners and of features.

    Raises
    ------
    DataProblem
        A table without scanners; one scanner only in every modality; an unknown reference.
    """
    columns = [c for c in SCANNERS if any(n.startswith(FEATURES[c][0]) for n in training.columns)]
    _check_columns(columns, training)
    by, minimum = settings["by"], settings.get("minimum", MINIMUM)
    groups = {name: [scanner_group(text, by) for text in training[name]] for name in columns}
    known = {name: known_groups(found, minimum) for name, found in groups.items()}
    if not any(len(names) > 1 for names in known.values()):
        raise DataProblem([_alone(name, known[name], minimum) for name in columns])
    asked = settings.get("reference", LARGEST)
    if asked != LARGEST and not any(scanner_group(asked, by) in names for names in known.values()):
        every = sorted({group for names in known.values() for group in names})
        raise refuse(
            "recipe.harmonise.reference",
            asked,
            say("{largest}, or one of {every}", largest=LARGEST, every=", ".join(every)),
            "Name a scanner of at least the minimum of training patients.",
        )
    return ScannerPlan(
        by, settings["unseen"], minimum, known,
        {name: _reference(name, asked, by, known[name], groups[name]) for name in columns},
    )  # fmt: skip


def _bears(column: str, names: Sequence[str]) -> bool:
    return any(name.startswith(FEATURES[column]) for name in names)


def _check_columns(columns: Sequence[str], training: pd.DataFrame) -> None:
    missing = [name for name in columns if name not in training]
    if missing:
        raise refuse(
            "frozen table",
            say("no columns {columns}", columns=", ".join(missing)),
            "the scanner of each image",
            "It was frozen before scanners were: freeze it again.",
        )


def _alone(column: str, known: Sequence[str], minimum: int) -> Problem:
    return Problem(
        say("scanners of {modality}", modality=SCANNERS[column]),
        say(
            "{n} with at least {minimum} training patients: {known}",
            n=len(known),
            minimum=minimum,
            known=", ".join(known) or "none",
        ),
        say("at least two, in one modality"),
        "There is nothing to harmonise: leave harmonise out, group more coarsely, or lower the "
        "minimum.",
    )


def _reference(
    column: str, asked: str, by: str, known: Sequence[str], groups: Sequence[str]
) -> str:
    """As asked for where the modality has it; else the group of most training patients."""
    if asked == LARGEST:
        return largest_group(groups, known)
    named = scanner_group(asked, by)
    return named if named in known else largest_group(groups, known)


def code_scanners(plan: ScannerPlan, table: pd.DataFrame) -> pd.DataFrame:
    """The table with codes in the place of its scanners.

    Parameters
    ----------
    plan : ScannerPlan
    table : DataFrame
        With the plan's columns, texts of ``scanner_text``.

    Raises
    ------
    DataProblem
        A table without scanners.
    """
    _check_columns(plan.columns, table)
    codes = {}
    for column in plan.columns:
        place = {group: float(k) for k, group in enumerate(plan.known[column])}
        groups = [scanner_group(text, plan.by) for text in table[column]]
        codes[column] = np.array([place.get(group, UNKNOWN) for group in groups], dtype=float)
    return table.assign(**codes)


def unseen_groups(plan: ScannerPlan, table: pd.DataFrame) -> dict[str, dict[str, int]]:
    """Patients by group that the plan does not know, by column; texts in, not codes.

    Parameters
    ----------
    plan : ScannerPlan
    table : DataFrame
    """
    found: dict[str, dict[str, int]] = {}
    for column in plan.columns:
        for text in table[column]:
            group = scanner_group(text, plan.by)
            if group not in plan.known[column]:
                counts = found.setdefault(column, {})
                counts[group] = counts.get(group, 0) + 1
    return found


def group_said(group: str) -> str:
    """A group's name without what its headers lacked, or that none was recorded.

    Parameters
    ----------
    group : str
    """
    shown = group
    while shown.endswith(BETWEEN + ABSENT):
        shown = shown.removesuffix(BETWEEN + ABSENT)
    return say("not recorded") if group == UNRECORDED else shown


def rule_said(plan: ScannerPlan, column: str) -> str:
    """What becomes of images of an unseen scanner.

    Parameters
    ----------
    plan : ScannerPlan
    column : str
        Of scanners.
    """
    if plan.unseen == "reference":
        return say("taken for {reference}", reference=group_said(plan.reference[column]))
    return say("refused") if plan.unseen == "refuse" else say("features as they are")


def check_unseen(plan: ScannerPlan, table: pd.DataFrame, where: str = "") -> list[Problem]:
    """Patients whom the rule ``refuse`` gives no score, scanner by scanner.

    Parameters
    ----------
    plan : ScannerPlan
    table : DataFrame
        With texts of scanners, not codes.
    where : str
        Cohort or patient.
    """
    if plan.unseen != "refuse":
        return []
    return [
        Problem(
            say("{where}, scanner of {modality}", where=named(where), modality=SCANNERS[column])
            if where
            else say("scanner of {modality}", modality=SCANNERS[column]),
            say("{n} patients: {group}", n=n, group=group_said(group)),
            say("one of {known}", known=", ".join(plan.known[column])),
            "Training did not have it, or too few: leave these patients out, group more coarsely, "
            "or choose another rule for unseen scanners.",
        )
        for column, counts in unseen_groups(plan, table).items()
        for group, n in sorted(counts.items())
    ]


def columns_that_serve(names: Sequence[str], offered: Sequence[str]) -> list[str]:
    """Columns of scanners among ``offered`` that bear on one of ``names``.

    Parameters
    ----------
    names, offered : sequence of str
    """
    return [column for column in offered if column in SCANNERS and _bears(column, names)]


def feature_positions(column: str, names: Sequence[str]) -> NDArray[np.intp]:
    """Where among ``names`` the features of a column of scanners stand.

    Parameters
    ----------
    column : str
    names : sequence of str
    """
    return np.array([j for j, n in enumerate(names) if n.startswith(FEATURES[column])], np.intp)
