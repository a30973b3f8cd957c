"""Every page of the three roles: axe, dark, 200 % zoom, a telephone, the keyboard, the policy."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from playwright.sync_api import Page, expect

from tests.conftest import REPO
from tests.flows.browser.tab import NARROW, WIDE, Opener, fits, resize, sign_in
from tests.flows.conftest import ROLES, Running
from tests.flows.walking import OF_A_KIND, is_page, kind_of

AXE = REPO / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = """
async (rules) => (await axe.run(document, {
  runOnly: rules, resultTypes: ["violations"], preload: false,
})).violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .map((one) => `${one.id}: ` + one.nodes.map((node) => node.html.slice(0, 120)).join(" | "))
"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CONTRAST = {"type": "rule", "values": ["color-contrast"]}  # all that the dark changes
ZOOMED = 720  # 1440 at 200 %
# The viewer of scans has a test of its own; Table 1 in HTML is a file to take along.
NOT_LOOKED_AT = re.compile(r"/view/|/table-1\.html$")
# The same page but for its drawing or its values, whose width alone may not fit.
ALIKE = re.compile(r"/(figures|drawings/uid|history)/[^/]+(\.html|/)$")
HOME = ("", "help/", "patterns/", "notifications/")


def of_each_kind(pages: dict[str, str], seen: Counter[str]) -> Iterator[tuple[str, bool]]:
    """A page of each kind that no role before has shown, and whether axe is to look at it."""
    for address, text in pages.items():
        kind = kind_of(address)
        if is_page(text) and not NOT_LOOKED_AT.search(kind) and kind not in seen:
            alike = ALIKE.sub(r"/\1/any", kind)
            seen.update({kind, alike})
            yield address, seen[alike] <= OF_A_KIND


def in_the(page: Page, theme: Any) -> None:
    """At once: colours half-way from one to the other would be nobody's."""
    page.emulate_media(color_scheme=theme, reduced_motion="reduce")


def found_by_axe(page: Page, axe: str) -> list[str]:
    """By every rule in the light, and by that of contrast in the dark."""
    page.evaluate(axe)
    light = page.evaluate(RUN_AXE, RULES)
    in_the(page, "dark")
    dark = page.evaluate(RUN_AXE, CONTRAST)
    in_the(page, "light")
    return [*(f": {one}" for one in light), *(f", dark: {one}" for one in dark)]


def test_axe_finds_nothing_no_page_scrolls_sideways_and_the_policy_holds(
    tab: Opener, thread: Running, walked: Callable[[str], dict[str, str]]
):
    """WCAG 2.2 AA of every page, in light and dark, by every role that sees it."""
    product, wrong, seen = thread.product, [], Counter[str]()
    axe = AXE.read_text("utf-8")
    reported = json.loads(product.manage("policy_reports"))  # by others, in the last days
    for name in ROLES:
        page = tab()
        in_the(page, "light")
        sign_in(page, thread, name)
        home = [(f"{product.base_url}/{path}", True) for path in HOME]
        for address, whole in [
            *(home if name == "statistician" else ()),
            *of_each_kind(walked(name), seen),
        ]:
            page.goto(address)
            if whole:
                wrong += [f"{address}{one}" for one in found_by_axe(page, axe)]
            for width in (ZOOMED, NARROW):
                resize(page, width)
                if not fits(page):
                    wrong.append(f"{address}: scrolls sideways at {width} px")
            resize(page, WIDE)
    assert not wrong, "\n".join(wrong)
    assert len(seen) > 40
    assert json.loads(product.manage("policy_reports")) == reported


def test_every_tab_of_a_study_fits_a_telephone(tab: Opener, house: Running):
    page = tab(NARROW)
    sign_in(page, house)
    page.goto(f"{house.product.base_url}/studies/{house.study}/")
    tabs = page.locator(".tabs a").evaluate_all("all => all.map((one) => one.href)")
    assert len(tabs) >= 6
    for address in tabs:
        page.goto(address)
        assert fits(page), address
        expect(page.locator(".tabs [aria-current]").first).to_be_in_viewport()


FOCUSED = """
() => {
  const here = document.activeElement, look = getComputedStyle(here);
  return {tag: here.tagName, text: here.textContent.trim(),
    outlined: look.outlineStyle !== "none" || look.boxShadow !== "none"};
}
"""


def test_a_page_is_reached_by_keyboard_alone(page: Page, thread: Running):
    """Skip link, bell, menu and a list: focus goes on and can be seen."""
    sign_in(page, thread, "statistician")
    page.goto(f"{thread.product.base_url}/studies/{thread.study}/jobs/")
    page.keyboard.press("Tab")
    assert page.evaluate(FOCUSED)["text"] == "Skip to content"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    stops = []
    for _ in range(12):
        stops.append(page.evaluate(FOCUSED))
        page.keyboard.press("Tab")
    assert any(stop["text"].startswith("Columns") for stop in stops)
    assert any(stop["tag"] == "SELECT" for stop in stops)
    assert all(stop["outlined"] for stop in stops)
