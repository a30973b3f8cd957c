"""Each test has tabs of its own: no cookie, text or download of another one, and no fault."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from dev import browser
from dev.processes import Product
from tests.flows.browser.tab import HEIGHT, NARROW, WIDE, Opener
from tests.flows.browser.watch import Watch
from tests.flows.conftest import Running, open_study

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Before anything is built for them."""
    if browser.program() is None:
        absent = pytest.mark.skip(reason=browser.ABSENT)
        for item in items:
            if HERE in item.path.parents:
                item.add_marker(absent)


# Of the package, not of the session: while Playwright's loop is there, Django takes every query of
# this process for one from asynchronous code. The flows ask the product over HTTP alone.
@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    with browser.opened() as opened:
        yield opened


@pytest.fixture
def watch() -> Iterator[Watch]:
    watch = Watch()
    yield watch
    assert watch.faults() == []


@pytest.fixture
def tab(chromium: Browser, watch: Watch) -> Iterator[Opener]:
    """Opens a tab: wide, or a telephone's; in Chinese where that is asked for."""
    with ExitStack() as contexts:

        def opened(width: int = WIDE, language: str = "en-GB") -> Page:
            context = chromium.new_context(
                viewport={"width": width, "height": HEIGHT},
                is_mobile=width == NARROW,
                locale=language,
            )
            contexts.callback(context.close)
            watch.over(context)
            return context.new_page()

        yield opened


@pytest.fixture
def page(tab: Opener) -> Page:
    return tab()


@pytest.fixture(scope="package")
def house(product: Product) -> Running:
    """A study for what needs no particular one."""
    return open_study(product, "In the browser", waived="consent is kept elsewhere")
