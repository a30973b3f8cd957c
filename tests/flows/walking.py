"""Following every link of a study as one person, over HTTP."""

from __future__ import annotations

import re
from html import unescape
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

if TYPE_CHECKING:
    from tests.flows.conftest import Running

TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}")  # and digests
OF_A_KIND = 4  # how many pages of one kind are opened
FILE = re.compile(r"/figures/|\.(?!html)[a-z]+$")
# Each figure is opened as SVG, and lies in the report's archive as PDF; of widths and PNG a few.
PICTURE = re.compile(r"(?<=/figures/)[^/]+?((?:\.\d+mm)?\.(?:png|pdf))$")


def signed_in(running: Running, name: str) -> OpenerDirector:
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    page = f"{running.product.base_url}/account/login/"
    token = TOKEN.search(browser.open(page).read().decode())
    assert token
    words = {"csrfmiddlewaretoken": token[1], "login": name, "password": running.password}
    browser.open(page, urlencode(words).encode())
    return browser


def kind_of(address: str) -> str:
    return UID.sub("uid", urlsplit(address).path)


def is_page(text: str) -> bool:
    return text.lstrip().lower().startswith("<!doctype html")


def walk(
    browser: OpenerDirector, root: str, of_a_kind: int = OF_A_KIND, pages_only: bool = False
) -> dict[str, str]:
    """Text by address of every page, file and picture that links lead to; none may be dead."""
    found: dict[str, str] = {}
    opened: dict[str, int] = {}
    dead: list[str] = []
    waiting = [(root, "")]
    while waiting:
        address, page = waiting.pop()
        kind = PICTURE.sub(r"any\1", kind_of(address))
        if address in found or opened.get(kind, 0) >= of_a_kind:
            continue
        if pages_only and FILE.search(kind):
            continue
        opened[kind] = opened.get(kind, 0) + 1
        try:
            found[address] = browser.open(address).read().decode("utf-8", "replace")
        except HTTPError as error:
            dead.append(f"{error.code} at {address}, linked from {page}")
            continue
        links = re.findall(r'(?:href|src)="([^"#]+)', found[address])
        inside = (urljoin(address, unescape(link)) for link in links)
        waiting += [(link, address) for link in inside if link.startswith(root)]
    assert not dead, "\n".join(dead)
    return found
