"""What the pages of genomics show, as far as the user's rows reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from genomics.figures import HeatMap, draw_heat_map
from genomics.methods.phenotype import PhenotypeFit as Fit
from genomics.methods.phenotype import standardise
from genomics.models import ExpressionMatrix, Phenotype, PhenotypeFit, PhenotypeSource
from genomics.selectors import abundance_table, fit_current, phenotype_table, scores_of
from studies.models import CohortMember, Study

LABEL_COLUMNS = (
    "patient_id", "source", "label", "margin", "stability", "borderline", "core",
    "in_training", "by",
)  # fmt: skip


def coverage_of(matrix: ExpressionMatrix) -> list[dict[str, Any]]:
    """Per signature: pairs found in all, and per cell type with what is missing."""
    return [
        {
            "name": name,
            "present": sum(row["present"] for row in rows),
            "total": sum(row["total"] for row in rows),
            "rows": [{**row, "missing": ", ".join(row["missing"])} for row in rows],
        }
        for name, rows in matrix.coverage.items()
    ]


def fit_of(study: Study) -> PhenotypeFit | None:
    return fit_current(study)


def counts_of(user: Any, study: Study) -> list[dict[str, Any]]:
    """Labels per cohort and source; a borderline label counts as what it is."""
    members = CohortMember.objects.visible_to(user).filter(study=study).select_related("cohort")
    cohorts: dict[str, set[int]] = {}
    for member in members.order_by("cohort_id"):
        cohorts.setdefault(member.cohort.name, set()).add(member.patient_id)
    rows = []
    for source in PhenotypeSource.values:
        labels = phenotype_table(study, source)
        for cohort, patients in cohorts.items():
            own = labels[labels.index.isin(patients)]
            if len(own):
                found = Counter(own["label"])
                rows.append(
                    {
                        "source": source,
                        "cohort": cohort,
                        "n": len(own),
                        "labels": dict(sorted(found.items(), key=lambda item: item[0] != "hot")),
                        "borderline": int(own["borderline"].sum()),
                    }
                )
    return rows


def phenotypes_of(user: Any, study: Study) -> list[Phenotype]:
    """The labels in force: of the fit and by the slides stated last."""
    rows = Phenotype.objects.visible_to(user).filter(study=study).select_related("patient", "fit")
    rows = rows.defer("fit__fit")  # the frozen numbers are large, and the same for all
    by_rna = rows.filter(fit=fit_current(study), source=PhenotypeSource.RNA)
    by_slides = rows.filter(source=PhenotypeSource.IHC).order_by("patient_id", "-stated_at", "-id")
    found = [*by_rna, *by_slides.distinct("patient_id")]
    return sorted(found, key=lambda row: (row.patient.pseudonym, row.source))


def label_rows(rows: Iterable[Phenotype]) -> Iterable[list[Any]]:
    for row in rows:
        by = str(row.fit) if row.fit else row.rule
        yield [
            row.patient.pseudonym, row.source, row.label, row.margin, row.stability,
            row.borderline, row.core, row.in_training, by,
        ]  # fmt: skip


def heat_map_of(user: Any, study: Study, fit: PhenotypeFit) -> HeatMap | None:
    mine = Phenotype.objects.visible_to(user).filter(study=study, fit=fit)
    mine_ids = set(mine.values_list("patient_id", flat=True))
    table = abundance_table(study, fit.signature.name)
    labels = phenotype_table(study)
    shown = sorted(mine_ids & set(table.index) & set(labels.index))
    if not shown:
        return None
    frozen = Fit.from_dict(fit.fit)
    scores = scores_of(table.loc[shown])[list(frozen.cell_types)]
    z = scores.copy()
    z[:] = standardise(frozen, scores)
    return draw_heat_map(z, labels.loc[shown], frozen.drive)
