"""Two hospitals enter by form, neither sees the other's; the statistician sees both, undated."""

from __future__ import annotations

import re
from html import unescape
from http.cookiejar import CookieJar
from pathlib import Path
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, OpenerDirector, build_opener

import pytest

from dev.processes import Product
from tests.flows.conftest import Running, open_study
from tests.flows.walking import signed_in
from tests.studies.test_cohort_import import table

WORDS = "isotherm warm 77"
TABLE = {"cohort": "training", "treatment_started_on": "2021-03-01"}
DATE = re.compile(r"\b20\d\d-\d\d(-\d\d)?\b|\b[A-Z][a-z]{2} 20\d\d\b")


def controls(text: str) -> dict[str, str]:
    """What a browser would send back of a page's last form that posts."""
    found = dict(re.findall(r'<input[^>]*? name="([^"]+)" value="([^"]*)"', text))
    selects = r'<select[^>]*? name="([^"]+)"[^>]*>(.*?)</select>'
    for name, options in re.findall(selects, text, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected', options)
        found[name] = chosen[1] if chosen else ""
    return {name: unescape(v) for name, v in found.items() if not name.endswith("-gone")}


def send(browser: OpenerDirector, address: str, words: dict[str, str]) -> str:
    return browser.open(address, urlencode(words).encode()).read().decode()


def invited(
    running: Running, administrator: OpenerDirector, name: str, site: str
) -> OpenerDirector:
    """A coordinator of one site, from the invitation to the first page."""
    people = f"{running.product.base_url}/studies/{running.study}/people/"
    page = administrator.open(people).read().decode()
    place = re.search(rf'<option value="(\d+)">{site}</option>', page)
    assert place
    words = controls(page) | {"email": f"{name}@example.org", "role": "coordinator"}
    told = send(administrator, people, words | {"site": place[1]})
    link = re.search(r'value="(http[^"]+/welcome/[^"]+)"', told)
    assert link
    browser = build_opener(HTTPCookieProcessor(CookieJar()))
    answer = browser.open(link[1])
    form = controls(answer.read().decode())
    send(browser, answer.url, form | {"new_password1": WORDS, "new_password2": WORDS})
    return browser


def enter(running: Running, browser: OpenerDirector, uid: str, **cells: str) -> str:
    """Fill the form of one patient as it comes, and save it."""
    root = f"{running.product.base_url}/studies/{running.study}/patients/{uid}/"
    page = browser.open(f"{root}entry/baseline/").read().decode()
    sent = controls(page[page.index('<form id="entry"') :]) | cells | {"save": "complete"}
    key = re.search(r'name="f-contact-(new\w+)-date"', page)
    assert key
    sent |= {f"f-contact-{key[1]}-date": "2022-03-01", f"f-contact-{key[1]}-kind": "alive"}
    return send(browser, f"{root}entry/baseline/", sent)


@pytest.fixture(scope="module")
def running(product: Product, tmp_path_factory: pytest.TempPathFactory) -> Running:
    running = open_study(product, "Entered by form", waived="consent is kept elsewhere")
    file: Path = tmp_path_factory.mktemp("entered") / "two.csv"
    file.write_bytes(table(*({"patient_id": f"{site[0]}-1", "site": site} | TABLE
                             for site in ("North", "South"))))  # fmt: skip
    assert running.upload("cohort_table", file)["state"] == "ready"
    return running


def test_two_sites_enter_and_the_statistician_sees_both_without_dates(running: Running) -> None:
    uids = {row["pseudonym"]: row["uid"] for row in running.rows("patients/")}
    root = f"{running.product.base_url}/studies/{running.study}/"
    administrator = signed_in(running, "administrator")
    for site, other in (("North", "South"), ("South", "North")):
        own, foreign = f"{site[0]}-1", f"{other[0]}-1"
        browser = invited(running, administrator, f"keeper.{site.lower()}", site)
        saved = enter(running, browser, uids[own], **{"v-sex": "female", "v-age_years": "61"})
        assert f"{own} is saved" in unescape(saved)
        listed = browser.open(f"{root}patients/").read().decode()
        assert own in listed
        assert foreign not in listed
        for page in ("", "entry/baseline/", "entry/baseline/history/age_years/"):
            with pytest.raises(HTTPError, match="404"):
                browser.open(f"{root}patients/{uids[foreign]}/{page}")
    statistician = signed_in(running, "statistician")
    for uid in uids.values():
        page = statistician.open(f"{root}patients/{uid}/").read().decode()
        body = page[page.index('<main id="content"') :]
        assert "12.0 months" in body
        assert "day 365" in body
        assert not DATE.search(body), DATE.search(body)
        with pytest.raises(HTTPError, match="403"):
            statistician.open(f"{root}patients/{uid}/entry/baseline/")
    ends = running.rows("endpoint-values/?definition__name=overall_survival")
    told = {(row["patient"], row["duration_days"]) for row in ends}
    assert {("N-1", 365.0), ("S-1", 365.0)} <= told
