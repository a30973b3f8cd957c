"""Selenium's patience, looking ten times a second instead of twice, and what the console said."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from selenium.webdriver.support.ui import WebDriverWait as Selenium

# What htmx says of a request that leaving the page broke off, as the bell's may be.
BROKEN_OFF = re.compile(r'"htmx:(afterRequest|sendAbort|sendError)')


def console_of(driver: Any) -> list[str]:
    """What stands on the console since the last asking, but for requests that leaving broke off."""
    said = [entry["message"] for entry in driver.get_log("browser")]
    return [line for line in said if not BROKEN_OFF.search(line)]


class WebDriverWait(Selenium):
    def __init__(
        self,
        driver: Any,
        timeout: float,
        poll_frequency: float = 0.1,
        ignored_exceptions: Iterable[type[Exception]] | None = None,
    ):
        super().__init__(driver, timeout, poll_frequency, ignored_exceptions)
