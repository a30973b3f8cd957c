"""The PET/CT files of every patient, drawn and encoded by several processes."""

import datetime as dt
import multiprocessing
from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, wait
from dataclasses import dataclass

import pandas as pd

from simulation.dicom import write_ct, write_pet
from simulation.headers import Subject, draw_acquisition
from simulation.images import draw_images
from simulation.plan import StudyPlan
from simulation.randomness import stream
from simulation.regions import write_rtstruct, write_seg
from simulation.study import Study

SEG_SHARE = 0.2
ScanFiles = list[tuple[str, bytes]]


@dataclass(frozen=True)
class ScanTask:
    """All that one patient's files hang on; small enough to send to another process."""

    plan: StudyPlan
    subject: Subject
    image_parameters: pd.Series
    as_voxels: bool


def plan_scans(study: Study) -> list[ScanTask]:
    rank = stream(study.plan.seed, "seg").permutation(len(study))
    as_voxels = rank < round(SEG_SHARE * len(study))
    return [
        ScanTask(
            plan=study.plan,
            subject=subject_of(study, row),
            image_parameters=study.image_parameters.iloc[study.image_source[row]],
            as_voxels=bool(as_voxels[row]),
        )
        for row in range(len(study))
    ]


def subject_of(study: Study, row: int) -> Subject:
    patient = study.clinical.iloc[row]
    return Subject(
        seed=study.plan.seed,
        patient_id=patient["patient_id"],
        site=patient["site"],
        scanner=study.latent["scanner"].iloc[study.image_source[row]],
        sex=patient["sex"],
        age_years=int(patient["age_years"]),
        scanned_on=dt.date.fromisoformat(patient["scanned_on"]),
    )


def write_scan(task: ScanTask) -> ScanFiles:
    """(name inside the zip, bytes) of one patient: PET, CT, and the lesions as SEG or RTSTRUCT."""
    subject, visit = task.subject, draw_acquisition(task.subject)
    images = draw_images(task.plan, task.image_parameters)
    pet, ct = write_pet(subject, visit, images), write_ct(subject, visit, images)
    files = [(f"PT/{k:03d}.dcm", data) for k, data in enumerate(pet, start=1)]
    files += [(f"CT/{k:03d}.dcm", data) for k, data in enumerate(ct, start=1)]
    if task.as_voxels:
        files.append(("SEG/001.dcm", write_seg(subject, visit, images.lesions, pet)))
    else:
        files.append(("RTSTRUCT/001.dcm", write_rtstruct(subject, visit, images.lesions)))
    return [(f"{subject.patient_id}/{name}", data) for name, data in files]


class ScanWriters:
    """Processes that start at once and hand over patient after patient, in order."""

    def __init__(self, tasks: list[ScanTask], workers: int) -> None:
        self._tasks, self._pool = tasks, None
        if workers > 1:
            context = multiprocessing.get_context("spawn")
            self._pool = ProcessPoolExecutor(workers, mp_context=context)
            self._futures: deque[Future[ScanFiles]] = deque(
                self._pool.submit(write_scan, task) for task in tasks
            )

    def __enter__(self) -> "ScanWriters":
        return self

    def __exit__(self, *problem: object) -> None:
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def collect(self, waiting: Callable[[], None]) -> Iterator[ScanFiles]:
        """`waiting` is called every second in which nothing came."""
        if not self._pool:
            yield from map(write_scan, self._tasks)
            return
        while self._futures:
            while not wait([self._futures[0]], timeout=1).done:
                waiting()
            yield self._futures.popleft().result()
