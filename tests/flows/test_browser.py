"""In a real browser: sign in, open the study, hand in a bad table, read what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from dev.processes import Product
from tests.flows.conftest import CHROMIUM, DRIVER, Running, open_study
from tests.studies.test_cohort_import import GOOD, table

pytest.importorskip("selenium")

from selenium.common.exceptions import NoAlertPresentException, WebDriverException
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.flows.waiting import WebDriverWait, console_of

WIDE, NARROW = 1440, 390
PATIENCE_SECONDS = 30

needs_browser = pytest.mark.skipif(
    not (CHROMIUM and DRIVER), reason="Chromium and its driver are not installed"
)
pytestmark = needs_browser


@pytest.fixture
def browser(chromium: Any) -> Iterator[Any]:
    """A tab of its own, nobody signed in; nothing on its console at the end."""
    yield chromium
    said = console_of(chromium)
    left = chromium.current_window_handle
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
    everything = {"origin": "*", "storageTypes": "all"}
    chromium.execute_cdp_cmd("Storage.clearDataForOrigin", everything)
    chromium.switch_to.new_window("tab")
    here = chromium.current_window_handle
    chromium.switch_to.window(left)
    chromium.close()
    chromium.switch_to.window(here)
    chromium.get_log("browser")
    assert said == []


@pytest.fixture(scope="module")
def running(product: Product) -> Running:
    return open_study(product, "In the browser", waived="consent is kept elsewhere")


def resize(browser: Any, width: int) -> None:
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == NARROW}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def sign_in(browser: Any, running: Running, name: str = "coordinator") -> None:
    """By keyboard alone: both fields, then Enter."""
    browser.get(f"{running.product.base_url}/")
    browser.find_element(By.NAME, "login").send_keys(name, Keys.TAB)
    browser.switch_to.active_element.send_keys(running.password, Keys.ENTER)
    wait_for(browser, "h1", "Studies")


def wait_for(browser: Any, selector: str, text: str) -> None:
    def there(driver: Any) -> bool:
        return any(text in found.text for found in driver.find_elements(By.CSS_SELECTOR, selector))

    # The page goes while it is read: stale, or a node that "does not belong to the document".
    patience = WebDriverWait(browser, PATIENCE_SECONDS, ignored_exceptions=[WebDriverException])
    patience.until(there, f"{text!r} in {selector}")


def fits(browser: Any) -> bool:
    """The page does not scroll sideways."""
    return browser.execute_script(
        "return document.documentElement.scrollWidth <= document.documentElement.clientWidth"
    )


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_bad_table_ends_as_a_problem_list(
    browser: Any, running: Running, tmp_path: Path, width: int
):
    resize(browser, width)
    bad = tmp_path / f"bad_{width}.csv"
    here = GOOD | {"site": "South"}
    wrong = here | {"age_years": f"abc{width}"}
    bad.write_bytes(table(wrong, here | {"patient_id": "P2", "sex": "x"}))
    sign_in(browser, running)
    browser.find_element(By.LINK_TEXT, "In the browser").click()
    wait_for(browser, "h2", "From files to report")
    assert browser.find_element(By.CLASS_NAME, "simulated").text == "SIMULATED"
    browser.find_element(By.LINK_TEXT, "Cohort table").click()
    wait_for(browser, "h1", "Cohort table")
    browser.find_element(By.NAME, "file").send_keys(str(bad))
    browser.find_element(By.CSS_SELECTOR, "main form button[type=submit]").click()
    wait_for(browser, "h1", "Which column is which?")
    assert fits(browser)
    check = browser.find_element(By.CSS_SELECTOR, "main form[data-guard] button[type=submit]")
    check.send_keys(Keys.ENTER)
    wait_for(browser, "#problems-title", "2 problems to mend")
    cells = [cell.text for cell in browser.find_elements(By.CSS_SELECTOR, ".problems td.found")]
    assert "abc" in cells[0]
    assert "x" in cells[1]
    assert fits(browser)


def test_every_tab_fits_a_telephone(browser: Any, running: Running):
    resize(browser, NARROW)
    sign_in(browser, running)
    browser.get(f"{running.product.base_url}/studies/{running.study}/")
    tabs = [a.get_attribute("href") for a in browser.find_elements(By.CSS_SELECTOR, ".tabs a")]
    assert len(tabs) >= 6
    for address in tabs:
        browser.get(address)
        assert fits(browser), address
        assert browser.find_element(By.CSS_SELECTOR, ".tabs [aria-current]").is_displayed()


def test_a_patient_is_entered_by_keyboard_alone(browser: Any, running: Running):
    """From the list to a complete form: no mouse, and what is wrong takes the focus."""
    sign_in(browser, running)
    root = f"{running.product.base_url}/studies/{running.study}/"
    sites = f"studies/{running.study}/sites/"
    running.clients["administrator"].post(sites, name="Keyboard General")
    browser.get(f"{root}patients/new/")
    tab_to(browser, "site")
    press(browser, "K")
    press(browser, Keys.TAB, Keys.TAB, Keys.ARROW_DOWN, Keys.ENTER)
    wait_for(browser, "h1", ", baseline")
    assert focus(browser) == "v-sex", "typing begins at once"
    comes_back_to_what_was_typed(browser, root)
    press(browser, "f", Keys.TAB, "161", Keys.TAB, "1")
    tab_to(browser, "v-cea_ng_ml")
    press(browser, "not_done", Keys.TAB)
    wait_for(browser, "#v-age_years-says", "0 to 120 years")
    press(browser, Keys.ENTER)
    wait_for(browser, "#wrong-title", "to mend")
    assert browser.switch_to.active_element.get_attribute("aria-labelledby") == "wrong-title"
    [told] = browser.get_log("browser")
    assert "422" in told["message"]
    press(browser, Keys.TAB, Keys.ENTER)
    assert focus(browser) == "v-age_years"
    press_with_control(browser, "a")
    press(browser, "61")
    press_with_control(browser, "s")
    wait_for(browser, ".state", "Draft")
    shown = browser.find_element(By.NAME, "m-cea_ng_ml").get_attribute("value")
    ages = browser.find_element(By.NAME, "v-age_years").get_attribute("value")
    assert (shown, ages) == ("not_done", "61")


def comes_back_to_what_was_typed(browser: Any, root: str) -> None:
    """A value and a row that is not stored yet are offered again; the form is left blank."""
    form, drug = browser.current_url, "[name^='f-treatment-new'][name$='-drug']"
    browser.find_element(By.NAME, "v-age_years").send_keys("48")
    browser.find_element(By.CSS_SELECTOR, drug).send_keys("anti-PD-1")
    for address in (root, form):
        browser.get(address)
        with suppress(NoAlertPresentException):
            browser.switch_to.alert.accept()
    wait_for(browser, "[data-kept]", "unsaved work")
    browser.find_element(By.CSS_SELECTOR, "[data-kept-restore]").send_keys(Keys.ENTER)
    for selector, typed in (("[name='v-age_years']", "48"), (drug, "anti-PD-1")):
        field = browser.find_element(By.CSS_SELECTOR, selector)
        assert field.get_attribute("value") == typed
        field.clear()
    browser.execute_script("window.sessionStorage.clear()")
    browser.get(form)
    with suppress(NoAlertPresentException):
        browser.switch_to.alert.accept()


def focus(browser: Any) -> str:
    return browser.switch_to.active_element.get_attribute("name") or ""


def press(browser: Any, *keys: str) -> None:
    """Keys to whatever has the focus."""
    ActionChains(browser).send_keys(*keys).perform()


def press_with_control(browser: Any, key: str) -> None:
    ActionChains(browser).key_down(Keys.CONTROL).send_keys(key).key_up(Keys.CONTROL).perform()


def tab_to(browser: Any, name: str, most: int = 60) -> None:
    for _ in range(most):
        press(browser, Keys.TAB)
        if focus(browser) == name:
            return
    raise AssertionError(f"{name} is not reached within {most} stops")


ASKED_AND_LEFT = """
const form = document.querySelector("#id_email").form;
form.dataset.confirm = "Sure?";
form.dataset.guard = "";
form.noValidate = true;
form.requestSubmit();
"""
IS_SENT = """
return Object.keys(sessionStorage).filter((key) => key.startsWith("kept:"))
  .map((key) => JSON.parse(sessionStorage.getItem(key)).isSent);
