"""Fewer resamples than a study takes: tests ask what is stored, not how exact it is."""

from __future__ import annotations

import pytest

from modeling.services import prognosis_choice


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(prognosis_choice.ASKED, "resamples", 6)
