"""The watch over a tab sees each kind of fault, and takes a request that was left for none."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.flows.browser.tab import sees, sign_in, until
from tests.flows.browser.watch import Watch
from tests.flows.conftest import Running

FAULTS = {
    "a line on the console": ("console.warn('said')", "console, warning: said"),
    "an error that nobody catches": ("setTimeout(() => { throw new Error('lost') })", "lost"),
    "an answer that is a refusal": ("void fetch('/nowhere/')", "answer: 404"),
    "a server that is not there": (
        "void fetch('http://127.0.0.1:9/').catch(() => null)", "console, error",
    ),
    "a style that the policy forbids": (
        "document.body.setAttribute('style', 'color: red')", "Content Security Policy",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("script", "told"), FAULTS.values(), ids=FAULTS.keys())
def test_a_fault_is_told(chromium: Browser, house: Running, script: str, told: str):
    watch, context = Watch(), chromium.new_context()
    watch.over(context)
    page = context.new_page()
    page.goto(f"{house.product.base_url}/account/login/")
    assert watch.faults() == []
    page.evaluate(f"() => {{ {script} }}")
    until(page, told, lambda: any(told in fault for fault in watch.faults()))
    context.close()


QUESTION = """
() => {
  const asking = document.createElement("p");
  asking.setAttribute("hx-get", "/notifications/live/");
  asking.setAttribute("hx-trigger", "load");
  document.body.append(asking);
  htmx.process(asking);
}
"""


def test_a_question_that_leaving_breaks_off_is_no_fault(page: Page, house: Running):
    """As the bell's, when its answer is slow."""
    sign_in(page, house)
    page.goto(f"{house.product.base_url}/")
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    page.route("**/notifications/live/", lambda route: None)  # never answered
    with page.expect_request("**/notifications/live/"):
        page.evaluate(QUESTION)
    with page.expect_event("requestfailed") as broken:
        page.goto(f"{house.product.base_url}/help/")
    sees(page, "h1")
    assert broken.value.failure == "net::ERR_ABORTED"
    assert {line.split(":")[0] for line in said} <= {"htmx"}
