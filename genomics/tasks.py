"""The long verbs of genomics."""

from genomics import services
from studies.jobs import RunningJob, job_task


@job_task("genomics.expression_import")
def expression_import(job: RunningJob) -> None:
    job.result = services.expression_import(job.subject, progress=job.progress, job=job.record)


@job_task("genomics.phenotype_fit")
def phenotype_fit(job: RunningJob) -> None:
    job.result = services.phenotype_fit(job.study, job.params, job.progress, job.record)


@job_task("genomics.phenotype_from_ihc")
def phenotype_from_ihc(job: RunningJob) -> None:
    job.result = services.phenotype_from_ihc(job.study, job.progress, job.record)
