"""Hands of a person at the product, by mouse or keyboard: each press counted, answers watched."""

from __future__ import annotations

import json
from typing import Any

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.flows.conftest import Running
from tests.flows.test_browser import wait_for
from tests.flows.waiting import WebDriverWait

MOST_STOPS = 250
SAME = "return document.activeElement === arguments[0]"
REPORTS = "/policy-report/"
# Brought to the middle at once, and there still when asked again: what loads above it moves it.
IN_SIGHT = """
const [thing] = arguments, top = thing.getBoundingClientRect().top;
const still = thing.seenAt === top && top >= 0 && top < innerHeight;
thing.scrollIntoView({block: "center", behavior: "instant"});
thing.seenAt = thing.getBoundingClientRect().top;
return still;
"""


class Hands:
    """``presses`` counts clicks, or Enter on what has the focus; typing and moving on are free."""

    def __init__(self, browser: Any, running: Running, keyboard: bool = False):
        self.browser, self.running, self.keyboard = browser, running, keyboard
        self.presses = 0
        browser.execute_cdp_cmd("Network.enable", {})

    def sign_in(self, name: str) -> None:
        self.browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
        self.browser.get(f"{self.running.product.base_url}/")
        self.type("login", name)
        self.type("password", self.running.password)
        self.press("form button[type=submit]")
        wait_for(self.browser, "h1", "Studies")

    def open_study(self) -> None:
        self.press(f".study-card h2 a[href*='{self.running.study}']")

    def press(self, selector: str, text: str = "") -> None:
        """The first thing of that kind that says ``text``."""
        found = self._found(selector, text)
        if self.keyboard:
            self._reach(found)
            ActionChains(self.browser).send_keys(Keys.ENTER).perform()
        else:
            WebDriverWait(self.browser, 30).until(
                lambda driver: driver.execute_script(IN_SIGHT, found)
            )
            found.click()
        self.presses += 1

    def type(self, name: str, text: str) -> None:
        """Into a field: the mouse's owner has it under the cursor, the other goes there by Tab."""
        field = self._found(f"[name='{name}']")
        if self.keyboard:
            self._reach(field)
            ActionChains(self.browser).send_keys(text).perform()
        else:
            field.send_keys(text)

    def choose(self, name: str, file: str) -> None:
        """A file: the system's dialogue is not the product's."""
        self._found(f"[name='{name}']").send_keys(file)

    def _found(self, selector: str, text: str = "") -> Any:
        wait_for(self.browser, selector, text)
        all_of = self.browser.find_elements(By.CSS_SELECTOR, selector)
        return next(one for one in all_of if text in one.text)

    def _reach(self, element: Any) -> None:
        for _ in range(MOST_STOPS):
            if self.browser.execute_script(SAME, element):
                return
            ActionChains(self.browser).send_keys(Keys.TAB).perform()
        raise AssertionError(f"no way by Tab to {element.get_attribute('outerHTML')[:200]}")


def wrong_answers(browser: Any) -> list[str]:
    """Answers of 400 and more, and reports of the content policy, since the last asking."""
    told = []
    for entry in browser.get_log("performance"):
        event = json.loads(entry["message"])["message"]
        said = event.get("params", {})
        if event["method"] == "Network.responseReceived" and said["response"]["status"] >= 400:
            told.append(f"{said['response']['status']} {said['response']['url']}")
        if event["method"] == "Network.requestWillBeSent" and REPORTS in said["request"]["url"]:
            told.append(f"policy: {said['request'].get('postData', '')[:300]}")
    return told
