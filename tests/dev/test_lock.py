"""The locks name packages and versions, and nothing of the machine that wrote them."""

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
PACKAGES = [line for line in LOCK.splitlines() if line and not line.startswith("#")]


def plain(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_each_line_is_a_name_and_a_version():
    for line in PACKAGES:
        assert re.fullmatch(r"[A-Za-z0-9_.-]+==[A-Za-z0-9_.!+]+( ; .+)?", line), line


def test_no_address_no_hash_no_path():
    assert not re.search(r"https?:|--hash|--(extra-)?index|--find|file:|^-", LOCK, re.MULTILINE)


def test_torch_brings_no_cuda():
    assert "torch==2.13.0" in PACKAGES
    assert not [line for line in PACKAGES if re.match(r"nvidia|cuda|triton", line)]


def test_the_lock_holds_what_the_project_asks_for():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    asked = [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    names = {plain(re.split(r"[\[<>=! ;]", item)[0]) for item in asked}
    locked = {plain(line.split("==")[0]) for line in PACKAGES}
    assert not names - locked, "run `make lock`"


def test_the_front_end_lock_has_digests_and_no_addresses():
    lock = json.loads((ROOT / "package-lock.json").read_text("utf-8"))
    installed = {name: entry for name, entry in lock["packages"].items() if name}
    assert all(entry["integrity"].startswith("sha512-") for entry in installed.values())
    assert not [name for name, entry in installed.items() if "resolved" in entry]
    wanted = json.loads((ROOT / "package.json").read_text("utf-8"))["dependencies"]
    assert lock["packages"][""]["dependencies"] == wanted