"""


def test_what_was_typed_is_offered_again_and_leaves_with_the_signing_out(
    browser: Any, running: Running
):
    resize(browser, WIDE)
    sign_in(browser, running, "administrator")
    people = f"{running.product.base_url}/studies/{running.study}/people/"
    browser.get(people)
    typed = "new.colleague@example.org"
    browser.find_element(By.ID, "id_email").send_keys(typed)
    browser.execute_script("window.onbeforeunload = null; location.reload()")
    with suppress(NoAlertPresentException):
        browser.switch_to.alert.accept()
    wait_for(browser, "[data-kept]", "unsaved work")
    assert browser.find_element(By.ID, "id_email").get_attribute("value") == ""
    browser.find_element(By.CSS_SELECTOR, "[data-kept-restore]").send_keys(Keys.ENTER)
    assert browser.find_element(By.ID, "id_email").get_attribute("value") == typed
    kept = "return Object.keys(sessionStorage).filter((key) => key.startsWith('kept:')).length"
    assert browser.execute_script(kept) == 1
    browser.execute_script(ASKED_AND_LEFT)
    wait_for(browser, "dialog[open]", "Sure?")
    press_with_control(browser, "s")
    assert len(browser.find_elements(By.TAG_NAME, "dialog")) == 1
    press(browser, Keys.ESCAPE)
    assert browser.execute_script(IS_SENT) == [False], "nothing left: it is offered again"
    out = browser.find_element(By.CSS_SELECTOR, "form[action$='logout/'] button")
    browser.execute_script("arguments[0].click()", out)
    with suppress(NoAlertPresentException):
        browser.switch_to.alert.accept()
    wait_for(browser, "h1", "Sign in")
    assert browser.execute_script(kept) == 0
    browser.back()
    wait_for(browser, "h1", "Sign in")
    assert typed not in browser.page_source, "nobody after sees the page by going back"


# What was typed by the one who has signed in, and by somebody else whose session is over.
OF_TWO = """
sessionStorage.setItem(`kept:${document.body.dataset.person}:/a`, "{}");
sessionStorage.setItem("kept:somebody-else:/b", "{}");
"""


def test_what_another_person_typed_in_this_tab_is_not_offered_but_gone(
    browser: Any, running: Running
):
    sign_in(browser, running)
    browser.execute_script(OF_TWO)
    browser.refresh()
    left = browser.execute_script("return Object.keys(sessionStorage)")
    assert [key.rpartition(":")[2] for key in left if key.startswith("kept:")] == ["/a"]


# Labels of a drawing that lie outside of it, drawn with the letters it was measured with.
CUT = """
const drawing = document.querySelector(".chart svg[role=img]");
const box = drawing.getBoundingClientRect();
return [...drawing.querySelectorAll("text")].filter((text) => {
  const here = text.getBoundingClientRect();
  return here.left < box.left - 1 || here.right > box.right + 1
    || getComputedStyle(text).fontFamily !== '"Liberation Sans", Arial, Helvetica, sans-serif';
}).map((text) => text.textContent);
"""


def test_a_question_is_the_houses_own_and_a_label_of_a_figure_is_whole(
    browser: Any, running: Running
):
    sign_in(browser, running, "administrator")
    browser.get(f"{running.product.base_url}/patterns/")
    browser.execute_async_script("document.fonts.ready.then(arguments[0])")
    assert browser.execute_script("return document.fonts.check('12px \"Liberation Sans\"')")
    assert browser.execute_script(CUT) == []
    # Who takes part in this study alone: of others no link is made here.
    invited = running.clients["administrator"].post(
        f"studies/{running.study}/memberships/",
        email="of.this.study@example.org", role="statistician", site="",
    )  # fmt: skip
    people = f"{running.product.base_url}/studies/{running.study}/people"
    browser.get(f"{people}/{invited['uid']}/")
    wait_for(browser, "button[name=link]", "Make a link")
    button = browser.find_element(By.NAME, "link")
    button.send_keys(Keys.ENTER)
    wait_for(browser, "dialog[role=alertdialog][open]", "sets a new password")
    assert browser.switch_to.active_element.text == "Leave it as it is"
    press(browser, Keys.ESCAPE)
    WebDriverWait(browser, PATIENCE_SECONDS).until(
        lambda driver: not driver.find_elements(By.CSS_SELECTOR, "dialog")
    )
    assert browser.switch_to.active_element == button
    press(browser, Keys.ENTER, Keys.TAB, Keys.ENTER)
    wait_for(browser, "[data-copy]", "")  # the link is there
