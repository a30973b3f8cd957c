"""A prognosis run as it would be: what was decided, and the rows that it takes or would freeze."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import pandas as pd

from modeling.methods.covariate_review import CovariateReview, review_covariates
from modeling.services.prognosis_choice import (
    PrognosisChoice,
    choice_read,
    led_by_common_levels,
)
from modeling.services.prognosis_rows import PrognosisRows
from modeling.services.snapshots import (
    prognosis_question_rows,
    prognosis_rows_frozen,
    snapshot_permit,
)
from studies.models import CohortUse, Study


@dataclass(frozen=True)
class Ahead:
    """A run as it would be, with the rows that it would freeze."""

    study: Study
    choice: PrognosisChoice
    rows: PrognosisRows

    @cached_property
    def table(self) -> pd.DataFrame:
        """Those who can be used at all."""
        return self.rows.usable

    @cached_property
    def fitting(self) -> pd.DataFrame:
        table = self.table
        return table[table["use"] == CohortUse.DEVELOPMENT]

    @cached_property
    def split(self) -> tuple[pd.DataFrame, pd.DataFrame]:
        """Complete rows in every column, and the others with the reason."""
        return self.rows.split(list(self.choice.columns))

    @cached_property
    def fitted(self) -> pd.DataFrame:
        return self.split[0][self.split[0]["use"] == CohortUse.DEVELOPMENT]

    @cached_property
    def review(self) -> CovariateReview:
        rows = self.fitting
        return review_covariates(
            rows, rows["duration_months"].to_numpy(float), list(rows["event"]), self.choice.plan
        )


def prognosis_ahead(study: Study, asked: Mapping[str, Any]) -> Ahead:
    """The run that ``asked`` describes, with its frozen rows, or with those it would freeze today.

    Raises
    ------
    DataProblem
        As ``choice_read``; a frozen table that cannot be read, or used any more.
    """
    choice = choice_read(study, asked)
    if choice.table:
        snapshot_permit(choice.table)
        return ahead_of(study, choice, prognosis_rows_frozen(choice.table))
    return ahead_of(study, choice, prognosis_question_rows(study, choice.question))


def ahead_of(study: Study, choice: PrognosisChoice, rows: PrognosisRows) -> Ahead:
    """The run of a choice on rows, of the cohorts that were chosen."""
    kept = rows.only(choice.cohorts)
    return Ahead(study, replace(choice, plan=led_by_common_levels(choice.plan, kept)), kept)
