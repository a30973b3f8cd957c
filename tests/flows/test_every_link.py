"""Each role follows every link of the study: none is dead, none shows a foreign patient."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.flows.conftest import ROLES, Running
from tests.flows.walking import TOKEN, is_page, kind_of, signed_in, walk
from tests.visible import WORDS_OF_IT, WRITTEN, Visible, written_in

PSEUDONYM = re.compile(r"SIM-\d{4}")


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
        if is_page(text):
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
        f"{kind_of(address)}: {text}"
        for address, page in pages.items()
        if is_page(page)
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
