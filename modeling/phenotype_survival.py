"""Survival by immune phenotype, and of each subpopulation: a panel of the phenotype's page."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from genomics.methods.phenotype import PhenotypeFit as Fit
from genomics.methods.phenotype import standardise_abundances
from genomics.selectors import (
    abundance_digests,
    abundance_table,
    fit_current,
    fit_exists,
    fit_in_force,
    phenotype_table,
    scores_of,
)
from modeling.figures.kaplan_meier import SurvivalGroup, draw_kaplan_meier
from modeling.figures.subpopulations import draw_subpopulations
from modeling.methods.kaplan_meier import estimate_kaplan_meier
from modeling.methods.log_rank import compare_log_rank
from modeling.methods.univariable_cox import fit_univariable_cox
from modeling.services.prognosis_endpoints import ENDPOINTS
from studies.figures.figure import Figure, p_text
from studies.methods.wording import marked, say
from studies.models import CohortUse, Patient, Study
from studies.registry import PageInputs
from studies.selectors import endpoint_table, members_table
from studies.services import patients_shown

PAGE = "modeling:phenotype_survival"
DAYS_A_MONTH = 30.4375
FEWEST_EVENTS = 5
RANKS = {"hot": 0, "cold": 2}


def survival_rows(user: Any, study: Study) -> pd.DataFrame:
    """Development patients that the user may see, with their labels; empty before a fit."""
    labels = phenotype_table(study, as_found=True)
    members = members_table(study)
    developing = set(members.loc[members["use"] == CohortUse.DEVELOPMENT, "patient_id"])
    visible = Patient.objects.visible_to(user).filter(study=study, pk__in=labels.index)
    mine = developing & set(visible.values_list("pk", flat=True))
    return labels[labels.index.isin(mine)]


def _with_times(rows: pd.DataFrame, study: Study, endpoint: str) -> pd.DataFrame:
    times = endpoint_table(study, endpoint)[["duration_days", "event"]]
    found = rows.join(times, how="inner").dropna(subset=["duration_days", "event"])
    return found.assign(
        months=found["duration_days"].astype(float) / DAYS_A_MONTH,
        event=found["event"].astype(bool).astype(float),
    )


def read_survival(study: Study, user: Any, subject: str) -> PageInputs | None:
    """Labels, times and abundances of the development patients that the user may see."""
    fit = fit_in_force(study)
    rows = survival_rows(user, study) if fit else pd.DataFrame()
    if fit is None or rows.empty:
        return None
    patients = patients_shown(Patient.objects.filter(study=study), rows.index)
    read = (fit.signature.name, "ssgsea")
    scores = abundance_digests(study, read)
    times = [endpoint_table(study, endpoint)["inputs_digest"].to_dict() for endpoint in ENDPOINTS]
    known = [
        [
            str(rows.at[pk, "label"]),
            scores.get(pk, {}).get(read, ""),
            *(str(found.get(pk)) for found in times),
        ]
        for pk in patients
    ]
    return PageInputs((fit.digest, known), patients)


def draw_survival(study: Study, user: Any, subject: str) -> tuple[list[Figure], dict[str, Any]]:
    """Kaplan-Meier of the labels and Cox of the subpopulations, for each endpoint with events."""
    rows, z = survival_rows(user, study), _abundances(study)
    figures = []
    for endpoint, one in ENDPOINTS.items():
        curves, forest = (f"{endpoint}-{kind}".replace("_", "-") for kind in ("km", "cox"))
        table = _with_times(rows, study, endpoint)
        if table["event"].sum() < FEWEST_EVENTS:
            continue
        if table["label"].nunique() > 1:
            figures.append(_curves(table, curves, one.title))
        figures.append(_forest(table, z.reindex(table.index), forest, one.title))
    return figures, {"unestimated": _unestimated(figures)}


def _curves(table: pd.DataFrame, key: str, title: str) -> Figure:
    names = sorted(table["label"].unique(), key=lambda label: RANKS.get(label, 1))
    groups = []
    for name in names:
        mine = table[table["label"] == name]
        groups.append(
            SurvivalGroup(name, name, estimate_kaplan_meier(mine["months"], mine["event"]))
        )
    test = compare_log_rank(table["months"], table["event"], table["label"], names)
    return draw_kaplan_meier(
        groups,
        say("{endpoint} by phenotype", endpoint=say(title)),
        say(
            "{n} development patients with RNA. Log-rank test; bands: 95 % intervals, log-log. The "
            "labels know nothing of survival.",
            n=len(table),
        ),
        title,
        say("log-rank {p}", p=p_text(test.p_value)),
        key,
    )


def _forest(table: pd.DataFrame, z: pd.DataFrame, key: str, title: str) -> Figure:
    groups = {marked("all"): table.index, marked("hot"): table.index[table["label"] == "hot"],
              marked("cold"): table.index[table["label"] == "cold"]}  # fmt: skip
    found = {
        name: fit_univariable_cox(table.loc[rows, "months"], table.loc[rows, "event"], z.loc[rows])
        for name, rows in groups.items()
        if len(rows)
    }
    return draw_subpopulations(
        found,
        say("{endpoint}: each subpopulation alone", endpoint=say(title)),
        say(
            "Univariable Cox models of development patients (Efron ties): hazard ratio per SD of "
            "training with 95 % interval; above 1, more of the cells is worse. Filled: p < 0.05 "
            "after Benjamini and Hochberg within the panel."
        ),
        key,
    )


def _abundances(study: Study) -> pd.DataFrame:
    row = fit_current(study)
    if row is None:
        return pd.DataFrame()
    frozen = Fit.from_dict(row.fit)
    scores = scores_of(abundance_table(study, row.signature.name))[list(frozen.cell_types)]
    return pd.DataFrame(
        standardise_abundances(frozen, scores), index=scores.index, columns=list(frozen.cell_types)
    )


def survival_panel(study: Study, user: Any) -> dict[str, Any] | None:
    """The panel, once there is a fit."""
    return {"page": PAGE} if fit_exists(study) else None


def _unestimated(figures: list[Figure]) -> list[str]:
    """Columns without an estimate, by figure and group."""
    found = []
    for figure in figures:
        if figure.key.endswith("-cox"):
            empty = [row for row in figure.rows if row[4] is None or not np.isfinite(row[4])]
            found += [
                say("{figure}, {group}: {cell}", figure=figure.title, group=say(group),
                     cell=say(cell))
                for group, cell, *_ in empty
            ]  # fmt: skip
    return found
