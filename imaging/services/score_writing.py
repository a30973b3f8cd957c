"""Writing rules and scores: numbered, dated, with the files behind them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import pandas as pd
from django.db.models.functions import Coalesce
from django.utils import timezone

from imaging.methods.immunoscore import COLUMNS, METHOD_VERSION
from imaging.models import CellDensity, Immunoscore, ImmunoscoreRule
from studies.models import Job, Patient, Study
from studies.services import derivations_record, inputs_digest, of_method

SOURCE = Coalesce("batch__file__sha256", "count__inputs_digest")


def next_number(study: Study, reading: str) -> int:
    rules = ImmunoscoreRule.objects.filter(study=study, reading=reading)
    last = rules.order_by("-number").first()
    return last.number + 1 if last else 1


def rule_state_again(row: ImmunoscoreRule) -> ImmunoscoreRule:
    """A rule of earlier speaks again."""
    row.stated_at = timezone.now()
    row.save(update_fields=["stated_at"])
    return row


def files_behind(study: Study, specimens: list[int]) -> set[str]:
    """Digests of the tables and counts that the specimens' densities come from."""
    rows = CellDensity.objects.filter(study=study, specimen_id__in=specimens)
    return set(rows.values_list(SOURCE, flat=True))


def rule_digest(stored: dict[str, Any]) -> str:
    """Of a stated rule and the method that reads it: what each of its scores is made of."""
    return inputs_digest(stored, *of_method("immunoscore", METHOD_VERSION))


def scores_write(
    rule: ImmunoscoreRule, table: pd.DataFrame, scores: pd.DataFrame, job: Job | None
) -> None:
    """A score per specimen by one rule, with its lineage; the same again speaks anew."""
    patients = Patient.objects.in_bulk(table["patient_id"].astype(int).unique().tolist())
    rows = [
        _scored(rule, patients[int(measured["patient_id"])], measured, found, job)
        for (_, measured), (_, found) in zip(table.iterrows(), scores.iterrows(), strict=True)
    ]
    Immunoscore.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["specimen", "rule", "inputs_digest"],
        update_fields=["stated_at"],
    )
    files = defaultdict(set)
    uploads = CellDensity.objects.filter(study=rule.study, specimen_id__in=list(table.index))
    for specimen, sha256 in uploads.values_list("specimen_id", SOURCE):
        files[specimen].add(sha256)
    pairs = [
        (parent, row.inputs_digest)
        for row in rows
        for parent in (rule.digest, *files[row.specimen_id])
    ]
    derivations_record(rule.study, pairs, job)


def _scored(
    rule: ImmunoscoreRule, patient: Patient, measured: pd.Series, found: pd.Series, job: Job | None
) -> Immunoscore:
    densities = [round(float(measured[column]), 6) for column in COLUMNS]
    stored = {name: None if pd.isna(value) else value for name, value in found.items()}
    return Immunoscore(
        patient=patient,
        specimen_id=measured.name,
        rule=rule,
        produced_by=job,
        inputs_digest=inputs_digest(rule.digest, densities, bool(measured["biopsy"])),
        **{**stored, "reason": str(found["reason"])[:120]},
    )
