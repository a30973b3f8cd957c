"""A statistician's second story, on a telephone and by keyboard: a prognosis from its wizard."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.flows.browser.hands import Hands
from tests.flows.browser.tab import ENDED_SECONDS, NARROW, Opener, fits, sees
from tests.flows.conftest import Running

PRESSES = 10  # beyond typing


def test_a_prognosis_is_chosen_checked_and_run(tab: Opener, thread: Running):
    """One endpoint, few resamples; what was chosen stands again after going back."""
    page = tab(NARROW)
    hands = Hands(page, thread, keyboard=True)
    hands.sign_in("statistician")
    hands.open_study()
    hands.press(".tabs a", "Models")
    hands.press(".page-actions a", "Run the prognosis")
    sees(page, "h2", "Who is fitted to and who is judged on")
    assert fits(page)
    hands.press("main form button.btn-primary")
    sees(page, "h2", "Endpoints")
    page.locator("input[value=progression_free_survival]").uncheck()
    assert fits(page)
    hands.press("main form button.btn-primary")
    sees(page, ".checks", "Nobody is fitted to and judged on.")
    expect(page.locator("a").filter(has_text="What it finds")).to_have_count(0)
    hands.type("resamples", "6")
    hands.type("seed", "8")
    assert fits(page)
    hands.press("main form button.btn-primary")
    sees(page, ".figures", "patients to fit to")
    assert fits(page)
    expect(page.locator("section.sheet h2")).to_have_count(1)
    checks = page.locator(".checks > li").all_inner_texts()
    assert [line for line in checks if line.startswith("Fail")] == []
    hands.press("main form button.btn-primary", "Start the run")
    sees(page, "main a", "The results", ENDED_SECONDS)
    hands.press("main a", "The results")
    # In a folded table the heads stand in the cells.
    expect(page.locator("main")).to_contain_text("Harrell's C (95 % CI)")
    assert fits(page)
    assert hands.presses <= PRESSES
