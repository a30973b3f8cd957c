"""Fewer resamples than a study takes: tests ask what is stored, not how exact it is."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from modeling.services import prognosis_choice
from tests.modeling.prognosis_made import RESAMPLES


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(prognosis_choice.ASKED, "resamples", RESAMPLES)


R_PACKAGES = "quit(status = !all(sapply(c('survival','rms'), requireNamespace, quietly = TRUE)))"


@pytest.fixture(scope="module")
def rscript() -> str:
    program = shutil.which("Rscript")
    if not program:
        pytest.skip("R is not installed")
    if subprocess.run([program, "-e", R_PACKAGES], capture_output=True, check=False).returncode:
        pytest.skip("R has no survival or rms")
    return program
