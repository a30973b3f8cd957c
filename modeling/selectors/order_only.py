"""What a Rad-Score is no probability of: there it orders patients, and nothing more."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studies.methods.wording import marked

ORDER_ONLY = marked(
    "By order only: the Rad-Score is a probability of the phenotype, not of response, so slope, "
    "intercept, Brier score and ECE against response would mean nothing."
)


def order_only(target: str) -> str:
    """Why calibration is not told against a target; nothing where it is."""
    return ORDER_ONLY if target == "response" else ""


def metrics_told(target: str, metrics: Mapping[str, Any]) -> dict[str, Any]:
    """The metrics that may be read: without calibration where the score only orders."""
    reason = order_only(target)
    if not reason or "calibration" not in metrics:
        return dict(metrics)
    return {**metrics, "calibration": None, "calibration_left_out": reason}
