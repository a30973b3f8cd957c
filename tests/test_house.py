"""What the house asks of its code and no linter holds."""

import ast
import re
from pathlib import Path

REPO = Path(__file__).resolve().parents[1]
APPS = ("studies", "imaging", "genomics", "modeling")
OURS = (*APPS, "config", "dev", "simulation")
INDENTED = re.compile(r"^ +(?:from|import) ", re.M)


def _files(*folders: str):
    return [file for folder in folders for file in sorted((REPO / folder).rglob("*.py"))]


def test_every_public_function_and_class_of_methods_says_what_it_is():
    silent = [
        f"{file.relative_to(REPO)}: {node.name}"
        for file in _files(*(f"{app}/methods" for app in APPS))
        for node in ast.parse(file.read_text("utf-8")).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        and not node.name.startswith("_")
        and not ast.get_docstring(node)
    ]
    assert silent == []


def test_what_is_ours_is_imported_at_the_head_of_a_file():
    hidden = [
        f"{file.relative_to(REPO)}:{node.lineno}"
        for file in _files(*OURS)
        if INDENTED.search(text := file.read_text("utf-8"))
        for function in ast.walk(ast.parse(text))
        if isinstance(function, ast.FunctionDef)
        for node in ast.walk(function)
        if any(name.split(".")[0] in OURS for name in _imported(node))
    ]
    assert hidden == []


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.ImportFrom):
        return [node.module or ""] if node.level == 0 else ["studies"]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
