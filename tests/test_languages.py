"""Every word of the product is marked, translated and formatted for each language."""

from __future__ import annotations

import ast
import copy
import csv
import io
import json
import operator
import pickle
import re
import string
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import altair as alt
import numpy as np
import pandas as pd
import pytest
from django.template import Context, Template
from django.template.base import Lexer, TokenType
from django.test import Client
from django.utils import translation
from django.utils.html import format_html
from hypothesis import given
from hypothesis import strategies as st

from config import messages
from modeling.kept_words import kept
from studies.figures.figure import Figure, make_figure, plain, rows_of, unit_axis
from studies.figures.render import figure_csv
from studies.help import TRANSLATED, glossary, pages
from studies.languages import spoken, spoken_item
from studies.methods.problems import Problem, refuse
from studies.methods.wording import Wording, recalled, restored, say, say_number
from studies.value_words import word_of

PROJECT = Path(__file__).resolve().parent.parent
TEMPLATES = sorted((PROJECT / "templates").rglob("*.html"))
# Folders of templates whose words are all marked; the report itself is English (decision 0026).
MARKED = ("403", "404", "429", "500", "_partials/", "account/", "allauth/", "base.html",
          "genomics/", "imaging/", "modeling/", "studies/")  # fmt: skip
SPOKEN = {"aria-label", "title", "placeholder", "alt", "data-label", "data-tip"}
# Words that are the same in every language: names, units, formats, codes.
SAME = re.compile(
    r"Isotherm|UTC|PET/CT|PET|CT|RNA|IHC|CSV|SVG|PNG|JSON|PDF|HTML|XLSX|API|DICOM|ROI|SUV|MTV|TLG"
    r"|AUC|CI|HR|OR|OS|PFS|SD|IQR|UID|TIFF|GMT|ONNX|Rad-Score|Immunoscore|ssGSEA|sha256|MSI|CD\d"
    r"|XIST|RTSTRUCT|SEG|mm²|\bn\b|\bp\b|\bR\b"
)
CLASSES = re.compile(r"{% block (?:width|body_class) %}[^{]*{% endblock %}")
GAP = "\ue000"  # where a tag or value stood


class Words(HTMLParser):
    """Text and spoken attributes of a page that still have letters."""

    def __init__(self) -> None:
        super().__init__()
        self.left: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.silent += tag in ("script", "style", "code", "pre")
        for name, value in attrs:
            if name in SPOKEN:
                self.look(value or "")

    def handle_endtag(self, tag: str) -> None:
        self.silent -= tag in ("script", "style", "code", "pre")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.look(data)

    def look(self, text: str) -> None:
        if re.search(r"[A-Za-z]{2,}", SAME.sub("", text)):
            self.left.append(" ".join(text.replace(GAP, "…").split()))


def unmarked(source: str) -> list[str]:
    """The words of a template that no translation tag holds."""
    parts, inside, comment = [], False, False
    for token in Lexer(CLASSES.sub("", source)).tokenize():
        if token.token_type == TokenType.BLOCK:
            name = token.contents.split()[0]
            inside = name == "blocktranslate" or (inside and name != "endblocktranslate")
            comment = name == "comment" or (comment and name != "endcomment")
        text = token.contents if token.token_type == TokenType.TEXT else GAP
        parts.append(GAP if inside or comment else text)
    words = Words()
    words.feed("".join(parts))
    return words.left


@pytest.mark.parametrize(
    "path",
    [p for p in TEMPLATES if str(p.relative_to(PROJECT / "templates")).startswith(MARKED)],
    ids=lambda path: str(path.relative_to(PROJECT / "templates")),
)
def test_every_word_of_a_template_is_marked(path: Path) -> None:
    assert unmarked(path.read_text("utf-8")) == []


def test_an_unmarked_word_is_found() -> None:
    page = (
        '<p title="Say it">{% translate "One" %} Two {{ x }}</p>'
        "{% blocktranslate %}Three{% endblocktranslate %}"
    )
    assert unmarked(page) == ["Say it", "… Two …"]


SAYS = {*messages.CALLS} - {"marked", "gettext_noop"}
CHANGES = {"lower", "upper", "capitalize", "title", "replace", "join", "removesuffix", "rstrip"}


