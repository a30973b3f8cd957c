"""More files of `manage.py prognosis`: residuals of every row, backward elimination, means."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from modeling.methods.cox_residuals import CoxResiduals
from modeling.methods.prognosis_analysis import PrognosisAnalysis
from modeling.methods.restricted_mean import RestrictedMean
from modeling.methods.survival_groups import SurvivalGroups


def residual_rows(
    rows: Iterable[int], names: Sequence[str], told: CoxResiduals
) -> Iterator[list[Any]]:
    """Head, then per row: martingale, deviance, and dfbeta per column of the model."""
    yield ["row", "martingale", "deviance", *(f"dfbeta_{name}" for name in names)]
    for row, martingale, deviance, moved in zip(
        rows, told.martingale, told.deviance, told.dfbeta, strict=True
    ):
        yield [int(row), martingale, deviance, *moved]


def elimination_json(found: PrognosisAnalysis) -> dict[str, Any]:
    """Which terms AIC keeps, and the order in which the others leave."""
    eliminated = found.eliminated
    if eliminated is None:
        return {"kept": None, "note": "a smaller model is not estimable"}
    return {
        "criterion": "AIC",
        "kept": list(eliminated.kept),
        "aic": eliminated.aic,
        "steps": [{"dropped": step.dropped, "aic": step.aic} for step in eliminated.steps],
        "note": "p-values and intervals after elimination are too small; nothing else here uses it",
    }


def restricted_json(part: SurvivalGroups, horizon: float) -> dict[str, Any]:
    """Restricted means up to the horizon per group, and differences from the first group."""
    return {
        "horizon": horizon,
        "groups": [{"group": level, **_mean(mean)} for level, mean in part.means.items()],
        "differences": [
            {
                "group": level, "less": next(iter(part.means)),
                "difference": gap and gap.difference, "se": gap and gap.std_error,
                "ci": [gap.lower, gap.upper] if gap else None, "p": gap and gap.p_value,
            }
            for level, gap in part.gaps.items()
        ],
    }  # fmt: skip


def _mean(found: RestrictedMean | None) -> dict[str, Any]:
    if found is None:
        return {"mean": None, "not_estimable": True}
    return {"mean": found.mean, "se": found.std_error, "ci": [found.lower, found.upper]}
