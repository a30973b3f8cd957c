"""A real PET/CT goes in over a connection that breaks, is seen fused, and gets regions by
threshold, by growing and by brush."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from dev.processes import Product
from tests.flows.browser.tab import (
    ENDED_SECONDS,
    NARROW,
    WIDE,
    fits,
    link,
    resize,
    sees,
    sign_in,
    until,
)
from tests.flows.browser.watch import Watch
from tests.flows.conftest import Running, open_study
from tests.flows.test_real_petct import pack

PART_BYTES = 8 * 2**20  # of an upload: the archive has more
# The hottest voxel, LPS, and the volume of the 221 voxels connected to it at 41 % within 60 mm.
HOTTEST_LPS_MM = (79.3, 123.0, -566.9)
MTV_ML = 21.61


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


def fill(page: Page, **values: object) -> None:
    for name, value in values.items():
        field = page.locator(f"form[data-draw] [name={name}]")
        if field.evaluate("element => element.tagName") == "SELECT":
            field.select_option(str(value))
        else:
            field.fill(str(value))


def number(page: Page, name: str) -> float:
    return float(page.locator(f"[data-number={name}]").inner_text())


def is_ready(page: Page) -> None:
    """Volumes and regions are shown."""
    sees(page, "[data-ready]", seconds=ENDED_SECONDS)


def test_from_a_zip_to_a_region_on_the_fused_scan(
    page: Page, watch: Watch, running: Running, archive: Path, tmp_path: Path
) -> None:
    table = tmp_path / "cohort.csv"
    table.write_text(
        "patient_id,site,cohort,treatment_started_on,last_known_alive_on\n"
        "STS_002,North,training,2006-02-07,2006-02-07\n"
    )
    running.upload("cohort_table", table)
    watch.meant("GL Driver Message")  # the processor draws: NiiVue waits for it
    sign_in(page, running)
    base = f"{running.product.base_url}/studies/{running.study}"
    page.goto(f"{base}/uploads/new/dicom_zip/")
    send_over_a_line_that_breaks(page, watch, running, archive)
    sees(page, "h1", "Import: PET/CT scans")
    sees(page, ".state-ready", seconds=ENDED_SECONDS)
    [batch] = [b for b in running.coordinator.every(f"studies/{running.study}/imports/")
               if b["kind"] == "dicom_zip"]  # fmt: skip

    page.goto(f"{base}/imaging/uploads/{batch['uid']}/")
    files = page.locator("main").inner_text()
    assert "readme.txt" in files or "left out (1)" in files
    assert "Stored" in files
    [pet] = [row for row in running.rows("series/") if row["modality"] == "PT"]
    page.goto(f"{base}/imaging/scans/{pet['uid']}/")
    sees(page, "main", "How the SUV was computed")
    sees(page, "main", "Quality")

    link(page, "Open the viewer").click()
    is_ready(page)
    draw_41_percent(page)
    expect(page.locator("[data-number=suv_max]")).to_have_text("21.68")
    mtv = number(page, "mtv_41_percent_ml")
    assert mtv == pytest.approx(MTV_ML, abs=0.05)
    under_cross = page.locator("[data-values]")
    expect(under_cross).to_contain_text("SUV 21.68 g/mL")
    expect(under_cross).to_contain_text("CT")
    resize(page, NARROW)
    assert fits(page)
    resize(page, WIDE)

    fill(page, name="Tumour, 41 %", comment="in the browser")
    page.locator("[name=keep]").click()
    sees(page, ".note-success", "is kept")
    [row] = [r for r in running.rows("regions/") if r["name"] == "Tumour, 41 %"]
    assert (row["reader"], row["comment"]) == ("coordinator", "in the browser")
    is_ready(page)
    assert sent_for_volumes(page) == [0, 0], "a second look costs nothing"
    [uptake] = [u for u in running.rows("uptakes/") if u["roi"] == row["uid"]]
    assert uptake["mtv_41_percent_ml"] == pytest.approx(mtv, abs=0.06)
    grow_and_paint(page, running)


def sent_for_volumes(page: Page) -> list[int]:
    """Bytes that came over the line for PET and CT; 0 from the browser's own store."""
    return page.evaluate(
        "performance.getEntriesByType('resource')"
        ".filter((entry) => entry.name.includes('volume.nii.gz'))"
        ".map((entry) => entry.transferSize)"
    )