def glued(source: str) -> list[int]:
    """Lines where something translated is put together with other text, or cut.

    Another language has another order: what stands together is one message, whose places take
    numbers, names and other messages.
    """
    lines = []
    for node in ast.walk(ast.parse(source)):
        parts: list[ast.AST] = []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            parts = [node.left, node.right]
        elif isinstance(node, ast.FormattedValue):
            parts = [node.value]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in CHANGES:
                parts = [node.func.value]
            if node.func.attr == "join":
                parts += [getattr(one, "elt", one) for one in node.args]
                parts += [e for one in node.args for e in getattr(one, "elts", ())]
        lines += [part.lineno for part in parts if is_said(part)]
    return sorted(set(lines))


def is_said(node: ast.AST) -> bool:
    if isinstance(node, ast.IfExp):
        return is_said(node.body) or is_said(node.orelse)
    if not isinstance(node, ast.Call):
        return False
    name = getattr(node.func, "id", getattr(node.func, "attr", ""))
    if name == "format" and isinstance(node.func, ast.Attribute):  # of what gettext gave
        return is_said(node.func.value)
    return name in SAYS


def test_nothing_translated_is_glued_to_other_text() -> None:
    found = {
        f"{path.relative_to(PROJECT)}:{line}"
        for app in messages.APPS
        for path in (PROJECT / app).rglob("*.py")
        for line in glued(path.read_text("utf-8"))
    }
    assert not found


# Rooms that compute and keep: what they say is a wording, never in the language of who asked.
KEEPERS = {"methods", "models", "services", "selectors", "publication", "selectors.py", "tasks.py"}
SPEAKERS = ("django.utils.translation", "studies.languages", "studies.value_words",
            "modeling.kept_words")  # fmt: skip
DRAWS = "studies/services/drawings.py"  # keeps a drawing for each language


def test_no_room_that_keeps_knows_the_language_of_now() -> None:
    found = {
        f"{path.relative_to(PROJECT)}: {node.module}"
        for app in messages.APPS
        for path in (PROJECT / app).rglob("*.py")
        if path.relative_to(PROJECT / app).parts[0] in KEEPERS
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.ImportFrom)
        and any(
            name.startswith(SPEAKERS)
            for name in (node.module or "", *(f"{node.module}.{a.name}" for a in node.names))
        )
    }
    assert {told for told in found if not told.startswith(DRAWS)} == set()


@pytest.mark.parametrize("line", [
    'say("a") + "b"', '"a" + _("b")', 'f"{gettext(x)}: 3"', '", ".join(say(x) for x in y)',
    '", ".join([_("a"), b])', 'say("A b").lower()', 'x + (say("a") if b else "")',
    '"-" + _("{n} a").format(n=3)',
])  # fmt: skip
def test_a_glued_text_is_found(line: str) -> None:
    assert glued(line) == [1]
    assert glued('_("{n} a").format(n=3); say("{a}: {b}", a=say("x"), b=2); "a" + b') == []


def test_messages_are_gathered_from_code_templates_and_scripts() -> None:
    code = (
        'refuse("as the file says", found, "one of ours", remedy="Do " "it.")\n'
        'Notice("code", "Known." if a else "Unknown.")\nsay("{n} of it", n=2)\n'
        'say_number("{number} patient", "{number} patients", 3)\nngettext("one", "many", n)\n'
        'pgettext("of a page", "Next")'
    )
    assert set(messages.from_python(code)) == {
        ("one of ours", "", ""), ("Do it.", "", ""), ("Known.", "", ""), ("Unknown.", "", ""),
        ("{n} of it", "", ""), ("{number} patient", "{number} patients", ""),
        ("one", "many", ""), ("Next", "", "of a page"),
    }  # fmt: skip
    page = (
        "{% load i18n %}{% translate \"It's\" %}{% include 'x' with title=_('Named') %}"
        "{% blocktranslate count n=m %}{{ n }} row{% plural %}{{ n }} rows{% endblocktranslate %}"
        '{% translate "Next" context "of a tour" %}'
    )
    assert set(messages.from_template(page, "x")) == {
        ("It's", "", ""), ("Named", "", ""), ("%(n)s row", "%(n)s rows", ""),
        ("Next", "", "of a tour")}  # fmt: skip
    assert list(messages.from_script('a(gettext("Leave?"), ngettext("1", "2", n))')) == [
        ("Leave?", "", ""), ("1", "2", "")]  # fmt: skip


