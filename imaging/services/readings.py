"""The other readings of the same densities, each a record of its own beside the Immunoscore."""

from __future__ import annotations

import pandas as pd

from imaging.methods.immunoscore import (
    BIOPSY_HIGH_FROM,
    COLUMNS,
    CONSENSUS_BOUNDS,
    FORMAT,
    MARKER_HIGH_FROM,
    READINGS,
    apply_reading,
)
from imaging.methods.immunoscore import ImmunoscoreRule as Rule
from imaging.models import CutKind, ImmunoscoreRule
from studies.methods.problems import Notice
from studies.models import Job, Study
from studies.services import derivation_record

from .score_writing import files_behind, next_number, rule_digest, rule_state_again, scores_write

BOUNDS: dict[str, list[float]] = {
    "consensus": list(CONSENSUS_BOUNDS),
    "biopsy": [BIOPSY_HIGH_FROM],
    "cd3_high": [MARKER_HIGH_FROM],
    "cd8_high": [MARKER_HIGH_FROM],
}


def readings_write(
    rule: Rule,
    reference: pd.DataFrame,
    table: pd.DataFrame,
    beside: ImmunoscoreRule,
    job: Job | None,
) -> None:
    """State each reading by the reference of ``rule`` and score every specimen by it."""
    biopsy = table["biopsy"].astype(bool)
    for reading in READINGS:
        scores = apply_reading(reading, rule, table, biopsy)
        row = _stated(beside.study, reading, rule, reference, job)
        scores_write(row, table, scores, job)


def _stated(
    study: Study, reading: str, rule: Rule, reference: pd.DataFrame, job: Job | None
) -> ImmunoscoreRule:
    stored = {
        "format": FORMAT,
        "reading": reading,
        "bounds": BOUNDS[reading],
        "reference": rule.reference,
    }
    digest = rule_digest(stored)
    known = ImmunoscoreRule.objects.filter(study=study, inputs_digest=digest).first()
    if known:
        return rule_state_again(known)
    own = apply_reading(reading, rule, reference, reference["biopsy"].astype(bool))["high"]
    row = ImmunoscoreRule.objects.create(
        study=study,
        number=next_number(study, reading),
        reading=reading,
        kind=CutKind.REFERENCE_PERCENTILE,
        parameter=BOUNDS[reading][0] if len(BOUNDS[reading]) == 1 else None,
        cuts={"percentiles": BOUNDS[reading]},
        rule=stored,
        digest=digest,
        n_reference=int(reference[list(COLUMNS)].notna().all(axis=1).sum()),
        shares_high={"this rule": None if own.dropna().empty else float(own.mean())},
        notices=[Notice("reading_rule", READINGS[reading].capitalize() + ".").as_dict()],
        produced_by=job,
        inputs_digest=digest,
    )
    derivation_record(study, files_behind(study, list(reference.index)), row.digest, job)
    return row
