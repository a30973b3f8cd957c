"""Fewer resamples than a study takes: tests ask what is stored, not how exact it is."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from modeling.services import prognosis_choice
from tests.modeling.prognosis_made import RESAMPLES

R_PACKAGES = "quit(status = !all(sapply(c('survival','rms'), requireNamespace, quietly = TRUE)))"


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(prognosis_choice.ASKED, "resamples", RESAMPLES)


@pytest.fixture(scope="session")
def rscript() -> str:
    """R with what the scripts of analyses ask for; ``make test`` does not install it, CI does."""
    program = shutil.which("Rscript")
    if not program or subprocess.run([program, "-e", R_PACKAGES], capture_output=True).returncode:
        pytest.skip("R, or its packages survival and rms, are not installed")
    return program
