"""Selenium's patience, looking ten times a second instead of twice."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from selenium.webdriver.support.ui import WebDriverWait as Selenium


class WebDriverWait(Selenium):
    def __init__(
        self,
        driver: Any,
        timeout: float,
        poll_frequency: float = 0.1,
        ignored_exceptions: Iterable[type[Exception]] | None = None,
    ):
        super().__init__(driver, timeout, poll_frequency, ignored_exceptions)
