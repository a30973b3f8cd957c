"""Specimens named in a form: columns that wait, each problem beside its cell, one table kept."""

from __future__ import annotations

from typing import Any

from django.test import Client

from genomics.models import ExpressionColumn, SequencingBatch
from studies.jobs import run_inline
from studies.models import ImportBatch, Specimen
from studies.services import batch_job, file_read
from tests.genomics.made import as_csv, hand_in, make_counts
from tests.people import People


def typed(*lines: dict[str, str]) -> dict[str, Any]:
    said = {f"form-{k}-{name}": v for k, line in enumerate(lines) for name, v in line.items()}
    return {"form-TOTAL_FORMS": len(lines), "form-INITIAL_FORMS": 0, **said}


def client_of(user: Any) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_columns_of_nobody_are_named_in_the_form_and_then_taken_in(cohort: People) -> None:
    counts = make_counts().rename(columns={"P001": "lab 17", "P002": "lab 18"})
    assert hand_in(cohort, "expression_matrix", as_csv(counts)).state == "failed"
    client = client_of(cohort.coordinator)
    address = f"/studies/{cohort.study.uid}/genomics/specimens/"
    page = client.get(address).content.decode()
    for text in ('value="lab 17"', 'value="lab 18"', '<option value="P001">'):
        assert text in page
    lines = [
        {"specimen": "lab 17", "patient_id": "P001", "procedure": "biopsy", "batch": "run A"},
        {"specimen": "lab 18", "patient_id": "P002"},
        {"specimen": "", "patient_id": ""},
        {"specimen": "lab 19", "patient_id": ""},  # nobody said whose
    ]
    answer = client.post(address, typed(*lines))
    assert answer.status_code == 302
    batch = ImportBatch.objects.get(kind="specimen_table")
    assert file_read(batch.file).decode().splitlines()[1] == "lab 17,P001,biopsy,,,run A"
    job = run_inline(batch_job(batch))
    assert job.state == "done", job.problems
    assert SequencingBatch.objects.get().specimen.label == "lab 17"
    assert hand_in(cohort, "expression_matrix", as_csv(counts)).state == "ready"
    column = ExpressionColumn.objects.get(label="lab 18")
    assert column.patient.pseudonym == "P002"
    assert "speaks for the patient" in client.get(address).content.decode()


def test_every_problem_stands_beside_its_cell_and_nothing_is_taken_in(with_rna: People) -> None:
    client = client_of(with_rna.coordinator)
    address = f"/studies/{with_rna.study.uid}/genomics/specimens/"
    lines = [
        {"specimen": "A", "patient_id": "P999"},
        {"specimen": "B", "patient_id": "P001", "collected_on": "31.3.2021"},
        {"specimen": "C", "patient_id": "P002"},
        {"specimen": "C", "patient_id": "P003"},
        {"specimen": "P001", "patient_id": "P004"},  # another patient's
        {"specimen": "", "patient_id": "P005"},
    ]
    answer = client.post(address, typed(*lines))
    assert answer.status_code == 200
    found = [sorted(form.errors) for form in answer.context["forms"]]
    assert found == [["patient_id"], ["collected_on"], [], ["specimen"], ["specimen"], ["specimen"]]
    page = answer.content.decode()
    for text in ("P999", "which stands in row 3 already", "keeps its patient"):
        assert text in page
    assert not ImportBatch.objects.filter(kind="specimen_table").exists()
    assert not Specimen.objects.filter(label__in="ABC").exists()
    nothing = client.post(address, typed({"specimen": "D"})).content.decode()
    assert "Name a specimen and its patient" in nothing


def test_readers_see_their_own_specimens_and_no_form(with_rna: People) -> None:
    address = f"/studies/{with_rna.study.uid}/genomics/specimens/"
    reader = client_of(with_rna.statistician)
    assert "Name specimens" not in reader.get(address).content.decode()
    assert reader.post(address, typed({"specimen": "A", "patient_id": "P001"})).status_code == 403
    page = client_of(with_rna.colleague).get(address).content.decode()
    assert "P004" in page  # South
    assert "P001" not in page
