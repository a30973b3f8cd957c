"""What every test does with a tab: sign in, wait for what is to be seen, measure."""

from __future__ import annotations

import re
import time
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from tests.flows.conftest import Running
from tests.flows.walking import TOKEN

WIDE, NARROW, HEIGHT = 1440, 390, 900
PATIENCE_SECONDS = 60.0  # for a page; how long a job may take depends on the machine
ENDED_SECONDS = 240.0
LOOK_AGAIN_MS = 50
HTML_LANGUAGE = {"en-GB": "en", "zh-CN": "zh-hans"}  # by what the browser asks for
Opener = Callable[..., Page]  # of a tab: its width, its language

expect.set_options(timeout=1000 * PATIENCE_SECONDS)


def sign_in(page: Page, running: Running, name: str = "coordinator") -> None:
    """A session for this tab, as the form would give it. Stories sign in by the form."""
    login = f"{running.product.base_url}/account/login/"
    token = TOKEN.search(page.request.get(login).text())
    assert token
    words = {"csrfmiddlewaretoken": token[1], "login": name, "password": running.password}
    answer = page.request.post(login, form=words)
    assert answer.ok, answer.status
    assert answer.url != login, f"{name} is not let in"


def sees(page: Page, selector: str, text: str = "", seconds: float = PATIENCE_SECONDS) -> Locator:
    """Wait until something of that kind says ``text``, on a page that is all there."""
    found = page.locator(selector).filter(has_text=text, visible=True).first
    expect(found).to_be_visible(timeout=1000 * seconds)
    page.wait_for_load_state()
    return found


def link(page: Page, text: str) -> Locator:
    """The first that says this and no more."""
    return page.locator("a").filter(has_text=re.compile(rf"^\s*{re.escape(text)}\s*$")).first


def resize(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": HEIGHT})


def fits(page: Page) -> bool:
    """The page does not scroll sideways."""
    root = "document.documentElement"
    return bool(page.evaluate(f"{root}.scrollWidth <= {root}.clientWidth"))


def until(page: Page, what: str, condition: Callable[[], object]) -> None:
    """For what no element tells; the tab goes on meanwhile."""
    end = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < end, f"not seen: {what}"
        page.wait_for_timeout(LOOK_AGAIN_MS)
