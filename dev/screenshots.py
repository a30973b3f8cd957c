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
from typing import Literal
from urllib.parse import urljoin

from PIL import Image
from playwright.sync_api import Browser, Page, Response

from dev import browser, demo
from dev.processes import Product

PATIENTS = 60
WIDTHS = {"wide": 1440, "narrow": 390}
THEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
HEIGHT, SHORTEST = 900, 600
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
    "dictionary/<uuid:dictionary_uid>/known/",
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
() => {
  const isDark = matchMedia("(prefers-color-scheme: dark)").matches;
  const isOther = (one) => one.closest("picture") && one.currentSrc.includes(".dark.") !== isDark;
  return [...document.images].some((one) => (!one.complete || isOther(one))
    && one.getBoundingClientRect().top < innerHeight);
}
"""
BUSY = "document.querySelectorAll('.htmx-request, .drawn[hx-trigger]').length > 0"
LINKS = """
() => [...document.querySelectorAll("main a[href], .tabs a[href], .subnav a[href]")]
  .map((a) => a.getAttribute("href").split("#")[0])
"""


def take(project: Path) -> int:
    """The demo if it is not there, then the pictures into docs/screenshots."""
    demo.run_demo(project, PATIENTS, serve=False)
    folder = project / "docs" / "screenshots"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    password = demo.accounts(project)["password"]
    with Product(project) as product, browser.opened() as opened:
        _every_page(opened, product.base_url, password, folder)
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{len(list(folder.iterdir()))} pictures, {size / 1e6:.1f} MB, in {folder}")
    return 0


def _every_page(opened: Browser, base: str, password: str, folder: Path) -> None:
    began, seen = time.monotonic(), set[str]()
    with ThreadPoolExecutor(2) as writers:
        for role in ROLES:
            with opened.new_context() as context:
                page = context.new_page()
                _sign_in(page, base, role, password)
                study = _study(page)
                for kind in _walk(page, base, study, seen):
                    name = f"home-{role}" if kind == STUDY else _name(kind)
                    _pictures(page, folder / name, writers)
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


def _study(page: Page) -> str:
    """The simulated one, where there are several."""
    links = page.locator(".study-card h2 a")
    simulated = links.filter(has_text=re.compile(r"^\s*SIMULATED"))
    return str((simulated.first if simulated.count() else links.first).evaluate("a => a.href"))


def _sign_in(page: Page, base: str, role: str, password: str) -> None:
    page.goto(f"{base}/account/login/")
    page.locator("[name=login]").fill(role)
    page.locator("[name=password]").fill(password)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(lambda address: "/account/login" not in address)
    page.goto(f"{base}/")


def _walk(page: Page, base: str, study: str, seen: set[str]) -> Iterator[str]:
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
        answer = page.goto(address)
        read.add(address)
        if not _is_page(answer):
            continue
        if kind not in opened and (kind not in seen or kind == STUDY):
            seen.add(kind)
            yield kind
        opened.add(kind)
        found = page.evaluate(LINKS)
        links = (urljoin(address, link) for link in found if link and "?" not in link)
        waiting.extend(link for link in links if link.startswith(base))


def _is_page(answer: Response | None) -> bool:
    """A page of the product, and no refusal."""
    return (
        answer is not None
        and answer.status == 200
        and answer.headers.get("content-type", "").startswith("text/html")
    )


def _pictures(page: Page, stem: Path, writers: ThreadPoolExecutor) -> None:
    """The page that is open, four times; written while the next one opens."""
    _wait_while(page, BUSY)
    for name, width in WIDTHS.items():
        _resize(page, width, HEIGHT)
        tall = page.evaluate("document.documentElement.scrollHeight")
        _resize(page, width, max(SHORTEST, min(tall, TALLEST)))
        for theme in THEMES:
            page.emulate_media(color_scheme=theme, reduced_motion="reduce")
            _wait_while(page, LOADING)
            file = stem.with_name(f"{stem.name}-{name}-{theme}.webp")
            writers.submit(_keep, page.screenshot(), file)
    _resize(page, WIDTHS["wide"], HEIGHT)


def _wait_while(page: Page, script: str) -> None:
    """Not for ever: what a job draws may take longer than a picture is worth."""
    waited = time.monotonic()
    while page.evaluate(script) and time.monotonic() - waited < WAIT_SECONDS:
        page.wait_for_timeout(200)


def _resize(page: Page, width: int, height: int) -> None:
    page.set_viewport_size({"width": width, "height": height})


def _keep(png: bytes, file: Path) -> None:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    shrink = SHRUNK if picture.width > 500 else 1
    size = (round(picture.width * shrink), round(picture.height * shrink))
    picture.resize(size, Image.Resampling.LANCZOS).save(file, "WEBP", quality=QUALITY, method=4)
