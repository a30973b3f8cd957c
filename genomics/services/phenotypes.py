"""Labels: a fit on the development cohort, everyone assigned to it; and labels by slides."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pandas as pd
from django.db import transaction
from django.utils import timezone

from genomics.methods.phenotype import METHOD_VERSION, apply_phenotype, fit_phenotype
from genomics.methods.phenotype import PhenotypeFit as Fit
from genomics.models import (
    BorderlineRule,
    Phenotype,
    PhenotypeFit,
    PhenotypeSource,
    SignatureVersion,
    Ties,
)
from genomics.selectors import (
    BESIDE,
    CLUSTERED,
    STROMAL_SETS,
    abundance_table,
    fit_current,
    fit_inputs,
    scores_of,
    training_ids,
    versions_read,
)
from studies import registry
from studies.jobs import Progress, no_progress
from studies.methods.problems import refuse
from studies.methods.wording import english, say
from studies.models import Job, Patient, PatientStatus, Study
from studies.services import (
    derivation_record,
    derivations_record,
    inputs_digest,
    of_method,
)

from .signatures import signature_current

HOT_FROM = 3  # Immunoscore
PAPER_RULE = say("Immunoscore {hot_from}-4 = hot", hot_from=HOT_FROM)


def phenotype_fit(
    study: Study,
    params: dict[str, Any] | None = None,
    progress: Progress = no_progress,
    job: Job | None = None,
) -> dict[str, Any]:
    """Fit k-means on development patients with RNA, freeze it, assign everyone with RNA.

    The same inputs again give the fit that is there; patients who came since are assigned to it.

    Parameters
    ----------
    params : dict
        ``k`` (2), ``seed`` (0) and ``borderline``: keep, or leave_out_of_training for patients
        whose label is undecided (margin under 0.05 or stability under 0.9).

    Raises
    ------
    DataProblem
        No or too few development patients with RNA, one class only, clusters without a name.
    """
    k, seed = _whole(params, "k", 2, 2, 6), _whole(params, "seed", 0, 0, 2**31)
    rule = _rule(params)
    progress(0, 10, say("reading abundances"))
    table = abundance_table(study)
    training = table[table.index.isin(training_ids(study))]
    if training.empty:
        raise refuse(
            say("training cohort"),
            say("no patient with RNA in a cohort whose use is development"),
            "the expression matrix of the training cohort",
            "Upload the cohort table and the expression matrix first.",
        )
    signature = signature_current(study, CLUSTERED)
    _check_version(study, signature)
    digest = fit_inputs(study, signature.digest, k, seed, rule)
    row = PhenotypeFit.objects.filter(study=study, inputs_digest=digest).first()
    fit = Fit.from_dict(row.fit) if row else _fit(study, training, k, seed, progress)
    progress(9, 10, say("assigning patients"))
    labels = apply_phenotype(fit, scores_of(table))
    with transaction.atomic():
        row = _stated(row) if row else _freeze(study, fit, training, (digest, rule), job)
        _assign(row, table, labels, set(training.index), job)
    progress(10, 10, "done")
    return _result(row, labels)


def _check_version(study: Study, signature: SignatureVersion) -> None:
    """Abundances of one list only are compared."""
    other = versions_read(study) - {signature.version}
    if other:
        raise refuse(
            say("signature {signature}", signature=signature),
            say("abundances by version {map}", map=", ".join(map(str, sorted(other)))),
            say("abundances of every patient by version {version}", version=signature.version),
            "Compute the abundances again, then this.",
        )


def phenotype_assign(
    study: Study, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Assign everyone with RNA to the frozen fit stated last: new cohorts and single patients.

    The fit stays as it is, whatever came to the training cohort since.

    Raises
    ------
    DataProblem
        No fit yet; abundances by another version of the signature than the fit's.
    """
    row = fit_current(study)
    if row is None:
        remedy = say("Fit the immune phenotype first.")
        raise refuse(say("phenotype fit"), say("none"), "a frozen fit", remedy)
    _check_version(study, row.signature)
    table = abundance_table(study)
    progress(0, 1, say("assigning {n} patients to {row}", n=len(table), row=row))
    labels = apply_phenotype(Fit.from_dict(row.fit), scores_of(table))
    trained = set(
        Phenotype.objects.filter(fit=row, in_training=True).values_list("patient_id", flat=True)
    )
    with transaction.atomic():
        _assign(row, table, labels, trained, job)
    progress(1, 1, "done")
    return _result(row, labels)


def _rule(params: dict[str, Any] | None) -> str:
    rule = str((params or {}).get("borderline") or BorderlineRule.KEEP)
    if rule not in BorderlineRule.values:
        raise refuse("borderline", rule, " or ".join(BorderlineRule.values), "Choose one of them.")
    return rule


def _whole(params: dict[str, Any] | None, name: str, default: int, low: int, high: int) -> int:
    value = (params or {}).get(name, default)
    try:
        number = int(value)
    except (TypeError, ValueError):
        number = low - 1
    if not low <= number <= high:
        raise refuse(
            name,
            value,
            say("a whole number from {low} to {high}", low=low, high=high),
            "Choose another.",
        )
    return number


