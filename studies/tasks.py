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


@job_task("studies.lesions_import")
def lesions_import(job: RunningJob) -> None:
    job.result = services.lesions_import(job.subject, progress=job.progress, job=job.record)


@job_task("studies.patient_purge")
def patient_purge(job: RunningJob) -> None:
    job.result = services.patient_purge(job.subject)


@job_task("studies.upload_join")
def upload_join(job: RunningJob) -> None:
    job.result = services.upload_join(job.subject, progress=job.progress)


@job_task("studies.table_look")
def table_look(job: RunningJob) -> None:
    job.result = services.table_look(job.subject, progress=job.progress)


@job_task("studies.table_check")
def table_check(job: RunningJob) -> None:
    job.result = services.table_check(job.subject, progress=job.progress)


@job_task("studies.table_commit")
def table_commit(job: RunningJob) -> None:
    job.result = services.table_commit(
        job.subject, progress=job.progress, job=job.record, **job.params
    )


@job_task("studies.batch_revert")
def batch_revert(job: RunningJob) -> None:
    batch = services.batch_named(job.study, job.params["batch"])
    job.result = services.batch_revert(batch, progress=job.progress, job=job.record)


@job_task("studies.dictionary_import")
def dictionary_import(job: RunningJob) -> None:
    job.result = services.dictionary_import(job.subject)


@job_task("studies.endpoint_change")
def endpoint_change(job: RunningJob) -> None:
    given = job.params
    job.result = services.endpoint_change(
        job.study, given["endpoint"], given["rule"], given["reason"], job.record, job.progress
    )


@job_task("studies.endpoints_derive")
def endpoints_derive(job: RunningJob) -> None:
    found = services.endpoints_derive(job.study, job.record, job.progress)
    job.result, job.problems = found.as_dict(), found.problems


@job_task("studies.count")
def count_make(job: RunningJob) -> None:
    job.result = services.count_make(job.study, job.user, **job.params)


@job_task("studies.export")
def export_make(job: RunningJob) -> None:
    job.result = services.export_make(job.subject, progress=job.progress)


@job_task("studies.page_draw")
def page_draw(job: RunningJob) -> None:
    job.result = services.page_draw(job.study, job.user, job.params, job.progress, job.record)
