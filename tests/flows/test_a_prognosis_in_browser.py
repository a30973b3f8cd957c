"""A statistician's second story, on a telephone and by keyboard: a prognosis from its wizard.

It makes a nomogram more, so it stands before whatever builds a report of the simulated study.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.conftest import Running

pytest.importorskip("selenium")

from selenium.webdriver.common.by import By

from tests.flows.hands import Hands, wrong_answers
from tests.flows.test_browser import NARROW, WIDE, fits, needs_browser, resize, wait_for
from tests.flows.test_stories_in_browser import ENDED_SECONDS, browser, opened
from tests.flows.waiting import WebDriverWait

assert browser  # fixtures
assert opened
pytestmark = needs_browser
PRESSES = 10  # beyond typing


def test_a_prognosis_is_chosen_checked_and_run(browser: Any, thread: Running):
    """One endpoint, few resamples; what was chosen stands again after going back."""
    hands = Hands(browser, thread, keyboard=True)
    resize(browser, NARROW)
    try:
        hands.sign_in("statistician")
        hands.open_study()
        hands.press(".tabs a", "Models")
        hands.press(".page-actions a", "Run the prognosis")
        wait_for(browser, "h2", "Who is fitted to and who is judged on")
        assert fits(browser)
        hands.press("main form button.btn-primary")
        wait_for(browser, "h2", "Endpoints")
        chosen(browser, "input[value=progression_free_survival]", "checked", False)
        assert fits(browser)
        hands.press("main form button.btn-primary")
        wait_for(browser, ".checks", "Nobody is fitted to and judged on.")
        assert not browser.find_elements(By.PARTIAL_LINK_TEXT, "What it finds")
        chosen(browser, "[name=resamples]", "value", "6")
        chosen(browser, "[name=seed]", "value", "8")
        assert fits(browser)
        hands.press("main form button.btn-primary")
        wait_for(browser, ".figures", "patients to fit to")
        assert fits(browser)
        assert len(browser.find_elements(By.CSS_SELECTOR, "section.sheet h2")) == 1
        checks = [line.text for line in browser.find_elements(By.CSS_SELECTOR, ".checks > li")]
        assert [line for line in checks if line.startswith("Fail")] == []
        hands.press("main form button.btn-primary", "Start the run")
        WebDriverWait(browser, ENDED_SECONDS).until(
            lambda driver: driver.find_elements(By.LINK_TEXT, "The results")
        )
        hands.press("main a", "The results")
        WebDriverWait(browser, 30).until(  # in a folded table heads stand in the cells
            lambda driver: "Harrell's C (95 % CI)" in driver.page_source
        )
        assert fits(browser)
        assert wrong_answers(browser) == []
    finally:
        resize(browser, WIDE)
    assert hands.presses <= PRESSES


def chosen(browser: Any, selector: str, what: str, value: Any) -> None:
    """As typing would leave it: where the default stands, there is something to type over."""
    browser.execute_script(
        "document.querySelector(arguments[0])[arguments[1]] = arguments[2]", selector, what, value
    )
