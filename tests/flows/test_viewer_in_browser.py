"""In a real browser: a real PET/CT goes in over a connection that breaks, is seen fused, and gets
regions by threshold, by growing and by brush."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from dev.processes import Product
from tests.flows.conftest import Running, open_study
from tests.flows.test_real_petct import pack

pytest.importorskip("selenium")

from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from tests.flows.test_browser import (
    CHROMIUM,
    DRIVER,
    NARROW,
    WIDE,
    fits,
    needs_browser,
    resize,
    sign_in,
    wait_for,
)
from tests.flows.waiting import WebDriverWait

PATIENCE_SECONDS = 90
PART_BYTES = 8 * 2**20  # of an upload: the archive has more
# The hottest voxel, LPS, and the volume of the 221 voxels connected to it at 41 % within 60 mm.
HOTTEST_LPS_MM = (79.3, 123.0, -566.9)
MTV_ML = 21.61

pytestmark = needs_browser


@pytest.fixture
def browser() -> Iterator[Any]:
    """With WebGL 2 drawn by the processor."""
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in (
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--use-angle=swiftshader",
        "--enable-unsafe-swiftshader",
    ):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    try:
        yield driver
    finally:
        driver.quit()


@pytest.fixture(scope="module")
def running(product: Product) -> Running:
    return open_study(product, "Viewer in the browser", waived="consent is kept elsewhere")


@pytest.fixture
def archive(shared: Path, tmp_path: Path) -> Path:
    """STS_002 as hospitals send it: with a note among the files, and a stranger's image."""
    source = shared / "data/imaging/soft_tissue_sarcoma_petct/dicom"
    if not source.is_dir():
        pytest.skip("the sarcoma PET/CT are absent")
    part = tmp_path / "export"
    shutil.copytree(source / "STS_002", part / "STS_002")
    (part / "readme.txt").write_text("exported for the study\n" * (PART_BYTES // 12))
    pack(part, tmp_path / "sts_002.zip")
    return tmp_path / "sts_002.zip"


def text_of(browser: Any, selector: str) -> str:
    return browser.find_element(By.CSS_SELECTOR, selector).text


def until(browser: Any, said: str, condition: Any) -> None:
    WebDriverWait(browser, PATIENCE_SECONDS).until(condition, said)


def press(browser: Any, selector: str) -> None:
    """Click what is in the middle of the window, so that nothing lies over it."""
    found = browser.find_element(By.CSS_SELECTOR, selector)
    to_the_middle = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})"
    browser.execute_script(to_the_middle, found)
    found.click()


def fill(browser: Any, **values: object) -> None:
    for name, value in values.items():
        field = browser.find_element(By.CSS_SELECTOR, f"form[data-draw] [name={name}]")
        if field.tag_name == "select":
            Select(field).select_by_value(str(value))
        else:
            field.clear()
            field.send_keys(str(value))


def test_from_a_zip_to_a_region_on_the_fused_scan(
    browser: Any, running: Running, archive: Path, tmp_path: Path
) -> None:
    table = tmp_path / "cohort.csv"
    table.write_text(
        "patient_id,site,cohort,treatment_started_on,last_known_alive_on\n"
        "STS_002,North,training,2006-02-07,2006-02-07\n"
    )
    running.upload("cohort_table", table)
    resize(browser, WIDE)
    sign_in(browser, running)
    base = f"{running.product.base_url}/studies/{running.study}"
    browser.get(f"{base}/uploads/new/dicom_zip/")
    send_over_a_line_that_breaks(browser, running, archive)
    wait_for(browser, "h1", "Import: PET/CT scans")
    until(browser, "the import ends", lambda b: b.find_elements(By.CSS_SELECTOR, ".state-ready"))
    [batch] = [b for b in running.coordinator.every(f"studies/{running.study}/imports/")
               if b["kind"] == "dicom_zip"]  # fmt: skip

    browser.get(f"{base}/imaging/uploads/{batch['uid']}/")
    files = text_of(browser, "main")
    assert "readme.txt" in files or "left out (1)" in files
    assert "Stored" in files
    [pet] = [row for row in running.rows("series/") if row["modality"] == "PT"]
    browser.get(f"{base}/imaging/scans/{pet['uid']}/")
    page = text_of(browser, "main")
    assert "How the SUV was computed" in page
    assert "Quality" in page

    browser.find_element(By.LINK_TEXT, "Open the viewer").click()
    until(browser, "volumes and regions are shown",
          lambda b: b.find_elements(By.CSS_SELECTOR, "[data-ready]"))  # fmt: skip
    draw_41_percent(browser)
    assert text_of(browser, "[data-number=suv_max]") == "21.68"
    mtv = float(text_of(browser, "[data-number=mtv_41_percent_ml]"))
    assert mtv == pytest.approx(MTV_ML, abs=0.05)
    browser.save_screenshot(str(tmp_path / "viewer.png"))
    under_cross = text_of(browser, "[data-values]")
    assert "SUV 21.68 g/mL" in under_cross
    assert "CT" in under_cross
    resize(browser, NARROW)
    assert fits(browser)
    resize(browser, WIDE)

    fill(browser, name="Tumour, 41 %", comment="in the browser")
    press(browser, "[name=keep]")
    wait_for(browser, ".note-success", "is kept")
    [row] = [r for r in running.rows("regions/") if r["name"] == "Tumour, 41 %"]
    assert (row["reader"], row["comment"]) == ("coordinator", "in the browser")
    until(browser, "the viewer shows it all again",
          lambda b: b.find_elements(By.CSS_SELECTOR, "[data-ready]"))  # fmt: skip
    assert sent_for_volumes(browser) == [0, 0], "a second look costs nothing"
    [uptake] = [u for u in running.rows("uptakes/") if u["roi"] == row["uid"]]
    assert uptake["mtv_41_percent_ml"] == pytest.approx(mtv, abs=0.06)
    grow_and_paint(browser, running)
    severe = [line for line in browser.get_log("browser") if line["level"] == "SEVERE"]
    assert severe == [], "nothing is refused by the content security policy"


