"""A question is asked in the page itself, and the labels of a figure are whole."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.flows.browser.tab import sees, sign_in
from tests.flows.conftest import Running

# Labels of a drawing that lie outside of it, drawn with the letters it was measured with.
CUT = """
() => {
  const drawing = document.querySelector(".chart svg[role=img]");
  const box = drawing.getBoundingClientRect();
  return [...drawing.querySelectorAll("text")].filter((text) => {
    const here = text.getBoundingClientRect();
    return here.left < box.left - 1 || here.right > box.right + 1
      || getComputedStyle(text).fontFamily !== '"Liberation Sans", Arial, Helvetica, sans-serif';
  }).map((text) => text.textContent);
}
"""


def test_a_label_of_a_figure_is_whole(page: Page, house: Running):
    sign_in(page, house, "administrator")
    page.goto(f"{house.product.base_url}/patterns/")
    page.evaluate("document.fonts.ready.then(() => true)")
    assert page.evaluate("document.fonts.check('12px \"Liberation Sans\"')")
    assert page.evaluate(CUT) == []


def test_a_question_is_the_houses_own(page: Page, house: Running):
    """By keyboard. Somebody who takes part in this study alone: of others no link is made here."""
    sign_in(page, house, "administrator")
    invited = house.clients["administrator"].post(
        f"studies/{house.study}/memberships/",
        email="of.this.study@example.org", role="statistician", site="",
    )  # fmt: skip
    people = f"{house.product.base_url}/studies/{house.study}/people"
    page.goto(f"{people}/{invited['uid']}/")
    button = sees(page, "button[name=link]", "Make a link")
    button.press("Enter")
    sees(page, "dialog[role=alertdialog][open]", "sets a new password")
    expect(page.locator(":focus")).to_have_text("Leave it as it is")
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    expect(button).to_be_focused()
    for key in ("Enter", "Tab", "Enter"):
        page.keyboard.press(key)
    sees(page, "[data-copy]")  # the link is there