def _fit(study: Study, training: pd.DataFrame, k: int, seed: int, progress: Progress) -> Fit:
    stromal = abundance_table(study, BESIDE).reindex(training.index)
    known = set(STROMAL_SETS) <= set(stromal.columns) and stromal.notna().all(axis=None)
    progress(1, 10, say("clustering {n} development patients", n=len(training)))
    return fit_phenotype(
        scores_of(training),
        k=k,
        seed=seed,
        stromal=stromal[list(STROMAL_SETS)].astype(float) if known else None,
        progress=lambda done, total: progress(
            1 + 5 * done / total,
            10,
            say("stability: {done} of {total} subsamples", done=done, total=total),
        ),
        compare_progress=lambda done, total: progress(
            6 + 3 * done / total, 10, say("comparing 2 to 6 clusters")
        ),
    )


def _stated(row: PhenotypeFit) -> PhenotypeFit:
    """A fit of earlier speaks again."""
    row.stated_at = timezone.now()
    row.save(update_fields=["stated_at"])
    return row


def _freeze(
    study: Study, fit: Fit, training: pd.DataFrame, inputs: tuple[str, str], job: Job | None
) -> PhenotypeFit:
    digest, rule = inputs
    stored = fit.as_dict()
    last = PhenotypeFit.objects.filter(study=study).defer("fit").order_by("-number").first()
    row = PhenotypeFit.objects.create(
        study=study,
        number=last.number + 1 if last else 1,
        signature=signature_current(study, CLUSTERED),
        ties=Ties.ORDER_INVARIANT,
        k=len(fit.names),
        seed=fit.seed,
        n_training=len(training),
        borderline_rule=rule,
        fit=stored,
        digest=inputs_digest(
            stored,
            *(() if rule == BorderlineRule.KEEP else (rule,)),
            *of_method("phenotype", METHOD_VERSION),
        ),
        notices=[notice.as_dict() for notice in fit.notices],
        produced_by=job,
        inputs_digest=digest,
    )
    derivation_record(study, [*training["digest"], row.signature.digest], row.digest, job)
    return row


def _assign(
    fit: PhenotypeFit,
    table: pd.DataFrame,
    labels: pd.DataFrame,
    training: set[int],
    job: Job | None,
) -> None:
    patients = Patient.objects.in_bulk(list(table.index))
    rows = [
        Phenotype(
            patient=patients[patient_id],
            source=PhenotypeSource.RNA,
            specimen_id=int(table.at[patient_id, "specimen_id"]),
            fit=fit,
            label=row.label,
            margin=float(row.margin),
            stability=float(row.stability),
            borderline=bool(row.borderline),
            core=float(row.core),
            distance=float(row.distance),
            unusual=bool(row.unusual),
            in_training=patient_id in training,
            produced_by=job,
            inputs_digest=inputs_digest(fit.digest, table.at[patient_id, "digest"]),
        )
        for patient_id, row in zip(labels.index, labels.itertuples(index=False), strict=True)
    ]
    _state(rows)
    parents = [(fit.digest, table.at[row.patient.pk, "digest"]) for row in rows]
    pairs = [
        (parent, row.inputs_digest)
        for row, both in zip(rows, parents, strict=True)
        for parent in both
    ]
    derivations_record(fit.study, pairs, job)


def _state(rows: list[Phenotype]) -> None:
    """Write labels; one that stands already is stated again."""
    Phenotype.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["patient", "source", "inputs_digest"],
        update_fields=["stated_at"],
    )


def _result(row: PhenotypeFit, labels: pd.DataFrame) -> dict[str, Any]:
    return {
        "fit": str(row.uid),
        "number": row.number,
        "training": row.n_training,
        "labels": dict(Counter(labels["label"])),
        "borderline": int(labels["borderline"].sum()),
        "unusual": int(labels["unusual"].sum()),
        "notices": row.notices,
    }


def phenotype_from_ihc(
    study: Study, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Label by slides: Immunoscore 3-4 is hot, 0-2 cold; no score, no label.

    Raises
    ------
    DataProblem
        Nobody has an Immunoscore.
    """
    progress(0, 1, say("reading Immunoscores"))
    scores = registry.facts("immunoscore", study)
    rules = registry.facts("immunoscore_rule", study)
    digests = registry.facts("immunoscore_digest", study)
    patients = Patient.objects.filter(study=study, pk__in=scores).exclude(
        status__in=[PatientStatus.EXCLUDED, PatientStatus.WITHDRAWN]
    )
    rows = [
        Phenotype(
            patient=patient,
            source=PhenotypeSource.IHC,
            label="hot" if scores[patient.pk] >= HOT_FROM else "cold",
            rule=f"{english(PAPER_RULE)}; {rules.get(patient.pk, 'rule not recorded')}"[:120],
            produced_by=job,
            inputs_digest=inputs_digest(
                PAPER_RULE,
                rules.get(patient.pk),
                patient.pk,
                digests.get(patient.pk, ""),
                int(scores[patient.pk]),
            ),
        )
        for patient in patients
        if scores[patient.pk] is not None
    ]
    if not rows:
        raise refuse(
            "Immunoscore",
            say("no patient with a score"),
            "densities of CD3 and CD8 in tumour centre and invasive margin, scored",
            "Upload the cell densities and compute the Immunoscore first.",
        )
    with transaction.atomic():
        _state(rows)
        pairs = [(digests.get(row.patient.pk, ""), row.inputs_digest) for row in rows]
        derivations_record(study, pairs, job)
    progress(1, 1, "done")
    return {"labels": dict(Counter(row.label for row in rows))}
