"""The long verbs of studies."""

from celery import shared_task

from studies import jobs, services
from studies.jobs import RunningJob, job_task


@shared_task(name="studies.jobs_sweep")
def jobs_sweep() -> int:
    return jobs.jobs_sweep()


@job_task("studies.cohort_import")
def cohort_import(job: RunningJob) -> None:
    job.result = services.cohort_import(job.subject, progress=job.progress, job=job.record)


@job_task("studies.patient_purge")
def patient_purge(job: RunningJob) -> None:
    job.result = services.patient_purge(job.subject)


@job_task("studies.upload_join")
def upload_join(job: RunningJob) -> None:
    job.result = services.upload_join(job.subject, progress=job.progress)
