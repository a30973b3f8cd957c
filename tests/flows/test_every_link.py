"""Each role follows every link of the study: none is dead, none shows a foreign patient."""

from __future__ import annotations

import re
from html import unescape
from http.cookiejar import CookieJar
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest

from tests.flows.conftest import Running

PSEUDONYM = re.compile(r"SIM-\d{4}")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
OF_A_KIND = 4  # how many pages of one kind are opened


def signed_in(running: Running, name: str) -> OpenerDirector:
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    page = f"{running.product.base_url}/account/login/"
    token = TOKEN.search(browser.open(page).read().decode())
    assert token
    words = {"csrfmiddlewaretoken": token[1], "login": name, "password": running.password}
    browser.open(page, urlencode(words).encode())
    return browser


def walk(browser: OpenerDirector, root: str) -> dict[str, str]:
    """Text by address of every page, file and picture that links lead to; none may be dead."""
    found: dict[str, str] = {}
    opened: dict[str, int] = {}
    dead: list[str] = []
    waiting = [(root, "")]
    while waiting:
        address, page = waiting.pop()
        kind = UID.sub("uid", urlsplit(address).path)
        if address in found or opened.get(kind, 0) >= OF_A_KIND:
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


@pytest.mark.parametrize("name", ["coordinator", "statistician", "collaborator"])
def test_no_link_is_dead_and_no_page_names_a_foreign_patient(thread: Running, name: str):
    own = {
        row["pseudonym"] for row in thread.clients[name].every(f"studies/{thread.study}/patients/")
    }
    root = f"{thread.product.base_url}/studies/{thread.study}/"
    pages = walk(signed_in(thread, name), root)
    assert len(pages) > 25
    for address, text in pages.items():
        assert set(PSEUDONYM.findall(text)) <= own, address
