"""Calibration of survival at a horizon: groups, corrected for optimism, the smooth curve, and
where the predictions lie."""

from __future__ import annotations

from numpy.typing import ArrayLike

from modeling.figures.grouped_calibration import (
    CalibrationCurve,
    CalibrationGroup,
    CorrectedPoints,
    draw_grouped_calibration,
)
from modeling.methods.corrected_indexes import CorrectedGroups
from modeling.methods.smooth_calibration import SmoothCalibration
from modeling.methods.survival_calibration import SurvivalCalibration
from studies.figures.figure import Figure
from studies.methods.wording import marked


def draw_survival_calibration(
    apparent: SurvivalCalibration,
    corrected: CorrectedGroups | None,
    smooth: SmoothCalibration | None,
    predicted: ArrayLike,
    title: str,
    caption: str = "",
    key: str = "calibration",
) -> Figure:
    """Observed on predicted survival, with a histogram of the predictions below.

    ``predicted`` are all patients' S(horizon).
    """
    groups = [CalibrationGroup(g.n, g.predicted, g.observed, g.lower, g.upper)
              for g in apparent.groups]  # fmt: skip
    less = corrected and CorrectedPoints(corrected.predicted, corrected.corrected)
    return draw_grouped_calibration(
        groups, less, _curve(smooth), predicted, marked("survival"), title, caption, key
    )


def _curve(smooth: SmoothCalibration | None) -> CalibrationCurve | None:
    if smooth is None:
        return None
    return CalibrationCurve(
        1 - smooth.grid, 1 - smooth.observed, 1 - smooth.upper, 1 - smooth.lower
    )
