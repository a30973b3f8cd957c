"""A slide of a real stain: handed in, a region drawn, counted, seen, adopted."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Page, expect
from shapely.geometry import shape
from skimage.data import immunohistochemistry

from dev.processes import Product
from imaging.methods.cell_counting import CountingRule, find_cells
from imaging.methods.slide_regions import Region
from tests.flows.browser.tab import (
    ENDED_SECONDS,
    NARROW,
    WIDE,
    fits,
    resize,
    sees,
    sign_in,
    until,
)
from tests.flows.conftest import Running, open_study
from tests.imaging.slides_made import write_slide
from tests.studies.test_cohort_import import GOOD, table

UM, THRESHOLD = 0.5, 0.2
CORNERS = ((-150, -120), (150, -120), (150, 120), (-150, 120))  # from the middle of the view
# Tiles of the count were fetched, and one of them shows cells.
OVERLAY_IS_SEEN = """
async () => {
  const loaded = performance.getEntriesByType("resource");
  const found = loaded.find((entry) => entry.name.includes("/counts/"));
  if (!found) return false;
  const picture = new Image();
  picture.src = found.name;
  await picture.decode();
  const pen = new OffscreenCanvas(picture.width, picture.height).getContext("2d");
  pen.drawImage(picture, 0, 0);
  const { data } = pen.getImageData(0, 0, picture.width, picture.height);
  return data.some((value, index) => index % 4 === 3 && value > 0);
}
"""


def submit(page: Page, form: str) -> None:
    page.locator(f'form[action$="/{form}/"] button[type=submit]').first.click()


def job_ends(page: Page) -> None:
    """The job's page follows it to its end."""
    sees(page, "#job-live .state", "Done", ENDED_SECONDS)


def draw(page: Page) -> None:
    """A polygon around the middle; Enter closes it."""
    view = page.locator("#slide-view")
    page.locator("[data-region=tumor_center]").click()
    box = view.bounding_box()
    assert box
    middle = (box["width"] / 2, box["height"] / 2)
    for number, (x, y) in enumerate(CORNERS, start=1):
        view.click(position={"x": middle[0] + x, "y": middle[1] + y})
        expect(page.locator("#draw-points")).to_have_text(f"{number} point" + "s" * (number > 1))
    view.press("Enter")
    assert "tumor_center" in page.locator("[name=geojson]").input_value()


def test_a_real_stain_from_upload_to_density_and_overlay(
    page: Page, product: Product, tmp_path: Path
) -> None:
    running: Running = open_study(product, "Slides in the browser", waived="kept elsewhere")
    cohort, base = tmp_path / "cohort.csv", f"{product.base_url}/studies/{running.study}/imaging"
    cohort.write_bytes(table(GOOD))
    running.upload("cohort_table", cohort)
    picture = immunohistochemistry()
    slide = write_slide(tmp_path / "S1.tif", picture, UM)

    sign_in(page, running)
    page.goto(f"{base}/slides/add/")
    page.locator("[name=file]").set_input_files(slide)
    page.locator("[name=patient_id]").fill(GOOD["patient_id"])
    page.locator("[name=specimen]").fill("S1")
    page.locator("[name=marker]").select_option("CD3")
    page.locator("[name=specimen]").press("Enter")
    job_ends(page)
    [record] = running.rows("whole-slides/")
    address = f"{base}/slides/{record['uid']}/"
    with page.expect_response("**/*.jpeg"):
        page.goto(address)
    draw(page)
    submit(page, "regions")
    sees(page, "main", "The regions are kept")
    threshold = page.locator("[name=threshold]")
    assert 0.05 < float(threshold.input_value()) < 0.8  # Otsu's suggestion
    threshold.fill(str(THRESHOLD))
    submit(page, "threshold")
    sees(page, "main", "The threshold is stated")
    submit(page, "count")
    job_ends(page)

    page.goto(address)
    [region] = running.rows("slide-regions/")
    [count] = running.rows("cell-counts/")
    drawn = Region("tumor_center", shape(region["geometry"]))
    cells = find_cells(picture[: record["height"], : record["width"]], UM, CountingRule(THRESHOLD))
    expected = int(np.count_nonzero(drawn.contains(cells.x, cells.y)))
    assert count["n_cells"] == expected > 20
    expect(page.locator("[aria-label=Counts]")).to_contain_text(str(expected))
    until(page, "cells over the slide", lambda: page.evaluate(OVERLAY_IS_SEEN))
    page.get_by_role("button", name="Let it speak").click()
    sees(page, "main", "now speak for this region")
    [density] = running.rows("cell-densities/")
    assert density["per_mm2"] == pytest.approx(count["n_cells"] / count["tissue_mm2"])
    expect(page.locator("h1")).to_contain_text("S1")
    for width in (WIDE, NARROW):
        resize(page, width)
        assert fits(page)
