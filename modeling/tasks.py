"""The long verbs of modeling."""

from typing import Any

from celery.signals import worker_init

from modeling.methods.classifiers import load_classifiers
from modeling.models import VersionKind
from modeling.selectors import version_named, version_to_reproduce
from modeling.services.examination import ExaminationPlan, version_examine
from modeling.services.external_validation import cohort_named, looks_said
from modeling.services.external_validation import version_validate as validate_version
from modeling.services.fan_out import share_compute
from modeling.services.parameters import read_resamples, read_seed
from modeling.services.prognosis import prognosis_run as fit_prognosis
from modeling.services.questions import question_to_freeze
from modeling.services.rad_score import rad_score_run as fit_rad_score
from modeling.services.report import report_build as build_report
from modeling.services.reproduction import read_tolerance, version_reproduce
from modeling.services.snapshots import snapshot_freeze as freeze_snapshot
from modeling.services.version_recalibrating import version_recalibrate as recalibrate_version
from studies.jobs import RunningJob, job_task


@worker_init.connect
def load_before_fork(**kwargs: Any) -> None:
    """Once, in the process that the pool is forked from: else each of its processes pays for
    scikit-learn in its first share, and none shares the memory."""
    load_classifiers()


@job_task("modeling.rad_score_run")
def rad_score_run(job: RunningJob) -> None:
    params = job.params
    run = fit_rad_score(
        job.study,
        params["recipe"],
        read_seed(params["seed"]),
        job.progress,
        job.record,
        question=params.get("question", ""),
        snapshot=params.get("snapshot", ""),
    )
    job.result = {"run": str(run.uid)}


@job_task("modeling.snapshot_freeze")
def snapshot_freeze(job: RunningJob) -> None:
    question = question_to_freeze(job.study, job.params["question"])
    snapshot = freeze_snapshot(job.study, question, job.record)
    job.result = {"snapshot": str(snapshot.uid), "number": snapshot.number}


@job_task("modeling.reproduce")
def reproduce(job: RunningJob) -> None:
    params = job.params
    version = version_to_reproduce(job.study, params["version"], params["run"])
    proof = version_reproduce(
        version, read_tolerance(params["tolerance"]), job.progress, job.record
    )
    job.result = {
        "verdict": proof.verdict,
        "equal": proof.verdict == "equal",
        "reproduction": str(proof.uid),
        "run": str(proof.run.uid),
    }


@job_task("modeling.share")
def share(job: RunningJob) -> None:
    job.result = share_compute(job.record, job.progress)


@job_task("modeling.rad_score_examine")
def rad_score_examine(job: RunningJob) -> None:
    params = job.params
    version = version_named(job.study, params["version"], _kind(params))
    asked = ExaminationPlan(
        read_seed(params["seed"]),
        str(params["shuffled_voxels"]) != "no",
        read_resamples(params["resamples"]),
    )
    found = version_examine(version, asked, job.progress, job.record)
    job.result = {"examination": str(found.uid), "version": str(version.uid)}


@job_task("modeling.version_validate")
def version_validate(job: RunningJob) -> None:
    params = job.params
    version = version_named(job.study, params["version"], _kind(params))
    cohort = cohort_named(job.study, params["cohort"])
    looked = validate_version(version, cohort, job.progress, job.record)
    job.result = {"version": str(version.uid), "look": looks_said(looked)}


@job_task("modeling.version_recalibrate")
def version_recalibrate(job: RunningJob) -> None:
    params = job.params
    version = version_named(job.study, params["version"], _kind(params))
    cohort = cohort_named(job.study, params["cohort"])
    child = recalibrate_version(version, cohort, job.progress, job.record)
    job.result = {"version": str(child.uid)}


def _kind(params: dict[str, Any]) -> str:
    """Without a name the newest Rad-Score is meant."""
    return "" if params["version"] else VersionKind.RAD_SCORE.value


@job_task("modeling.prognosis_run")
def prognosis_run(job: RunningJob) -> None:
    params = job.params
    asked = {name: value for name, value in params.items() if name not in ("endpoint", "seed")}
    run = fit_prognosis(
        job.study,
        params["endpoint"],
        read_seed(params["seed"]),
        job.progress,
        job.record,
        asked=asked,
    )
    job.result = {"run": str(run.uid)}


@job_task("modeling.report_build")
def report_build(job: RunningJob) -> None:
    uid, chosen = job.params["version"], None
    if uid:
        chosen = version_named(job.study, uid, VersionKind.RAD_SCORE.value)
    report = build_report(job.study, job.progress, job.record, chosen)
    job.result = {"report": str(report.uid)}
