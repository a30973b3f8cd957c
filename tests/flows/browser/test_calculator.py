"""The calculator: by keyboard, drawn live, equal to the API, on a telephone too."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.flows.browser.tab import NARROW, WIDE, Opener, fits, sign_in, until
from tests.flows.conftest import Running

LEFT, ACROSS = 190, 690  # of the rulers, in the drawing's own units
# What is shown once it is the answer to what stands in the fields; nothing before.
ANSWERED = """
() => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const numbers = (selector) => all(selector).map((e) => e.textContent);
  const link = document.querySelector("#calculator-link")?.value;
  const form = document.querySelector(".calculator form");
  const sorted = (pairs) => JSON.stringify([...pairs].sort());
  if (!link || sorted(new URL(link).searchParams) !== sorted(new FormData(form))) return null;
  return {
    title: document.querySelector("#answer-title").textContent,
    survival: numbers(".calculator-survival strong"),
    points: numbers("#answer .calculator-wide tbody tr td:last-child"),
    marks: all(".calculator-rulers .mark").map((e) => +e.getAttribute("cx")),
    dots: all(".calculator-curve .dot").map((e) => +e.getAttribute("cy")),
    curve: document.querySelector(".calculator-curve .line").getAttribute("d"),
    link,
  };
}
"""


def answered(page: Page) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    def there() -> bool:
        found[:] = filter(None, [page.evaluate(ANSWERED)])
        return bool(found)

    until(page, "the answer to what stands in the fields", there)
    return found[0]


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


@pytest.mark.usefixtures("report")
@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_the_calculator_by_keyboard_equals_the_api(
    tab: Opener, thread: Running, width: int
) -> None:
    page = tab(width)
    sign_in(page, thread, "statistician")
    version = next(
        row for row in thread.rows("model-versions/")
        if row["kind"] == "nomogram" and row["endpoint"] == "overall_survival"
    )  # fmt: skip
    address = f"{thread.product.base_url}/studies/{thread.study}/models/versions/{version['uid']}/"
    patients = [row["pseudonym"] for row in thread.rows("patients/")]
    page.goto(f"{address}calculator/")
    first = answered(page)
    before = equals_the_api(thread, version["uid"], first)
    sliders = page.locator(".calculator form input[type=range]").all()
    assert sliders
    for slider in sliders:
        expect(slider).to_be_visible()
        slider.focus()
        for _ in range(3):
            page.keyboard.press("ArrowRight")
        box = page.locator(f"[id='{slider.get_attribute('data-for')}']")
        assert slider.get_attribute("aria-valuetext") == box.input_value()
    sliders[0].press("End")
    for choice in page.locator(".calculator form select").all():
        choice.select_option(index=choice.locator("option").count() - 1)
    moved = answered(page)
    after = equals_the_api(thread, version["uid"], moved)
    assert after["total_points"] != pytest.approx(before["total_points"])
    assert moved["curve"] != first["curve"]
    assert set(parse_qs(urlsplit(moved["link"]).query)) == set(after["points"])
    assert not [name for name in patients if name in moved["link"] + page.url]
    page.goto(moved["link"])  # whoever is sent the link sees the same
    assert answered(page) == moved
    assert fits(page)
    page.locator("[name=rad_score]").focus()
    page.keyboard.press("Control+a")
    page.keyboard.type("1.2")
    expect(page.locator("#answer")).to_contain_text("0 to 1")
    expect(page.locator("#answer-title")).to_have_count(0)
