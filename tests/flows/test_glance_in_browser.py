"""In a real browser: select by clicking, compare, start a run by the wizard, see it end."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.flows.conftest import RECIPE, Running

pytest.importorskip("selenium")

from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.flows.test_browser import (
    NARROW,
    PATIENCE_SECONDS,
    WIDE,
    browser,  # noqa: F401 (a fixture)
    fits,
    needs_browser,
    resize,
    sign_in,
    wait_for,
)
from tests.flows.waiting import WebDriverWait

pytestmark = needs_browser
ENDED_SECONDS = 120


def selected(driver: Any) -> int:
    return int(driver.find_element(By.CSS_SELECTOR, ".glance-size strong").text)


def click(driver: Any, selector: str) -> None:
    """With the mouse, wherever on the page it is."""
    found = driver.find_element(By.CSS_SELECTOR, selector)
    said = "new MouseEvent('click', {bubbles: true, cancelable: true, view: window})"
    driver.execute_script(f"arguments[0].dispatchEvent({said})", found)


def press(driver: Any, selector: str) -> None:
    """By keyboard: what is pressed has the focus first."""
    found = driver.find_element(By.CSS_SELECTOR, selector)
    driver.execute_script("arguments[0].focus()", found)
    driver.switch_to.active_element.send_keys(Keys.ENTER)


def test_from_a_click_to_a_run(browser: Any, thread: Running):  # noqa: F811
    resize(browser, WIDE)
    sign_in(browser, thread, "statistician")
    browser.get(f"{thread.product.base_url}/studies/{thread.study}/glance/")
    wait_for(browser, "h1", "At a glance")
    everybody = selected(browser)
    click(browser, "[id='bar-clinical.sex-male']")
    wait_for(browser, ".chip", "Sex: male")
    men = selected(browser)
    assert 0 < men < everybody
    bars = browser.find_elements(By.CSS_SELECTOR, "[id^='bar-clinical.age_years-']")
    press(browser, f"[id='{bars[len(bars) // 2].get_attribute('id')}']")
    wait_for(browser, ".chip", "Age")
    assert selected(browser) < men
    assert "clinical.sex=male" in browser.current_url
    browser.back()
    WebDriverWait(browser, PATIENCE_SECONDS).until(lambda driver: selected(driver) == men)
    browser.find_element(By.ID, "selection-name").send_keys("the men", Keys.ENTER)
    wait_for(browser, ".glance-one", "the men")
    resize(browser, NARROW)
    assert fits(browser)
    resize(browser, WIDE)
    press(browser, ".glance-do form button")
    wait_for(browser, "h1", "Two groups")
    assert f"({men})" in browser.find_element(By.CSS_SELECTOR, ".page-head").text

    browser.get(f"{thread.product.base_url}/studies/{thread.study}/models/new/")
    wait_for(browser, "[aria-current=step]", "Data")
    press(browser, "main form button.btn-primary")
    wait_for(browser, "h2", "In and out")
    press(browser, "main form button.btn-primary")
    wait_for(browser, "#guard-title", "Leak guard")
    wait_for(browser, ".checks", "Nobody is fitted to and judged on.")
    click(browser, "input[value=own]")
    click(browser, "main details summary")
    document = browser.find_element(By.NAME, "document")
    document.clear()
    document.send_keys(yaml.safe_dump({**RECIPE, "name": "by hand"}))
    seed = browser.find_element(By.NAME, "seed")
    seed.clear()
    seed.send_keys("5")
    press(browser, "main form button.btn-primary")
    wait_for(browser, ".figures", "fits")
    assert fits(browser)
    press(browser, "main form button.btn-primary")
    wait_for(browser, "h1", "Run the Rad-Score")
    patience = WebDriverWait(browser, ENDED_SECONDS)
    patience.until(lambda driver: driver.find_elements(By.LINK_TEXT, "The results"))
    browser.find_element(By.LINK_TEXT, "The results").send_keys(Keys.ENTER)
    wait_for(browser, "h2", "Beside earlier runs")
