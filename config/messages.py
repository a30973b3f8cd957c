"""The words of the product in other languages: gathered from the code, and compiled for Django.

``make messages`` gathers what pages, scripts and methods say into the catalogues below
``locale``; a translator fills the empty places. ``make setup`` compiles what is there. Only Babel
is needed, no tool of the system.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

APPS = ("studies", "imaging", "genomics", "modeling", "config")
# What is called -> how many forms it is given; beginning with "p" after the context they are in.
CALLS = {
    "_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "marked": 1, "say": 1,
    "pgettext": 1, "pgettext_lazy": 1, "npgettext": 2,
    "ngettext": 2, "ngettext_lazy": 2, "say_number": 2,
}  # fmt: skip
OUR_WORDS = ("expected", "remedy")
# What methods say of data: the places and names of our own words.
TELLERS = {
    "Problem": (2, 4, OUR_WORDS),
    "refuse": (2, 4, OUR_WORDS),
    "Notice": (1, 2, ("text",)),
    "progress": (2, 3, ("message",)),
}
LITERAL = r"""(?:"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
TEMPLATE_CALL = re.compile(rf"\b(n?p?gettext|_)\(\s*(u?{LITERAL}(?:\s*,\s*u?{LITERAL}){{0,2}})")
SCRIPT_CALL = re.compile(rf"\b(n?p?gettext)\(\s*({LITERAL}(?:\s*,\s*{LITERAL}){{0,2}})")
CELL = re.compile(r"(?<!\\)\|")

# Lines of the head that name no fact, or another one each time.
FORM = re.compile(rb'^"(?:Project|Report|POT|PO-Rev|Last|Language-Team|Generated)[^\n]*\n', re.M)

Message = tuple[str, str, str]  # (one, many or "", context or "")


def from_python(source: str) -> Iterator[Message]:
    """What calls of gettext and ``say`` hold, and the sentences of problems and notices."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ClassDef):
            yield from ((text, "", "") for text in _choices(node))
        if not isinstance(node, ast.Call):
            continue
        name = getattr(node.func, "id", getattr(node.func, "attr", ""))
        if name in CALLS:
            texts = [_text(argument) for argument in node.args[: CALLS[name] + _placed(name)]]
            if texts and all(texts):
                yield _message(name, texts)
        elif name in TELLERS:
            yield from ((text, "", "") for text in _told(node, *TELLERS[name]))


def _placed(name: str) -> bool:
    """Whether the first argument is a context: one English word that is two elsewhere."""
    return name.startswith(("pgettext", "npgettext"))


def _message(name: str, texts: list[str]) -> Message:
    context, forms = (texts[0], texts[1:]) if _placed(name) else ("", texts)
    counted = name.startswith("n") or name.endswith("_number")
    return forms[0], forms[1] if counted and len(forms) > 1 else "", context


def _choices(node: ast.ClassDef) -> Iterator[str]:
    """The words of ``TextChoices``, as Django makes them."""
    if not any(getattr(base, "attr", "") == "TextChoices" for base in node.bases):
        return
    for line in node.body:
        if isinstance(line, ast.Assign) and isinstance(name := line.targets[0], ast.Name):
            pair = line.value.elts if isinstance(line.value, ast.Tuple) else ()
            yield _text(pair[1]) if len(pair) > 1 else name.id.replace("_", " ").title()


def _text(node: ast.AST) -> str:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def _told(call: ast.Call, first: int, last: int, names: tuple[str, ...]) -> Iterator[str]:
    """Sentences among the arguments; where and found are a file's words unless `say` made them."""
    given = call.args[first:last] + [word.value for word in call.keywords if word.arg in names]
    for node in given:
        for branch in (node.body, node.orelse) if isinstance(node, ast.IfExp) else (node,):
            if _text(branch):
                yield _text(branch)


def from_template(source: str, name: str) -> Iterator[Message]:
    """What ``translate``, ``blocktranslate`` and ``_()`` hold, as Django reads them."""
    from django.conf import settings
    from django.utils.translation.template import templatize

    if not settings.configured:
        settings.configure()
    yield from _literals(TEMPLATE_CALL, templatize(source, origin=name))


def from_script(source: str) -> Iterator[Message]:
    yield from _literals(SCRIPT_CALL, source)


def from_methods_page(source: str) -> Iterator[Message]:
    """What each method gives: the second column of docs/methods.md."""
    for line in source.splitlines():
        if line.startswith("| `"):
            yield CELL.split(line)[2].strip().replace("\\|", "|"), "", ""


def _literals(calls: re.Pattern[str], source: str) -> Iterator[Message]:
    for name, inside in calls.findall(source):
        yield _message(name, list(ast.literal_eval(f"({inside},)")))


def gathered(project: Path) -> dict[str, dict[Message, set[str]]]:
    """Domain -> message -> the files that say it."""
    found: dict[str, dict[Message, set[str]]] = {"django": {}, "djangojs": {}}

    def add(domain: str, path: Path, messages: Iterator[Message]) -> None:
        for message in messages:
            found[domain].setdefault(message, set()).add(str(path.relative_to(project)))

    for app in APPS:
        for path in sorted((project / app).rglob("*.py")):
            if "migrations" not in path.parts:
                add("django", path, from_python(path.read_text("utf-8")))
    for path in sorted((project / "templates").rglob("*.*")):
        if path.suffix in (".html", ".svg"):
            add("django", path, from_template(path.read_text("utf-8"), path.name))
    page = project / "docs" / "methods.md"
    add("django", page, from_methods_page(page.read_text("utf-8")))
    for path in sorted((project / "static").glob("*.js")):
        add("djangojs", path, from_script(path.read_text("utf-8")))
    return found


def gather(project: Path) -> None:
    """Writes what the code says now into every catalogue; what is translated stays."""
    from babel.messages.catalog import Catalog
    from babel.messages.pofile import read_po

    for domain, messages in gathered(project).items():
        for folder in sorted((project / "locale").glob("*/LC_MESSAGES")):
            path = folder / f"{domain}.po"
            before = Catalog(locale=folder.parent.name)
            if path.exists():
                with path.open("rb") as file:
                    before = read_po(file, locale=folder.parent.name)
            after = Catalog(locale=folder.parent.name, fuzzy=False, header_comment="")
            for (one, many, context), files in messages.items():
                had = before.get(one, context or None)
                text = had.string if had else ""
                if many and isinstance(text, str):
                    text = (text,) * after.num_plurals
                elif not many and not isinstance(text, str):
                    text = text[0]
                places = [(name, 0) for name in sorted(files)]
                after.add((one, many) if many else one, text, places, context=context or None)
            path.write_bytes(written(after))


def written(catalogue: Catalog) -> bytes:
    """A catalogue as its file holds it: sorted, without lines that differ each time."""
    from babel.messages.pofile import write_po

    found = BytesIO()
    write_po(found, catalogue, width=100, sort_output=True, include_lineno=False)
    return FORM.sub(b"", found.getvalue()).lstrip()


def compile_catalogues(project: Path) -> None:
    """What Django reads, from what people write."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    for path in sorted((project / "locale").glob("*/LC_MESSAGES/*.po")):
        with path.open("rb") as source, path.with_suffix(".mo").open("wb") as compiled:
            write_mo(compiled, read_po(source, locale=path.parts[-3]))


if __name__ == "__main__":
    root = Path(__file__).resolve().parent.parent
    compile_catalogues(root) if sys.argv[1:] == ["compile"] else gather(root)
