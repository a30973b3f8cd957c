"""Where a number of a report comes from: the model version and the snapshot behind it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from modeling.models import DatasetSnapshot, Evaluation, ModelVersion
from modeling.services.prognosis_endpoints import endpoint_of
from modeling.services.prognosis_metrics import json_ready
from studies.methods.wording import marked, say

PURPOSES = {
    "cohorts": marked("description of the cohorts"),
    "rad_score": marked("Rad-Score"),
    "prognosis_fit": marked("fit of a nomogram"),
    "prognosis_judge": marked("judging of a nomogram"),
    "prognosis_rad_score": marked("survival by Rad-Score"),
    "prognosis_table_2": marked("Table 2"),
}


class Sources:
    """Numbered footnotes, one per pair of version and snapshot."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], dict[str, Any]] = {}

    def add(self, version: ModelVersion | None, snapshot: DatasetSnapshot) -> dict[str, Any]:
        """The footnote of a pair; the same pair has the same number."""
        key = (version.sha256 if version else "", snapshot.sha256)
        if key not in self._numbers:
            self._numbers[key] = {
                "number": len(self._numbers) + 1,
                "model_version": version_title(version) if version else marked("study records"),
                "version_uid": str(version.uid) if version else None,
                "version_sha256": version.sha256 if version else None,
                "snapshot": say("frozen table {number}", number=snapshot.number),
                "snapshot_uid": str(snapshot.uid),
                "snapshot_sha256": snapshot.sha256,
                "purpose": PURPOSES.get(snapshot.question.get("purpose", ""), ""),
            }
        return self._numbers[key]

    def of(self, evaluation: Evaluation) -> dict[str, Any]:
        return self.add(evaluation.version, evaluation.snapshot)

    def as_list(self) -> list[dict[str, Any]]:
        return list(self._numbers.values())


def version_title(version: ModelVersion) -> str:
    if version.kind == "rad_score":
        return f"Rad-Score {version.number}"
    endpoint = endpoint_of(version).sentence
    return say("Nomogram {number} ({endpoint})", number=version.number, endpoint=endpoint)


def number(
    value: float | None,
    source: Mapping[str, Any],
    n: int | None = None,
    lower: float | None = None,
    upper: float | None = None,
    digits: int = 2,
    reason: str = "",
    is_median: bool = False,
) -> dict[str, Any]:
    """A number as a report holds it: with its interval (or why there is none), n and source.

    An end of the interval that is missing was not reached in a median of survival, and was not
    estimable elsewhere.
    """
    interval = None if lower is None and upper is None else [lower, upper]
    return json_ready({
        "value": value,
        "ci": interval,
        "n": n,
        "digits": digits,
        "model_version": source["model_version"],
        "snapshot_sha": source["snapshot_sha256"],
        "source": source["number"],
        **({"no_interval": reason} if reason else {}),
        **({"is_median": True} if is_median else {}),
    })  # fmt: skip


def number_of(
    found: Mapping[str, Any] | None,
    source: Mapping[str, Any],
    n: int | None = None,
    digits: int = 2,
    is_median: bool = False,
) -> dict[str, Any]:
    """A stored estimate with bounds; its value stands under ``value`` or ``estimate``."""
    found = found or {}
    value = found.get("value", found.get("estimate"))
    bounds = found.get("lower"), found.get("upper")
    reason = found.get("reason", "")
    return number(value, source, n, *bounds, digits=digits, reason=reason, is_median=is_median)
