"""What a Rad-Score was asked beyond its run, in the report: figures, drift, chance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from modeling.models import Examination, ModelVersion
from modeling.services.examination_figures import figures_of
from modeling.services.report_content import (
    TARGETS,
    Cell,
    Draft,
    Section,
    cohort_order,
    cohort_phrase,
    cohort_title,
)
from modeling.services.report_sources import number, number_of
from studies.methods.wording import marked

SHOWN = 3  # columns that moved most


def examination_section(draft: Draft, version: ModelVersion) -> None:
    """Of the newest examination; nothing where nobody asked for one."""
    found = version.examinations.first()
    if found is None:
        return
    section = draft.section("examination", "Examination of the Rad-Score", *_texts(found))
    source = draft.sources.add(version, version.fitting_snapshot)
    draft.notice("examination of the Rad-Score", found.notices)
    for figure in figures_of(found.results).values():
        draft.figure(section, figure, source)
    _drift(section, found.results["drift"], source)
    _sensitivity(section, found.results["sensitivity"], source)


def _texts(found: Examination) -> list[str]:
    results = found.results
    texts = [
        f"Asked of the same frozen rows in a job of its own on {found.created_at:%Y-%m-%d}, seed "
        f"{found.seed}; its numbers have the digest {found.results_sha256[:12]}."
    ]
    return [*texts, *_chance(results["permutation_test"]), *_resampled(results["resampled"])]


def _chance(test: Mapping[str, Any] | None) -> list[str]:
    if not test:
        return []
    return [
        f"Permuted labels: the out-of-fold AUC of {cohort_phrase(test['cohort'])} (n {test['n']}, "
        f"one division into folds) is {test['auc']:.2f}; of {test['permutations']} permutations of "
        f"the labels the mean is {test['mean']:.2f} and the highest {test['highest']:.2f} "
        f"(p {test['p']:.3f})."
    ]


def _resampled(found: Mapping[str, Any] | None) -> list[str]:
    if not found:
        return []
    return [
        f"Resamples: fitted to {found['usable']} bootstrap samples of "
        f"{cohort_phrase(found['cohort'])} (n {found['n']}; {found['resamples']} drawn), the AUC "
        f"on the patients left out is {found['left_out']:.2f} ({found['lower']:.2f} to "
        f"{found['upper']:.2f} in 95 % of them); apparent {found['apparent']:.2f}, corrected "
        f"(.632+) {found['corrected']:.2f}. The parameters that were tuned with the true labels "
        "are kept in both, which favours them a little."
    ]


def _drift(section: Section, rows: Sequence[Mapping[str, Any]], source: dict[str, Any]) -> None:
    cells: list[list[Cell]] = [
        [
            cohort_title(row["cohort"]), row["n"], row["columns"],
            number(100 * row["share_large"], source, row["n"], digits=0),
            number(100 * row["share_significant"], source, row["n"], digits=0),
            ", ".join(f"{one['name']} {one['difference']:+.2f} SD"
                      for one in row["largest"][:SHOWN]),
        ]
        for row in sorted(rows, key=lambda row: cohort_order(row["cohort"]))
    ]  # fmt: skip
    section.table(
        "input-drift",
        marked("Drift of the inputs against training"),
        (
            marked("Cohort"), "n", marked("Columns"), marked("Moved over 0.5 SD, %"),
            marked("Adjusted p under 0.05, %"), marked("Moved most"),
        ),
        cells,
        marked(
            "Standardised difference of each column's mean; p of the two-sample "
            "Kolmogorov-Smirnov test, Benjamini-Hochberg over the columns. In a small cohort "
            "columns move by chance."
        ),
    )  # fmt: skip


def _sensitivity(
    section: Section, rows: Sequence[Mapping[str, Any]], source: dict[str, Any]
) -> None:
    cells: list[list[Cell]] = [
        [
            row["title"], cohort_title(row["cohort"]), TARGETS[row["target"]], row["n"],
            number_of(row["auc"], source, row["n"]),
            number(row["main"]["estimate"], source, row["main"]["n"]), row["main"]["n"],
        ]
        for row in rows
    ]  # fmt: skip
    section.table(
        "sensitivity",
        marked("The same question answered otherwise"),
        (
            marked("Analysis"), marked("Cohort"), marked("Target"), "n", marked("AUC (95 % CI)"),
            marked("AUC of the main analysis"), marked("n of the main analysis"),
        ),
        cells,
        marked("DeLong's intervals. What a choice changes shows where the two differ."),
    )  # fmt: skip
