"""The look of the product: colours from one place, readable in light and dark, nothing inline."""

from __future__ import annotations

import json
import re

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from studies.colours import (
    DARK,
    DRAWN,
    LIGHT,
    RESPONSES,
    SERIES,
    STRIPS,
    contrast,
    on_dark,
    series,
    stylesheet,
)
from studies.figures.render import darkened
from studies.help import glossary, pages
from studies.policy import POLICY, REPORT_PATH, keep_report, reports
from tests.conftest import REPO
from tests.people import People

TEXT = ("ink", "quiet", "accent", "hot", "cold", "between", "ready", "running", "failed",
        "errored", "idle", "simulated")  # fmt: skip
MARKS = ("edge", "training", "internal", "external-phenotype", "external-response")
TEMPLATES = sorted(REPO.glob("templates/**/*.html"))
FIGURES = [
    *REPO.glob("*/figures/*.py"),
    REPO / "static" / "app.css",
    *REPO.glob("templates/**/*.svg"),
    *REPO.glob("templates/**/*.typ"),
]


def test_the_stylesheet_is_the_one_that_the_colours_write() -> None:
    assert (REPO / "static" / "colours.css").read_text("utf-8") == stylesheet()


@pytest.mark.parametrize("colours", [LIGHT, DARK], ids=["light", "dark"])
def test_every_colour_can_be_read_where_it_stands(colours: dict[str, str]) -> None:
    assert set(colours) == set(LIGHT)
    grounds = [colours[name] for name in ("paper", "sheet", "head", "hover")]
    pairs = [(colours[name], ground, 4.5) for name in TEXT for ground in grounds]
    pairs += [(colours[name], ground, 3.0) for name in MARKS for ground in grounds]
    pairs += [
        (colours[name], colours[f"{name}-soft"], 4.5)
        for name in colours
        if f"{name}-soft" in colours
    ]
    pairs += [(colours["accent-ink"], colours[name], 4.5) for name in ("accent", "accent-strong")]
    pairs += [(colours["bar-ink"], colours["bar"], 4.5)]
    assert [pair for pair in pairs if contrast(*pair[:2]) < pair[2]] == []


def test_no_colour_is_written_beside_the_one_place() -> None:
    known = {*LIGHT.values(), *SERIES, "#ffffff", "#fff"}
    for file in FIGURES:
        found = set(re.findall(r"#[0-9a-f]{6}\b|#fff\b", file.read_text("utf-8")))
        assert found <= known, file.name


def test_what_is_drawn_can_be_told_apart_in_the_dark() -> None:
    sheet = DARK["sheet"]
    lines = [on_dark(colour) for colour in (*SERIES, *RESPONSES.values())]
    assert [colour for colour in lines if contrast(colour, sheet) < 3] == []
    for colours in (SERIES, *STRIPS, tuple(RESPONSES.values())):
        assert len({on_dark(colour) for colour in colours}) == len(colours)
    for name in DRAWN:
        assert f'.drawing [fill="{LIGHT[name]}"]' in stylesheet()


def test_a_drawing_in_the_dark_differs_by_its_colours_alone() -> None:
    svg = '<g fill="#17222b" stroke="white">#17222b<stop stop-color="rgb(44, 106, 155)"/></g>'
    expected = svg.replace('"#17222b"', f'"{DARK["ink"]}"').replace("white", DARK["sheet"])
    assert darkened(svg) == expected.replace("rgb(44, 106, 155)", DARK["cold"])


def test_what_has_a_meaning_keeps_its_colour_in_every_figure() -> None:
    told = series(["external response", "high", "training, AUC 0.81", "hot", "low"])
    assert told[0] == LIGHT["external-response"]
    assert told[2:4] == [LIGHT["training"], LIGHT["hot"]]
    assert len(set(told)) == 5


def test_every_cell_stands_in_its_own_row_so_that_a_folded_table_names_it_rightly() -> None:
    assert [file.name for file in TEMPLATES if "rowspan" in file.read_text("utf-8")] == []


def test_no_template_has_a_script_style_or_handler_inline() -> None:
    inline = re.compile(
        r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son[a-z]+=|javascript:|hx-on|hx-vals=.js"
    )
    bare = {file.name: re.sub(r"{%.*?%}", "", file.read_text("utf-8")) for file in TEMPLATES}
    wrong = [name for name, text in bare.items() if inline.search(text)]
    assert wrong == []


def test_the_policy_allows_nothing_inline(client: Client, db: None) -> None:
    said = client.get(reverse("account_login"))["Content-Security-Policy"]
    assert said == POLICY
    assert "unsafe" not in said
    assert "default-src 'self'" in said


def test_a_report_is_counted_without_a_person_or_an_id(client: Client, db: None) -> None:
    cache.clear()
    page = "http://x/studies/01a202a8-822b-7681-b8f1-1cab3a4dc35f/patients/?search=N-001"
    body = {"effective-directive": "script-src", "document-uri": page, "blocked-uri": "inline"}
    sent = json.dumps({"csp-report": body | {"script-sample": "N-001"}})
    for _ in range(2):
        answer = client.post(REPORT_PATH, sent, content_type="application/csp-report")
        assert answer.status_code == 204
    assert reports() == {"script-src inline at /studies/uid/patients/": 2}
    for nonsense in (b"", b"[]", b"{", b'{"csp-report": 1}', b"x" * 9000):
        assert not keep_report(nonsense)
    cache.clear()


def test_the_look_is_remembered_and_leads_back_inside_only(client: Client, db: None) -> None:
    page, address = reverse("account_login"), reverse("studies:theme")
    assert client.post(address, {"theme": "dark", "next": page})["Location"] == page
    assert 'data-theme="dark"' in client.get(page).content.decode()
    assert client.post(address, {"theme": "", "next": "//evil.example"})["Location"] == "/"
    assert "data-theme" not in client.get(page).content.decode()


def test_every_word_that_a_template_explains_is_in_the_glossary() -> None:
    asked = {
        word.lower()
        for file in TEMPLATES
        for word in re.findall(r'{% term "([^"]+)"', file.read_text("utf-8"))
    }
    assert asked
    assert asked <= set(glossary())


def test_docs_are_pages_and_run_nothing(people: People, client: Client) -> None:
    client.force_login(people.outsider)
    assert client.get(reverse("studies:help")).status_code == 200
    for slug, page in pages().items():
        text = client.get(reverse("studies:help_page", args=[slug])).content.decode()
        assert page.title in text
        assert "<script" not in page.html
    assert client.get(reverse("studies:help_page", args=["nothing"])).status_code == 404


def test_every_part_is_shown(people: People, client: Client) -> None:
    client.force_login(people.outsider)
    text = client.get(reverse("studies:patterns")).content.decode()
    assert 'data-tip="Rad-Score 3, n 104"' in text
    assert "Nothing was saved" in text