NUMBERS = st.one_of(st.integers(), st.floats(allow_nan=False), st.text())


@given(first=NUMBERS, second=NUMBERS, number=st.integers(0, 5))
def test_a_wording_is_its_english_and_survives_records_and_processes(first, second, number) -> None:
    inner = say_number("{number} row of {what}", "{number} rows of {what}", number, what=second)
    text = say("{first}: {inner}; {share:.1%}", first=first, inner=inner, share=0.25)
    assert text == f"{first}: {number} row{'s' * (number != 1)} of {second}; 25.0%"
    for back in (restored(json.loads(json.dumps(text.stored()))), pickle.loads(pickle.dumps(text))):
        assert back == text
        assert isinstance(back, Wording)
        said = back.spoken(lambda one, many, n: one.replace("row", "line") if many else one)
        assert said == f"{first}: {number} line of {second}; 25.0%"


def test_a_figure_speaks_and_its_table_stays_english(monkeypatch) -> None:
    def drawn() -> Figure:
        groups = [say("hot"), say("{n} of {kind}", n=2, kind=say("cold")), "as typed"]
        chart = alt.Chart(rows_of(x=groups)).mark_bar().encode(
            x=alt.X("x:N", sort=groups, axis=unit_axis(say("Patients"))))  # fmt: skip
        rows = [(group, 1) for group in groups]
        return make_figure("one", say("Survival"), "", chart, (say("group"), "n"), rows)

    silent = drawn()
    words = {"hot": "热", "cold": "冷", "{n} of {kind}": "{kind}肿瘤 {n} 例", "Survival": "生存",
             "group": "组别", "Patients": "患者"}  # fmt: skip
    with monkeypatch.context() as page:
        page.setattr(Wording, "voice", staticmethod(lambda one, many, n: words.get(one, one)))
        said = pickle.loads(pickle.dumps(drawn()))
    assert drawn().digest == silent.digest
    assert "words" not in silent.as_dict()
    text = json.dumps(said.spec, ensure_ascii=False)
    assert all(word in text for word in ("热", "冷肿瘤 2 例", "as typed", "患者", "生存"))
    assert not re.search(r"hot|cold|Patients|Survival", text)
    assert (said.columns, said.rows) == (silent.columns, silent.rows)
    assert figure_csv(said) == figure_csv(silent)
    again = Figure.from_dict(json.loads(json.dumps(said.as_dict())))
    assert again == said
    assert again.heads == ("组别", "n")
    assert [row[0] for row in again.cells] == ["热", "冷肿瘤 2 例", "as typed"]


def _written(text: str) -> str:
    file = io.StringIO()
    csv.writer(file).writerow([text])
    return file.getvalue().strip()


KEPT: dict[str, Callable[[str], Any]] = {
    "str": str, "f-string": lambda t: f"{t}", "format": "{}".format,
    "%": lambda t: operator.mod("%s", t),
    "join": lambda t: ", ".join([t]), "json": lambda t: json.loads(json.dumps({t: t}))["Table 1"],
    "csv": _written, "repr": lambda t: repr([t])[2:-2], "encode": lambda t: t.encode().decode(),
    "copy": lambda t: str(copy.deepcopy(t)), "numpy": lambda t: np.array([t])[0],
    "numpy str": lambda t: np.asarray([t, "a longer one than it"], dtype=str)[0],
    "numpy object": lambda t: np.array([t], dtype=object).astype(str)[0],
    "where": lambda t: np.where([True], t, say("Table 2"))[0],
    "pandas": lambda t: pd.Series([t]).astype(str)[0],
    "frame": lambda t: pd.DataFrame({t: [t]}).to_csv(index=False).splitlines()[1],
}  # fmt: skip


@pytest.mark.parametrize("way", KEPT)
def test_a_text_is_english_whatever_is_done_to_it(way: str) -> None:
    with translation.override("zh-hans"):
        assert KEPT[way](say("Table 1")) == "Table 1"


