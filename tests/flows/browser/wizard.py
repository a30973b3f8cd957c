"""The step of the run wizard that goes one of two ways."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page

from tests.flows.browser.tab import ENDED_SECONDS, sees

FROZEN_ANEW = "#freezing a[href='?go=1']"


def rows_are_taken(page: Page, press: Callable[[str], None]) -> None:
    """Who is in stands there at once, or behind a link where the rows had to be frozen anew."""
    sees(page, f"#members-title, {FROZEN_ANEW}", seconds=ENDED_SECONDS)
    if page.locator(FROZEN_ANEW).count():
        press(FROZEN_ANEW)
    sees(page, "h2", "In and out")
