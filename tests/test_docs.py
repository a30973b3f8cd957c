"""The pages that engineers read name what is there."""

import ast
import re
from pathlib import Path

import pytest

REPO = Path(__file__).resolve().parents[1]
PAGES = [REPO / name for name in ("CONTRIBUTING.md", "README.md", "docs/architecture.md")] + [
    REPO / "docs/zh-hans/architecture.md"
]
PLACE = re.compile(r"`((?:studies|imaging|genomics|modeling|config|dev|docs|tests)/[\w./-]*)`")
STEP = re.compile(r"\| `([\w./]+\.py)` \| `(\w+)` \|")

PATTERN = "docs/decisions/NNNN-title.md"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(REPO).as_posix())
def test_files_that_a_page_names_are_there(page):
    named = set(PLACE.findall(page.read_text("utf-8"))) - {PATTERN}
    assert [name for name in sorted(named) if not (REPO / name).exists()] == []


@pytest.mark.parametrize("page", ["docs/architecture.md", "docs/zh-hans/architecture.md"])
def test_each_step_of_the_tour_is_where_it_is_said_to_be(page):
    steps = STEP.findall((REPO / page).read_text("utf-8"))
    assert len(steps) > 10
    assert [step for step in steps if step[1] not in _names(REPO / step[0])] == []


def _names(file):
    """What a module defines or takes up at its head."""
    found = set()
    for node in ast.parse(file.read_text("utf-8")).body:
        found |= {getattr(node, "name", "")}
        found |= {alias.name for alias in getattr(node, "names", ())}
    return found
