"""92 real colorectal cancers (TCGA) from their counts to hot and cold, through the users' doors."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from genomics.models import ExpressionMatrix, PhenotypeFit
from genomics.selectors import abundance_table, phenotype_table
from studies.jobs import run_inline
from studies.models import Patient
from studies.services import action_start, batch_job, batch_receive
from tests.people import People


@pytest.fixture
def cancers(shared: Path) -> Path:
    folder = shared / "data" / "genomics" / "crc_tcga_subset"
    if not folder.is_dir():
        pytest.skip("the real colorectal cancers are absent")
    return folder


@pytest.fixture
def about(cancers: Path) -> pd.DataFrame:
    return pd.read_csv(cancers / "crcTCGAsubset_pdata.csv", index_col=0)


def hand_in(people: People, kind: str, data: bytes, name: str) -> None:
    new = {"new_sites": ["TCGA"]} if kind == "cohort_table" else {}
    batch = batch_receive(people.study, people.coordinator, kind, data, name, new)
    job = batch_job(batch)
    assert job is not None
    assert run_inline(job).state == "done", job.problems


def cohort_table(specimens: list[str]) -> bytes:
    """Two thirds develop, the rest validates; the date is ours, the study of RNA needs none."""
    lines = ["patient_id,site,cohort,treatment_started_on"]
    for number, specimen in enumerate(specimens):
        cohort = "internal_validation" if number % 3 == 2 else "training"
        lines.append(f"{specimen[:12]},TCGA,{cohort},2012-01-01")
    return "\n".join(lines).encode()


def test_counts_of_real_cancers_become_hot_and_cold(
    as_coordinator: People, cancers: Path, about: pd.DataFrame
) -> None:
    people, study = as_coordinator, as_coordinator.study
    counts = (cancers / "crcTCGAsubset_expr.csv.gz").read_bytes()
    specimens = list(pd.read_csv(cancers / "crcTCGAsubset_expr.csv.gz", nrows=1).columns[1:])
    hand_in(people, "cohort_table", cohort_table(specimens), "cohort.csv")
    hand_in(people, "expression_matrix", counts, "crcTCGAsubset_expr.csv.gz")

    matrix = ExpressionMatrix.objects.get()
    assert (matrix.n_genes, matrix.n_specimens, matrix.scale) == (17045, 92, "counts")
    assert sum(row["present"] for row in matrix.coverage["bindea24"]) == 461
    assert abundance_table(study).shape == (92, 26)

    job = run_inline(action_start(study, people.statistician, "genomics.phenotype_fit"))
    assert job.state == "done", (job.problems, job.error_id)
    fit = PhenotypeFit.objects.get()
    assert fit.n_training == 62
    assert {notice["code"] for notice in fit.notices} >= {"phenotype_stromal"}

    labels = phenotype_table(study)
    names = dict(Patient.objects.values_list("pk", "pseudonym"))
    hot = labels["label"].rename(index=names) == "hot"
    known = about.set_axis(about.index.str[:12]).reindex(hot.index)
    assert len(hot) == 92
    assert 0.25 < hot.mean() < 0.6
    assert hot[known["MSI"] == "MSIH"].mean() > hot[known["MSI"] == "MSS"].mean()
    mesenchymal = known["CMS.Syn"] == "CMS4"
    assert hot[mesenchymal].mean() > hot[~mesenchymal].mean() + 0.3  # hence the stromal notice
    assert labels["in_training"].sum() == 62
