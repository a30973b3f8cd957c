"""Specimens scored 0-4 by cuts frozen on the development cohort."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
from django.db import transaction

from imaging.methods.immunoscore import (
    COLUMNS,
    DEFAULTS,
    apply_immunoscore,
    compare_immunoscore_rules,
    fit_immunoscore_rule,
)
from imaging.methods.immunoscore import ImmunoscoreRule as Rule
from imaging.models import ImmunoscoreRule, Reading
from imaging.selectors.slides import (
    density_table,
    reference_table,
    rule_inputs,
)
from studies.jobs import Progress, no_progress
from studies.methods.problems import Notice, refuse
from studies.methods.wording import listed, say
from studies.models import Job, Study
from studies.services import derivation_record

from .readings import readings_write
from .score_writing import files_behind, next_number, rule_digest, rule_state_again, scores_write


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
    progress(0, 3, say("reading densities"))
    table, reference = density_table(study), reference_table(study)
    asked = _asked(params)
    digest = rule_inputs(reference, **asked)
    row = ImmunoscoreRule.objects.filter(study=study, inputs_digest=digest).first()
    rule = Rule.from_dict(row.rule) if row else fit_immunoscore_rule(reference, **asked)
    progress(1, 3, say("scoring {n} specimens", n=len(table)))
    scores = apply_immunoscore(rule, table, table["biopsy"].astype(bool))
    progress(2, 3, say("writing scores"))
    with transaction.atomic():
        row = rule_state_again(row) if row else _freeze(study, rule, reference, digest, job)
        scores_write(row, table, scores, job)
        readings_write(rule, reference, table, row, job)
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
        raise refuse(say("cuts.{name}", name=name), cut, "cells/mm2", "Give a number.") from error


def _freeze(
    study: Study, rule: Rule, reference: pd.DataFrame, digest: str, job: Job | None
) -> ImmunoscoreRule:
    stored = rule.as_dict()
    shares: dict[str, float | None] = {**compare_immunoscore_rules(reference)}
    own = apply_immunoscore(rule, reference)["high"].mean()
    shares["this rule"] = None if pd.isna(own) else float(own)
    complete = int(reference[list(COLUMNS)].notna().all(axis=1).sum())
    row = ImmunoscoreRule.objects.create(
        study=study,
        number=next_number(study, Reading.IMMUNOSCORE),
        kind=rule.kind,
        parameter=rule.parameter,
        cuts=rule.cuts,
        rule=stored,
        digest=rule_digest(stored),
        n_reference=complete,
        shares_high=shares,
        notices=[notice.as_dict() for notice in _notices(rule, shares)],
        produced_by=job,
        inputs_digest=digest,
    )
    derivation_record(study, files_behind(study, list(reference.index)), row.digest, job)
    return row


def _notices(rule: Rule, shares: dict[str, float | None]) -> list[Notice]:
    said = listed(
        say("{rule} {share:.0%}", rule=say(name.replace("_", " ")), share=share)
        for name, share in shares.items()
        if share is not None
    )
    text = say("Share of development specimens that score high under each rule: {said}.", said=said)
    notices = [Notice("immunoscore_shares", text)]
    if rule.kind == "reference_percentile" and rule.parameter is not None:
        limit = min(1.0, 4 * (1 - rule.parameter / 100) / 3)
        text = say(
            "Four calls at percentile {parameter:g} let at most {limit:.0%} of the "
            "reference score 3-4; half high, as the study paper reports, needs another "
            "rule.",
            parameter=rule.parameter,
            limit=limit,
        )
        notices.append(Notice("immunoscore_percentile_limit", text))
    return notices


def _result(rule: ImmunoscoreRule, scores: pd.DataFrame) -> dict[str, Any]:
    counts = Counter("none" if pd.isna(score) else str(score) for score in scores["score"])
    return {
        "rule": str(rule.uid),
        "number": rule.number,
        "cuts": rule.cuts,
        "scores": dict(sorted(counts.items())),
        "notices": rule.notices,
    }
