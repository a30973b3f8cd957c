"""Response and survival by Immunoscore, CD3 and CD8, live: a panel of the slides' page."""

from __future__ import annotations

from typing import Any

import pandas as pd

from imaging.selectors.slides import rules_in_force
from modeling.services import slides_figures
from modeling.services.prognosis_endpoints import ENDPOINTS
from studies import registry
from studies.figures.figure import Figure
from studies.models import Patient, Study
from studies.registry import PageInputs
from studies.selectors import endpoint_table
from studies.services import patients_shown

PAGE = "modeling:slides_outcome"
RESPONSE = "response_at_6_months"
FACTS = ("immunoscore", "cd3_high", "cd8_high")


def _readings(study: Study) -> dict[str, dict[int, float]]:
    """By name and patient id: the score, high or not of each marker, mean densities."""
    found = {
        name: {patient: float(value) for patient, value in registry.facts(name, study).items()}
        for name in FACTS
    }
    densities = registry.facts("marker_densities", study)
    for marker in ("CD3", "CD8"):
        found[f"{marker.lower()}_per_mm2"] = {
            patient: values[marker] for patient, values in densities.items() if marker in values
        }
    return found


def _patients(study: Study, user: Any, found: dict[str, dict[int, float]]) -> dict[int, int]:
    known = {patient for name in FACTS for patient in found[name]}
    return patients_shown(Patient.objects.visible_to(user).filter(study=study), known)


def read_outcome(study: Study, user: Any, subject: str) -> PageInputs | None:
    """Readings, densities, response and times of the visible patients with slides."""
    found = _readings(study)
    patients = _patients(study, user, found)
    if len(patients) < slides_figures.FEWEST:
        return None
    columns: list[dict[int, Any]] = list(found.values())
    for endpoint in (RESPONSE, *ENDPOINTS):
        columns.append(endpoint_table(study, endpoint)["inputs_digest"].to_dict())
    return PageInputs(([[str(column.get(p)) for column in columns] for p in patients],), patients)


def outcome_table(study: Study, user: Any) -> pd.DataFrame:
    """A row per visible patient with slides, whatever the cohort."""
    found = _readings(study)
    index = list(_patients(study, user, found))
    table = pd.DataFrame(
        {name: pd.Series(values, dtype=float).reindex(index) for name, values in found.items()},
        index=index,
    )
    table["response"] = endpoint_table(study, RESPONSE)["label"].reindex(index)
    for endpoint in ENDPOINTS:
        times = endpoint_table(study, endpoint).reindex(index)
        table[f"{endpoint}_days"] = times["duration_days"].astype(float)
        table[f"{endpoint}_event"] = times["event"].astype("boolean").astype(float)
    return slides_figures.with_readings(table)


def draw_outcome(study: Study, user: Any, subject: str) -> tuple[list[Figure], dict[str, Any]]:
    table = outcome_table(study, user)
    responses = slides_figures.compare_responses(table)
    figures = [slides_figures.response_figure(responses), slides_figures.markers_figure(table)]
    for endpoint in ENDPOINTS:
        figures += slides_figures.survival_figures(table, endpoint)
    said = [
        {"title": row.title, "n": row.n, "p": row.p_value,
         "shares": [f"{yes}/{yes + no}" for yes, no in row.counts]}
        for row in responses
    ]  # fmt: skip
    return [figure for figure in figures if figure is not None], {"responses": said}


def outcome_panel(study: Study, user: Any) -> dict[str, Any] | None:
    """The panel, once slides were scored."""
    return {"page": PAGE} if rules_in_force(study) else None