def send_over_a_line_that_breaks(page: Page, watch: Watch, running: Running, archive: Path) -> None:
    """After the first part nothing goes through for a while; the same upload goes on by itself."""
    address, size = f"studies/{running.study}/uploads/", archive.stat().st_size
    line = page.context.new_cdp_session(page)
    line.send("Network.enable")

    def goes(offline: bool = False, bytes_per_second: float = -1) -> None:
        line.send("Network.emulateNetworkConditions", {
            "offline": offline, "latency": 0, "downloadThroughput": -1,
            "uploadThroughput": bytes_per_second,
        })  # fmt: skip

    goes(bytes_per_second=3e6)
    page.locator("[name=file]").set_input_files(archive)
    with page.expect_response(lambda answer: answer.request.method == "PATCH" and answer.ok):
        page.locator("main form button[type=submit]").first.click()
    watch.meant("ERR_INTERNET_DISCONNECTED")
    goes(offline=True)
    sees(page, "#upload-list", "the connection broke")
    [upload] = running.coordinator.every(address)
    assert 0 < upload["received"] < size
    goes()
    until(page, "all of it", lambda: running.coordinator.every(address)[0]["received"] == size)
    [same] = running.coordinator.every(address)
    assert same["uid"] == upload["uid"], "it went on; it did not begin again"


def draw_41_percent(page: Page) -> None:
    """Put the cross on the hottest voxel and take a sphere around it."""
    cross_to_the_hottest(page)
    fill(page, rule="41_percent", radius_mm=60)
    page.locator("[name=preview]").click()
    sees(page, "form[data-shown='1']")


def cross_to_the_hottest(page: Page) -> None:
    fields = page.locator("[data-axis]").evaluate_all("all => all.map((field) => field.value)")
    assert all(fields), "the cross has a place"
    for axis, value in zip("xyz", HOTTEST_LPS_MM, strict=True):
        page.locator(f"[data-axis={axis}]").fill(f"{value:.1f}")
    page.locator("[data-cross] button").click()
    page.locator("[data-take='']").click()


def grow_and_paint(page: Page, running: Running) -> None:
    fill(page, method="growing")
    cross_to_the_hottest(page)
    fill(page, level=8.887, radius_mm=60)
    page.locator("[name=preview]").click()
    sees(page, "form[data-shown='1']")
    grown = number(page, "volume_ml")
    assert grown == pytest.approx(MTV_ML, abs=0.06), "41 % of its SUVmax is the level grown to"

    fill(page, method="brush", radius_mm=12)
    page.locator("[data-brush-on]").check()
    page.locator("[data-tool=layout]").select_option("axial")
    paint(page)
    sees(page, "form[data-shown='2']")
    strokes = page.locator("[name=strokes]").input_value().split("\n")
    assert len([line for line in strokes if line]) >= 2, "the mouse left a trace"
    fill(page, name="Painted")
    page.locator("[name=keep]").click()
    sees(page, ".note-success", "Painted is kept")
    [painted] = [r for r in running.rows("regions/") if r["name"] == "Painted"]
    assert (painted["method"], painted["recipe"]["method"]) == ("manual", "brush")
    assert painted["volume_ml"] > 4 / 3 * 3.14 * 1.2**3 * 0.8, "more than one ball"


def paint(page: Page) -> None:
    """A stroke from the middle of the scan."""
    canvas = page.locator("#viewer-canvas")
    canvas.evaluate("e => e.scrollIntoView({block: 'center', behavior: 'instant'})")
    box = canvas.bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 15, y)
    page.mouse.move(x + 30, y + 10)
    page.mouse.up()
