"""Debian's Chromium driven by Playwright: for the browser tests and for ``make screenshots``."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from playwright.sync_api import Browser, sync_playwright

from dev.place import SetupError

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
ABSENT = "Chromium is not installed; on Debian and Ubuntu: apt install chromium."


def program() -> str | None:
    """Where Chromium is. Browsers of Playwright's own are never fetched."""
    return next((found for name in PROGRAMS if (found := shutil.which(name))), None)


@contextmanager
def opened() -> Iterator[Browser]:
    """One browser without a window; whoever looks opens a context of their own in it.

    Playwright's own arguments let the processor draw WebGL 2, which the viewer of scans asks for.
    To draw everything so (``--use-angle=swiftshader``) only makes pages slower.
    """
    found = program()
    if found is None:
        raise SetupError(ABSENT)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found)
        try:
            yield browser
        finally:
            browser.close()