def test_a_text_is_spoken_where_somebody_says_so() -> None:
    title, counted = say("Table 1"), say_number("{number} patient", "{number} patients", 2)
    assert say(title) is title
    page = Template("{{ t }}; {% blocktranslate %}Plan {{ t }}{% endblocktranslate %}"
                    "; {{ all|join:'+' }}; {{ odd }}")  # fmt: skip
    shown = Context({"t": title, "all": [title, counted], "odd": say("{a}", a="<b>")})
    with translation.override("zh-hans"):
        assert page.render(shown).split("; ")[0] == "表 1"
        assert "表 1" in page.render(shown).split("; ")[1]
        assert page.render(shown).split("; ")[2:] == ["表 1+2 例患者", "&lt;b&gt;"]
        assert (spoken(title), plain([title])) == ("表 1", ["表 1"])
        assert format_html("<p>{}</p>", counted) == "<p>2 例患者</p>"
        assert {"Table 1": 1}[title] == 1


def test_words_inside_words_are_said_too() -> None:
    words = {"not measured: {names}": "未测量：{names}", "{first}, {rest}": "{first}、{rest}",
             "cd3": "CD3 细胞", "{who}: {why}": "{who}：{why}"}  # fmt: skip

    def said(one: str, many: str, number: int) -> str:
        return words.get(one, one)

    stored = recalled("not measured: cd3, cd8", "of {what}", "not measured: {names}")
    assert stored == "not measured: cd3, cd8"
    assert stored.spoken(said) == "未测量：CD3 细胞、cd8"
    assert say("{who}: {why}", who="P1", why=say("cd3")).spoken(said) == "P1：CD3 细胞"
    assert say("in {braces}") == "in {braces}"
    assert recalled("of its own", "not measured: {names}") == "of its own"


def test_what_stands_in_a_file_is_never_translated() -> None:
    problem = Problem("male", "Open", "one of ours", "Do it.")
    assert spoken_item(problem) == problem.as_dict()
    with translation.override("zh-hans"):
        said = spoken_item(problem.as_dict())
    assert (said["where"], said["found"]) == ("male", "Open")


def test_a_stored_problem_is_said_in_the_language_of_the_page(monkeypatch) -> None:
    told = refuse("x", say("{n} patients", n=3), "", "").problems[0].as_dict()
    assert told["found"] == "3 patients"
    monkeypatch.setattr("studies.languages.gettext", {"{n} patients": "{n} 例患者"}.get)
    assert spoken_item(json.loads(json.dumps(told)))["found"] == "3 例患者"
    assert spoken(say("{n} patients", n=4)) == "4 例患者"


def test_a_number_is_shown_as_it_is() -> None:
    assert [spoken(value) for value in (0, "", None, 1.5)] == ["0", "", "", "1.5"]


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("The random forest was fixed before the run.", ("随机森林",)),
        ("Primary site: right (fewer than 5 patients) counted as left", ("右侧", "5", "左侧")),
        ("The Rad-Score does not add to the fit (likelihood ratio 0.58, p 0.4463); ΔC lies above "
         "zero in: training; below zero in: external_response.", ("0.58", "0.4463", "训练")),
    ],
)  # fmt: skip
def test_what_a_result_keeps_in_english_is_said_by_its_pattern(text, parts) -> None:
    assert kept(text) == text.replace("external_response", "external response")
    with translation.override("zh-hans"):
        said = kept(text)
        assert kept("Nothing like it, 3 of 4.") == "Nothing like it, 3 of 4."
    assert all(part in said for part in parts)
    assert not re.search(r"[A-Za-z]{4,}", said.replace("Rad-Score", ""))


@pytest.mark.parametrize("path", sorted((PROJECT / "locale").rglob("*.po")), ids=lambda p: p.name)
def test_translations_keep_the_places_of_values(path: Path) -> None:
    from babel.messages.pofile import read_po

    with path.open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        for text in texts:
            if text and message.id:
                assert places(text) in [places(one) for one in ids], message.id


