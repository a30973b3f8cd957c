"""A statistician's story: a run started, compared, and released by a second person.

It makes a Rad-Score more, so it stands before whatever builds a report of the simulated study.
"""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from tests.flows.conftest import RECIPE, Running

pytest.importorskip("selenium")

from selenium.webdriver.common.by import By

from tests.flows.hands import Hands
from tests.flows.test_browser import needs_browser, wait_for
from tests.flows.test_stories_in_browser import ENDED_SECONDS, browser, opened
from tests.flows.waiting import WebDriverWait

assert browser  # fixtures
assert opened
pytestmark = needs_browser
STATISTICIAN = 15  # presses beyond typing


def test_a_run_is_started_compared_and_released_by_a_colleague(browser: Any, thread: Running):
    """By keyboard. The recipe is a small one, typed where the default would stand."""
    hands = Hands(browser, thread, keyboard=True)
    hands.sign_in("statistician")
    hands.open_study()
    hands.press(".tabs a", "Models")
    hands.press(".page-actions a", "Run the Rad-Score")
    hands.press("main form button.btn-primary")
    wait = WebDriverWait(browser, ENDED_SECONDS)
    wait.until(lambda driver: driver.find_elements(By.PARTIAL_LINK_TEXT, "who is out")
               or "/who/" in driver.current_url)  # fmt: skip
    if "/who/" not in browser.current_url:  # the rows had to be frozen anew
        hands.press("main a", "who is out")
    wait_for(browser, "h2", "In and out")
    hands.press("main form button.btn-primary")
    wait_for(browser, ".checks", "Nobody is fitted to and judged on.")
    small_recipe(browser)
    hands.press("main form button.btn-primary")
    wait_for(browser, ".figures", "fits")
    hands.press("main form button.btn-primary", "Start the run")
    wait.until(lambda driver: driver.find_elements(By.LINK_TEXT, "The results"))
    hands.press("main a", "The results")
    wait_for(browser, "h2", "Beside earlier runs")
    hands.press("main a[href*='/versions/']", "Digest and lineage")
    hands.type("to_state", "v")
    hands.type("reason", "judged in every cohort of the plan")
    hands.press("main form button", "Move")
    wait_for(browser, "main .state", "Validated")
    address = browser.current_url
    hands.sign_in("administrator")
    browser.get(address)
    hands.type("to_state", "rel")
    hands.type("reason", "looked at by a second person")
    hands.press("main form button", "Move")
    wait_for(browser, "main .state", "Released")
    assert hands.presses <= STATISTICIAN


def small_recipe(browser: Any) -> None:
    browser.execute_script(
        "document.querySelector('input[value=own]').checked = true;"
        "document.querySelector('[name=document]').value = arguments[0];"
        "document.querySelector('[name=seed]').value = '8'",
        yaml.safe_dump({**RECIPE, "name": "in a story"}),
    )
