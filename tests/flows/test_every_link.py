"""Each role follows every link of the study: none is dead, none shows a foreign patient."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from functools import cache
from html import unescape
from http.cookiejar import CookieJar
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin, urlsplit
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest

from tests.conftest import REPO
from tests.flows.conftest import Running
from tests.visible import WORDS_OF_IT, WRITTEN, Visible, written_in

pytest.importorskip("selenium")

from selenium.webdriver.common.keys import Keys

from tests.flows.test_browser import WIDE, browser, needs_browser, resize, sign_in

assert browser  # a fixture

PSEUDONYM = re.compile(r"SIM-\d{4}")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')
UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|[0-9a-f]{64}")  # and digests
ROLES = ("coordinator", "statistician", "collaborator")
OF_A_KIND = 4  # how many pages of one kind are opened


def signed_in(running: Running, name: str) -> OpenerDirector:
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    page = f"{running.product.base_url}/account/login/"
    token = TOKEN.search(browser.open(page).read().decode())
    assert token
    words = {"csrfmiddlewaretoken": token[1], "login": name, "password": running.password}
    browser.open(page, urlencode(words).encode())
    return browser


FILE = re.compile(r"/figures/|\.(?!html)[a-z]+$")
# Each figure is opened as SVG, and lies in the report's archive as PDF; of widths and PNG a few.
PICTURE = re.compile(r"(?<=/figures/)[^/]+?((?:\.\d+mm)?\.(?:png|pdf))$")


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
        kind = PICTURE.sub(r"any\1", UID.sub("uid", urlsplit(address).path))
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


@pytest.fixture(scope="module")
def walked(thread: Running) -> Callable[[str], dict[str, str]]:
    """What a role finds, walked once."""
    root = f"{thread.product.base_url}/studies/{thread.study}/"
    return cache(lambda name: walk(signed_in(thread, name), root))


@pytest.mark.parametrize("name", ROLES)
def test_no_link_is_dead_and_no_page_names_a_foreign_patient(
    thread: Running, walked: Callable[[str], dict[str, str]], name: str
):
    own = {
        row["pseudonym"] for row in thread.clients[name].every(f"studies/{thread.study}/patients/")
    }
    pages = walked(name)
    assert len(pages) > 25
    for address, text in pages.items():
        assert set(PSEUDONYM.findall(text)) <= own, address
        if text.lstrip().lower().startswith("<!doctype html"):
            assert not written_in(text, WRITTEN), address


ENGLISH = re.compile(r"[A-Za-z][A-Za-z'’-]*(?:,? [A-Za-z][A-Za-z'’-]*){2,}")
# What is the study's own or a thing's own name, by the pattern of what surrounds it.
OWN = re.compile(
    r"SIMULATED metastatic colorectal cancer|North, South|East, North, South|L P S"
    r"|Imagined [AB] Phantom PET|ORIGINAL, PRIMARY, AXIAL|CR, PR, SD, PD|nivolumab and ipilimumab"
    r"|[A-Za-z0-9_.-]+\.(?:csv|zip|gz)"
)


def english_in(page: str, own: re.Pattern[str]) -> list[str]:
    """Three English words in a row or more, where a page should speak Chinese."""
    visible = Visible()
    visible.feed(page)
    texts = [own.sub(" | ", OWN.sub(" | ", text)) for text in visible.texts]
    return [found[0] for text in texts for found in ENGLISH.finditer(text)]


def test_a_value_as_the_program_writes_it_is_found() -> None:
    page = "<p>planned [&#x27;a&#x27;]</p><p>x None</p><code>[]</code><p>Median [IQR], n [3]</p>"
    assert written_in(page, WRITTEN) == ["planned ['a']"]
    assert written_in(page, WRITTEN, WORDS_OF_IT) == ["planned ['a']", "x None"]


def test_english_is_found_on_a_page_that_should_speak_chinese() -> None:
    page = '<p title="Say it here">你好 <code>a b c</code><b lang="en">One two three</b> x y z</p>'
    assert english_in(page, re.compile("Nobody")) == ["Say it here", "x y z"]


def test_a_role_reads_chinese_on_every_page(thread: Running):
    """Pages of the statistician, one of a kind, with 简体中文 chosen."""
    person = signed_in(thread, "statistician")
    base = thread.product.base_url
    home = person.open(f"{base}/").read().decode()
    token = TOKEN.search(home)
    assert token
    chosen = {"csrfmiddlewaretoken": token[1], "language": "zh-hans", "next": "/"}
    assert (
        'lang="zh-hans"'
        in person.open(f"{base}/language/", urlencode(chosen).encode()).read().decode()
    )
    pages = walk(person, f"{base}/studies/{thread.study}/", of_a_kind=1, pages_only=True)
    study = thread.clients["statistician"].get(f"studies/{thread.study}/")
    reasons = [event["reason"] for event in thread.rows("version-events/")]
    recipes = [run["recipe"].get("name") for run in thread.rows("runs/")]
    typed = [*own_texts(study), *filter(None, [*reasons, *recipes])]
    own = re.compile("|".join(map(re.escape, typed)))
    wrong = [
        f"{UID.sub('uid', urlsplit(address).path)}: {text}"
        for address, page in pages.items()
        if page.lstrip().lower().startswith("<!doctype html")
        for text in dict.fromkeys(
            [*english_in(page, own), *written_in(own.sub("", page), WRITTEN, WORDS_OF_IT)]
        )
    ]
    assert not wrong, "\n".join(wrong)
    assert len(pages) > 40


def own_texts(study: dict[str, Any]) -> list[str]:
    """What people typed: name and description of the study, each sentence by itself."""
    texts = [str(text) for text in study.values() if isinstance(text, str) and " " in text]
    parts = {part for text in texts for part in re.split(r"[.:;] ?", text) if part}
    return sorted({*texts, *parts}, key=len, reverse=True)


AXE = REPO / "node_modules" / "axe-core" / "axe.min.js"
RUN_AXE = """
const told = arguments[arguments.length - 1];
axe.run(document, {
  runOnly: arguments[0],
  resultTypes: ["violations"], preload: false,
}).then((found) => told(found.violations
  .filter((one) => ["serious", "critical"].includes(one.impact))
  .map((one) => `${one.id}: ` + one.nodes.map((node) => node.html.slice(0, 120)).join(" | "))));
