"""The long verbs of modeling."""

from modeling.selectors import question_named, version_to_reproduce
from modeling.services.parameters import read_seed
from modeling.services.prognosis import prognosis_run as fit_prognosis
from modeling.services.rad_score import rad_score_run as fit_rad_score
from modeling.services.report import report_build as build_report
from modeling.services.reproduction import read_tolerance, version_reproduce
from modeling.services.snapshots import rad_score_question
from modeling.services.snapshots import snapshot_freeze as freeze_snapshot
from studies.jobs import RunningJob, job_task


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
    )
    job.result = {"run": str(run.uid)}


@job_task("modeling.snapshot_freeze")
def snapshot_freeze(job: RunningJob) -> None:
    saved = question_named(job.study, job.params["question"])
    missing = saved.document.get("missing", "complete_case") if saved else "complete_case"
    snapshot = freeze_snapshot(job.study, rad_score_question(missing, saved), job.record)
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


@job_task("modeling.prognosis_run")
def prognosis_run(job: RunningJob) -> None:
    params = job.params
    run = fit_prognosis(
        job.study, params["endpoint"], read_seed(params["seed"]), job.progress, job.record
    )
    job.result = {"run": str(run.uid)}


@job_task("modeling.report_build")
def report_build(job: RunningJob) -> None:
    report = build_report(job.study, job.progress, job.record)
    job.result = {"report": str(report.uid)}
