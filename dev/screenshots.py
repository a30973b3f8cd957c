"""``make screenshots``: a page of each kind of the small demo, wide and narrow, light and dark.

A browser signs in as each role and follows links; one page of each kind is kept, as small WebP.
What kinds there are stands here; a test compares them with the product's addresses. Kinds of which
the demo has no page are told at the end.
"""

from __future__ import annotations

import io
import re
import shutil
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

from PIL import Image
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from dev import demo
from dev.place import SetupError
from dev.processes import Product

PATIENTS = 60
WIDTHS = {"wide": 1440, "narrow": 390}
THEMES = ("light", "dark")
TALLEST, SHRUNK, QUALITY = 1300, 0.6, 25
ROLES = ("coordinator", "statistician", "collaborator", "administrator")
UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
STUDY = "studies/<uuid:uid>/"
# Below a study: what is a page of its own,
PAGES = [
    "drawn/<str:page>/",
    "drawn/<str:page>/<str:subject>/",
    "patients/",
    "patients/new/",
    "glance/",
    "glance/patients/",
    "glance/compare/",
    "exports/",
    "people/reads/",
    "patients/<uuid:patient_uid>/",
    "patients/<uuid:patient_uid>/entry/<slug:form>/",
    "patients/<uuid:patient_uid>/entry/<slug:form>/ask/",
    "patients/<uuid:patient_uid>/entry/<slug:form>/history/<slug:field>/",
    "specimens/",
    "cohorts/endpoints/",
    "cohorts/endpoints/new/<slug:kind>/",
    "cohorts/endpoints/<slug:name>/",
    "queries/",
    "queries/<uuid:query_uid>/",
    "people/history/",
    "patients/screening/",
    "patients/consent/",
    "patients/completeness/",
    "patients/eligibility/",
    "patients/eligibility/criteria/",
    "patients/<uuid:patient_uid>/participation/",
    "cohorts/",
    "cohorts/attrition/",
    "cohorts/table-1/",
    "cohorts/table-1/check/",
    "cohorts/<uuid:cohort_uid>/",
    "uploads/",
    "uploads/new/<str:kind>/",
    "uploads/<uuid:batch_uid>/",
    "uploads/<uuid:batch_uid>/columns/",
    "jobs/",
    "jobs/<uuid:job_uid>/",
    "dictionary/",
    "dictionary/<uuid:dictionary_uid>/",
    "dictionary/<uuid:dictionary_uid>/against/<uuid:other_uid>/",
    "dictionary/<uuid:dictionary_uid>/new/<str:kind>/",
    "dictionary/<uuid:dictionary_uid>/variables/<uuid:variable_uid>/",
    "people/",
    "people/<uuid:membership_uid>/",
    "imaging/scans/",
    "imaging/scans/<uuid:series_uid>/",
    "imaging/scans/<uuid:series_uid>/view/",
    "imaging/waiting/",
    "imaging/waiting/<uuid:arrival_uid>/",
    "imaging/uploads/<uuid:batch_uid>/",
    "imaging/features/",
    "imaging/extractors/<uuid:extractor_uid>/",
    "imaging/slides/",
    "imaging/slides/scanned/",
    "imaging/slides/add/",
    "imaging/slides/<uuid:slide_uid>/",
    "imaging/laboratories/",
    "imaging/laboratories/new/",
    "genomics/",
    "genomics/signatures/",
    "genomics/batches/",
    "genomics/specimens/",
    "genomics/matrices/",
    "genomics/matrices/<uuid:matrix_uid>/",
    "genomics/matrices/<uuid:matrix_uid>/quality/",
    "models/",
    "models/versions/",
    "models/snapshots/",
    "models/reports/",
    "models/runs/<uuid:run_uid>/",
    "models/new/<slug:step>/",
    "models/prognosis/<slug:step>/",
    "models/versions/<uuid:version_uid>/",
    "models/versions/<uuid:version_uid>/card/",
    "models/versions/<uuid:version_uid>/result/",
    "models/versions/<uuid:version_uid>/scores/",
    "models/before/",
    "models/snapshots/compare/",
    "models/timeline/",
    "models/looks/",
    "models/lineage/<slug:digest>/",
    "models/versions/<uuid:version_uid>/nomogram/",
    "models/versions/<uuid:version_uid>/analyses/",
    "models/table-2/",
    "report/statements/",
    "report/compare/",
    "models/versions/<uuid:version_uid>/calculator/",
    "models/snapshots/<uuid:snapshot_uid>/",
    "report/",
    "report/<uuid:report_uid>/",
]
# Pages of which one leads where another does not: a Rad-Score's version, a nomogram's.
OF_SEVERAL = (f"{STUDY}models/versions/<uuid:version_uid>/",)
# and what is none: forms that are sent, parts of pages, ways on. Names with a dot are files.
NO_PAGES = [
    "cohorts/endpoints/<slug:name>/standing/",
    "tour/end/",
    "views/",
    "views/<uuid:view_uid>/drop/",
    "drawings/",
    "glance/save/",
    "glance/use/<slug:key>/",
    "glance/saved/<uuid:selection_uid>/retire/",
    "exports/<uuid:export_uid>/file/",
    "patients/<uuid:patient_uid>/entry/<slug:form>/check/",
    "patients/<uuid:patient_uid>/entry/<slug:form>/rows/<slug:kind>/",
    "patients/<uuid:patient_uid>/entry/<slug:form>/state/",
    "patients/<uuid:patient_uid>/participation/<str:step>/",
    "cohorts/<uuid:cohort_uid>/<str:step>/",
    "uploads/parts/<uuid:upload_uid>/discard/",
    "uploads/<uuid:batch_uid>/commit/",
    "uploads/<uuid:batch_uid>/sites/",
    "uploads/<uuid:batch_uid>/revert/",
    "uploads/<uuid:batch_uid>/dictionary/",
    "jobs/cancel/",
    "jobs/<uuid:job_uid>/live/",
    "jobs/<uuid:job_uid>/cancel/",
    "actions/<str:kind>/",
    "dictionary/draft/",
    "dictionary/<uuid:dictionary_uid>/freeze/",
    "dictionary/<uuid:dictionary_uid>/discard/",
    "dictionary/<uuid:dictionary_uid>/variables/<uuid:variable_uid>/<str:change>/",
    "people/sites/",
    "people/<uuid:membership_uid>/end/",
    "imaging/scans/<uuid:series_uid>/send/",
    "imaging/uploads/<uuid:batch_uid>/again/",
    "imaging/regions/<uuid:roi_uid>/file/<str:kind>/",
    "imaging/scans/<uuid:series_uid>/regions/<str:kind>/",
    "imaging/scans/target/<uuid:patient_uid>/",
    "imaging/slides/<uuid:slide_uid>/regions/",
    "imaging/slides/<uuid:slide_uid>/threshold/",
    "imaging/slides/<uuid:slide_uid>/count/",
    "cohorts/endpoints-derive/",
    "imaging/scans/measure-again/",
    "imaging/counts/<uuid:count_uid>/adopt/",
    "imaging/laboratories/<uuid:profile_uid>/upload/",
    "models/new/",
    "models/new/guard/",
    "models/prognosis/",
    "models/prognosis/guard/",
    "models/versions/<uuid:version_uid>/state/",
    "models/plans/<uuid:plan_uid>/lock/",
    "models/snapshots/<uuid:snapshot_uid>/take/",
]
OUTSIDE = ("", "help/", "help/<slug:slug>/", "patterns/", "notifications/")
OUTSIDE_NONE = ("health/", "language/", "theme/", "notifications/live/", "policy-report/",
                "welcome/<uidb64>/<token>/")  # fmt: skip
