"""``make screenshots``: each page of the small demo, wide and narrow, light and dark.

A browser signs in as each role and follows links; one page of each kind is kept, as small WebP.
"""

from __future__ import annotations

import io
import re
import shutil
from collections.abc import Iterator
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
TALLEST, SHRUNK, QUALITY = 1500, 0.6, 30
ROLES = ("coordinator", "statistician", "collaborator")
OUTSIDE = ("", "help/", "help/glossary/", "patterns/", "notifications/")
UID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
NO_PAGE = re.compile(r"\.\w{2,6}$|/file/|/tile|/volume|/mask|/projection|/lineage/|/draft/$")


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
    seen: set[str] = set()
    for role in ROLES:
        browser.delete_all_cookies()
        _sign_in(browser, base, role, password)
        study = browser.find_element(By.CSS_SELECTOR, ".study-card h2 a").get_attribute("href")
        outside = [f"{base}/{path}" for path in OUTSIDE] if role == "statistician" else []
        for address in _walk(browser, study, outside, seen):
            name = UID.sub("one", address.removeprefix(study).removeprefix(base)).strip("/")
            name = re.sub(r"\W+", "-", name) or ("studies" if address == f"{base}/" else "home")
            is_home = address == study
            _pictures(browser, folder / (f"home-{role}" if is_home else name))


def _sign_in(browser: Any, base: str, role: str, password: str) -> None:
    browser.get(f"{base}/account/login/")
    browser.find_element(By.NAME, "login").send_keys(role)
    browser.find_element(By.NAME, "password").send_keys(password, Keys.ENTER)
    if not browser.find_elements(By.CSS_SELECTOR, ".study-card"):
        browser.get(f"{base}/")


def _walk(browser: Any, study: str, first: list[str], seen: set[str]) -> Iterator[str]:
    """One address of each kind; the home of each role."""
    waiting = [study, *first]
    while waiting:
        address = waiting.pop(0)
        kind = UID.sub("uid", address)
        if NO_PAGE.search(address) or (kind in seen and address != study):
            continue
        seen.add(kind)
        browser.get(address)
        if browser.execute_script("return document.contentType") != "text/html":
            continue
        yield address
        found = browser.execute_script(
            "return [...document.querySelectorAll('a[href]')].map((a) => a.getAttribute('href'))"
        )
        links = (urljoin(address, link).split("#")[0] for link in found)
        waiting += [link for link in links if link.startswith(study) and "?" not in link]


def _pictures(browser: Any, stem: Path) -> None:
    """The page that is open, four times."""
    for theme in THEMES:
        wishes = {"prefers-color-scheme": theme, "prefers-reduced-motion": "reduce"}
        features = [{"name": name, "value": value} for name, value in wishes.items()]
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
        for name, width in WIDTHS.items():
            _resize(browser, width, 900)
            tall = browser.execute_script("return document.documentElement.scrollHeight")
            _resize(browser, width, max(600, min(tall, TALLEST)))
            _keep(
                browser.get_screenshot_as_png(), stem.with_name(f"{stem.name}-{name}-{theme}.webp")
            )
    _resize(browser, WIDTHS["wide"], 900)


def _resize(browser: Any, width: int, height: int) -> None:
    size = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)


def _keep(png: bytes, file: Path) -> None:
    picture = Image.open(io.BytesIO(png)).convert("RGB")
    shrink = SHRUNK if picture.width > 500 else 1
    size = (round(picture.width * shrink), round(picture.height * shrink))
    picture.resize(size, Image.Resampling.LANCZOS).save(file, "WEBP", quality=QUALITY, method=6)
