"""The recipe of a Rad-Score run: a versioned document that says everything before the run."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jsonschema import Draft202012Validator

from modeling.methods.ablation import FAMILIES
from modeling.methods.classifiers import CLASSIFIERS, Grid
from modeling.methods.documents import parse_document, schema_problem
from modeling.methods.nested_cross_validation import Tuning
from modeling.methods.recipe_schema import PRESETS, SCHEMA
from modeling.methods.scanner_plan import LARGEST, MINIMUM
from studies.methods.problems import DataProblem, Problem
from studies.methods.wording import say

GRID_POINTS = 8
HARMONISING = 0.6  # what a fit costs more when its features are harmonised first, as units of work


@dataclass(frozen=True)
class Recipe:
    """A checked recipe; ``document`` is all of it, in the form that is stored."""

    document: Mapping[str, Any]

    @property
    def name(self) -> str:
        return self.document["name"]

    @property
    def classifiers(self) -> list[str]:
        return list(self.document["classifiers"])

    @property
    def folds(self) -> int:
        return self.document["outer"]["folds"]

    @property
    def repeats(self) -> int:
        return self.document["outer"]["repeats"]

    @property
    def tuning(self) -> Tuning:
        inner = self.document["inner"]
        grids = self.document.get("grids", {})
        return Tuning(inner["folds"], inner["scoring"], self.document["missing"], grids)

    @property
    def harmonise(self) -> Mapping[str, Any] | None:
        """How features are harmonised over scanners in every fit; None where they are not."""
        return self.document.get("harmonise")

    def fits(self) -> int:
        """Number of fits of the comparison: what the run will cost, before it starts."""
        return sum(self._per_search(name) for name in self.classifiers) * self.folds * self.repeats

    def work(self) -> float:
        """Fits weighed by what each costs: comparison, and ablations that fit a forest again."""
        chosen = self.document["choose"].get("classifier", "random_forest")
        again = sum(name in FAMILIES for name in self.document["ablations"])
        units = sum(self._per_search(n) * CLASSIFIERS[n].cost for n in self.classifiers)
        units += again * self._per_search(chosen) * CLASSIFIERS[chosen].cost
        if self.harmonise:
            searches = sum(map(self._per_search, self.classifiers))
            units += HARMONISING * (searches + again * self._per_search(chosen))
        return units * self.folds * self.repeats

    def _per_search(self, name: str) -> int:
        return _points(self.tuning.grid(name)) * self.tuning.inner_folds + 1


def read_recipe(document: str | Mapping[str, Any]) -> Recipe:
    """A recipe by the name of a preset, as YAML or JSON text, or as a mapping.

    Parameters
    ----------
    document : str or mapping
        ``demo``, ``paper``, ``full``, or a whole document.

    Returns
    -------
    Recipe

    Raises
    ------
    DataProblem
        Every place where the document departs from the schema, a grid of more than eight
        points, or a chosen classifier that is not compared; all at once.
    """
    named = isinstance(document, str) and document in PRESETS
    found = PRESETS[str(document)] if named else parse_document(document, "recipe", PRESETS)
    problems = [
        schema_problem(error, "recipe") for error in Draft202012Validator(SCHEMA).iter_errors(found)
    ] or _beyond_schema(found)
    if problems:
        raise DataProblem(problems)
    return Recipe(copy.deepcopy(dict(found)))


def _beyond_schema(document: Mapping[str, Any]) -> list[Problem]:
    problems = []
    for name, grid in document.get("grids", {}).items():
        if _points(grid) > GRID_POINTS:
            problems.append(
                Problem(
                    say("recipe.grids.{name}", name=name),
                    say("{points} points", points=_points(grid)),
                    say("at most {grid_points}", grid_points=GRID_POINTS),
                    "Search fewer values: a wide search on few patients fits the noise.",
                )
            )
    chosen = document["choose"].get("classifier")
    if chosen and chosen not in document["classifiers"]:
        problems.append(
            Problem(
                "recipe.choose.classifier",
                chosen,
                "one of the classifiers",
                "Add it to the classifiers.",
            )
        )
    return problems + _of_harmonising(document)


def _of_harmonising(document: Mapping[str, Any]) -> list[Problem]:
    settings = document.get("harmonise")
    if settings is None:
        return []
    problems = []
    if document["missing"] != "complete_case":
        problems.append(
            Problem(
                "recipe.harmonise",
                say("with missing: {missing}", missing=document["missing"]),
                "missing: complete_case",
                "A scanner's shift and scale are learned from complete features: take complete "
                "cases, or leave harmonise out.",
            )
        )
    if settings.get("reference", LARGEST) != LARGEST and settings["unseen"] != "reference":
        problems.append(
            Problem(
                "recipe.harmonise.reference",
                say("with unseen: {unseen}", unseen=settings["unseen"]),
                "unseen: reference",
                "A reference stands for unseen scanners: choose that rule, or leave it out.",
            )
        )
    return problems


def harmonise_said(document: Mapping[str, Any]) -> str:
    """How a recipe harmonises, in one line; ``off`` where it does not.

    Parameters
    ----------
    document : mapping
        Of a recipe.
    """
    settings = document.get("harmonise")
    if settings is None:
        return "off"
    minimum = settings.get("minimum", MINIMUM)
    reference = settings.get("reference", LARGEST)
    unseen = settings["unseen"] + (f" {reference}" if settings["unseen"] == "reference" else "")
    return f"{settings['method']} by {settings['by']}, unseen {unseen}, minimum {minimum}"


def _points(grid: Grid) -> int:
    points = 1
    for values in grid.values():
        points *= len(values)
    return points
