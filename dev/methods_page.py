"""docs/methods.md: each method, where it comes from, and the test that holds it.

``python -m dev.methods_page`` writes the page from docstrings and tests.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
APPS = ("studies", "imaging", "genomics", "modeling")
SECTION = re.compile(r"References\n-+\n(.*?)(?:\n\n[A-Z][a-z]+\n-+\n|\Z)", re.DOTALL)
HEAD = """# Methods

Each method of the `methods/` rooms, where it comes from, and the tests that hold it. Written by
`.venv/bin/python -m dev.methods_page` from the docstrings; what a method does in full stands there.
"""


@dataclass(frozen=True)
class Method:
    """One public function of a module with a stated source."""

    module: str
    name: str
    does: str
    source: str


def read_methods(project: Path, app: str) -> list[Method]:
    """Public functions whose docstring names a source."""
    return [
        method
        for file in sorted((project / app / "methods").rglob("*.py"))
        for method in _of_file(project, file)
    ]


def read_tests(project: Path) -> dict[str, list[str]]:
    """Module to the test files that import it."""
    found: dict[str, list[str]] = {}
    for file in sorted((project / "tests").rglob("test_*.py")):
        for module in sorted(set(_imports(ast.parse(file.read_text("utf-8"))))):
            found.setdefault(module, []).append(file.relative_to(project).as_posix())
    return found


def write_page(project: Path) -> str:
    """The page's text."""
    tests, parts = read_tests(project), [HEAD]
    for app in APPS:
        methods = read_methods(project, app)
        if not methods:
            continue
        parts.append(
            f"\n## {app}\n\n| method | what it gives | source | test |\n|---|---|---|---|\n"
        )
        parts += [_line(method, tests.get(method.module, [])) for method in methods]
    return "".join(parts)


def _of_file(project: Path, file: Path) -> Iterator[Method]:
    module = file.relative_to(project).with_suffix("").as_posix().replace("/", ".")
    for node in ast.parse(file.read_text("utf-8")).body:
        if not isinstance(node, ast.FunctionDef) or node.name.startswith("_"):
            continue
        text = ast.get_docstring(node) or ""
        section = SECTION.search(text)
        if section:
            source = " ".join(section.group(1).split())
            yield Method(module, node.name, text.split("\n")[0].rstrip("."), source)


def _imports(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def _line(method: Method, tests: list[str]) -> str:
    own = [test for test in tests if method.module.split(".")[-1] in test] or tests[:2]
    cells = (
        f"`{method.module.removeprefix(method.module.split('.')[0] + '.methods.')}.{method.name}`",
        method.does,
        method.source,
        ", ".join(f"`{test}`" for test in own) or "–",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def main() -> None:
    (PROJECT / "docs" / "methods.md").write_text(write_page(PROJECT), "utf-8")


if __name__ == "__main__":
    main()
