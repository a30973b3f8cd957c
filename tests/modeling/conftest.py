"""Fewer resamples than a study takes: tests ask what is stored, not how exact it is."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("modeling.services.prognosis.RESAMPLES", 6)
