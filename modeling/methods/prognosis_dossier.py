"""What a prognostic model is asked in its own patients: optimism, stability, shape, size."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
import pandas as pd

from modeling.methods.added_value import AddedValue, compare_nested, compare_refitted
from modeling.methods.chi_squared import ChiSquaredTest
from modeling.methods.cox_residuals import SchoenfeldResiduals, estimate_schoenfeld
from modeling.methods.cox_validation import CoxValidation, validate_cox
from modeling.methods.design_matrix import apply_design
from modeling.methods.pipeline_validation import PipelineValidation, validate_pipeline
from modeling.methods.prognosis import PrognosisFit, apply_prognosis, fit_prognosis
from modeling.methods.sample_size import SampleSize, estimate_sample_size
from modeling.methods.spline_effects import SplineEffect, estimate_spline_effects
from modeling.methods.survival_table import Flags, Floats
from studies.methods.problems import DataProblem, Notice, refuse
from studies.methods.wording import say

STABILITY = 100  # resamples whose predictions are kept
LEAST_EVENTS_EACH = 2  # per candidate column, for resamples of the whole pipeline
Progress = Callable[[int, int], None]
Found = TypeVar("Found")


@dataclass(frozen=True)
class PrognosisDossier:
    """``pipeline`` repeats the LASSO in every resample, ``fixed`` keeps the columns.

    What could not be computed is None, and a notice says why.
    """

    pipeline: PipelineValidation | None
    fixed: CoxValidation | None
    added: AddedValue | None
    added_test: ChiSquaredTest | None
    schoenfeld: SchoenfeldResiduals
    splines: tuple[SplineEffect, ...]
    sample_size: SampleSize
    notices: tuple[Notice, ...]


def examine_prognosis(
    fit: PrognosisFit,
    table: pd.DataFrame,
    duration: Floats,
    event: Flags,
    marker: str,
    headline: float,
    resamples: int = 1000,
    seed: int = 0,
    progress: Progress | None = None,
) -> PrognosisDossier:
    """Optimism with and without selection, what ``marker`` adds, residuals, splines, size.

    Parameters
    ----------
    fit : PrognosisFit
    table, duration, event
        The rows it was fitted to.
    marker : str
        The column whose worth is asked.
    headline : float
        Horizon of calibration, stability and net benefit.
    resamples, seed : int
        Of the bootstrap (0: none); a marker's own score is not refitted.
    progress : callable (done, total)

    References
    ----------
    Steyerberg, Clinical Prediction Models, 2019. Riley et al., Stat Med 2019;38:1276.
    """
    rows, notices = _joined(fit, table), list[Notice]()
    design = apply_design(rows, fit.terms)
    x, names = design.matrix, design.names
    marked_columns = design.groups[marker]

    parameters = sum(len(term.columns) for term in fit.terms) + _offered_columns(fit)

    def pipeline() -> PipelineValidation:
        if event.sum() < LEAST_EVENTS_EACH * parameters:
            raise refuse(
                say("Optimism of the whole pipeline"),
                say(
                    "{sum} events for {parameters} candidate columns",
                    sum=int(event.sum()),
                    parameters=parameters,
                ),
                say(
                    "{least_events_each} events or more per candidate column",
                    least_events_each=LEAST_EVENTS_EACH,
                ),
                "With fewer, resamples tell every patient apart.",
            )

        def everything(drawn: np.ndarray) -> Floats:
            again = fit_prognosis(table.iloc[drawn].reset_index(drop=True), duration[drawn],
                                  event[drawn], fit.plan, seed)  # fmt: skip
            return apply_prognosis(again, table)

        return validate_pipeline(duration, event, everything, resamples=resamples, seed=seed,
                                 progress=progress,
                                 shrunken=fit.plan.penalty == "firth")  # fmt: skip

    def fixed() -> CoxValidation:
        return validate_cox(duration, event, x, names, resamples=resamples, seed=seed,
                            horizon=headline, groups=_groups(len(rows)), threads=1,
                            instability=min(STABILITY, resamples),
                            penalty=fit.plan.penalty)  # fmt: skip

    def added() -> AddedValue:
        return compare_refitted(duration, event, x, names, marked_columns, fit.nomogram.times,
                                headline, min(resamples, 500), seed,
                                fit.plan.penalty)  # fmt: skip

    def tested() -> ChiSquaredTest:
        return compare_nested(duration, event, x, names, marked_columns, fit.plan.penalty)

    resampled, plain = resamples >= 2, fit.plan.penalty == "none"
    if not resampled:
        notices.append(_without_resamples())
    if not plain:
        notices.append(_without_likelihood())
    return PrognosisDossier(
        pipeline=_try(pipeline, "optimism_not_estimable", notices) if resampled else None,
        fixed=_try(fixed, "calibration_not_corrected", notices) if resampled else None,
        added=_try(added, "added_value_not_estimable", notices) if resampled else None,
        added_test=_try(tested, "added_value_not_tested", notices),
        schoenfeld=estimate_schoenfeld(fit.cox, duration, event, x),
        splines=estimate_spline_effects(duration, event, rows, fit.terms) if plain else (),
        sample_size=estimate_sample_size(
            len(rows), int(event.sum()), parameters, fit.cox.plain_log_likelihood, duration,
            headline,
        ),
        notices=tuple(notices),
    )  # fmt: skip


def _joined(fit: PrognosisFit, table: pd.DataFrame) -> pd.DataFrame:
    return table.assign(**{name: table[name].replace(dict(m)) for name, m in fit.joined.items()})


def _offered_columns(fit: PrognosisFit) -> int:
    """Columns that the LASSO was offered and did not keep count as candidates, too."""
    if fit.lasso is None:
        return 0
    used = {column for term in fit.terms for column in term.columns}
    return len([name for name in fit.lasso.path.names if name not in used])


def _groups(n: int) -> int:
    return int(np.clip(n // 15, 2, 5))


def _without_resamples() -> Notice:
    return Notice("no_resamples", "no resamples were asked for: training is not validated")


def _without_likelihood() -> Notice:
    text = say(
        "fitted by Firth's likelihood: every resample maximises it anew, with and without the "
        "Rad-Score, which is tested by the penalised likelihood ratio; the shape of effects needs "
        "the plain likelihood and is left out"
    )
    return Notice("firth_not_compared", text)


def _try(compute: Callable[[], Found], code: str, notices: list[Notice]) -> Found | None:
    try:
        return compute()
    except DataProblem as refusal:
        notices.append(Notice(code, refusal.problems[0].sentence()))
        return None