def test_every_message_of_the_code_is_translated() -> None:
    """`make messages` gathers what is new; whoever writes a sentence has it translated."""
    from babel.messages.pofile import read_po

    for domain, wanted in messages.gathered(PROJECT).items():
        for path in sorted((PROJECT / "locale").glob(f"*/LC_MESSAGES/{domain}.po")):
            with path.open("rb") as file:
                catalogue = read_po(file)
            left = []
            for one, _many, context in wanted:
                if not one:
                    continue
                found = catalogue.get(one, context or None)
                texts = found.string if found and isinstance(found.string, tuple) else (
                    found.string if found else "",)  # fmt: skip
                if not all(texts) or (found and found.fuzzy):
                    left.append(one)
            assert not left, f"{path.parts[-3]}: {left}"


def places(text: str) -> set[str]:
    named = set(re.findall(r"%\(\w+\)[sd]", text))
    try:
        return named | {name for _, name, _, _ in string.Formatter().parse(text) if name}
    except ValueError:
        return named


def test_the_glossary_explains_the_same_words_in_every_language() -> None:
    english = glossary()
    for language in TRANSLATED:
        with translation.override(language):
            here = glossary()
            assert set(here) == set(english)
            assert {key: term.anchor for key, term in here.items()} == {
                key: term.anchor for key, term in english.items()
            }
            assert pages()["glossary"].language == language


# Words for those who build: no page says them to a user in that meaning.
FOR_BUILDERS = {"ct", "study", "model"}
TERM = re.compile(r"{% term (?:\"([^\"]+)\"|(\S+))")
TOLD_BY_VALUE = {"row.basis": {"out of fold", "applied"}, "job.state": {"failed", "errored"}}


def test_every_word_of_the_glossary_is_explained_where_it_stands() -> None:
    explained: set[str] = set()
    for path in TEMPLATES:
        for word, value in TERM.findall(path.read_text("utf-8")):
            explained |= {word.lower()} if word else TOLD_BY_VALUE[value]
    words = {key: term.text for key, term in glossary().items()}
    assert explained <= set(words)
    assert set(words) - explained == FOR_BUILDERS


DOCS = sorted((PROJECT / "docs").glob("*.md"))


CODE = re.compile(r"(?<!`)`([^`]+)`(?!`)")
NUMBER = re.compile(r"\d[\d,.]*\d|\d")


def skeleton(source: str) -> dict[str, list[Any]]:
    """What a page of docs/ has in common in every language."""
    text = re.sub(r"```.*?```", "", source, flags=re.S)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    return {
        "headings": re.findall(r"^#+(?= )", text, flags=re.M),
        "blocks": re.findall(r"```.*?```", source, flags=re.S),
        "links": sorted(re.findall(r"\]\(([^)]+)\)", text)),
        "cells": [len(re.findall(r"(?<!\\)\|", row)) for row in rows],
        "figures": [sorted(NUMBER.findall(row)) for row in rows],
    }


@pytest.mark.parametrize("language", TRANSLATED)
@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.stem)
def test_a_page_of_help_tells_the_same_in_every_language(path: Path, language: str) -> None:
    there = path.parent / language / path.name
    assert there.exists(), f"write docs/{language}/{path.name}"
    english, here = path.read_text("utf-8"), there.read_text("utf-8")
    if path.stem == "glossary":  # its words stand beside the English ones
        assert len(here.splitlines()) == len(english.splitlines())
        return
    expected, found = skeleton(english), skeleton(here)
    if path.stem == "methods":  # its words are in the catalogue; "one" may be a figure there
        del expected["figures"]
    assert {name: found[name] for name in expected} == expected
    lost = {" ".join(code.split()) for code in CODE.findall(english)} - {
        " ".join(code.split()) for code in CODE.findall(here)
    }
    assert not lost


@pytest.mark.django_db
def test_the_language_is_chosen_on_the_page_and_kept() -> None:
    client = Client()
    with translation.override("en"):  # what the last page spoke does not outlive the test
        assert 'lang="en"' in client.get("/account/login/").content.decode()
        client.post("/language/", {"language": "zh-hans", "next": "/account/login/"})
        assert 'lang="zh-hans"' in client.get("/account/login/").content.decode()
        assert client.get("/language/catalog.js").status_code == 200


def test_classifiers_are_written_as_people_write_them() -> None:
    assert word_of("k_nearest_neighbours") == "k-nearest neighbours"
    assert kept("The ada boost was fixed before the run.").startswith("The AdaBoost was")
