"""Hands of a person at the product, by mouse or by keyboard: each press is counted."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page

from tests.flows.browser.tab import sees
from tests.flows.conftest import Running

MOST_STOPS = 250
HAS_FOCUS = "element => element === document.activeElement"


class Hands:
    """``presses`` counts clicks, or Enter on what has the focus; typing and moving on are free."""

    def __init__(self, page: Page, running: Running, keyboard: bool = False):
        self.page, self.running, self.keyboard = page, running, keyboard
        self.presses = 0

    def sign_in(self, name: str) -> None:
        self.page.context.clear_cookies(name=re.compile("session"))
        self.page.goto(f"{self.running.product.base_url}/")
        self.type("login", name)
        self.type("password", self.running.password)
        self.press("main form button[type=submit]")
        sees(self.page, ".study-card")

    def open_study(self) -> None:
        self.press(f".study-card h2 a[href*='{self.running.study}']")

    def press(self, selector: str, text: str = "") -> None:
        """The first thing of that kind that says ``text``."""
        found = sees(self.page, selector, text)
        if self.keyboard:
            self._reach(found)
            self.page.keyboard.press("Enter")
        else:
            found.click()
        self.presses += 1

    def type(self, name: str, text: str) -> None:
        """Over what stands in a field."""
        field = sees(self.page, f"[name='{name}']")
        if self.keyboard:
            self._reach(field)
        else:
            field.focus()
            field.evaluate("element => element.select?.()")
        self.page.keyboard.type(text)

    def pick(self, name: str, value: str) -> None:
        """An option of a list: by pointing at it, or by its first letters."""
        if self.keyboard:
            self.type(name, value)
        else:
            sees(self.page, f"[name='{name}']").select_option(value)

    def choose(self, name: str, file: str) -> None:
        """A file: the system's dialogue is not the product's."""
        self.page.locator(f"[name='{name}']").set_input_files(file)

    def _reach(self, element: Locator) -> None:
        for _ in range(MOST_STOPS):
            if element.evaluate(HAS_FOCUS):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"no way by Tab to {element.evaluate('one => one.outerHTML')[:200]}")
