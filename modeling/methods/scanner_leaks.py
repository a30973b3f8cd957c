"""Scanners that go with the outcome or the cohort: harmonising would take these away, too."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import comb
from typing import Any

from studies.methods.batch_confounding import CERTAIN, find_confounding
from studies.methods.problems import Problem
from studies.methods.wording import say

Labels = Mapping[str, Sequence[str]]  # by modality the group of each training patient


def check_scanner_outcome(labels: Labels, outcome: Sequence[int]) -> list[Problem]:
    """Scanners that cannot be told apart from the outcome's classes.

    Parameters
    ----------
    labels : mapping of str to sequence of n str
        Group of scanners per training patient, by modality; empty where it is not a known one.
    outcome : sequence of n int
        0 or 1.

    Returns
    -------
    list of Problem
        A modality whose scanners go with the classes as ``find_confounding`` has it; else a scanner
        whose patients are all of one class, where chance would do that once in a hundred times or
        less (hypergeometric).
    """
    problems = []
    for modality, groups in labels.items():
        known = [(g, int(y)) for g, y in zip(groups, outcome, strict=True) if g]
        together = find_confounding([g for g, _ in known], [y for _, y in known])
        if together is not None:
            problems.append(_together(modality, say("outcome class"), *together))
        else:
            problems += _of_one_class(modality, known)
    return problems


def check_scanner_cohort(labels: Labels, cohort: Sequence[str]) -> list[Problem]:
    """Scanners that cannot be told apart from the cohorts that are fitted to.

    Parameters
    ----------
    labels : mapping of str to sequence of n str
        As ``check_scanner_outcome``.
    cohort : sequence of n str
    """
    problems = []
    for modality, groups in labels.items():
        known = [(g, str(c)) for g, c in zip(groups, cohort, strict=True) if g]
        together = find_confounding([g for g, _ in known], [c for _, c in known])
        if together is not None:
            problems.append(_together(modality, say("cohort"), *together))
    return problems


def _together(modality: str, name: Any, v: float, p: float) -> Problem:
    return Problem(
        say("scanners of {modality} and {name}", modality=modality, name=name),
        say("scanners that go with {name} (Cramér's V {v:.2f}, p {p:.2g})", name=name, v=v, p=p),
        say("{name} mixed over the scanners", name=name),
        say(
            "Harmonising would remove differences by {name}: leave it out, and report the scanners "
            "as a limit.",
            name=name,
        ),
    )


def _of_one_class(modality: str, known: Sequence[tuple[str, int]]) -> list[Problem]:
    total, positive = len(known), sum(y for _, y in known)
    problems = []
    for group in sorted({g for g, _ in known}):
        classes = [y for g, y in known if g == group]
        if len(set(classes)) != 1:
            continue
        of_class = positive if classes[0] else total - positive
        chance = comb(of_class, len(classes)) / comb(total, len(classes))
        if chance <= CERTAIN:
            problems.append(
                Problem(
                    say("scanners of {modality} and {name}", modality=modality,
                        name=say("outcome class")),
                    say("{group}: all {n} patients are {label} (by chance {chance:.2g})",
                        group=group, n=len(classes), label=say("hot" if classes[0] else "cold"),
                        chance=chance),
                    say("both classes on every scanner"),
                    "Harmonising would make these patients like those of the other class: leave it "
                    "out, or leave the scanner's patients out.",
                )
            )  # fmt: skip
    return problems
