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


@job_task("genomics.specimens_import")
def specimens_import(job: RunningJob) -> None:
    job.result = services.specimens_import(job.subject, job.record)


@job_task("genomics.signature_import")
def signature_import(job: RunningJob) -> None:
    job.result = services.signature_import(job.subject, job.record)


@job_task("genomics.annotation_import")
def annotation_import(job: RunningJob) -> None:
    job.result = services.annotation_import(job.subject, job.record)


@job_task("genomics.abundances")
def abundances_compute(job: RunningJob) -> None:
    job.result = services.abundances_compute(job.study, job.params, job.progress, job.record)


@job_task("genomics.quality")
def quality_compute(job: RunningJob) -> None:
    job.result = services.quality_compute(job.study, job.progress, job.record)


@job_task("genomics.phenotype_assign")
def phenotype_assign(job: RunningJob) -> None:
    job.result = services.phenotype_assign(job.study, job.progress, job.record)


@job_task("genomics.batch_correct")
def batch_correct(job: RunningJob) -> None:
    job.result = services.batch_correct(job.study, job.params, job.progress, job.record)


@job_task("genomics.batch_correction_lift")
def batch_correction_lift(job: RunningJob) -> None:
    job.result = services.batch_correction_lift(job.study, job.record)