def sent_for_volumes(browser: Any) -> list[int]:
    """Bytes that came over the line for PET and CT; 0 from the browser's own store."""
    return browser.execute_script(
        "return performance.getEntriesByType('resource')"
        ".filter((entry) => entry.name.includes('volume.nii.gz'))"
        ".map((entry) => entry.transferSize)"
    )


def network(browser: Any, offline: bool = False, upload: float = -1) -> None:
    """``upload`` in bytes per second; as fast as it goes without."""
    browser.execute_cdp_cmd("Network.enable", {})
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", {
        "offline": offline, "latency": 0, "downloadThroughput": -1, "uploadThroughput": upload,
    })  # fmt: skip


def send_over_a_line_that_breaks(browser: Any, running: Running, archive: Path) -> None:
    """After the first part nothing goes through for a while; the same upload goes on by itself."""
    address = f"studies/{running.study}/uploads/"
    network(browser, upload=3e6)
    browser.find_element(By.NAME, "file").send_keys(str(archive))
    browser.find_element(By.CSS_SELECTOR, "main form button[type=submit]").click()
    until(browser, "a part has arrived",
          lambda b: any(row["received"] for row in running.coordinator.every(address)))  # fmt: skip
    network(browser, offline=True)
    until(browser, "the page says so",
          lambda b: "the connection broke" in text_of(b, "#upload-list"))  # fmt: skip
    [upload] = running.coordinator.every(address)
    assert 0 < upload["received"] < archive.stat().st_size
    browser.get_log("browser")  # that the line was down is expected
    network(browser)
    size = archive.stat().st_size
    until(browser, "all of it has arrived",
          lambda b: running.coordinator.every(address)[0]["received"] == size)  # fmt: skip
    [same] = running.coordinator.every(address)
    assert same["uid"] == upload["uid"], "it went on; it did not begin again"


def grow_and_paint(browser: Any, running: Running) -> None:
    until(browser, "the kept region is shown",
          lambda b: b.find_elements(By.CSS_SELECTOR, "[data-ready]"))  # fmt: skip
    fill(browser, method="growing")
    cross_to_the_hottest(browser)
    fill(browser, level=8.887, radius_mm=60)
    press(browser, "[name=preview]")
    until(browser, "the grown region is shown",
          lambda b: b.find_elements(By.CSS_SELECTOR, "form[data-shown='1']"))  # fmt: skip
    grown = float(text_of(browser, "[data-number=volume_ml]"))
    assert grown == pytest.approx(MTV_ML, abs=0.06), "41 % of its SUVmax is the level grown to"

    fill(browser, method="brush", radius_mm=12)
    press(browser, "[data-brush-on]")
    Select(browser.find_element(By.CSS_SELECTOR, "[data-tool=layout]")).select_by_value("axial")
    canvas = browser.find_element(By.ID, "viewer-canvas")
    to_the_middle = "arguments[0].scrollIntoView({block: 'center', behavior: 'instant'})"
    browser.execute_script(to_the_middle, canvas)
    stroke = ActionChains(browser).move_to_element(canvas).click_and_hold()
    stroke.move_by_offset(15, 0).move_by_offset(15, 10).release().perform()
    until(browser, "what was painted is shown",
          lambda b: b.find_elements(By.CSS_SELECTOR, "form[data-shown='2']"))  # fmt: skip
    strokes = browser.find_element(By.NAME, "strokes").get_attribute("value").split("\n")
    assert len([line for line in strokes if line]) >= 2, "the mouse left a trace"
    fill(browser, name="Painted")
    press(browser, "[name=keep]")
    wait_for(browser, ".note-success", "Painted is kept")
    [painted] = [r for r in running.rows("regions/") if r["name"] == "Painted"]
    assert (painted["method"], painted["recipe"]["method"]) == ("manual", "brush")
    assert painted["volume_ml"] > 4 / 3 * 3.14 * 1.2**3 * 0.8, "more than one ball"


def draw_41_percent(browser: Any) -> None:
    """Put the cross on the hottest voxel and take a sphere around it."""
    cross_to_the_hottest(browser)
    fill(browser, rule="41_percent", radius_mm=60)
    press(browser, "[name=preview]")
    until(browser, "the region is shown",
          lambda b: b.find_elements(By.CSS_SELECTOR, "form[data-shown='1']"))  # fmt: skip


def cross_to_the_hottest(browser: Any) -> None:
    hottest = browser.execute_script(
        "return [...document.querySelectorAll('[data-axis]')].map((field) => field.value)"
    )
    assert all(hottest), "the cross has a place"
    x, y, z = HOTTEST_LPS_MM
    for axis, value in zip("xyz", (x, y, z), strict=True):
        field = browser.find_element(By.CSS_SELECTOR, f"[data-axis={axis}]")
        field.clear()
        field.send_keys(f"{value:.1f}")
    press(browser, "[data-cross] button")
    press(browser, "[data-take='']")