# What no link of the demo leads to as it stands.
BESIDE = (
    "exports/",
    "glance/compare/?clinical.sex=male",
    "glance/patients/?clinical.sex=male",
    "people/history/",
    "people/reads/",
    "cohorts/endpoints/new/time_to_progression/",
    "report/compare/",
    "models/new/data/",
    "models/prognosis/cohorts/",
)
WAIT_SECONDS = 15.0  # for figures that a job draws
LOADING = """
const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
const isOther = (one) => one.closest("picture") && one.currentSrc.includes(".dark.") !== isDark;
return [...document.images].some((one) => (!one.complete || isOther(one))
  && one.getBoundingClientRect().top < innerHeight);
"""
BUSY = "return document.querySelectorAll('.htmx-request, .drawn[hx-trigger]').length > 0"


def take(project: Path) -> int:
    """The demo if it is not there, then the pictures into docs/screenshots."""
    demo.run_demo(project, PATIENTS, serve=False)
    folder = project / "docs" / "screenshots"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    password = demo.accounts(project)["password"]
    with Product(project) as product:
        browser = _browser()
        try:
            _every_page(browser, product.base_url, password, folder)
        finally:
            browser.quit()
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{len(list(folder.iterdir()))} pictures, {size / 1e6:.1f} MB, in {folder}")
    return 0


def _browser() -> Any:
    program = shutil.which("chromium") or shutil.which("chromium-browser")
    driver = shutil.which("chromedriver")
    if not (program and driver):
        raise SetupError("Screenshots need Chromium and its driver: apt install chromium-driver.")
    options = webdriver.ChromeOptions()
    options.binary_location = program
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage",
                     "--hide-scrollbars", "--use-angle=swiftshader",
                     "--enable-unsafe-swiftshader"):  # fmt: skip
        options.add_argument(argument)
    return webdriver.Chrome(options, webdriver.ChromeService(driver))


def _every_page(browser: Any, base: str, password: str, folder: Path) -> None:
    began, seen = time.monotonic(), set[str]()
    with ThreadPoolExecutor(2) as writers:
        for role in ROLES:
            browser.delete_all_cookies()
            _sign_in(browser, base, role, password)
            study = _study(browser)
            for kind in _walk(browser, base, study, seen):
                name = f"home-{role}" if kind == STUDY else _name(kind)
                _pictures(browser, folder / name, writers)
    missing = sorted(set(kinds()) - seen)
    print(f"{len(seen)} kinds of pages in {time.monotonic() - began:.0f} s", flush=True)
    if missing:
        print("No page in the demo of:\n  " + "\n  ".join(missing))


