"""Sign in by keyboard, open the study, hand in a bad table, read what is wrong with it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.flows.browser.tab import NARROW, WIDE, Opener, fits, link, sees
from tests.flows.conftest import Running
from tests.studies.test_cohort_import import GOOD, table


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_a_bad_table_ends_as_a_problem_list(
    tab: Opener, house: Running, tmp_path: Path, width: int
):
    page = tab(width)
    bad = tmp_path / f"bad_{width}.csv"
    here = GOOD | {"site": "South"}
    wrong = here | {"age_years": f"abc{width}"}
    bad.write_bytes(table(wrong, here | {"patient_id": "P2", "sex": "x"}))
    page.goto(f"{house.product.base_url}/")
    expect(page.locator("[name=login]")).to_be_focused()
    page.keyboard.type("coordinator")
    page.keyboard.press("Tab")
    page.keyboard.type(house.password)
    page.keyboard.press("Enter")
    sees(page, "h1", "Studies")
    link(page, "In the browser").click()
    sees(page, "h2", "From files to report")
    expect(page.locator(".simulated").first).to_have_text("SIMULATED", use_inner_text=True)
    link(page, "Cohort table").click()
    sees(page, "h1", "Cohort table")
    page.locator("[name=file]").set_input_files(bad)
    page.locator("main form button[type=submit]").first.click()
    sees(page, "h1", "Which column is which?")
    assert fits(page)
    page.locator("main form[data-guard] button[type=submit]").first.press("Enter")
    sees(page, "#problems-title", "2 problems to mend")
    found = page.locator(".problems td.found")
    expect(found.nth(0)).to_contain_text("abc")
    expect(found.nth(1)).to_contain_text("x")
    assert fits(page)
