"""The rows a prognosis asks about, as they are frozen: whom, which columns, of which endpoint.

In the table is whoever has a Rad-Score and follow-up. Gaps of other columns stay gaps: who has one
is not fitted to, and is judged only by a model without that column.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pandas as pd

from imaging.models import ImmunoscoreRule
from imaging.selectors.slides import rule_current
from modeling.methods.admissible_columns import DictionaryColumn
from modeling.methods.question import PROGNOSIS
from modeling.models import DatasetSnapshot, ModelVersion, SavedQuestion
from modeling.selectors import frozen_keys, frozen_left_out
from modeling.services.prognosis_columns import own_values, told_of
from modeling.services.prognosis_endpoints import landmark_of, landmark_told
from modeling.services.prognosis_rows import (
    ALWAYS,
    CANDIDATES,
    KEY,
    OUTCOMES,
    PrognosisRows,
    landmark_losses,
    prognosis_rows,
    reason_of,
)
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import named, say, say_number
from studies.models import CohortUse, Patient, Study
from studies.selectors import members_left_out

PURPOSE = PROGNOSIS
COUNTED = (CohortUse.DEVELOPMENT, CohortUse.VALIDATION)


@dataclass(frozen=True)
class PrognosisQuestion:
    """What is asked, every default written out.

    ``cohorts`` are validating ones; development is always asked about. ``columns`` are the
    candidates; ``own`` tells title, unit and levels of those that are the study's own. With
    ``landmark_days`` time is counted from that day after the start of treatment, of whoever is
    followed without event beyond it.
    """

    endpoint: str
    rad_score: ModelVersion
    cohorts: tuple[str, ...]
    columns: tuple[str, ...]
    immunoscore: bool
    own: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    filters: tuple[Mapping[str, Any], ...] = ()
    saved: SavedQuestion | None = None
    landmark_days: int = 0

    def document(self) -> dict[str, Any]:
        """As a frozen table keeps it."""
        saved = {"saved": str(self.saved), "asks": self.saved.document} if self.saved else {}
        return {
            **saved,
            "purpose": PURPOSE,
            "endpoint": self.endpoint,
            "rad_score": str(self.rad_score.uid),
            "cohorts": list(self.cohorts),
            "columns": list(self.columns),
            "immunoscore": "yes" if self.immunoscore else "no",
            "own": {name: dict(told) for name, told in self.own.items()},
            "filters": [dict(rule) for rule in self.filters],
            "missing": "complete_case",
            **landmark_told(self.landmark_days),
        }


def own_told(
    columns: Mapping[str, DictionaryColumn], names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """What is frozen of columns of the study's own among ``names``."""
    return {name: told_of(columns[name]) for name in names if name not in CANDIDATES}


def asked_columns(question: Mapping[str, Any]) -> list[str]:
    """Columns of the model that a frozen question names, the unpenalised ones first."""
    always = ALWAYS if question["immunoscore"] == "yes" else ALWAYS[:1]
    return [*always, *question["columns"]]


def prognosis_table(study: Study, question: Mapping[str, Any]) -> PrognosisRows:
    """Everybody whom a question asks about as records stand now, with all that filters may ask.

    Raises
    ------
    DataProblem
        The question's Rad-Score is not there.
    """
    version = ModelVersion.objects.filter(study=study, uid=question["rad_score"]).first()
    if version is None:
        raise refuse("question.rad_score", question["rad_score"], "a Rad-Score of this study",
                     "Ask with another one.")  # fmt: skip
    landmark = landmark_of(question)
    rows = prognosis_rows(study, question["endpoint"], version, landmark).table
    rows = rows.join(own_values(study, list(question["own"])), on="patient_id")
    gone = members_left_out(study)
    table = rows if gone.empty else pd.concat([rows, gone], ignore_index=True)
    table = table[table["use"].isin(COUNTED)]
    asked = (table["use"] == CohortUse.DEVELOPMENT) | table["cohort"].isin(question["cohorts"])
    table = table[asked].sort_values(list(KEY)).reset_index(drop=True)
    return PrognosisRows(table, [version.sha256, *_rules(study, question)], _all_rules(study))


def _rules(study: Study, question: Mapping[str, Any]) -> list[str]:
    """What the Immunoscores are given by: a table's lineage tells it for good."""
    rule = rule_current(study) if question["immunoscore"] == "yes" else None
    return [rule.digest] if rule else []


def _all_rules(study: Study) -> set[str]:
    """Scores that another rule gives alike are the same rows."""
    return set(ImmunoscoreRule.objects.filter(study=study).values_list("digest", flat=True))


def narrowed(rows: PrognosisRows, question: Mapping[str, Any]) -> PrognosisRows:
    """With the columns that are frozen, and no more."""
    kept = [*KEY, "patient_id", "cohort_id", "use", "reason", "rad_score_kind",
            *asked_columns(question), *OUTCOMES]  # fmt: skip
    return replace(rows, table=rows.table[kept], titles=_own_titles(question))


