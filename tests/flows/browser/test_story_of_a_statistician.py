"""A statistician, from sign-in to result: a run started, compared, released by a second person."""

from __future__ import annotations

import yaml
from playwright.sync_api import Page

from tests.flows.browser.hands import Hands
from tests.flows.browser.tab import ENDED_SECONDS, sees
from tests.flows.browser.wizard import rows_are_taken
from tests.flows.conftest import RECIPE, Running

PRESSES = 15  # beyond typing
# As typing would leave it: where the default stands, there is something to type over.
OWN_RECIPE = """
(recipe) => {
  document.querySelector("input[value=own]").checked = true;
  document.querySelector("[name=document]").value = recipe;
  document.querySelector("[name=seed]").value = "8";
}
"""


def test_a_run_is_started_compared_and_released_by_a_colleague(page: Page, thread: Running):
    """By keyboard. The recipe is a small one, typed where the default would stand."""
    hands = Hands(page, thread, keyboard=True)
    hands.sign_in("statistician")
    hands.open_study()
    hands.press(".tabs a", "Models")
    hands.press(".page-actions a", "Run the Rad-Score")
    hands.press("main form button.btn-primary")
    rows_are_taken(page, hands.press)
    hands.press("main form button.btn-primary")
    sees(page, ".checks", "Nobody is fitted to and judged on.")
    page.evaluate(OWN_RECIPE, yaml.safe_dump({**RECIPE, "name": "in a story"}))
    hands.press("main form button.btn-primary")
    sees(page, ".figures", "fits")
    hands.press("main form button.btn-primary", "Start the run")
    sees(page, "main a", "The results", ENDED_SECONDS)
    hands.press("main a", "The results")
    sees(page, "h2", "Beside earlier runs")
    hands.press("main a[href*='/versions/']", "Digest and lineage")
    hands.type("to_state", "v")
    hands.type("reason", "judged in every cohort of the plan")
    hands.press("main form button", "Move")
    sees(page, "main .state", "Validated")
    address = page.url
    hands.sign_in("administrator")
    page.goto(address)
    hands.type("to_state", "rel")
    hands.type("reason", "looked at by a second person")
    hands.press("main form button", "Move")
    sees(page, "main .state", "Released")
    assert hands.presses <= PRESSES
