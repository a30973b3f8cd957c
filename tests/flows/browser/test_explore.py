"""A figure explored: loaded when asked for, read by keys and pointer, hidden, closer, and back."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.flows.browser.tab import NARROW, WIDE, Opener, fits, sign_in, until
from tests.flows.browser.test_every_page import AXE, found_by_axe
from tests.flows.conftest import Running

LIBRARY = re.compile(r"/static/(?:vendor/vega|explore)[\w.-]*")
TABLE = """
figure => [...figure.querySelectorAll(".twin tbody tr")]
  .map((row) => [...row.cells].map((cell) => cell.textContent))
"""
READ = """
figure => ({
  place: figure.querySelector(".explore-place")?.textContent,
  rows: [...figure.querySelectorAll(".explore-said p:not(.explore-place)")].map((row) => ({
    name: row.querySelector("strong").textContent,
    values: [...row.querySelectorAll(".explore-value")].map((value) => value.textContent),
  })),
})
"""
LINES = """
figure => [...figure.querySelectorAll(".explore-plot .mark-line path")]
  .filter((line) => line.getAttribute("d")).map((line) => getComputedStyle(line).stroke)
"""


def told_by_table(table: list[list[str]], place: float) -> dict[str, list[str]]:
    """What a survival figure's table says at a time: survival, interval, at risk; by group."""
    told = {}
    for name in dict.fromkeys(row[0] for row in table):
        mine = [row for row in table if row[0] == name]
        before = [row for row in mine if float(row[1]) <= place]
        after = [row for row in mine if float(row[1]) >= place]
        if not after:
            told[name] = ["–"]
            continue
        survival, *ends = before[-1][5:] if before else ["1", "1", "1"]
        known = "–" not in ends
        if float(survival) == 1:
            known, ends = True, ["1", "1"]
        interval = "–".join(f"{float(end):.3f}" for end in ends) if known else "–"
        told[name] = [f"{float(survival):.3f}", interval, after[0][2]]
    return told


def says_what_its_table_says(figure: Locator, table: list[list[str]], place: float) -> None:
    read: dict[str, Any] = figure.evaluate(READ)
    label, _, value = read["place"].rpartition(" ")
    assert (label, float(value)) == ("Months", pytest.approx(place, rel=1e-3))
    assert {row["name"].split(": ")[0]: row["values"] for row in read["rows"]} == told_by_table(
        table, place
    )


def explored(page: Page, thread: Running) -> Locator:
    """The first survival curve of the report, opened by keyboard; nothing was loaded before."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{thread.product.base_url}/studies/{thread.study}/report/")
    figure = page.locator("figure[id^=figure-km_]").first
    figure.scroll_into_view_if_needed()
    opener = figure.locator("[data-explore]")
    expect(opener).to_be_visible()
    assert not [address for address in asked if LIBRARY.search(address)]
    opener.focus()
    page.keyboard.press("Enter")
    expect(figure.locator("[role=application]")).to_be_focused()
    expect(figure.locator("[data-drawn]")).to_be_hidden()
    return figure


@pytest.mark.usefixtures("report")
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_an_explored_figure_says_what_its_table_says(
    tab: Opener, thread: Running, width: int
) -> None:
    page = tab(width)
    sign_in(page, thread, "statistician")
    figure = explored(page, thread)
    table: list[list[str]] = figure.evaluate(TABLE)
    times = sorted({0.0, *(float(row[1]) for row in table)})
    page.keyboard.press("Home")
    for place in times[:4]:
        says_what_its_table_says(figure, table, place)
        page.keyboard.press("ArrowRight")
    page.keyboard.press("End")
    says_what_its_table_says(figure, table, times[-1])
    before = figure.evaluate(READ)
    figure.locator(".explore-plot").hover()
    assert figure.evaluate(READ) != before
    lines = figure.evaluate(LINES)
    page.emulate_media(color_scheme="dark")
    until(page, "lines in the colours of a dark page", lambda: figure.evaluate(LINES) != lines)
    first = figure.locator(".explore-legend button").first
    first.click()
    expect(first).to_have_attribute("aria-pressed", "false")
    until(page, "a line less", lambda: len(figure.evaluate(LINES)) == len(lines) - 1)
    assert len(figure.evaluate(READ)["rows"]) == len(lines) - 1
    ticks = figure.locator(".explore-plot .mark-text").first
    whole = ticks.text_content()
    figure.locator("[role=application]").press("+")
    expect(ticks).not_to_have_text(whole or "")
    page.keyboard.press("0")
    expect(ticks).to_have_text(whole or "")
    assert fits(page)
    page.keyboard.press("t")
    expect(figure.locator(".twin")).to_be_focused()
    figure.locator("[role=application]").press("Escape")
    expect(figure.locator("[data-explore]")).to_be_focused()
    expect(figure.locator("[data-drawn]")).to_be_visible()


def test_a_figure_is_explored_once_however_often_it_is_pressed_and_axe_finds_nothing(
    page: Page, house: Running
) -> None:
    sign_in(page, house)
    page.goto(f"{house.product.base_url}/patterns/")
    page.locator("[data-explore]").first.evaluate("one => { one.click(); one.click(); }")
    expect(page.locator("[role=application]")).to_be_focused()
    expect(page.locator(".explore")).to_have_count(1)
    assert found_by_axe(page, AXE.read_text("utf-8")) == []
    page.keyboard.press("Escape")
    expect(page.locator(".explore")).to_have_count(0)