def _own_titles(question: Mapping[str, Any]) -> dict[str, str]:
    return {name: told["title"] for name, told in question["own"].items()}


def check_table(table: pd.DataFrame) -> None:
    """There must be somebody to fit to.

    Raises
    ------
    DataProblem
        Why nobody of a development cohort is in, by cohort.
    """
    fitting = table[table["use"] == CohortUse.DEVELOPMENT]
    if fitting.empty:
        raise refuse(say("Prognosis"), say("nobody in a development cohort"), "a training cohort",
                     "Import a cohort table with a training cohort.")  # fmt: skip
    if (fitting["reason"] == "").any():
        return
    raise DataProblem(
        [
            Problem(
                say("Prognosis, {cohort}", cohort=named(cohort)),
                say("nobody complete: {count} patients with {reason}", count=count,
                    reason=say(reason)),
                "patients with a Rad-Score and follow-up",
                "Finish the steps before this one.",
            )
            for (cohort, reason), count in fitting.groupby(["cohort", "reason"]).size().items()
        ]
    )  # fmt: skip


def targets_asked(question: Mapping[str, Any], table: pd.DataFrame) -> dict[str, str]:
    return dict.fromkeys(sorted(set(table["cohort"])), question["endpoint"])


def table_notices(question: Mapping[str, Any], rows: PrognosisRows) -> list[Notice]:
    """Who is in, and who has a gap, by cohort."""
    notices = landmark_notices(question, rows)
    for cohort, members in rows.table.groupby("cohort", sort=True):
        known = members[members["reason"] == ""]
        if len(known) < len(members):
            text = say(
                "{cohort}: {n} of {total} patients are in, {out} listed with the reason.",
                cohort=named(cohort), n=len(known), total=len(members),
                out=len(members) - len(known),
            )  # fmt: skip
            notices.append(Notice("complete_case", text))
        gaps = int(known[asked_columns(question)].isna().any(axis=1).sum())
        if gaps:
            notices.append(Notice("gaps", _gaps_said(str(cohort), members, gaps)))
    return notices


def landmark_notices(question: Mapping[str, Any], rows: PrognosisRows) -> list[Notice]:
    """Whom the landmark leaves out, by cohort."""
    days = landmark_of(question)
    if not days:
        return []
    return [
        Notice("landmark", say(
            "{cohort}: by the landmark, day {days}, {died} had the event and {lost} were not "
            "followed beyond it: they are out, and time is counted from there.",
            cohort=named(cohort), days=days, died=died, lost=lost,
        ))
        for cohort, (died, lost) in landmark_losses(rows.table, days).items()
    ]  # fmt: skip


def _gaps_said(cohort: str, members: pd.DataFrame, gaps: int) -> str:
    if (members["use"] == CohortUse.DEVELOPMENT).any():
        return say_number(
            "{cohort}: {number} patient lacks a value of a column and is not fitted to.",
            "{cohort}: {number} patients lack a value of a column and are not fitted to.",
            gaps, cohort=named(cohort),
        )  # fmt: skip
    return say_number(
        "{cohort}: {number} patient lacks a value of a column and is judged only by a model "
        "without that column.",
        "{cohort}: {number} patients lack a value of a column and are judged only by a model "
        "without that column.",
        gaps, cohort=named(cohort),
    )  # fmt: skip


def rows_as_frozen(snapshot: DatasetSnapshot, kept: pd.DataFrame) -> PrognosisRows:
    """The rows of a frozen table (``kept``: as read), and below them who is out and why."""
    keys = frozen_keys(snapshot)
    table = (
        kept.drop(columns="use")
        .merge(keys, on=list(KEY), how="left", validate="1:1")
        .assign(reason="")
    )
    out = frozen_left_out(snapshot)
    table = table if out.empty else pd.concat([table, out], ignore_index=True)
    return PrognosisRows(table, [snapshot.sha256], titles=_own_titles(snapshot.question))


def gaps_of(question: Mapping[str, Any], rows: PrognosisRows) -> pd.DataFrame:
    """Rows of a frozen table with a gap in a column of the model, and the ``reason``."""
    known, columns = rows.usable, asked_columns(question)
    gaps = known[columns].isna()
    some = gaps.any(axis=1)
    said = [reason_of(row.index[row], rows.titles) for _, row in gaps[some].iterrows()]
    return known[some].assign(reason=said)


def of_user(table: pd.DataFrame, user: Any) -> list[dict[str, Any]]:
    """Rows whose patients the user may see: patient, cohort, reason."""
    seen = Patient.objects.visible_to(user).filter(pk__in=set(table["patient_id"]))
    patients = {patient.pk: patient for patient in seen}
    return [
        {"patient": patients[row.patient_id], "cohort": row.cohort, "reason": row.reason}
        for row in table.itertuples()
        if row.patient_id in patients
    ]