def kinds() -> list[str]:
    """Every kind of page, as the routes of the product have it."""
    return [*OUTSIDE, STUDY, *(f"{STUDY}{page}" for page in PAGES)]


def kind_of(path: str) -> str | None:
    """The kind of an address below the root; a fixed word goes before a place."""
    ordered = sorted(kinds(), key=lambda kind: (kind.count("<"), -len(kind)))
    return next((kind for kind in ordered if _pattern(kind).fullmatch(path)), None)


def _pattern(kind: str) -> re.Pattern[str]:
    parts = re.split(r"(<[^>]+>)", kind)
    places = {"<uuid": UID.pattern}
    return re.compile("".join(
        places.get(part.partition(":")[0], "[^/]+") if part.startswith("<") else re.escape(part)
        for part in parts
    ))  # fmt: skip


def _name(kind: str) -> str:
    plain = re.sub(r"<[^>]+>", "one", kind.removeprefix(STUDY))
    return re.sub(r"\W+", "-", plain).strip("-") or ("home" if kind else "studies")


def _study(browser: Any) -> str:
    """The simulated one, where there are several."""
    links = browser.find_elements(By.CSS_SELECTOR, ".study-card h2 a")
    chosen = next((link for link in links if link.text.startswith("SIMULATED")), links[0])
    return str(chosen.get_attribute("href"))


def _sign_in(browser: Any, base: str, role: str, password: str) -> None:
    browser.get(f"{base}/account/login/")
    browser.find_element(By.NAME, "login").send_keys(role)
    browser.find_element(By.NAME, "password").send_keys(password, Keys.ENTER)
    _wait_while(browser, "return location.pathname.startsWith('/account/login')")
    if not browser.find_elements(By.CSS_SELECTOR, ".study-card"):
        browser.get(f"{base}/")


def _walk(browser: Any, base: str, study: str, seen: set[str]) -> Iterator[str]:
    """One address of each kind that no role before has shown; the home of each role.

    A page that another role has shown is read again for its links, which differ by right.
    """
    outside = [f"{base}/{path}" for path in OUTSIDE if "<" not in path]
    waiting = deque([study, *outside, *(urljoin(study, path) for path in BESIDE)])
    opened, read = set[str](), set[str]()
    while waiting:
        address = waiting.popleft()
        path = address.removeprefix(f"{base}/").partition("?")[0]
        kind = kind_of(path)
        if kind is None or address in read or (kind in opened and kind not in OF_SEVERAL):
            continue
        browser.get(address)
        read.add(address)
        if not _is_page(browser):
            continue
        if kind not in opened and (kind not in seen or kind == STUDY):
            seen.add(kind)
            yield kind
        opened.add(kind)
        found = browser.execute_script(
            "return [...document.querySelectorAll('main a[href], .tabs a[href], .subnav a[href]')]"
            ".map((a) => a.getAttribute('href').split('#')[0])"
        )
        links = (urljoin(address, link) for link in found if link and "?" not in link)
        waiting.extend(link for link in links if link.startswith(base))


def _is_page(browser: Any) -> bool:
    """A page of the product, and no refusal."""
    if browser.execute_script("return document.contentType") != "text/html":
        return False
    status = "return performance.getEntriesByType('navigation')[0].responseStatus"
    return bool(browser.execute_script(status) == 200)


def _pictures(browser: Any, stem: Path, writers: ThreadPoolExecutor) -> None:
    """The page that is open, four times; written while the next one opens."""
    _wait_while(browser, BUSY)
    for name, width in WIDTHS.items():
        _resize(browser, width, 900)
        tall = browser.execute_script("return document.documentElement.scrollHeight")
        _resize(browser, width, max(600, min(tall, TALLEST)))
        for theme in THEMES:
            wishes = {"prefers-color-scheme": theme, "prefers-reduced-motion": "reduce"}
            features = [{"name": name, "value": value} for name, value in wishes.items()]
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
            _wait_while(browser, LOADING)
            file = stem.with_name(f"{stem.name}-{name}-{theme}.webp")
            writers.submit(_keep, browser.get_screenshot_as_png(), file)
    _resize(browser, WIDTHS["wide"], 900)


def _wait_while(browser: Any, script: str) -> None:
    waited = time.monotonic()
    while browser.execute_script(script) and time.monotonic() - waited < WAIT_SECONDS:
        time.sleep(0.2)


def _resize(browser: Any, width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def _keep(png: bytes, file: Path) -> None:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    shrink = SHRUNK if picture.width > 500 else 1
    size = (round(picture.width * shrink), round(picture.height * shrink))
    picture.resize(size, Image.Resampling.LANCZOS).save(file, "WEBP", quality=QUALITY, method=4)
