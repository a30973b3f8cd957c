"""The calculator in a browser: by keyboard, drawn live, equal to the API, on a telephone too."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.flows.conftest import Running
from tests.flows.test_browser import (  # the browser is a fixture
    NARROW,
    PATIENCE_SECONDS,
    WIDE,
    browser,
    fits,
    pytestmark,
    resize,
    sign_in,
)

pytest.importorskip("selenium")

from selenium.common.exceptions import WebDriverException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

from tests.flows.waiting import WebDriverWait

__all__ = ["browser", "pytestmark"]
LEFT, ACROSS = 190, 690  # of the rulers, in the drawing's own units
SHOWN = """
const all = (selector) => [...document.querySelectorAll(selector)];
const numbers = (selector) => all(selector).map((e) => e.textContent);
return {
  title: document.querySelector("#answer-title").textContent,
  survival: numbers(".calculator-survival strong"),
  points: numbers("#answer .calculator-wide tbody tr td:last-child"),
  marks: all(".calculator-rulers .mark").map((e) => +e.getAttribute("cx")),
  dots: all(".calculator-curve .dot").map((e) => +e.getAttribute("cy")),
  curve: document.querySelector(".calculator-curve .line").getAttribute("d"),
  link: document.querySelector("#calculator-link").value,
};
"""


def until(browser: Any, what: Any) -> Any:
    """The answer is replaced while it is read."""
    return WebDriverWait(browser, PATIENCE_SECONDS, ignored_exceptions=[WebDriverException]).until(
        what
    )


def values(browser: Any) -> dict[str, str]:
    """What stands in the form's fields."""
    form = "return Object.fromEntries(new FormData(document.querySelector('.calculator form')))"
    found: dict[str, str] = browser.execute_script(form)
    return found


def answered(browser: Any) -> dict[str, Any]:
    """What is shown, once it is the answer to what stands in the fields."""

    def there(driver: Any) -> Any:
        found = driver.execute_script(SHOWN)
        link = parse_qs(urlsplit(found["link"]).query)
        return {name: told[0] for name, told in link.items()} == values(driver) and found

    answer: dict[str, Any] = until(browser, there)
    return answer


def equals_the_api(thread: Running, version: str, found: dict[str, Any]) -> dict[str, Any]:
    """Total, points, survival and every drawn place."""
    query = urlsplit(found["link"]).query
    path = f"studies/{thread.study}/model-versions/{version}/calculate/?{query}"
    told: dict[str, Any] = thread.statistician.get(path)
    points = list(told["points"].values())
    assert f"{told['total_points']:.1f} points" in found["title"]
    assert found["points"] == [f"{p:.1f}" for p in [*points, told["total_points"]]]
    survival = [row["survival"] for row in told["survival"]]
    assert found["survival"] == [f"{s:.2f}" for s in survival]
    drawn = [LEFT + ACROSS * min(max(p, 0), 100) / 100 for p in points]
    assert found["marks"][: len(points)] == pytest.approx(drawn, abs=0.051)
    assert len(set(found["marks"][len(points) :])) == 1, "total and survival stand on one line"
    assert found["dots"] == pytest.approx([12 + 202 * (1 - s) for s in survival], abs=0.051)
    assert found["curve"].startswith("M44.0 12.0")
    return told


def move(browser: Any, slider: Any, *keys: str) -> None:
    """Keys to a slider that has the focus."""
    browser.execute_script("arguments[0].focus()", slider)
    browser.switch_to.active_element.send_keys(*keys)


@pytest.mark.usefixtures("report")
def test_the_calculator_by_keyboard_equals_the_api(browser: Any, thread: Running) -> None:
    sign_in(browser, thread, "statistician")
    version = next(
        row for row in thread.rows("model-versions/")
        if row["kind"] == "nomogram" and row["endpoint"] == "overall_survival"
    )  # fmt: skip
    address = f"{thread.product.base_url}/studies/{thread.study}/models/versions/{version['uid']}/"
    patients = [row["pseudonym"] for row in thread.rows("patients/")]
    for width in (WIDE, NARROW):
        resize(browser, width)
        browser.get(f"{address}calculator/")
        first = answered(browser)
        before = equals_the_api(thread, version["uid"], first)
        sliders = browser.find_elements(By.CSS_SELECTOR, ".calculator form input[type=range]")
        assert sliders
        assert all(slider.is_displayed() for slider in sliders)
        for slider in sliders:
            move(browser, slider, *[Keys.ARROW_RIGHT] * 3)
            box = browser.find_element(By.ID, slider.get_attribute("data-for"))
            assert slider.get_attribute("aria-valuetext") == box.get_attribute("value")
        move(browser, sliders[0], Keys.END)
        for choice in browser.find_elements(By.CSS_SELECTOR, ".calculator form select"):
            Select(choice).select_by_index(len(Select(choice).options) - 1)
        moved = answered(browser)
        after = equals_the_api(thread, version["uid"], moved)
        assert after["total_points"] != pytest.approx(before["total_points"])
        assert moved["curve"] != first["curve"]
        assert set(parse_qs(urlsplit(moved["link"]).query)) == set(after["points"])
        assert not [name for name in patients if name in moved["link"] + browser.current_url]
        browser.get(moved["link"])  # whoever is sent the link sees the same
        assert answered(browser) == moved
        assert fits(browser)
    box = browser.find_element(By.NAME, "rad_score")
    box.send_keys(Keys.CONTROL, "a")
    box.send_keys("1.2")
    until(browser, lambda driver: "0 to 1" in driver.find_element(By.ID, "answer").text)
    assert not browser.find_elements(By.ID, "answer-title")
