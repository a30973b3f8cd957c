"""Sequencing batches by cohort, and what a correction changed, as far as the user's rows reach."""

from __future__ import annotations

from typing import Any

import pandas as pd

from genomics.figures.correction import draw_correction
from genomics.models import BatchCorrection, ExpressionColumn, SequencingBatch
from genomics.selectors import batch_of_specimens
from studies.figures.figure import Figure
from studies.methods.wording import marked
from studies.models import Study
from studies.selectors import members_table


def batch_counts(user: Any, study: Study) -> tuple[list[str], list[list[Any]]]:
    """Cohorts, and specimens of each batch in each of them."""
    rows = SequencingBatch.objects.visible_to(user).filter(study=study)
    known = batch_of_specimens(study)
    owner = dict(rows.values_list("specimen_id", "patient_id"))
    members = members_table(study).drop_duplicates("patient_id").set_index("patient_id")["cohort"]
    table = pd.DataFrame(
        [(known[s], members.get(p, marked("no cohort"))) for s, p in owner.items()],
        columns=["batch", "cohort"],
    )
    counts = pd.crosstab(table["batch"], table["cohort"])
    return list(counts.columns), [[name, *row] for name, row in zip(
        counts.index, counts.to_numpy().tolist(), strict=True)]  # fmt: skip


def correction_figure(user: Any, correction: BatchCorrection) -> Figure | None:
    """Components of the visible specimens before and after."""
    rows = ExpressionColumn.objects.visible_to(user).filter(matrix__correction=correction)
    known, study = batch_of_specimens(correction.study), correction.study
    members = members_table(study).drop_duplicates("patient_id").set_index("patient_id")["cohort"]
    found = [
        (c.label, known.get(c.specimen_id, marked("not recorded")),
         members.get(c.patient_id, marked("no cohort")),
         *c.quality["before"], *c.quality["after"])
        for c in rows.order_by("matrix_id", "position")
        if "before" in c.quality
    ]  # fmt: skip
    columns = ["label", "batch", "cohort", "before_1", "before_2", "after_1", "after_2"]
    return draw_correction(pd.DataFrame(found, columns=columns)) if found else None
