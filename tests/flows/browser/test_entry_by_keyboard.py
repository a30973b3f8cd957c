"""A patient is entered by keyboard alone, and what is wrong takes the focus."""

from __future__ import annotations

from playwright.sync_api import Dialog, Page, expect

from tests.flows.browser.tab import sees, sign_in
from tests.flows.browser.watch import Watch
from tests.flows.conftest import Running

MOST_STOPS = 60
DRUG = "[name^='f-treatment-new'][name$='-drug']"


def test_a_patient_is_entered_by_keyboard_alone(page: Page, watch: Watch, house: Running):
    root = f"{house.product.base_url}/studies/{house.study}/"
    sites = f"studies/{house.study}/sites/"
    house.clients["administrator"].post(sites, name="Keyboard General")
    sign_in(page, house)
    page.goto(f"{root}patients/new/")
    tab_to(page, "site")
    press(page, "K", "Tab", "Tab", "ArrowDown", "Enter")
    sees(page, "h1", ", baseline")
    has_focus(page, "v-sex")  # typing begins at once
    comes_back_to_what_was_typed(page, root)
    has_focus(page, "v-sex")
    press(page, "f", "Tab", *"161", "Tab", "1")
    tab_to(page, "v-cea_ng_ml")
    press(page, *"not_done", "Tab")
    sees(page, "#v-age_years-says", "0 to 120 years")
    watch.meant(r"\b422\b")
    with page.expect_response(lambda response: response.status == 422):
        press(page, "Enter")
    sees(page, "#wrong-title", "to mend")
    expect(page.locator("[aria-labelledby=wrong-title]")).to_be_focused()
    press(page, "Tab", "Enter")
    has_focus(page, "v-age_years")
    press(page, "Control+a", *"61", "Control+s")
    sees(page, ".state", "Draft")
    expect(page.locator("[name=m-cea_ng_ml]")).to_have_value("not_done")
    expect(page.locator("[name=v-age_years]")).to_have_value("61")


def comes_back_to_what_was_typed(page: Page, root: str) -> None:
    """A value and a row that is not stored yet are offered again; the form is left blank."""
    form, asked = page.url, leaving_is_asked(page)
    page.locator("[name='v-age_years']").press_sequentially("48")
    page.locator(DRUG).press_sequentially("anti-PD-1")
    page.goto(root)
    assert asked == ["beforeunload"]
    page.goto(form)
    sees(page, "[data-kept]", "unsaved work")
    page.locator("[data-kept-restore]").press("Enter")
    for selector, typed in (("[name='v-age_years']", "48"), (DRUG, "anti-PD-1")):
        field = page.locator(selector)
        expect(field).to_have_value(typed)
        field.clear()
    page.evaluate("sessionStorage.clear()")
    page.goto(form)
    assert asked == ["beforeunload"] * 2
    assert page.locator("[data-kept]").is_hidden()


def leaving_is_asked(page: Page) -> list[str]:
    """The questions that the browser puts, each answered with yes."""
    asked: list[str] = []

    def answer(dialog: Dialog) -> None:
        asked.append(dialog.type)
        dialog.accept()

    page.on("dialog", answer)
    return asked


def press(page: Page, *keys: str) -> None:
    """Keys to whatever has the focus."""
    for key in keys:
        page.keyboard.press(key)


def has_focus(page: Page, name: str) -> None:
    expect(page.locator(f"[name='{name}']")).to_be_focused()


def tab_to(page: Page, name: str) -> None:
    for _ in range(MOST_STOPS):
        press(page, "Tab")
        if page.evaluate("document.activeElement.name") == name:
            return
    raise AssertionError(f"{name} is not reached within {MOST_STOPS} stops")