"""
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
CONTRAST = {"type": "rule", "values": ["color-contrast"]}  # all that the dark changes
OVERFLOWS = "return document.documentElement.scrollWidth > document.documentElement.clientWidth"
ZOOMED, NARROW = 720, 390  # 1440 at 200 %, and a telephone
DRAWS_BY_GPU = "/view/"  # the viewer of scans has a test of its own


# The same page but for its drawing or its values, whose width alone may not fit.
ALIKE = re.compile(r"/(figures|drawings/uid|history)/[^/]+(\.html|/)$")


def of_each_kind(pages: dict[str, str], seen: Counter[str]) -> Iterator[tuple[str, bool]]:
    """A page of each kind that no role before has shown, and whether axe is to look at it."""
    for address, text in pages.items():
        kind = UID.sub("uid", urlsplit(address).path)
        is_page = text.lstrip().lower().startswith("<!doctype html") and DRAWS_BY_GPU not in kind
        if is_page and kind not in seen:
            alike = ALIKE.sub(r"/\1/any", kind)
            seen.update({kind, alike})
            yield address, seen[alike] <= OF_A_KIND


def in_the(browser: Any, theme: str) -> None:
    """At once: colours half-way from one to the other would be nobody's."""
    wishes = {"prefers-color-scheme": theme, "prefers-reduced-motion": "reduce"}
    features = [{"name": name, "value": value} for name, value in wishes.items()]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


def found_by_axe(browser: Any, axe: str) -> list[str]:
    """By every rule in the light, and by that of contrast in the dark."""
    browser.execute_script(axe)
    light = browser.execute_async_script(RUN_AXE, RULES)
    in_the(browser, "dark")
    dark = browser.execute_async_script(RUN_AXE, CONTRAST)
    in_the(browser, "light")
    return [*(f": {one}" for one in light), *(f", dark: {one}" for one in dark)]


@needs_browser
def test_axe_finds_nothing_no_page_scrolls_sideways_and_the_policy_holds(
    browser: Any, thread: Running, walked: Callable[[str], dict[str, str]]
):
    """Every page of the three roles, in a browser: WCAG 2.2 AA, dark, 200 % zoom, 390 px, CSP."""
    product, wrong, seen = thread.product, [], Counter[str]()
    axe = AXE.read_text("utf-8")
    reported = json.loads(product.manage("policy_reports"))  # by others, in the last days
    browser.set_script_timeout(60)
    for name in ROLES:
        browser.delete_all_cookies()
        resize(browser, WIDE)
        sign_in(browser, thread, name)
        home = [
            (f"{product.base_url}/{path}", True)
            for path in ("", "help/", "patterns/", "notifications/")
        ]
        for address, whole in [
            *(home if name == "statistician" else ()),
            *of_each_kind(walked(name), seen),
        ]:
            browser.get(address)
            if whole:
                wrong += [f"{address}{one}" for one in found_by_axe(browser, axe)]
            for width in (ZOOMED, NARROW):
                resize(browser, width)
                if browser.execute_script(OVERFLOWS):
                    wrong.append(f"{address}: scrolls sideways at {width} px")
            resize(browser, WIDE)
    assert not wrong, "\n".join(wrong)
    assert len(seen) > 40
    assert json.loads(product.manage("policy_reports")) == reported


@needs_browser
def test_a_page_is_reached_by_keyboard_alone(browser: Any, thread: Running):
    """Skip link, bell, menu and a list: focus goes on and can be seen."""
    resize(browser, WIDE)
    sign_in(browser, thread, "statistician")
    browser.get(f"{thread.product.base_url}/studies/{thread.study}/jobs/")
    press(browser, Keys.TAB)
    assert focused(browser)["text"] == "Skip to content"
    press(browser, Keys.ENTER)
    press(browser, Keys.TAB)
    stops = []
    for _ in range(12):
        stops.append(focused(browser))
        press(browser, Keys.TAB)
    assert any(stop["text"].startswith("Columns") for stop in stops)
    assert any(stop["tag"] == "SELECT" for stop in stops)
    assert all(stop["outlined"] for stop in stops)


def press(browser: Any, key: str) -> None:
    browser.switch_to.active_element.send_keys(key)


def focused(browser: Any) -> dict[str, Any]:
    return browser.execute_script(
        "const here = document.activeElement, look = getComputedStyle(here);"
        "return {tag: here.tagName, text: here.textContent.trim(),"
        " outlined: look.outlineStyle !== 'none' || look.boxShadow !== 'none'}"
    )
