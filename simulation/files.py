"""A study as the files a user uploads: cohort table, PET/CT zips, counts, densities."""

import datetime as dt
import gzip
import json
import multiprocessing
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict
from pathlib import Path

import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from simulation.clinical import COLUMNS
from simulation.dicom import Subject, draw_acquisition, write_ct, write_pet
from simulation.images import draw_images
from simulation.plan import StudyPlan
from simulation.randomness import stream
from simulation.regions import write_rtstruct, write_seg
from simulation.study import Study
from simulation.truth import tabulate_truth

PATIENTS_PER_ZIP = 26
SEG_SHARE = 0.2
EPOCH = (2000, 1, 1, 0, 0, 0)  # the same bytes whenever it is written
Progress = Callable[[int, int, str], None]
ScanFiles = list[tuple[str, bytes]]
ScanTask = tuple[StudyPlan, Subject, pd.Series, bool]


def no_progress(done: int, total: int, message: str) -> None:
    """Says nothing."""


def write_study(
    study: Study,
    out: Path,
    progress: Progress = no_progress,
    *,
    workers: int = 1,
    truth: bool = True,
) -> None:
    """Writes every file of the study under `out`; progress counts patients and tables."""
    out = Path(out)
    (out / "dicom").mkdir(parents=True, exist_ok=True)
    total = len(study) + 3
    scans = _scans(_scan_tasks(study), workers)
    write_table(study.clinical[COLUMNS], out / "cohort.csv")
    write_table(study.densities, out / "densities.csv")
    progress(1, total, "cohort.csv and densities.csv are written")
    _write_zips(scans, out / "dicom", lambda done, name: progress(1 + done, total, name))
    _write_counts(study, out / "counts.csv.gz")
    progress(total - 1, total, "counts.csv.gz is written")
    if truth:
        write_table(tabulate_truth(study), out / "truth.csv")
    _write_description(study.plan, out / "study.json")
    progress(total, total, "the study is written")


def write_table(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def _scan_tasks(study: Study) -> list[ScanTask]:
    as_voxels = stream(study.plan.seed, "seg").permutation(len(study)) < round(
        SEG_SHARE * len(study)
    )
    return [
        (
            study.plan,
            subject_of(study, row),
            study.image_parameters.iloc[study.image_source[row]],
            bool(as_voxels[row]),
        )
        for row in range(len(study))
    ]


def subject_of(study: Study, row: int) -> Subject:
    patient = study.clinical.iloc[row]
    return Subject(
        seed=study.plan.seed,
        patient_id=patient["patient_id"],
        site=patient["site"],
        sex=patient["sex"],
        age_years=int(patient["age_years"]),
        scanned_on=dt.date.fromisoformat(patient["scanned_on"]),
    )


def _scans(tasks: list[ScanTask], workers: int) -> Iterator[ScanFiles]:
    if workers < 2:
        return map(write_scan, tasks)
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=context)
    results = pool.map(write_scan, tasks)
    pool.shutdown(wait=False)
    return results


def write_scan(task: ScanTask) -> ScanFiles:
    """The files of one patient's PET/CT, named inside the zip."""
    plan, subject, parameters, as_voxels = task
    images, visit = draw_images(plan, parameters), draw_acquisition(subject)
    pet, ct = write_pet(subject, visit, images), write_ct(subject, visit, images)
    files = [(f"PT/{k:03d}.dcm", data) for k, data in enumerate(pet, start=1)]
    files += [(f"CT/{k:03d}.dcm", data) for k, data in enumerate(ct, start=1)]
    if as_voxels:
        files.append(("SEG/001.dcm", write_seg(subject, visit, images.lesions, pet)))
    else:
        files.append(("RTSTRUCT/001.dcm", write_rtstruct(subject, visit, images.lesions)))
    return [(f"{subject.patient_id}/{name}", data) for name, data in files]


def _write_zips(
    scans: Iterator[ScanFiles], folder: Path, progress: Callable[[int, str], None]
) -> None:
    archive = None
    for row, files in enumerate(scans):
        if row % PATIENTS_PER_ZIP == 0:
            if archive:
                archive.close()
            name = f"petct_{row // PATIENTS_PER_ZIP + 1:02d}.zip"
            archive = zipfile.ZipFile(folder / name, "w", zipfile.ZIP_STORED)
        for path, data in files:
            archive.writestr(zipfile.ZipInfo(path, EPOCH), data)
        progress(row + 1, f"PET/CT of {row + 1} patients")
    if archive:
        archive.close()


def _write_counts(study: Study, path: Path) -> None:
    counts = study.counts
    columns = [pa.array(counts.genes), *(pa.array(column) for column in counts.values.T)]
    table = pa.Table.from_arrays(columns, names=["gene_symbol", *counts.specimens])
    options = arrow_csv.WriteOptions(quoting_style="none")
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as packed:
        arrow_csv.write_csv(table, packed, options)


def _write_description(plan: StudyPlan, path: Path) -> None:
    options = {key: value for key, value in asdict(plan).items() if key != "cohorts"}
    options["break"] = options.pop("break_")
    sizes = {cohort.name: size for cohort, size in zip(plan.cohorts, plan.sizes, strict=True)}
    description = {
        "name": f"SIMULATED multi-cohort study, seed {plan.seed}",
        "label": "SIMULATED",
        "simulated": True,
        "seed": plan.seed,
        "options": options,
        "cohorts": sizes,
    }
    path.write_text(json.dumps(description, indent=2) + "\n", encoding="utf-8")
