"""A slide of a real stain in a browser: handed in, a region drawn, counted, seen, adopted."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from shapely.geometry import shape
from skimage.data import immunohistochemistry

from dev.processes import Product
from imaging.methods.cell_counting import CountingRule, find_cells
from imaging.methods.slide_regions import Region
from tests.flows.conftest import Running, open_study
from tests.flows.test_browser import (  # the browser is a fixture
    NARROW,
    PATIENCE_SECONDS,
    WIDE,
    browser,
    fits,
    pytestmark,
    resize,
    sign_in,
    wait_for,
)
from tests.imaging.slides_made import write_slide
from tests.studies.test_cohort_import import GOOD, table

pytest.importorskip("selenium")

from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select

from tests.flows.waiting import WebDriverWait

__all__ = ["browser", "pytestmark"]
UM, THRESHOLD = 0.5, 0.2


def submit(browser: Any, form: str) -> None:
    button = browser.find_element(By.CSS_SELECTOR, f'form[action$="/{form}/"] button[type=submit]')
    browser.execute_script("arguments[0].click()", button)  # wherever it stands on the page


def job_ends(browser: Any) -> None:
    """The job's page follows it to its end."""
    WebDriverWait(browser, PATIENCE_SECONDS).until(lambda b: "/jobs/" in b.current_url)
    wait_for(browser, "#job-live .state", "Done")


def overlay_is_seen(browser: Any) -> bool:
    """Tiles of the count were fetched, and one of them shows cells."""
    return browser.execute_async_script(
        """
        const done = arguments[0];
        const loaded = performance.getEntriesByType("resource");
        const found = loaded.find((entry) => entry.name.includes("/counts/"));
        if (!found) return done(false);
        const picture = new Image();
        picture.onload = () => {
          const canvas = new OffscreenCanvas(picture.width, picture.height);
          const pen = canvas.getContext("2d");
          pen.drawImage(picture, 0, 0);
          const data = pen.getImageData(0, 0, picture.width, picture.height).data;
          done(data.some((value, index) => index % 4 === 3 && value > 0));
        };
        picture.src = found.name;
        """
    )  # fmt: skip


def test_a_real_stain_from_upload_to_density_and_overlay(
    browser: Any, product: Product, tmp_path: Path
) -> None:
    running: Running = open_study(product, "Slides in the browser", waived="kept elsewhere")
    cohort, base = tmp_path / "cohort.csv", f"{product.base_url}/studies/{running.study}/imaging"
    cohort.write_bytes(table(GOOD))
    running.upload("cohort_table", cohort)
    picture = immunohistochemistry()
    slide = write_slide(tmp_path / "S1.tif", picture, UM)

    resize(browser, WIDE)
    sign_in(browser, running)
    browser.get(f"{base}/slides/add/")
    browser.find_element(By.NAME, "file").send_keys(str(slide))
    browser.find_element(By.NAME, "patient_id").send_keys(GOOD["patient_id"])
    browser.find_element(By.NAME, "specimen").send_keys("S1")
    Select(browser.find_element(By.NAME, "marker")).select_by_value("CD3")
    browser.find_element(By.NAME, "specimen").submit()
    job_ends(browser)
    [record] = running.rows("whole-slides/")
    page = f"{base}/slides/{record['uid']}/"
    browser.get(page)

    view = browser.find_element(By.ID, "slide-view")
    WebDriverWait(browser, PATIENCE_SECONDS).until(
        lambda b: b.execute_script(
            "return performance.getEntriesByType('resource').some((e) => e.name.endsWith('.jpeg'))"
        )
    )
    browser.execute_script("arguments[0].scrollIntoView({block: 'center'})", view)
    drawing = browser.find_element(By.CSS_SELECTOR, "[data-region=tumor_center]")
    browser.execute_script("arguments[0].click()", drawing)
    for x, y in ((-150, -120), (150, -120), (150, 120), (-150, 120)):
        ActionChains(browser).move_to_element_with_offset(view, x, y).click().perform()
        time.sleep(0.4)  # two clicks at once are a double click
    view.send_keys("\ue007")  # Enter closes the polygon
    assert "tumor_center" in browser.find_element(By.NAME, "geojson").get_attribute("value")
    submit(browser, "regions")
    wait_for(browser, "main", "The regions are kept")
    threshold = browser.find_element(By.NAME, "threshold")
    assert 0.05 < float(threshold.get_attribute("value")) < 0.8  # Otsu's suggestion
    threshold.clear()
    threshold.send_keys(str(THRESHOLD))
    submit(browser, "threshold")
    wait_for(browser, "main", "The threshold is stated")
    submit(browser, "count")
    job_ends(browser)

    browser.get(page)
    [region] = running.rows("slide-regions/")
    [count] = running.rows("cell-counts/")
    drawn = Region("tumor_center", shape(region["geometry"]))
    cells = find_cells(picture[: record["height"], : record["width"]], UM, CountingRule(THRESHOLD))
    expected = int(np.count_nonzero(drawn.contains(cells.x, cells.y)))
    assert count["n_cells"] == expected > 20
    assert str(expected) in browser.find_element(By.CSS_SELECTOR, "[aria-label=Counts]").text
    WebDriverWait(browser, PATIENCE_SECONDS).until(overlay_is_seen)
    adopt = browser.find_element(By.XPATH, "//button[text()='Let it speak']")
    browser.execute_script("arguments[0].click()", adopt)
    wait_for(browser, "main", "now speak for this region")
    [density] = running.rows("cell-densities/")
    assert density["per_mm2"] == pytest.approx(count["n_cells"] / count["tissue_mm2"])
    assert re.search(r"S1", browser.find_element(By.TAG_NAME, "h1").text)
    for width in (WIDE, NARROW):
        resize(browser, width)
        assert fits(browser)
