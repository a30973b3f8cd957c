"""Words explained where they stand, and the pages of ``docs/`` inside the product."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from django.conf import settings
from django.utils.safestring import SafeString, mark_safe
from django.utils.text import slugify
from django.utils.translation import get_language, gettext
from markdown_it import MarkdownIt
from markdown_it.token import Token

# In the order of reading; what is not named here comes after, by its title.
FIRST = ("first-steps", "glossary", "simulation", "methods", "rna", "performance")
TRANSLATED = ("zh-hans",)  # folders of docs/, each with the pages that are there in that language
_SCROLLS = '<div class="scroll" role="region" aria-label="{}" tabindex="0">'


@dataclass(frozen=True)
class Term:
    """A word of the glossary; ``key`` is the English one, by which templates ask."""

    key: str
    word: str
    text: str

    @property
    def anchor(self) -> str:
        return slugify(self.key)


@dataclass(frozen=True)
class DocsPage:
    """``language`` is what it is written in: English where there is no translation."""

    slug: str
    title: str
    html: SafeString
    language: str = "en"


def _folder(language: str = "") -> Path:
    return Path(settings.BASE_DIR) / "docs" / language


def _language() -> str:
    here = get_language() or ""
    return here if here in TRANSLATED else ""


def glossary() -> dict[str, Term]:
    """Each word of the glossary, English and in small letters, with what it means here."""
    return _glossary(_language())


def pages() -> dict[str, DocsPage]:
    """Every page of docs/, rendered; HTML in the sources is shown as text, never run."""
    return _pages(_language())


@cache
def _glossary(language: str) -> dict[str, Term]:
    """The last two columns are the word and its meaning; a translation has the English before."""
    found = {}
    for line in (_folder(language) / "glossary.md").read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split("|")]
        if not line.startswith("|") or cells[0] == "word" or cells[0].startswith("-"):
            continue
        keys, words, text = (cells[0].split(", "), re.split(", |、", cells[-2]), cells[-1])
        for key, word in zip(keys, words, strict=True):
            found[key.lower()] = Term(key, word, re.sub(r"[`*]", "", text))
    return found


@cache
def _pages(language: str) -> dict[str, DocsPage]:
    known = {file.stem: file for file in sorted(_folder().glob("*.md"))}
    there = {file.stem: file for file in _folder(language).glob("*.md")} if language else {}
    made = {}
    for slug, file in known.items():
        source = there.get(slug, file).read_text("utf-8")
        made[slug] = _page(slug, source, set(known), language if slug in there else "en")
    rank = {slug: number for number, slug in enumerate(FIRST)}
    order = sorted(made.values(), key=lambda page: (rank.get(page.slug, len(rank)), page.title))
    return {page.slug: page for page in order}


def _page(slug: str, text: str, known: set[str], language: str) -> DocsPage:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    tokens = parser.parse(text)
    title = next((t.content for t in tokens if t.type == "inline"), slug)
    for number, token in enumerate(tokens):
        if token.type == "heading_open":
            token.attrSet("id", slugify(tokens[number + 1].content, allow_unicode=True))
        elif token.type == "table_open":
            token.attrSet("class", "table list")
        for child in token.children or ():
            _relink(child, known)
    html = parser.renderer.render(tokens, parser.options, {})
    html = html.replace("<table", f"{_SCROLLS.format(gettext('Table'))}<table").replace(
        "</table>", "</table></div>"
    )
    html = html.replace("<pre>", '<pre tabindex="0">')
    return DocsPage(slug, title, mark_safe(html), language)


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
