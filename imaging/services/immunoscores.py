"""Specimens scored 0-4 by cuts frozen on the development cohort."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import Any

import pandas as pd
from django.db import transaction
from django.db.models.functions import Coalesce
from django.utils import timezone

from imaging.methods.immunoscore import (
    COLUMNS,
    DEFAULTS,
    apply_immunoscore,
    compare_immunoscore_rules,
    fit_immunoscore_rule,
)
from imaging.methods.immunoscore import ImmunoscoreRule as Rule
from imaging.models import CellDensity, Immunoscore, ImmunoscoreRule
from imaging.selectors.slides import (
    density_table,
    reference_table,
    rule_inputs,
)
from studies.jobs import Progress, no_progress
from studies.methods.problems import Notice, refuse
from studies.models import Job, Patient, Study
from studies.services import derivation_record, derivations_record, inputs_digest

_SOURCE = Coalesce("batch__file__sha256", "count__inputs_digest")


def immunoscore_compute(
    study: Study,
    params: dict[str, Any] | None = None,
    progress: Progress = no_progress,
    job: Job | None = None,
) -> dict[str, Any]:
    """Freeze the cuts on development patients, score every specimen with slides.

    Parameters
    ----------
    params : dict
        ``kind`` (reference_percentile, reference_mean_share, fixed), ``parameter`` (percentile
        or share), ``cuts`` (for fixed).

    Raises
    ------
    DataProblem
        Too few development densities, or a rule that means nothing.
    """
    progress(0, 3, "reading densities")
    table, reference = density_table(study), reference_table(study)
    asked = _asked(params)
    digest = rule_inputs(reference, **asked)
    row = ImmunoscoreRule.objects.filter(study=study, inputs_digest=digest).first()
    rule = Rule.from_dict(row.rule) if row else fit_immunoscore_rule(reference, **asked)
    progress(1, 3, f"scoring {len(table)} specimens")
    scores = apply_immunoscore(rule, table, table["biopsy"].astype(bool))
    progress(2, 3, "writing scores")
    with transaction.atomic():
        row = _stated(row) if row else _freeze(study, rule, reference, digest, job)
        _write(row, table, scores, job)
    progress(3, 3, "done")
    return _result(row, scores)


def _asked(params: dict[str, Any] | None) -> dict[str, Any]:
    """Kind, parameter and cuts, defaults filled in."""
    params = params or {}
    kind = params.get("kind") or "reference_percentile"
    given = params.get("parameter")
    try:
        parameter = DEFAULTS.get(kind) if given in (None, "") else float(given)
    except (TypeError, ValueError) as error:
        raise refuse("parameter", given, "a number", "Give a percentile or share.") from error
    fixed = kind == "fixed"
    cuts = {name: _cut(name, cut) for name, cut in dict(params.get("cuts") or {}).items()}
    return {
        "kind": kind,
        "parameter": None if fixed else parameter,
        "cuts": cuts if fixed else None,
    }


def _cut(name: str, cut: Any) -> float:
    try:
        return float(cut)
    except (TypeError, ValueError) as error:
        raise refuse(f"cuts.{name}", cut, "cells/mm2", "Give a number.") from error


def _stated(row: ImmunoscoreRule) -> ImmunoscoreRule:
    """A rule of earlier speaks again."""
    row.stated_at = timezone.now()
    row.save(update_fields=["stated_at"])
    return row


def _freeze(
    study: Study, rule: Rule, reference: pd.DataFrame, digest: str, job: Job | None
) -> ImmunoscoreRule:
    last = ImmunoscoreRule.objects.filter(study=study).order_by("-number").first()
    stored = rule.as_dict()
    shares: dict[str, float | None] = {**compare_immunoscore_rules(reference)}
    own = apply_immunoscore(rule, reference)["high"].mean()
    shares["this rule"] = None if pd.isna(own) else float(own)
    complete = int(reference[list(COLUMNS)].notna().all(axis=1).sum())
    row = ImmunoscoreRule.objects.create(
        study=study,
        number=last.number + 1 if last else 1,
        kind=rule.kind,
        parameter=rule.parameter,
        cuts=rule.cuts,
        rule=stored,
        digest=inputs_digest(stored),
        n_reference=complete,
        shares_high=shares,
        notices=[notice.as_dict() for notice in _notices(rule, shares)],
        produced_by=job,
        inputs_digest=digest,
    )
    batches = CellDensity.objects.filter(study=study, specimen_id__in=list(reference.index))
    files = set(batches.values_list(_SOURCE, flat=True))
    derivation_record(study, files, row.digest, job)
    return row


def _notices(rule: Rule, shares: dict[str, float | None]) -> list[Notice]:
    said = ", ".join(
        f"{name.replace('_', ' ')} {share:.0%}"
        for name, share in shares.items()
        if share is not None
    )
    text = f"Share of development specimens that score high under each rule: {said}."
    notices = [Notice("immunoscore_shares", text)]
    if rule.kind == "reference_percentile" and rule.parameter is not None:
        limit = min(1.0, 4 * (1 - rule.parameter / 100) / 3)
        text = (
            f"Four calls at percentile {rule.parameter:g} let at most {limit:.0%} of the reference "
            "score 3-4; half high, as the study paper reports, needs another rule."
        )
        notices.append(Notice("immunoscore_percentile_limit", text))
    return notices


def _write(
    rule: ImmunoscoreRule, table: pd.DataFrame, scores: pd.DataFrame, job: Job | None
) -> None:
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
    for specimen, sha256 in uploads.values_list("specimen_id", _SOURCE):
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


def _result(rule: ImmunoscoreRule, scores: pd.DataFrame) -> dict[str, Any]:
    counts = Counter("none" if pd.isna(score) else str(score) for score in scores["score"])
    return {
        "rule": str(rule.uid),
        "number": rule.number,
        "cuts": rule.cuts,
        "scores": dict(sorted(counts.items())),
        "notices": rule.notices,
    }
