"""The long verbs of imaging."""

from imaging import services
from studies.jobs import RunningJob, job_task
from studies.models import ImportBatch


@job_task("imaging.scans_import")
def scans_import(job: RunningJob) -> None:
    job.result = services.scans_import(job.subject, progress=job.progress, job=job.record)
    job.problems = services.import_problems(job.subject)


@job_task(services.SETTLE)
def arrivals_settle(job: RunningJob) -> None:
    batch = ImportBatch.objects.get(study=job.study, uid=job.params["batch"])
    job.result = services.arrivals_settle(batch, progress=job.progress, job=job.record)


@job_task(services.MEASURE)
def uptakes_measure(job: RunningJob) -> None:
    job.result, job.problems = services.uptakes_measure(job.study, job.progress, job.record)


@job_task(services.SEND)
def regions_send(job: RunningJob) -> None:
    job.result = services.regions_send(job.study, job.params)


@job_task("imaging.nifti_import")
def nifti_import(job: RunningJob) -> None:
    job.result = services.nifti_import(job.subject, progress=job.progress, job=job.record)


@job_task("imaging.deidentify")
def deidentify(job: RunningJob) -> None:
    job.result = services.scans_deidentify(job.study, progress=job.progress)


@job_task("imaging.extractor_fit")
def extractor_fit(job: RunningJob) -> None:
    job.result = services.extractor_fit(
        job.study, job.params, progress=job.progress, job=job.record
    )


@job_task("imaging.extractor_seed")
def extractor_seed(job: RunningJob) -> None:
    job.result = services.extractor_seed(job.study, job.params, job=job.record)


@job_task("imaging.weights_import")
def weights_import(job: RunningJob) -> None:
    job.result = services.weights_import(job.subject, progress=job.progress, job=job.record)


@job_task("imaging.features_extract")
def features_extract(job: RunningJob) -> None:
    job.result = services.features_extract(
        job.study, job.params, progress=job.progress, job=job.record
    )


@job_task("imaging.densities_import")
def densities_import(job: RunningJob) -> None:
    job.result = services.densities_import(job.subject, progress=job.progress, job=job.record)


@job_task("imaging.immunoscore")
def immunoscore(job: RunningJob) -> None:
    job.result = services.immunoscore_compute(
        job.study, job.params, progress=job.progress, job=job.record
    )


@job_task("imaging.slide_import")
def slide_import(job: RunningJob) -> None:
    job.result = services.slide_import(job.subject, progress=job.progress, job=job.record)


@job_task("imaging.slide_count")
def slide_count(job: RunningJob) -> None:
    job.result = services.slide_count(
        job.subject, job.params, progress=job.progress, job=job.record
    )
