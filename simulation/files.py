"""A study as the files a user uploads: cohort table, PET/CT zips, counts, densities."""

import gzip
import json
import zipfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Literal

import pandas as pd
import pyarrow as pa
from pyarrow import csv as arrow_csv

from simulation.clinical import COLUMNS
from simulation.plan import StudyPlan
from simulation.rna import Counts
from simulation.scans import ScanWriters, plan_scans
from simulation.study import Study
from simulation.truth import tabulate_truth

PATIENTS_PER_ZIP = 26
EPOCH = (2000, 1, 1, 0, 0, 0)  # the same bytes whenever it is written
Progress = Callable[[int, int, str], None]


def no_progress(done: int, total: int, message: str) -> None:
    """Says nothing."""


def write_study(
    study: Study,
    out: Path | str,
    progress: Progress = no_progress,
    *,
    workers: int = 1,
    truth: bool = True,
) -> None:
    """Writes every file of the study under `out`; progress counts patients and three tables."""
    out, total = Path(out), len(study) + 3
    (out / "dicom").mkdir(parents=True, exist_ok=True)
    for left_over in (*out.glob("dicom/petct_*.zip"), out / "truth.csv"):
        left_over.unlink(missing_ok=True)
    with ScanWriters(plan_scans(study), workers) as writers:
        write_table(study.clinical[COLUMNS], out / "cohort.csv")
        write_table(study.densities, out / "densities.csv")
        progress(1, total, "cohort.csv and densities.csv are written")
        write_counts(study.counts, out / "counts.csv.gz")  # while the processes start
        progress(2, total, "counts.csv.gz is written")
        write_zips(writers, out / "dicom", lambda done, text: progress(2 + done, total, text))
    if truth:
        write_table(tabulate_truth(study), out / "truth.csv")
    write_description(study.plan, out / "study.json")
    progress(total, total, "the study is written")


def write_table(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def write_counts(counts: Counts, path: Path) -> None:
    """First column the gene, then one column per specimen."""
    columns = [pa.array(counts.genes), *(pa.array(column) for column in counts.values.T)]
    table = pa.Table.from_arrays(columns, names=["gene_symbol", *counts.specimens])
    options = arrow_csv.WriteOptions(quoting_style="none")
    with path.open("wb") as raw, gzip.GzipFile("", "wb", 1, raw, mtime=0) as packed:
        arrow_csv.write_csv(table, packed, options)


def write_zips(writers: ScanWriters, folder: Path, progress: Callable[[int, str], None]) -> None:
    """petct_01.zip and so on, a folder per patient in each."""
    done = 0

    def report() -> None:
        progress(done, f"PET/CT of {done} patients is written")

    for files in writers.collect(waiting=report):
        name = f"petct_{done // PATIENTS_PER_ZIP + 1:02d}.zip"
        mode: Literal["w", "a"] = "a" if done % PATIENTS_PER_ZIP else "w"
        with zipfile.ZipFile(folder / name, mode, zipfile.ZIP_STORED) as archive:
            for path, data in files:
                archive.writestr(zipfile.ZipInfo(path, EPOCH), data)
        done += 1
        report()


def write_description(plan: StudyPlan, path: Path) -> None:
    """Name, label and options: what a reader of the files should be told first."""
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
