"""Words explained where they stand, and the pages of ``docs/`` inside the product."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from markdown_it import MarkdownIt
from markdown_it.token import Token

# In the order of reading; what is not named here comes after, by its title.
FIRST = ("first-steps", "glossary", "simulation", "methods", "rna", "performance")
_SCROLLS = '<div class="scroll" role="region" aria-label="Table" tabindex="0">'
_ROW = re.compile(r"^\| *([^|]+?) *\| *([^|]+?) *\|$")


@dataclass(frozen=True)
class Term:
    word: str
    text: str

    @property
    def anchor(self) -> str:
        return slugify(self.word)


@dataclass(frozen=True)
class DocsPage:
    slug: str
    title: str
    html: SafeString


def _folder() -> Path:
    return Path(settings.BASE_DIR) / "docs"


@cache
def glossary() -> dict[str, Term]:
    """Each word of docs/glossary.md, small letters, with what it means here."""
    found = {}
    for line in (_folder() / "glossary.md").read_text("utf-8").splitlines():
        row = _ROW.match(line)
        if row and row[1] != "word" and not row[1].startswith("-"):
            for word in row[1].split(", "):
                found[word.lower()] = Term(word, re.sub(r"[`*]", "", row[2]))
    return found


@cache
def pages() -> dict[str, DocsPage]:
    """Every page of docs/, rendered; HTML in the sources is shown as text, never run."""
    sources = {file.stem: file.read_text("utf-8") for file in sorted(_folder().glob("*.md"))}
    made = {slug: _page(slug, text, set(sources)) for slug, text in sources.items()}
    rank = {slug: number for number, slug in enumerate(FIRST)}
    order = sorted(made.values(), key=lambda page: (rank.get(page.slug, len(rank)), page.title))
    return {page.slug: page for page in order}


def _page(slug: str, text: str, known: set[str]) -> DocsPage:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    title = next((t.content for t in tokens if t.type == "inline"), slug)
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slugify(tokens[number + 1].content))
        elif token.type == "table_open":
            token.attrSet("class", "table list")
        for child in token.children or ():
            _relink(child, known)
    html = parser.renderer.render(tokens, parser.options, {})
    html = html.replace("<table", f"{_SCROLLS}<table").replace("</table>", "</table></div>")
    html = html.replace("<pre>", '<pre tabindex="0">')
    return DocsPage(slug, title, mark_safe(html))


def _relink(token: Token, known: set[str]) -> None:
    """A link to another page of docs/ stays in the product; one to a file of the source goes."""
    target = str(token.attrGet("href") or "")
    if not target or target.startswith(("#", "http:", "https:", "mailto:")):
        return
    name, _, part = target.partition("#")
    stem = Path(name).stem
    if name == f"{stem}.md" and stem in known:
        token.attrSet("href", f"../{stem}/" + (f"#{part}" if part else ""))
    else:
        token.attrSet("href", "../")
