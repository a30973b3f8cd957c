"""A coordinator, from sign-in to result: a gap mended, a patient entered, a scan uploaded."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import expect

from dev.processes import Product
from tests.flows.browser.hands import Hands
from tests.flows.browser.tab import ENDED_SECONDS, HTML_LANGUAGE, NARROW, WIDE, Opener, fits, sees
from tests.flows.conftest import Running, open_study

PRESSES = 12  # beyond typing
BY = {
    "mouse": (WIDE, "en-GB"),
    "keyboard": (WIDE, "en-GB"),
    "telephone": (NARROW, "zh-CN"),
}


@pytest.fixture(scope="module")
def clinic(product: Product) -> Running:
    """A study of one hospital with a patient from a table, and no consent of theirs."""
    running = open_study(product, "In stories")
    running.clients["administrator"].post(f"studies/{running.study}/sites/", name="Story General")
    return running


def scan_of(pseudonym: str, files: Path, to: Path) -> Path:
    """The folder of one patient out of the simulated archives."""
    with zipfile.ZipFile(files / "dicom" / "petct_01.zip") as archive:
        names = [name for name in archive.namelist() if pseudonym in name]
        assert names
        with zipfile.ZipFile(to, "w") as one:
            for name in names:
                one.writestr(name, archive.read(name))
    return to


@pytest.mark.parametrize("by", BY)
def test_a_gap_is_mended_a_patient_entered_and_a_scan_uploaded(
    tab: Opener, clinic: Running, simulated_files: Path, tmp_path: Path, by: str
):
    """By mouse, by keyboard alone, and on a telephone in Chinese."""
    pseudonym, newcomer = f"SIM-{1 + [*BY].index(by):04d}", f"NEW-{by}"
    table = tmp_path / "cohort.csv"
    table.write_text(
        "patient_id,site,cohort,treatment_started_on\n"
        f"{pseudonym},Story General,training,2021-03-01\n"
    )
    clinic.upload("cohort_table", table)
    scan = scan_of(pseudonym, simulated_files, tmp_path / f"{by}.zip")
    width, language = BY[by]
    page = tab(width, language)
    hands = Hands(page, clinic, keyboard=by == "keyboard")
    hands.sign_in("coordinator")
    expect(page.locator("html")).to_have_attribute("lang", HTML_LANGUAGE[language])
    hands.open_study()
    hands.press("a.gap[href*='lacking=consent']")
    hands.press(f"a.gap[title*='{pseudonym}'][href*='participation']")
    hands.type("on", "01012021")
    hands.press("#consent button[type=submit]")
    sees(page, ".note-success")
    hands.press(".tabs a[href$='/patients/']")
    hands.press(".page-actions a[href$='/patients/new/']")
    hands.type("site", "Story")
    hands.type("pseudonym", newcomer)
    hands.press("main form button[type=submit]")
    sees(page, "h1", newcomer)
    hands.pick("v-sex", "female")
    hands.type("v-age_years", "61")
    hands.press("#entry button[value=complete]")
    sees(page, "h1 .state-ready")
    hands.press(".tabs a[href$='/uploads/']")
    hands.press("a.kind[href$='/dicom_zip/']")
    hands.choose("file", str(scan))
    hands.press("main form button[type=submit]")
    sees(page, ".state-ready", seconds=ENDED_SECONDS)
    assert hands.presses <= PRESSES
    assert fits(page)
    files = clinic.coordinator.every(f"studies/{clinic.study}/imports/")
    assert (scan.name, "ready") in {(file["filename"], file["state"]) for file in files}
    patients = clinic.coordinator.every(f"studies/{clinic.study}/patients/")
    assert {row["pseudonym"] for row in patients} >= {pseudonym, newcomer}
