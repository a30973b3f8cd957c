"""The report as files: every number of the page is in the PDF, and the zip's digests are true."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import subprocess
import zipfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from modeling.figures.kaplan_meier import SurvivalGroup, draw_kaplan_meier
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.publication.bundle import write_bundle
from modeling.publication.paper import write_paper
from modeling.publication.words import cell_text

DRAWN = '<svg viewBox="0 0 400 300"/>'
BUILT = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)


def number(value: float | None, ci: list | None = None, digits: int = 2, **more: Any) -> dict:
    return {"value": value, "ci": ci, "n": 60, "digits": digits, "source": 1,
            "model_version": "Rad-Score 1", "snapshot_sha": "b" * 64, **more}  # fmt: skip


@pytest.fixture(scope="module")
def content() -> dict[str, Any]:
    curve = estimate_kaplan_meier([1.0, 2.0, 3.0, 4.0, 5.0], [1, 0, 1, 1, 0])
    figure = draw_kaplan_meier([SurvivalGroup("all", "all", curve)], "Survival", "Five patients.")
    rows = [["=training", number(0.8437, [0.75, 0.93]), number(0.00002, digits=4)],
            ["Ω response", number(None), None]]  # fmt: skip
    table = {"key": "auc", "title": "AUC", "columns": ["Cohort", "AUC", "p"], "rows": rows,
             "note": "As told."}  # fmt: skip
    section = {"key": "rad-score", "title": "Rad-Score", "text": ["What it is # $ _ @."],
               "tables": [table], "figures": [figure.key]}  # fmt: skip
    source = {"number": 1, "model_version": "Rad-Score 1", "version_uid": "u",
              "purpose": "Rad-Score",
              "version_sha256": "a" * 64, "snapshot": "snapshot 2", "snapshot_uid": "v",
              "snapshot_sha256": "b" * 64}  # fmt: skip
    run = {"model_version": "Rad-Score 1", "seed": 7, "threads": 1, "commit": "c" * 40,
           "library_versions": {"numpy": "2"}, "snapshot_sha256": "b" * 64}  # fmt: skip
    return {
        "format": 2, "study": {"uid": "s", "name": "结直肠 study", "simulated": True},
        "sections": [section], "sources": [source], "runs": [run],
        "figures": {figure.key: {**figure.as_dict(), "svg": DRAWN, "sources": [1]}},
        "notices": [{"where": "PET", "code": "x", "text": "A dose was read as MBq."}],
    }  # fmt: skip


@pytest.fixture(scope="module")
def paper(content: dict[str, Any]) -> bytes:
    return write_paper(content, 3, "d" * 64, BUILT)


def test_the_paper_is_the_same_again(content: dict[str, Any], paper: bytes) -> None:
    assert paper.startswith(b"%PDF-")
    assert write_paper(content, 3, "d" * 64, BUILT) == paper


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_every_number_of_the_page_is_in_the_paper(paper: bytes, tmp_path: Path) -> None:
    (tmp_path / "p.pdf").write_bytes(paper)
    command = ["pdftotext", "-layout", "p.pdf", "-"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    for text in ("0.84 (0.75–0.93)", "< 0.0001", "not estimable", "SIMULATED",
                 "What it is # $ _ @.",
                 "Ω response", "seed 7", "A dose was read as MBq.", "4 March 2026"):  # fmt: skip
        assert text in done.stdout, text


def test_the_zip_names_every_file_with_its_digest(content: dict[str, Any], paper: bytes) -> None:
    packed = write_bundle(content, 3, "d" * 64, BUILT, paper)
    assert write_bundle(content, 3, "d" * 64, BUILT, paper) == packed
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    crate = json.loads(files.pop("ro-crate-metadata.json"))
    told = {part["@id"]: part["sha256"] for part in crate["@graph"] if part["@type"] == "File"}
    assert told == {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    root = next(part for part in crate["@graph"] if part["@id"] == "./")
    assert {part["@id"] for part in root["hasPart"]} == set(files)
    assert "'=training,AUC,0.8437,0.75,0.93,60," in files["tables/auc.csv"].decode()
    assert json.loads(files["figures/kaplan_meier.vl.json"])["title"]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, "–"),
        ("hot", "hot"),
        (number(0.5), "0.50"),
        (number(-0.5, [-1.0, 0.25]), "−0.50 (−1.00 to 0.25)"),
        (number(12.0, [10.0, None], digits=1, is_median=True), "12.0 (10.0–not reached)"),
        (number(3.1, [1.2, None]), "3.10 (1.20–not estimable)"),
        (number(1.0, no_interval="one class"), "1.00 (interval not estimable: one class)"),
    ],
)
def test_cells_as_text(cell: Any, text: str) -> None:
    assert cell_text(cell) == text
