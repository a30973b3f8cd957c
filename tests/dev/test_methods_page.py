from pathlib import Path

import pytest

from dev.methods_page import read_methods, read_tests, write_page

REPO = Path(__file__).resolve().parents[2]


def test_every_method_of_modeling_with_a_source_has_a_test():
    tests = read_tests(REPO)
    alone = [m.name for m in read_methods(REPO, "modeling") if not tests.get(m.module)]
    assert alone == []


@pytest.mark.parametrize("name", ["cox.fit_cox", "gray_test.compare_cumulative_incidence"])
def test_the_page_names_method_source_and_test(name):
    line = next(line for line in write_page(REPO).splitlines() if f"`{name}`" in line)
    method, does, source, test = line.strip("| ").split(" | ")
    assert name in method
    assert does
    assert "Compared with R" in source
    assert "tests/modeling/test_" in test
    assert (REPO / test.split("`")[1]).exists()
