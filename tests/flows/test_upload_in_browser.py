"""In a real browser: an upload that broke off goes on after a reload, if the file is the same."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from dev.processes import Product
from tests.flows.conftest import Running, open_study

pytest.importorskip("selenium")

from selenium.webdriver.common.by import By

from tests.flows.test_browser import (
    browser,  # noqa: F401 (a fixture)
    needs_browser,
    resize,
    sign_in,
    wait_for,
)
from tests.flows.test_viewer_in_browser import press
from tests.flows.waiting import WebDriverWait

PATIENCE_SECONDS = 60
PART_BYTES = 8 * 2**20
# After the first part nothing more leaves the page: what a closed laptop does.
AFTER_ONE_PART = """
const real = window.fetch;
let parts = 0;
window.fetch = (address, options) => (
  options && options.method === "PATCH" && ++parts > 1
    ? new Promise(() => {}) : real(address, options));
"""

pytestmark = needs_browser


@pytest.fixture(scope="module")
def running(product: Product) -> Running:
    return open_study(product, "Uploads in the browser", waived="consent is kept elsewhere")


def choose(driver: Any, file: Path) -> None:
    driver.find_element(By.NAME, "file").send_keys(str(file))
    press(driver, "form[data-resumable] button[type=submit]")


def uploads(running: Running) -> list[dict[str, Any]]:
    return running.coordinator.every(f"studies/{running.study}/uploads/?state=open")


def received(running: Running) -> list[int]:
    return [upload["received"] for upload in uploads(running)]


def until(driver: Any, said: str, condition: Any) -> None:
    WebDriverWait(driver, PATIENCE_SECONDS).until(condition, said)


def test_the_same_file_goes_on(browser: Any, running: Running, tmp_path: Path):  # noqa: F811
    data = random.Random(1).randbytes(2 * PART_BYTES + 1000)
    (tmp_path / "slide.svs").write_bytes(data)
    other = tmp_path / "other"
    other.mkdir()
    (other / "slide.svs").write_bytes(bytes([data[0] ^ 1]) + data[1:])
    resize(browser, 1440)
    sign_in(browser, running)
    page = f"{running.product.base_url}/studies/{running.study}/uploads/new/whole_slide/"
    browser.get(page)
    browser.execute_script(AFTER_ONE_PART)
    choose(browser, tmp_path / "slide.svs")
    until(browser, "a part is here", lambda _: received(running) == [PART_BYTES])
    [begun] = uploads(running)

    browser.get(page)  # everything that the page knew is gone
    wait_for(browser, "#unfinished ~ .line", "slide.svs")
    browser.execute_script(AFTER_ONE_PART)
    choose(browser, other / "slide.svs")
    until(browser, "another file of this name is an upload of its own",
          lambda _: received(running) == [PART_BYTES] * 2)  # fmt: skip
    [same] = [u for u in uploads(running) if u["uid"] == begun["uid"]]
    assert same["parts"] == begun["parts"]

    browser.get(page)
    again = browser.find_elements(By.CSS_SELECTOR, "[data-go-on]")
    assert len(again) == 2
    [wrong] = [b for b in again if b.get_attribute("data-go-on") != begun["uid"]]
    field = wrong.find_element(By.XPATH, "following-sibling::input")
    field.send_keys(str(tmp_path / "slide.svs"))
    wait_for(browser, ".upload-refused", "another file")
    choose(browser, tmp_path / "slide.svs")
    until(browser, "it is handed in", lambda b: "/uploads/new/" not in b.current_url)
    batches = running.coordinator.every(f"studies/{running.study}/imports/")
    [taken] = running.coordinator.every(f"studies/{running.study}/uploads/?state=taken_in")
    assert (taken["uid"], taken["received"]) == (begun["uid"], len(data))
    assert taken["batch"] in {batch["uid"] for batch in batches}
    assert len(uploads(running)) == 1


def test_a_folder_alone_is_enough(browser: Any, running: Running, tmp_path: Path):  # noqa: F811
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "notes.txt").write_text("no scan")
    sign_in(browser, running)
    browser.get(f"{running.product.base_url}/studies/{running.study}/uploads/new/dicom_zip/")
    browser.find_element(By.ID, "id_folder").send_keys(str(folder))
    press(browser, "form[data-resumable] button[type=submit]")
    until(browser, "it is handed in", lambda b: "/uploads/new/" not in b.current_url)
