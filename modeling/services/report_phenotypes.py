"""The part of a report on phenotypes: the abundances behind hot and cold, and who is which."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd

from genomics.figures.distributions import draw_distributions
from genomics.figures.heat_map import draw_heat_map
from genomics.methods.phenotype import CORE, MYELOID, standardise_abundances
from genomics.methods.phenotype import PhenotypeFit as Fit
from genomics.models import PhenotypeFit
from genomics.selectors import abundance_table, phenotype_table, scores_of
from modeling.models import ModelVersion
from modeling.selectors import parents_of
from modeling.services.report_content import Cell, Draft, cohort_order, cohort_title
from modeling.services.report_sources import number
from studies.models import Study
from studies.selectors import members_table

FEWEST = 10


def phenotypes_section(draft: Draft, rad_score: ModelVersion) -> None:
    """Nothing where the labels of the Rad-Score rest on no fit with abundances."""
    study = rad_score.study
    fit = PhenotypeFit.objects.filter(
        study=study, phenotypes__inputs_digest__in=parents_of(rad_score.fitting_snapshot)
    ).order_by("-id").first()  # fmt: skip
    if fit is None or not fit.fit:
        return
    table = abundance_table(study, fit.signature.name)
    labels = phenotype_table(study, as_found=True, fit=fit)
    shown = [pk for pk in labels.index if pk in set(table.index)]
    if len(shown) < FEWEST:
        return
    frozen = Fit.from_dict(fit.fit)
    if not set(frozen.cell_types) <= set(scores_of(table)):
        return
    section = draft.section(
        "phenotypes", "Phenotypes of the tumour microenvironment",
        f"Abundances of {len(frozen.cell_types)} cell types from RNA, clustered on training and "
        f"frozen ({fit}); patients elsewhere take the label of the nearest centroid.",
    )  # fmt: skip
    source = draft.sources.add(rad_score, rad_score.fitting_snapshot)
    scores = scores_of(table.loc[shown])[list(frozen.cell_types)]
    z = scores.copy()
    z[:] = standardise_abundances(frozen, scores)
    cohorts = members_table(study).drop_duplicates("patient_id").set_index("patient_id")["cohort"]
    about = pd.DataFrame({"cohort": cohorts.reindex(shown).map(cohort_title)})
    named = labels.loc[shown]
    numbers = range(len(shown))  # the report names nobody
    z, about, named = (part.set_axis(numbers) for part in (z, about, named))
    draft.figure(section, replace(draw_heat_map(z, named, frozen.drive, about), wide=True), source)
    cells = [cell for cell in (*CORE, *MYELOID) if cell in z]
    draft.figure(section, replace(draw_distributions(z, named["label"], cells), wide=True), source)
    _counts(draft, study, source, fit)


def _counts(draft: Draft, study: Study, source: dict, fit: PhenotypeFit) -> None:
    """Labels of each source by cohort."""
    members = members_table(study).set_index("patient_id")["cohort"]
    rows: list[list[Cell]] = []
    for kind, title in (("rna", "RNA"), ("ihc", "IHC")):
        labels = phenotype_table(study, kind, fit=fit)["label"]
        joined = members[members.index.isin(labels.index)]
        for name in sorted(set(joined), key=cohort_order):
            mine = labels.reindex(joined.index[joined == name])
            counts = mine.value_counts()
            rows.append([title, cohort_title(name), number(len(mine), source, digits=0),
                         *(int(counts.get(level, 0)) for level in ("hot", "cold"))])  # fmt: skip
    draft.sections[-1].table(
        "phenotype-counts", "Hot and cold by source",
        ("Source", "Cohort", "n", "Hot", "Cold"), rows,
        "RNA: nearest frozen centroid. IHC: the rule on the Immunoscore.",
    )  # fmt: skip
