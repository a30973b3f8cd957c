"""Reads that join what imaging, genomics and the clinic know into rows for a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from modeling.methods.question import choose_features
from studies.consents import GENOMICS, IMAGING, refusals
from studies.methods.problems import refuse
from studies.methods.wording import marked, say
from studies.models import CohortRole, CohortUse, Study
from studies.selectors import members_left_out, members_table

from .inputs import FEATURES, TARGET_LESION, Encoders, Given, agreeing_digests, inputs_read

# METHODS section 4, "What is predicted where": the first target is the one that must be known.
TARGETS_OF_ROLE: dict[str, tuple[str, ...]] = {
    CohortRole.TRAINING: ("rna",),
    CohortRole.INTERNAL_VALIDATION: ("rna",),
    CohortRole.EXTERNAL_PHENOTYPE: ("ihc", "rna"),
    CohortRole.EXTERNAL_RESPONSE: ("response",),
}
_NO_FEATURES = {"PET": marked("no PET features of a baseline scan"),
                "CT": marked("no CT features of a baseline scan")}  # fmt: skip
_INCOMPLETE = {"PET": marked("PET features incomplete"), "CT": marked("CT features incomplete")}
_JUDGED_BY = ("role", "target_rna", "target_ihc", "target_response", "rna_label", "response_label")
_MISSING_TARGET = {
    "rna": marked("no RNA phenotype"),
    "ihc": marked("no phenotype by IHC (no Immunoscore)"),
    "response": marked("no response assessment at 6 months"),
}


@dataclass(frozen=True)
class RadScoreRows:
    """A row per member of a cohort with a target; ``reason`` is empty for those complete.

    ``parents`` are the digests of everything the table was made of, ``agreeing`` those that would
    have given the same; ``targets_by_reader`` counts those for whom a reader chose the lesion.
    """

    table: pd.DataFrame
    features: list[str]
    parents: list[str]
    targets_by_reader: int = 0
    agreeing: set[str] = field(default_factory=set)


def rad_score_rows(
    study: Study,
    missing_features: bool = False,
    cohorts: Sequence[str] | None = None,
    wanted: Sequence[str] | None = None,
    encoders: Encoders | None = None,
    given: Mapping[str, Given] | None = None,
) -> RadScoreRows:
    """What every input gives of everybody the question asks about.

    ``given`` is ``inputs_read`` of the same encoders, where it was read already.

    Raises
    ------
    DataProblem
        A cohort or feature that is not there.
    """
    members = members_table(study)
    members = _asked_members(members[members["role"].isin(TARGETS_OF_ROLE)], cohorts)
    given = inputs_read(study, encoders) if given is None else given
    features = choose_features(list(given[FEATURES].columns.columns), wanted)
    table = members
    for name, one in given.items():
        columns = one.columns[features] if name == FEATURES else one.columns
        table = table.join(columns, on="patient_id")
    table["reason"] = _reasons(table, features, missing_features, bool(wanted))
    table["reason"] = _with_consents(study, table)
    table = _with_left_out(study, table, cohorts)
    known = set(table.loc[table["reason"] == "", "patient_id"])
    parents = {d for one in given.values() for p in known for d in one.digests.get(p, ())}
    by_reader = len(known & set(given[TARGET_LESION].digests))
    agreeing = agreeing_digests(given)
    return RadScoreRows(table, sorted(features), sorted(parents), by_reader, agreeing)


def _with_consents(study: Study, table: pd.DataFrame) -> pd.Series:
    """Whoever is incomplete because something may not be used is told so."""
    reasons = table["reason"].astype(object)
    for scope in (IMAGING, GENOMICS):
        refused = table["patient_id"].map(refusals(study, scope))
        both = (reasons != "") & refused.notna()
        reasons = reasons.mask(both, refused.astype(object) + "; " + reasons)
    return reasons


def _with_left_out(
    study: Study, table: pd.DataFrame, cohorts: Sequence[str] | None
) -> pd.DataFrame:
    """Below the others: members of whom nothing may be used, listed with the reason."""
    gone = members_left_out(study)
    gone = gone[gone["role"].isin(TARGETS_OF_ROLE)]
    gone = gone if cohorts is None else gone[gone["cohort"].isin(cohorts)]
    if gone.empty:
        return table
    gone = gone.reindex(columns=table.columns).reset_index(drop=True)
    return gone if table.empty else pd.concat([table, gone], ignore_index=True)


def _asked_members(members: pd.DataFrame, cohorts: Sequence[str] | None) -> pd.DataFrame:
    unknown = sorted(set(cohorts or ()) - set(members["cohort"]))
    if unknown:
        known = ", ".join(sorted(set(members["cohort"])))
        raise refuse(
            "question.cohorts",
            ", ".join(unknown),
            say("some of {known}", known=known),
            "Name cohorts of the study that have a target and members.",
        )
    kept = members if cohorts is None else members[members["cohort"].isin(cohorts)]
    return kept.reset_index(drop=True)


def _reasons(
    table: pd.DataFrame, features: list[str], missing_features: bool, chosen: bool
) -> list[str]:
    """Why each patient cannot be used, or nothing; ``chosen`` columns need one modality only."""
    parts = []
    for prefix, name in (("pet.", "PET"), ("ct.", "CT")):
        columns = [column for column in features if column.startswith(prefix)]
        if chosen and not columns:
            continue
        gaps = table[columns].isna()
        none = gaps.all(axis=1)
        some = gaps.any(axis=1) & ~none & (not missing_features)
        parts.append(np.where(none, _NO_FEATURES[name], np.where(some, _INCOMPLETE[name], "")))
    parts.append(unjudged_reasons(table).where(is_development(table), ""))
    return ["; ".join(filter(None, row)) for row in zip(*parts, strict=True)]


def unjudged_reasons(table: pd.DataFrame) -> pd.Series:
    """Per row why its leading target is unknown, or nothing.

    Outside the fitting cohort such a patient has a score, and follow-up that counts, but stands
    in no AUC: left out of survival, too, those who died before an assessment would be missing.
    """
    known = table[[name for name in table.columns if name in _JUDGED_BY]]
    return pd.Series([_unjudged(row) for _, row in known.iterrows()], index=table.index, dtype=str)


def _unjudged(row: pd.Series) -> str:
    target = TARGETS_OF_ROLE[row["role"]][0]
    return _missing_target(row, target) if np.isnan(row[f"target_{target}"]) else ""


def _missing_target(row: pd.Series, target: str) -> str:
    if target == "response" and row["response_label"] == "NE":
        return marked("response not evaluable (NE)")
    if target == "rna" and isinstance(row["rna_label"], str):
        return f"RNA phenotype {row['rna_label']}, neither hot nor cold"
    return _MISSING_TARGET[target]


def targets_of(table: pd.DataFrame) -> dict[str, list[str]]:
    """Targets by cohort, the leading one first."""
    roles = table.drop_duplicates("cohort").set_index("cohort")["role"]
    return {cohort: list(TARGETS_OF_ROLE[role]) for cohort, role in sorted(roles.items())}


def uses_of_cohorts(table: pd.DataFrame) -> dict[str, str]:
    uses = table.drop_duplicates("cohort").set_index("cohort")["use"]
    return {str(cohort): str(use) for cohort, use in uses.items()}


def is_development(table: pd.DataFrame) -> Any:
    return table["use"] == CohortUse.DEVELOPMENT
