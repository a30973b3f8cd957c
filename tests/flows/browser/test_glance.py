"""Select by clicking, compare, start a run by the wizard, see it end."""

from __future__ import annotations

import re

import yaml
from playwright.sync_api import Page, expect

from tests.flows.browser.tab import ENDED_SECONDS, NARROW, WIDE, fits, resize, sees, sign_in
from tests.flows.browser.wizard import rows_are_taken
from tests.flows.conftest import RECIPE, Running

SIZE = ".glance-size strong"


def selected(page: Page) -> int:
    return int(page.locator(SIZE).inner_text())


def press(page: Page, selector: str) -> None:
    """By keyboard: what is pressed has the focus first."""
    sees(page, selector).press("Enter")


def test_from_a_click_to_a_run(page: Page, thread: Running):
    sign_in(page, thread, "statistician")
    study = f"{thread.product.base_url}/studies/{thread.study}"
    page.goto(f"{study}/glance/")
    sees(page, "h1", "At a glance")
    everybody = selected(page)
    page.locator("[id='bar-clinical.sex-male']").click()
    sees(page, ".chip", "Sex: male")
    men = selected(page)
    assert 0 < men < everybody
    bars = page.locator("[id^='bar-clinical.age_years-']")
    bars.nth(bars.count() // 2).press("Enter")
    sees(page, ".chip", "Age")
    assert selected(page) < men
    expect(page).to_have_url(re.compile(r"clinical\.sex=male"))
    page.go_back()
    expect(page.locator(SIZE)).to_have_text(str(men))
    page.locator("#selection-name").fill("the men")
    page.locator("#selection-name").press("Enter")
    sees(page, ".glance-one", "the men")
    resize(page, NARROW)
    assert fits(page)
    resize(page, WIDE)
    press(page, ".glance-do form button")
    sees(page, "h1", "Two groups")
    expect(page.locator(".page-head")).to_contain_text(f"({men})")

    page.goto(f"{study}/models/new/")
    sees(page, "[aria-current=step]", "Data")
    press(page, "main form button.btn-primary")
    rows_are_taken(page, lambda selector: press(page, selector))
    press(page, "main form button.btn-primary")
    sees(page, "#guard-title", "Leak guard")
    sees(page, ".checks", "Nobody is fitted to and judged on.")
    page.locator("input[value=own]").check()
    page.locator("main details summary").first.click()
    page.locator("[name=document]").fill(yaml.safe_dump({**RECIPE, "name": "by hand"}))
    page.locator("[name=seed]").fill("5")
    press(page, "main form button.btn-primary")
    sees(page, ".figures", "fits")
    assert fits(page)
    press(page, "main form button.btn-primary")
    sees(page, "h1", "Run the Rad-Score")
    sees(page, "main a", "The results", ENDED_SECONDS).press("Enter")
    sees(page, "h2", "Beside earlier runs")
