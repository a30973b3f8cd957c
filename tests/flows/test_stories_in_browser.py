"""Each role's story from sign-in to result, by mouse and by keyboard: how many presses it takes."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.flows.conftest import Running, open_study

pytest.importorskip("selenium")

from selenium import webdriver
from selenium.webdriver.common.by import By

from tests.flows.hands import Hands, wrong_answers
from tests.flows.test_browser import CHROMIUM, DRIVER, WIDE, needs_browser, resize, wait_for
from tests.flows.waiting import WebDriverWait, console_of

pytestmark = needs_browser
COORDINATOR, COLLABORATOR = 12, 6  # presses beyond typing
ENDED_SECONDS = 180
BY = ["mouse", "keyboard"]


@pytest.fixture(scope="module")
def opened() -> Iterator[Any]:
    options = webdriver.ChromeOptions()
    options.binary_location = CHROMIUM or ""
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options, webdriver.ChromeService(DRIVER))
    resize(driver, WIDE)
    yield driver
    driver.quit()


@pytest.fixture
def browser(opened: Any) -> Iterator[Any]:
    """Nothing on the console, no answer of 400 or more, nothing that the policy stopped."""
    opened.get("about:blank")
    for log in ("browser", "performance"):
        opened.get_log(log)
    yield opened
    assert console_of(opened) == []
    assert wrong_answers(opened) == []


@pytest.fixture(scope="module")
def clinic(product: Any) -> Running:
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
    browser: Any, clinic: Running, simulated_files: Path, tmp_path: Path, by: str
):
    number = 1 + BY.index(by)
    pseudonym, newcomer = f"SIM-{number:04d}", f"NEW-{by}"
    table = tmp_path / "cohort.csv"
    table.write_text(
        "patient_id,site,cohort,treatment_started_on\n"
        f"{pseudonym},Story General,training,2021-03-01\n"
    )
    clinic.upload("cohort_table", table)
    scan = scan_of(pseudonym, simulated_files, tmp_path / f"{by}.zip")
    hands = Hands(browser, clinic, keyboard=by == "keyboard")
    hands.sign_in("coordinator")
    hands.open_study()
    hands.press("a.gap[aria-label*='patients of Story General'][href*='lacking=consent']")
    hands.press(f"a.gap[title*='{pseudonym}'][href*='participation']")
    hands.type("on", "01012021")
    hands.press("#consent button[type=submit]")
    wait_for(browser, ".message, .note, [role=status]", "onsent")
    hands.press(".tabs a", "Patients")
    hands.press(".page-actions a", "New patient")
    hands.type("site", "Story")
    hands.type("pseudonym", newcomer)
    hands.press("main form button[type=submit]", "Make and go")
    wait_for(browser, "h1", f"{newcomer}, baseline")
    hands.type("v-sex", "female")
    hands.type("v-age_years", "61")
    hands.press("#entry button[value=complete]", "Save as complete")
    wait_for(browser, "h1 .state", "Complete")
    hands.press(".tabs a", "Uploads")
    hands.press("a.kind", "PET/CT")
    hands.choose("file", str(scan))
    hands.press("main form button[type=submit]", "Upload and check")
    WebDriverWait(browser, ENDED_SECONDS).until(lambda _: ready(clinic, scan.name))
    assert hands.presses <= COORDINATOR
    scans = clinic.coordinator.every(f"studies/{clinic.study}/patients/")
    assert {row["pseudonym"] for row in scans} >= {pseudonym, newcomer}


def ready(running: Running, name: str) -> bool:
    files = running.coordinator.every(f"studies/{running.study}/imports/")
    return any(file["filename"] == name and file["state"] == "ready" for file in files)


@pytest.mark.parametrize("by", BY)
def test_a_nomogram_is_calculated_and_the_report_taken_along(
    browser: Any, thread: Running, report: dict, tmp_path: Path, by: str
):
    """From the home of a collaborator, where what is released stands first."""
    release_nomogram(thread)
    browser.execute_cdp_cmd(
        "Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)}
    )
    hands = Hands(browser, thread, keyboard=by == "keyboard")
    hands.sign_in("collaborator")
    hands.open_study()
    hands.press("main a[href$='/calculator/']", "overall survival")
    before = browser.find_element(By.ID, "answer").text
    hands.type("rad_score", "1")
    hands.press("main form button", "Calculate")
    WebDriverWait(browser, 30).until(
        lambda driver: driver.find_element(By.ID, "answer").text != before
    )
    hands.press(".study-name a")
    hands.press("main a[href$='report.pdf']", "PDF")
    WebDriverWait(browser, 60).until(lambda _: [*tmp_path.glob("*.pdf")])
    [paper] = tmp_path.glob("*.pdf")
    assert paper.read_bytes()[:5] == b"%PDF-"
    assert hands.presses <= COLLABORATOR


def release_nomogram(running: Running) -> None:
    """By two people, unless it is released already."""
    [version] = [
        row for row in running.rows("model-versions/")
        if row["kind"] == "nomogram" and row["endpoint"] == "overall_survival"
    ][:1]  # fmt: skip
    moves = {"draft": ("validated", "statistician"), "validated": ("released", "administrator")}
    state = version["state"]
    while state in moves:
        to_state, who = moves[state]
        running.clients[who].post(
            f"studies/{running.study}/model-versions/{version['uid']}/state/",
            to_state=to_state, reason="for the story of a collaborator",
        )  # fmt: skip
        state = to_state
