"""The report: what chosen versions say, frozen with the version and snapshot of each number."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.db import transaction

from modeling.models import DatasetSnapshot, ModelVersion, Report, VersionKind
from modeling.publication.r_script import fit_file
from modeling.selectors.scores import speaking
from modeling.services.cohort_snapshot import cohorts_freeze
from modeling.services.numbering import next_number
from modeling.services.report_checklists import checklists_section
from modeling.services.report_cohorts import cohorts_section
from modeling.services.report_content import Draft
from modeling.services.report_endpoints import endpoint_names
from modeling.services.report_examination import examination_section
from modeling.services.report_files import report_files_write
from modeling.services.report_immunoscore import immunoscore_section
from modeling.services.report_methods import (
    limits_section,
    methods_section,
    statements_section,
)
from modeling.services.report_notices import choice_notices
from modeling.services.report_paper import paper_section
from modeling.services.report_phenotypes import phenotypes_section
from modeling.services.report_rad_score import rad_score_section
from modeling.services.report_sources import version_title
from modeling.services.report_survival import nomogram_section, survival_by_rad_score
from modeling.services.report_table2 import table2_section
from modeling.services.statements import statements_of
from modeling.storage import json_digest
from studies.jobs import Progress, no_progress
from studies.methods.problems import refuse
from studies.methods.wording import marked, say
from studies.models import Job, Study
from studies.services import derivation_record, inputs_digest

FORMAT = 3  # of the content; a change of form makes a new report of the same versions


def report_build(
    study: Study,
    progress: Progress = no_progress,
    job: Job | None = None,
    chosen: ModelVersion | None = None,
) -> Report:
    """Report on the chosen Rad-Score and its nomograms; the same inputs give the earlier report.

    Raises
    ------
    DataProblem
        Before there is a Rad-Score.
    """
    rad_score, nomograms = report_versions(study, chosen)
    cohorts = cohorts_freeze(study, job)
    content = _content(study, cohorts, rad_score, nomograms, progress)
    parents = [cohorts.sha256, rad_score.sha256, *(version.sha256 for version in nomograms)]
    report = _write(study, content, json_digest(content), parents, job)
    progress(1, 1, marked("PDF and zip"))
    report_files_write(report)
    return report


def report_versions(
    study: Study, chosen: ModelVersion | None = None
) -> tuple[ModelVersion, list[ModelVersion]]:
    """The Rad-Score of a report, and of the nomograms made with it one per endpoint.

    Where none is chosen the released one speaks, as on a patient's page; while none is released,
    the newest.
    """
    rad_score = chosen or _speaking(study, VersionKind.RAD_SCORE)
    if rad_score is None:
        raise refuse(
            say("Report"),
            say("no Rad-Score in this study"),
            "a Rad-Score",
            "Run the Rad-Score first.",
        )
    found = (
        _speaking(study, VersionKind.NOMOGRAM, endpoint=name, parents=rad_score)
        for name in endpoint_names(study)
    )
    return rad_score, [version for version in found if version is not None]


def _speaking(study: Study, kind: str, **scope: Any) -> ModelVersion | None:
    found = speaking(study, kind, **scope)
    return found.select_related("run__snapshot", "fitting_snapshot").first()


def _content(
    study: Study,
    cohorts: DatasetSnapshot,
    rad_score: ModelVersion,
    nomograms: list[ModelVersion],
    progress: Progress,
) -> dict[str, Any]:
    draft, total = Draft(study.is_simulated), 8 + len(nomograms)
    statements = statements_of(study)
    progress(0, total, marked("Against the published study"))
    for where, notices in choice_notices(rad_score, nomograms):
        draft.notice(where, notices)
    paper_section(draft, study, rad_score, nomograms)
    methods_section(draft, study, rad_score, nomograms)
    progress(1, total, marked("Patients"))
    cohorts_section(draft, cohorts, rad_score, nomograms)
    progress(2, total, marked("Immunoscore"))
    immunoscore_section(draft, cohorts)
    progress(3, total, marked("Phenotypes"))
    phenotypes_section(draft, rad_score)
    progress(4, total, marked("Rad-Score"))
    rad_score_section(draft, rad_score)
    examination_section(draft, rad_score)
    progress(5, total, marked("Survival by Rad-Score"))
    survival_by_rad_score(draft, rad_score, nomograms)
    progress(6, total, marked("Table 2"))
    table2_section(draft, nomograms)
    for done, version in enumerate(nomograms):
        progress(
            7 + done,
            total,
            say("Nomogram: {endpoint}", endpoint=say(_spelled(version.endpoint))),
        )
        nomogram_section(draft, version)
    progress(total - 1, total, marked("Limits, statements, checklists"))
    limits_section(draft, study, rad_score, nomograms)
    statements_section(draft, statements)
    checklists_section(draft, statements)
    return {
        "format": FORMAT,
        "study": {"uid": str(study.uid), "name": study.name, "simulated": study.is_simulated},
        "sections": [asdict(section) for section in draft.sections],
        "figures": draft.figures,
        "sources": draft.sources.as_list(),
        "notices": draft.notices,
        "runs": [_run(version) for version in (rad_score, *nomograms)],
        "models": [nomogram_told(version) for version in nomograms],
    }


def _spelled(endpoint: str) -> str:
    return endpoint.replace("progression_free", "progression-free").replace("_", " ")


def _run(version: ModelVersion) -> dict[str, Any]:
    """What it takes to get the numbers again."""
    run = version.run
    return {
        "model_version": version_title(version),
        "seed": run.seed,
        "threads": run.threads,
        "commit": run.commit,
        "library_versions": run.library_versions,
        "snapshot_sha256": run.snapshot.sha256,
        "results_sha256": run.results_sha256,
    }


def nomogram_told(version: ModelVersion) -> dict[str, Any]:
    """What a nomogram is made of, for the zip and its R script."""
    kept = ("endpoint", "unit", "penalty", "terms", "joined_levels", "columns", "coefficients",
            "covariance", "center", "ties", "baseline", "times_months", "n", "events",
            "nomogram", "landmark_days")  # fmt: skip
    return {
        "name": version_title(version),
        "version_sha256": version.sha256,
        "snapshot_sha256": version.fitting_snapshot.sha256,
        "snapshot": str(version.fitting_snapshot),
        "table_file": f"{fit_file(version.endpoint)}.csv",
        **{key: version.content[key] for key in kept if key in version.content},
    }


@transaction.atomic
def _write(
    study: Study,
    content: dict[str, Any],
    sha256: str,
    parents: list[str],
    job: Job | None,
) -> Report:
    number = next_number(Report, study)
    digest = inputs_digest("report", sha256)
    earlier = Report.objects.filter(study=study, inputs_digest=digest).first()
    if earlier is not None:
        return earlier
    report = Report.objects.create(
        study=study,
        number=number,
        content=content,
        sha256=sha256,
        produced_by=job,
        inputs_digest=digest,
    )
    derivation_record(study, parents, sha256, job)
    return report
