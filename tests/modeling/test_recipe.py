import json

import pytest
import yaml

from modeling.methods.recipe import read_recipe
from modeling.methods.recipe_schema import PRESETS, SCHEMA
from studies.methods.problems import DataProblem


@pytest.mark.parametrize("name", PRESETS)
def test_presets_are_valid_and_survive_yaml_and_json(name):
    recipe = read_recipe(name)
    assert read_recipe(yaml.safe_dump(dict(recipe.document))).document == recipe.document
    assert read_recipe(json.dumps(recipe.document)).document == recipe.document
    assert recipe.classifiers[0] == "random_forest"
    assert len(recipe.classifiers) == 7


def test_the_paper_fixes_the_random_forest():
    assert read_recipe("paper").document["choose"] == {
        "rule": "fixed", "classifier": "random_forest",
    }  # fmt: skip


def test_an_unknown_key_and_a_wrong_value_are_told_together():
    document = {**PRESETS["demo"], "flods": 5, "missing": "ignore"}
    with pytest.raises(DataProblem) as refusal:
        read_recipe(document)
    places = {problem.where for problem in refusal.value.problems}
    assert places == {"recipe", "recipe.missing"}
    assert "flods" in str(refusal.value)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"grids": {"random_forest": {"a": [1, 2, 3], "b": [1, 2, 3]}}}, "9 points"),
        ({"classifiers": ["ada_boost"]}, "one of the classifiers"),
        ({"choose": {"rule": "fixed"}}, "classifier"),
        ({"outer": {"folds": 1, "repeats": 1}}, "recipe.outer.folds"),
    ],
)
def test_a_recipe_is_refused(change, says):
    with pytest.raises(DataProblem, match=says):
        read_recipe({**PRESETS["demo"], **change})


def test_a_text_that_is_no_recipe():
    with pytest.raises(DataProblem, match="a document of keys"):
        read_recipe("quick")


def test_number_of_fits_is_known_beforehand():
    one = {
        **PRESETS["demo"],
        "classifiers": ["random_forest"],
        "outer": {"folds": 5, "repeats": 2},
        "grids": {"random_forest": {"classify__min_samples_leaf": [5, 2]}},
    }
    assert read_recipe(one).fits() == 5 * 2 * (2 * 3 + 1)


def test_schema_allows_nothing_unsaid():
    assert SCHEMA["additionalProperties"] is False
