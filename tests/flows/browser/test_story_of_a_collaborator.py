"""A collaborator, from sign-in to result: a nomogram calculated and the report taken along."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.flows.browser.hands import Hands
from tests.flows.browser.tab import HTML_LANGUAGE, NARROW, WIDE, Opener, fits
from tests.flows.conftest import Running

PRESSES = 6  # beyond typing


@pytest.mark.usefixtures("report")
@pytest.mark.parametrize(("by", "width", "language"), [
    ("mouse", WIDE, "en-GB"), ("keyboard", WIDE, "en-GB"), ("mouse", NARROW, "zh-CN"),
])  # fmt: skip
def test_a_nomogram_is_calculated_and_the_report_taken_along(
    tab: Opener, thread: Running, by: str, width: int, language: str
):
    """From the home, where what is released stands first."""
    version = release_nomogram(thread)
    page = tab(width, language)
    hands = Hands(page, thread, keyboard=by == "keyboard")
    hands.sign_in("collaborator")
    hands.open_study()
    hands.press(f"main a[href*='{version}'][href$='/calculator/']")
    expect(page.locator("html")).to_have_attribute("lang", HTML_LANGUAGE[language])
    answer = page.locator("#answer-title")
    before = answer.inner_text()
    hands.type("rad_score", "1")
    hands.press(".calculator form button[type=submit]")
    expect(answer).not_to_have_text(before)
    assert fits(page)
    hands.press(".study-name a")
    with page.expect_download() as paper:
        hands.press("main a[href$='report.pdf']")
    assert paper.value.path().read_bytes()[:5] == b"%PDF-"
    assert hands.presses <= PRESSES


def release_nomogram(running: Running) -> str:
    """That of overall survival, by two people, unless it is released already."""
    version = next(
        row for row in running.rows("model-versions/")
        if row["kind"] == "nomogram" and row["endpoint"] == "overall_survival"
    )  # fmt: skip
    moves = {"draft": ("validated", "statistician"), "validated": ("released", "administrator")}
    state = version["state"]
    while state in moves:
        to_state, who = moves[state]
        running.clients[who].post(
            f"studies/{running.study}/model-versions/{version['uid']}/state/",
            to_state=to_state, reason="for the story of a collaborator",
        )  # fmt: skip
        state = to_state
    return str(version["uid"])
