"""An upload that broke off goes on after a reload, if the file is the same."""

from __future__ import annotations

import random
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from dev.processes import Product
from tests.flows.browser.tab import sees, sign_in
from tests.flows.conftest import Running, open_study

PART_BYTES = 8 * 2**20
# After the first part nothing more leaves the page: what a closed laptop does.
AFTER_ONE_PART = """
() => {
  const real = window.fetch;
  let parts = 0;
  window.fetch = (address, options) => (
    options && options.method === "PATCH" && ++parts > 1
      ? new Promise(() => {}) : real(address, options));
}
"""
HERE = re.compile("/uploads/new/")


@pytest.fixture(scope="module")
def running(product: Product) -> Running:
    return open_study(product, "Uploads in the browser", waived="consent is kept elsewhere")


def choose(page: Page, file: Path) -> None:
    page.locator("form[data-resumable] [name=file]").set_input_files(file)
    page.locator("form[data-resumable] button[type=submit]").first.click()


def send_one_part(page: Page, file: Path) -> None:
    page.evaluate(AFTER_ONE_PART)
    with page.expect_response(lambda answer: answer.request.method == "PATCH" and answer.ok):
        choose(page, file)


def uploads(running: Running) -> list[dict[str, Any]]:
    return running.coordinator.every(f"studies/{running.study}/uploads/?state=open")


def test_the_same_file_goes_on(page: Page, running: Running, tmp_path: Path):
    data = random.Random(1).randbytes(2 * PART_BYTES + 1000)
    (tmp_path / "slide.svs").write_bytes(data)
    other = tmp_path / "other"
    other.mkdir()
    (other / "slide.svs").write_bytes(bytes([data[0] ^ 1]) + data[1:])
    sign_in(page, running)
    address = f"{running.product.base_url}/studies/{running.study}/uploads/new/whole_slide/"
    page.goto(address)
    send_one_part(page, tmp_path / "slide.svs")
    [begun] = uploads(running)
    assert begun["received"] == PART_BYTES

    page.goto(address)  # everything that the page knew is gone
    sees(page, "#unfinished ~ .line", "slide.svs")
    send_one_part(page, other / "slide.svs")
    both = uploads(running)
    assert [upload["received"] for upload in both] == [PART_BYTES] * 2, "one of its own"
    [same] = [upload for upload in both if upload["uid"] == begun["uid"]]
    assert same["parts"] == begun["parts"]

    page.goto(address)
    expect(page.locator("[data-go-on]")).to_have_count(2)
    wrong = page.locator(f"[data-go-on]:not([data-go-on='{begun['uid']}']) ~ input[type=file]")
    wrong.set_input_files(tmp_path / "slide.svs")
    sees(page, ".upload-refused", "another file")
    choose(page, tmp_path / "slide.svs")
    expect(page).not_to_have_url(HERE)
    batches = running.coordinator.every(f"studies/{running.study}/imports/")
    [taken] = running.coordinator.every(f"studies/{running.study}/uploads/?state=taken_in")
    assert (taken["uid"], taken["received"]) == (begun["uid"], len(data))
    assert taken["batch"] in {batch["uid"] for batch in batches}
    assert len(uploads(running)) == 1


def test_a_folder_alone_is_enough(page: Page, running: Running, tmp_path: Path):
    folder = tmp_path / "scans"
    folder.mkdir()
    (folder / "notes.txt").write_text("no scan")
    sign_in(page, running)
    page.goto(f"{running.product.base_url}/studies/{running.study}/uploads/new/dicom_zip/")
    page.locator("#id_folder").set_input_files(folder)
    page.locator("form[data-resumable] button[type=submit]").first.click()
    expect(page).not_to_have_url(HERE)
