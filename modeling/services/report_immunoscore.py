"""The part of a report on slides: response and survival by Immunoscore, CD3 and CD8."""

from __future__ import annotations

from modeling.models import DatasetSnapshot
from modeling.services import slides_figures
from modeling.services.prognosis_endpoints import ENDPOINTS
from modeling.services.report_content import Draft
from modeling.services.report_sources import number
from modeling.services.slides_figures import FEWEST
from modeling.services.snapshots import snapshot_read


def immunoscore_section(draft: Draft, cohorts: DatasetSnapshot) -> None:
    """Nothing before ten patients have a reading of their slides; each patient counts once."""
    rows = snapshot_read(cohorts).drop_duplicates("pseudonym")
    table = slides_figures.with_readings(rows)
    there = slides_figures.measured(table)
    if there.sum() < FEWEST:
        return
    source = draft.sources.add(None, cohorts)
    section = draft.section(
        "immunoscore",
        "Immunoscore, CD3 and CD8",
        "Every patient with slides, whatever the cohort, each once. Groups: Immunoscore 3-4 is "
        "high; CD3 and CD8 are high where the marker's mean percentile over the regions reaches 50 "
        "in the reference of the frozen rule. Associations are described, not modelled: the "
        "p-values are unadjusted and of several related tests.",
    )
    responses = slides_figures.compare_responses(table[there])
    section.table(
        "response-by-immunoscore",
        "Response at 6 months by reading of the slides",
        ("Reading", "n", "Responders, high", "Responders, low", "Fisher's exact p"),
        [
            [
                row.title,
                number(row.n, source, digits=0),
                *(f"{yes}/{yes + no}" for yes, no in row.counts),
                None if row.p_value is None else number(row.p_value, source, row.n, digits=4),
            ]
            for row in responses
        ],
        "Patients not evaluable or not assessed are left out here.",
    )
    figures = [slides_figures.response_figure(responses), slides_figures.markers_figure(table)]
    for endpoint in ENDPOINTS:
        figures += slides_figures.survival_figures(table, endpoint)
    for figure in figures:
        if figure is not None:
            draft.figure(section, figure, source)
