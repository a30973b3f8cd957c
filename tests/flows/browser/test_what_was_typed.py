"""What was typed is offered again to whoever typed it, and to nobody else."""

from __future__ import annotations

from playwright.sync_api import Page, expect

from tests.flows.browser.tab import sees, sign_in
from tests.flows.conftest import Running

TYPED = "new.colleague@example.org"
KEPT = "Object.keys(sessionStorage).filter((key) => key.startsWith('kept:'))"
ASKED_AND_LEFT = """
() => {
  const form = document.querySelector("#id_email").form;
  form.dataset.confirm = "Sure?";
  form.dataset.guard = "";
  form.noValidate = true;
  form.requestSubmit();
}
"""


def test_it_is_offered_again_and_leaves_with_the_signing_out(page: Page, house: Running):
    sign_in(page, house, "administrator")
    page.goto(f"{house.product.base_url}/studies/{house.study}/people/")
    page.on("dialog", lambda dialog: dialog.accept())  # whether to leave with unsaved work
    page.locator("#id_email").press_sequentially(TYPED)
    page.reload()
    sees(page, "[data-kept]", "unsaved work")
    expect(page.locator("#id_email")).to_have_value("")
    page.locator("[data-kept-restore]").press("Enter")
    expect(page.locator("#id_email")).to_have_value(TYPED)
    assert len(page.evaluate(KEPT)) == 1
    page.evaluate(ASKED_AND_LEFT)
    sees(page, "dialog[open]", "Sure?")
    page.keyboard.press("Control+s")
    expect(page.locator("dialog")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("dialog")).to_have_count(0)
    is_sent = page.evaluate(f"{KEPT}.map((key) => JSON.parse(sessionStorage.getItem(key)).isSent)")
    assert is_sent == [False], "nothing left: it is offered again"
    page.locator(".topbar details.menu summary").click()
    page.locator("form[action$='logout/'] button").click()
    sees(page, "h1", "Sign in")
    assert page.evaluate(KEPT) == []
    page.go_back()
    sees(page, "h1", "Sign in")
    assert TYPED not in page.content(), "nobody after sees the page by going back"


# What was typed by the one who has signed in, and by somebody else whose session is over.
OF_TWO = """
() => {
  sessionStorage.setItem(`kept:${document.body.dataset.person}:/a`, "{}");
  sessionStorage.setItem("kept:somebody-else:/b", "{}");
}
"""


def test_what_another_person_typed_in_this_tab_is_not_offered_but_gone(page: Page, house: Running):
    sign_in(page, house)
    page.goto(f"{house.product.base_url}/")
    page.evaluate(OF_TWO)
    page.reload()
    assert [key.rpartition(":")[2] for key in page.evaluate(KEPT)] == ["/a"]
