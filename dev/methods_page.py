"""docs/methods.md: each method, where it comes from, and the test that holds it.

``python -m dev.methods_page`` writes the page from docstrings and tests, in English and, by the
catalogue of ``locale``, in Chinese.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
APPS = ("studies", "imaging", "genomics", "modeling")
SECTION = re.compile(r"References\n-+\n(.*?)(?:\n\n[A-Z][a-z]+\n-+\n|\Z)", re.DOTALL)
HEAD = """# Methods

Each method of the `methods/` rooms, where it comes from, and the tests that hold it. Written by
`.venv/bin/python -m dev.methods_page` from the docstrings; what a method does in full stands there.
"""
COLUMNS = "| method | what it gives | source | test |\n"
HEAD_CHINESE = """# 方法

`methods/` 目录中的每个方法、其来源，以及保证其正确的测试。本页由
`.venv/bin/python -m dev.methods_page` 根据代码中的说明写成；方法的完整说明见该处。来源照录原文。
"""
COLUMNS_CHINESE = "| 方法 | 所得结果 | 来源 | 测试 |\n"


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


def write_page(
    project: Path,
    head: str = HEAD,
    columns: str = COLUMNS,
    said: Callable[[str], str] = str,
) -> str:
    """The page's text; ``said`` is what a method gives, in the language of the page."""
    tests, parts = read_tests(project), [head]
    for app in APPS:
        methods = read_methods(project, app)
        if not methods:
            continue
        parts.append(f"\n## {app}\n\n{columns}|---|---|---|---|\n")
        parts += [_line(method, said, tests.get(method.module, [])) for method in methods]
    return "".join(parts)


def write_page_chinese(project: Path) -> str:
    """The same in Chinese; what has no translation yet is English."""
    from babel.messages.pofile import read_po

    with (project / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po").open("rb") as file:
        catalogue = read_po(file)

    def said(text: str) -> str:
        found = catalogue.get(text)
        return str(found.string) if found and found.string else text

    return write_page(project, HEAD_CHINESE, COLUMNS_CHINESE, said)


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


def _line(method: Method, said: Callable[[str], str], tests: list[str]) -> str:
    own = [test for test in tests if method.module.split(".")[-1] in test] or tests[:2]
    cells = (
        f"`{method.module.removeprefix(method.module.split('.')[0] + '.methods.')}.{method.name}`",
        said(method.does),
        method.source,
        ", ".join(f"`{test}`" for test in own) or "–",
    )
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |\n"


def main() -> None:
    docs = PROJECT / "docs"
    (docs / "methods.md").write_text(write_page(PROJECT), "utf-8")
    (docs / "zh-hans" / "methods.md").write_text(write_page_chinese(PROJECT), "utf-8")


if __name__ == "__main__":
    main()
