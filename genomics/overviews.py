"""What the pages of genomics show, as far as the user's rows reach."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

import pandas as pd
from django.db.models import Exists, OuterRef, Q, QuerySet

from genomics.figures.agreement import draw_agreement
from genomics.figures.distributions import draw_distributions
from genomics.figures.heat_map import draw_heat_map
from genomics.methods.agreement import compare_markers
from genomics.methods.phenotype import CORE, MYELOID, standardise_abundances
from genomics.methods.phenotype import PhenotypeFit as Fit
from genomics.methods.phenotype_shift import check_shift
from genomics.models import (
    ExpressionColumn,
    ExpressionMatrix,
    Phenotype,
    PhenotypeFit,
    PhenotypeSource,
)
from genomics.rule_words import rule_said
from genomics.selectors import (
    BESIDE,
    MARKERS,
    STROMAL_SETS,
    abundance_table,
    fit_current,
    fit_in_force,
    phenotype_table,
    scores_of,
)
from studies import access, registry
from studies.figures.figure import Figure
from studies.methods.problems import Notice
from studies.methods.wording import marked
from studies.models import CohortMember, ImportBatch, Patient, Study
from studies.selectors import endpoint_table, members_table

RESPONSE = "response_at_6_months"
NAMING = ("columns_left_out", "former_pseudonym")  # notices whose text names who is in the file
REGIONS = marked("mean of the regions")

LABEL_COLUMNS = (
    "patient_id", "source", "label", "margin", "stability", "borderline", "core",
    "in_training", "distance", "unusual", "by",
)  # fmt: skip


def matrices_seen(user: Any, study: Study) -> QuerySet[ExpressionMatrix]:
    """Matrices of the uploads that somebody sees, and those with a specimen of their patients."""
    uploads = access.visible(ImportBatch.objects.all(), user, study)
    columns = access.visible(ExpressionColumn.objects.all(), user, study)
    own = Exists(columns.filter(matrix=OuterRef("pk")))
    rows = ExpressionMatrix.objects.visible_to(user).filter(study=study)
    return rows.filter(Q(batch__in=uploads.order_by()) | own)


def notices_read(user: Any, matrix: ExpressionMatrix) -> list[dict[str, Any]]:
    """What was noticed, as far as it may name specimens to ``user``: as the upload itself."""
    batch = matrix.batch
    may = access.reads_names(user, matrix.study, batch.uploaded_by_id, batch.site_ids)
    found: list[dict[str, Any]] = matrix.notices
    return found if may else [one for one in found if one["code"] not in NAMING]


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
        labels = phenotype_table(study, source, as_found=True)
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


def labelled_patients(user: Any, study: Study) -> QuerySet:
    """Visible patients with a label in force."""
    labels = Phenotype.objects.filter(study=study)
    in_force = labels.filter(fit=fit_in_force(study)) | labels.filter(source=PhenotypeSource.IHC)
    visible = Patient.objects.visible_to(user).filter(study=study)
    return visible.filter(pk__in=in_force.values("patient_id"))


def phenotypes_of(
    user: Any, study: Study, patients: Iterable[Patient] | None = None
) -> list[Phenotype]:
    """The labels in force, of ``patients`` or all: of the fit and by the slides stated last."""
    rows = Phenotype.objects.visible_to(user).filter(study=study).select_related("patient", "fit")
    rows = rows.defer("fit__fit")  # the frozen numbers are large, and the same for all
    if patients is not None:
        rows = rows.filter(patient__in=patients)
    by_rna = rows.filter(fit=fit_in_force(study), source=PhenotypeSource.RNA)
    by_slides = rows.filter(source=PhenotypeSource.IHC).order_by("patient_id", "-stated_at", "-id")
    found = [*by_rna, *by_slides.distinct("patient_id")]
    return sorted(found, key=lambda row: (row.patient.pseudonym, row.source))


def label_rows(rows: Iterable[Phenotype]) -> Iterable[list[Any]]:
    for row in rows:
        by = str(row.fit) if row.fit else rule_said(row.rule)
        yield [
            row.patient.pseudonym, row.source, row.label, row.margin, row.stability,
            row.borderline, row.core, row.in_training, row.distance, row.unusual, by,
        ]  # fmt: skip


def figures_of(user: Any, study: Study, fit: PhenotypeFit) -> list[Figure]:
    """Heat map and distributions; nothing when no label is visible."""
    mine = Phenotype.objects.visible_to(user).filter(study=study, fit=fit)
    mine_ids = set(mine.values_list("patient_id", flat=True))
    table = abundance_table(study, fit.signature.name)
    labels = phenotype_table(study, as_found=True)
    shown = sorted(mine_ids & set(table.index) & set(labels.index))
    if not shown:
        return []
    frozen = Fit.from_dict(fit.fit)
    z = _standard(frozen, scores_of(table.loc[shown]))
    labels = labels.loc[shown]
    cells = [cell for cell in (*CORE, *MYELOID) if cell in z]
    return [
        draw_heat_map(z, labels, frozen.drive, about_patients(study)),
        draw_distributions(z, labels["label"], cells, _stroma(study, labels)),
    ]


def _standard(frozen: Fit, scores: pd.DataFrame) -> pd.DataFrame:
    z = scores[list(frozen.cell_types)].copy()
    z[:] = standardise_abundances(frozen, z)
    return z


def about_patients(study: Study) -> pd.DataFrame:
    """Cohort, site and response by patient."""
    members = members_table(study).drop_duplicates("patient_id").set_index("patient_id")
    response = endpoint_table(study, RESPONSE)["label"].replace("", None)
    return members[["cohort", "site"]].assign(response=response.reindex(members.index))


def _stroma(study: Study, labels: pd.DataFrame) -> pd.DataFrame | None:
    """The stromal sets in SD of training, where the matrices have their genes."""
    table = scores_of(abundance_table(study, BESIDE))
    if not set(STROMAL_SETS) <= set(table):
        return None
    table = table[list(STROMAL_SETS)].reindex(labels.index)
    training = table[labels["in_training"].to_numpy(dtype=bool)]
    if len(training.dropna()) < 2:
        return None
    return (table - training.mean()) / training.std(ddof=1)


def shift_of(user: Any, study: Study, fit: PhenotypeFit) -> list[Notice]:
    """Cohorts outside training that stand elsewhere than training."""
    labels = phenotype_table(study, as_found=True)
    assigned = set(labels.index[~labels["in_training"].astype(bool)])
    mine = Phenotype.objects.visible_to(user).filter(study=study, fit=fit, patient_id__in=assigned)
    table = abundance_table(study, fit.signature.name)
    shown = [pk for pk in mine.values_list("patient_id", flat=True) if pk in table.index]
    cohorts = about_patients(study)["cohort"].reindex(shown).dropna()
    frozen = Fit.from_dict(fit.fit)
    return list(check_shift(frozen, scores_of(table.loc[cohorts.index]), cohorts))


def agreement_of(user: Any, study: Study) -> Figure | None:
    """Marker genes beside the densities of their proteins."""
    rna = scores_of(abundance_table(study, MARKERS, "mcpcounter"))
    densities = registry.facts("marker_densities", study)
    patients = Patient.objects.visible_to(user).filter(study=study, pk__in=rna.index)
    names = dict(patients.values_list("pk", "pseudonym"))
    known = {
        names[pk]: {(marker, REGIONS): value for marker, value in found.items()}
        for pk, found in densities.items()
        if pk in names
    }
    table, found = compare_markers(rna.loc[list(names)].rename(index=names), known)
    return None if found.empty else draw_agreement(table, found)
