"""What the patient's page shows of RNA: the phenotype with its margin, and every abundance."""

from __future__ import annotations

from typing import Any

from django.urls import reverse

from genomics.methods.phenotype import PhenotypeFit as Fit
from genomics.methods.phenotype import standardise_abundances
from genomics.models import Phenotype
from genomics.rule_words import rule_said
from genomics.selectors import abundance_table, fit_current, scores_of
from studies.models import Patient

SHOWN_SD = 3.0  # the drawn axis ends here; values beyond stand at its end and say their number


def rna_panel(patient: Patient) -> dict[str, Any]:
    """Labels of one patient, and abundances where they lie among the development cohort.

    The mean and SD of each cell type are those frozen in the fit: 0 is the training patients' mean.
    """
    study, fit = patient.study, fit_current(patient.study)
    rows = (
        Phenotype.objects.filter(patient=patient)
        .select_related("fit")
        .defer("fit__fit")
        .order_by("-stated_at", "-id")
    )
    newest = {row.source: row for row in reversed(rows) if row.fit in (None, fit)}
    return {
        "url": reverse("genomics:phenotype", args=[study.uid]),
        "labels": [_label(newest[source]) for source in sorted(newest)],
        "n_training": fit.n_training if fit else None,
        "cells": _cells(patient, fit) if fit else [],
    }


def _label(row: Phenotype) -> dict[str, Any]:
    return {
        "source": row.source,
        "label": row.label,
        "margin": row.margin,
        "stability": row.stability,
        "borderline": row.borderline,
        "unusual": row.unusual,
        "in_training": row.in_training,
        "by": str(row.fit) if row.fit else rule_said(row.rule),
    }


def _cells(patient: Patient, fit: Any) -> list[dict[str, Any]]:
    table = abundance_table(patient.study, only=patient.pk)
    if table.empty:
        return []
    frozen = Fit.from_dict(fit.fit)
    z = standardise_abundances(frozen, scores_of(table))[0]
    found = sorted(zip(frozen.cell_types, z.tolist(), strict=True), key=lambda cell: -cell[1])
    return [
        {"cell": cell, "sd": round(value, 3), "x": round(50 + 50 * _clipped(value) / SHOWN_SD, 1)}
        for cell, value in found
    ]


def _clipped(value: float) -> float:
    return max(-SHOWN_SD, min(SHOWN_SD, value))
