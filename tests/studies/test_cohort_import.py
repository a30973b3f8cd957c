"""The cohort table: every problem at once, or one transaction; the same file changes nothing."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest

from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import (
    CohortMember,
    EndpointValue,
    FormEntry,
    ImportBatch,
    Job,
    LabResult,
    Patient,
    Role,
    StudySite,
)
from studies.selectors import clinical_table, endpoint_table, members_table
from studies.services import batch_job, batch_receive, membership_grant
from tests.people import People

pytestmark = pytest.mark.usefixtures("in_chinese")

GOOD: dict[str, str] = {
    "patient_id": "P001",
    "site": "North",
    "cohort": "training",
    "sex": "female",
    "age_years": "61",
    "cea_ng_ml": "<0.5",
    "node_positive": "yes",
    "msi_status": "not_done",
    "treatment_started_on": "2021-03-01",
    "response_assessed_on": "2021-08-25",
    "response": "PR",
    "progressed_on": "2021-12-01",
    "died_on": "2023-02-01",
    "last_assessed_on": "2021-12-01",
    "last_known_alive_on": "2023-01-10",
}


def table(*rows: dict[str, str]) -> bytes:
    text = io.StringIO()
    names = list(dict.fromkeys(name for row in rows for name in row))
    writer = csv.DictWriter(text, names)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def handed_in(people: People, data: bytes, name: str = "cohort.csv") -> ImportBatch:
    batch = batch_receive(people.study, people.coordinator, "cohort_table", data, name)
    job = batch_job(batch)
    assert job is not None
    if job.state == "queued":
        run_inline(job)
    batch.refresh_from_db()
    return batch


def test_a_table_becomes_patients_facts_and_endpoints(as_coordinator: People) -> None:
    study = as_coordinator.study
    second = GOOD | {"patient_id": "P002", "cohort": "internal_validation", "died_on": ""}
    batch = handed_in(as_coordinator, table(GOOD, second))
    assert batch.state == "ready", batch.problems
    assert batch.summary["new"] == 2
    members = members_table(study).set_index("pseudonym")
    assert members.loc["P002", "use"] == "validation"
    clinical = clinical_table(study)
    assert clinical["cea_ng_ml"].tolist() == [0.5, 0.5]
    assert clinical["msi_status"].isna().all()
    survival = endpoint_table(study, "overall_survival")
    patient = Patient.objects.get(pseudonym="P001")
    assert survival.loc[patient.pk, ["duration_days", "event"]].tolist() == [702.0, True]
    assert endpoint_table(study, "response_at_6_months").loc[patient.pk, "label"] == "PR"
    entry = FormEntry.objects.get(patient=patient)
    assert entry.values["cea_ng_ml"] == {"v": 0.5, "unit_as_entered": "ng/mL", "comparator": "<"}
    assert entry.values["msi_status"] == {"missing": "not_done"}
    assert entry.source_row == 2
    assert LabResult.objects.get(patient=patient).comparator == "<"
    assert any(notice["code"] == "msi_not_recorded" for notice in batch.notices)


def test_every_problem_is_told_at_once_and_nothing_is_written(as_coordinator: People) -> None:
    rows = [
        GOOD | {"patient_id": "P001", "age_years": "abc"},
        GOOD | {"patient_id": "P002", "sex": "femal"},
        GOOD | {"patient_id": "P003", "cea_ng_ml": "12,5"},
        GOOD | {"patient_id": "P004", "progressed_on": "2024-05-05"},
        GOOD | {"patient_id": "P005", "treatment_started_on": "03/04/21"},
        GOOD | {"patient_id": "P006"},
        GOOD | {"patient_id": "P006", "cohort": "internal_validation"},
        GOOD | {"patient_id": "P007", "cohort": "trainning"},
        GOOD | {"patient_id": "P008", "last_known_alive_on": "2024-01-01"},
        GOOD | {"patient_id": "P009", "age_years": "-4"},
        GOOD | {"patient_id": "P010", "last_assessed_on": "2999-01-01"},
    ]
    batch = handed_in(as_coordinator, table(*rows))
    assert batch.state == "failed"
    told = {(p["row"], p["column"]): p for p in batch.problems}
    assert set(told) == {
        (2, "age_years"),
        (3, "sex"),
        (4, "cea_ng_ml"),
        (5, "progressed_on"),
        (6, "treatment_started_on"),
        (8, "patient_id"),
        (9, "cohort"),
        (10, "last_known_alive_on"),
        (11, "age_years"),
        (12, "last_assessed_on"),
    }
    assert told[11, "age_years"]["expected"] == "0 to 120 years"
    assert "a day up to today" in told[12, "last_assessed_on"]["expected"]
    assert "PFS would be longer than OS" in told[5, "progressed_on"]["found"]
    assert told[3, "sex"]["remedy"] == "Did you mean 'female'?"
    assert told[4, "cea_ng_ml"]["remedy"] == "Write a decimal point: 12.5"
    assert all(p["found"] and p["expected"] and p["remedy"] for p in batch.problems)
    assert not Patient.objects.exists()
    assert Job.objects.get().state == "failed"


def test_a_site_that_is_new_is_refused_until_it_is_named(as_coordinator: People) -> None:
    """A slip would make a hospital of its own: each line says so, with the name that was meant."""
    people = as_coordinator
    slip = GOOD | {"patient_id": "P002", "site": "Nroth"}
    far = GOOD | {"patient_id": "P003", "site": "Xi'an"}
    data = table(GOOD, slip, far, far | {"patient_id": "P004"})
    refused = handed_in(people, data)
    told = {(p["row"], p["column"]): (p["found"], p["remedy"]) for p in refused.problems}
    assert set(told) == {(3, "site"), (4, "site"), (5, "site")}
    assert told[3, "site"] == (
        "'Nroth', which is no site of the study yet (1 line)",
        "Write 'North', or confirm that 'Nroth' is a new site.",
    )
    assert "(2 lines)" in told[4, "site"][0]
    assert not StudySite.objects.filter(site__name="Nroth").exists()
    for named, state in ((["Nroth"], "failed"), (["Nroth", "Xi'an"], "ready"), ("Nroth", "failed")):
        batch = batch_receive(people.study, people.coordinator, "cohort_table", data, "c.csv",
                              {"new_sites": named})  # fmt: skip
        assert run_inline(batch_job(batch)).state == {"ready": "done"}.get(state, state)
    assert Patient.objects.filter(site__name="Xi'an").count() == 2
    said = ImportBatch.objects.get(state="ready").notices
    assert "Xi'an: a new site of the study, 2 lines" in [notice["text"] for notice in said]
    assert {n["code"] for n in said} >= {"new_site", "new_cohort"}


def test_all_problems_of_a_line_are_told_at_once(as_coordinator: People) -> None:
    """What clashes with the stored is told beside what is wrong in itself."""
    people = as_coordinator
    handed_in(people, table(GOOD, GOOD | {"patient_id": "P002"}))
    FormEntry.objects.filter(patient__pseudonym="P002").update(state="verified")
    bad = {"age_years": "abc", "site": "South", "cohort": "internal_validation"}
    again = handed_in(
        people,
        table(
            GOOD | bad,
            GOOD | {"patient_id": "P002", "sex": "femal", "ecog": "1"},
            GOOD | {"patient_id": "P 3", "site": "Sud"},
        ),
    )
    told = sorted((p["row"], p["column"] or "") for p in again.problems)
    assert told == [
        (2, "age_years"), (2, "cohort"), (2, "site"),
        (3, ""), (3, "sex"),
        (4, "patient_id"), (4, "site"),
    ]  # fmt: skip


def test_the_same_file_again_changes_nothing(as_coordinator: People) -> None:
    first = handed_in(as_coordinator, table(GOOD))
    assert handed_in(as_coordinator, table(GOOD)) == first
    counts = [model.objects.count() for model in (Patient, FormEntry, EndpointValue, CohortMember)]
    again = handed_in(as_coordinator, table(GOOD | {"ecog": ""}))
    assert again.summary == first.summary | {"new": 0, "same": 1}
    assert counts == [
        model.objects.count() for model in (Patient, FormEntry, EndpointValue, CohortMember)
    ]


def test_a_changed_value_updates_the_entry_and_keeps_its_history(as_coordinator: People) -> None:
    handed_in(as_coordinator, table(GOOD))
    batch = handed_in(as_coordinator, table(GOOD | {"age_years": "62", "died_on": "2023-03-01"}))
    assert (batch.summary["new"], batch.summary["changed"]) == (0, 1)
    entry = FormEntry.objects.get()
    assert (entry.row_version, entry.values["age_years"]["v"]) == (2, 62)
    events: Any = FormEntry.pgh_event_model  # type: ignore[attr-defined]
    ages = events.objects.order_by("pgh_id").values_list("values__age_years__v", flat=True)
    assert list(ages) == [61, 62]
    survival = endpoint_table(as_coordinator.study, "overall_survival")
    assert survival["duration_days"].tolist() == [730.0]


def test_a_stored_patient_cannot_cross_the_wall(as_coordinator: People) -> None:
    handed_in(as_coordinator, table(GOOD))
    batch = handed_in(as_coordinator, table(GOOD | {"cohort": "external_response"}))
    assert batch.state == "failed"
    assert batch.problems[0]["found"] == "cohort external_response (validation), but stored in a " \
        "development cohort"  # fmt: skip


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"", "empty"),
        (b"patient_id,site\nP1,North\n", "no such column"),
        (b"patient_id,site,cohort,treatment_started_on\nP1,No\0rth,training,2020-01-01", "value 0"),
        (table(GOOD | {"site": "N" * 201}), "201 characters"),
        ("patient_id,site,cohort,treatment_started_on\nP\xe9,".encode("latin-1"), "not UTF-8"),
        (table(GOOD) + b"P9,North\n", "2 cells"),
        (table(GOOD | {"agee": "3"}), "'agee'"),
    ],
    ids=["empty", "columns", "nul", "site", "encoding", "cells", "unknown column"],
)
def test_a_broken_file_is_refused_by_name(as_coordinator: People, data: bytes, found: str) -> None:
    if not data:
        with pytest.raises(DataProblem, match=found):
            handed_in(as_coordinator, data)
        return
    batch = handed_in(as_coordinator, data)
    assert found in " ".join(problem["found"] for problem in batch.problems)


def test_a_file_does_not_change_what_was_verified(as_coordinator: People) -> None:
    handed_in(as_coordinator, table(GOOD))
    FormEntry.objects.update(state="verified")
    batch = handed_in(as_coordinator, table(GOOD | {"age_years": "62"}))
    [problem] = batch.problems
    assert (problem["row"], batch.state) == (2, "failed")
    assert "age_years" in problem["found"]
    assert FormEntry.objects.get().values["age_years"]["v"] == 61
    assert handed_in(as_coordinator, table(GOOD | {"ecog": ""})).state == "ready"


def test_a_pseudonym_of_another_site_is_a_problem_of_the_file(people: People) -> None:
    """The rows of a member of one site do not hold it; the database does."""
    with acting_as(people.administrator):
        membership_grant(people.study, people.outsider, Role.COORDINATOR, people.elsewhere)
    with acting_as(people.coordinator):
        handed_in(people, table(GOOD))
    southern = {**GOOD, "site": "South"}
    data = table({**southern, "age_years": "abc"}, {**southern, "patient_id": "P002"})
    with acting_as(people.outsider):
        batch = batch_receive(people.study, people.outsider, "cohort_table", data, "south.csv")
        job = run_inline(batch_job(batch))
        assert job.state == "failed"
        told = {problem["column"]: problem for problem in job.problems}
        assert set(told) == {"age_years", "patient_id"}, "beside what else is wrong with the line"
        assert (told["patient_id"]["where"], told["patient_id"]["row"]) == ("P001", 2)
        assert "another site" in told["patient_id"]["found"]
        assert not Patient.objects.exists()


def test_an_older_file_handed_in_again_undoes_a_correction(as_coordinator: People) -> None:
    first = handed_in(as_coordinator, table(GOOD))
    handed_in(as_coordinator, table(GOOD | {"age_years": "62"}))
    back = handed_in(as_coordinator, table(GOOD))
    assert back != first
    assert FormEntry.objects.get().values["age_years"]["v"] == 61


def test_a_progressive_assessment_without_a_progression_is_noticed(
    as_coordinator: People,
) -> None:
    silent = GOOD | {"response": "PD", "progressed_on": "", "died_on": ""}
    batch = handed_in(as_coordinator, table(silent))
    told = [notice for notice in batch.notices if notice["code"] == "progression_not_dated"]
    assert [notice["text"].split()[0] for notice in told] == ["P001"]


@pytest.mark.parametrize("blank", ["keep", "clear"])
def test_a_blank_cell_keeps_what_every_patient_needs(as_coordinator: People, blank: str) -> None:
    """New patients need it; of a known one a blank keeps the value, or is told why not."""
    people = as_coordinator
    coded = GOOD | {"patient_id": "P002", "treatment_started_on": "unknown"}
    coded |= dict.fromkeys([name for name in GOOD if name.endswith("_on")], "") | {
        "treatment_started_on": "unknown", "response": "",
    }  # fmt: skip
    assert handed_in(people, table(GOOD, coded)).state == "ready", "a missing-code is no blank"
    known = GOOD | {"treatment_started_on": "", "ecog": "1"}
    rows = table(known, known | {"patient_id": "P003"})
    batch = batch_receive(people.study, people.coordinator, "cohort_table", rows, "c.csv",
                          {"blank": blank})  # fmt: skip
    run_inline(batch_job(batch))
    batch.refresh_from_db()
    told = {(p["row"], p["column"]): p["remedy"] for p in batch.problems}
    new = {(3, "treatment_started_on"): "Fill it in: a new patient needs it."}
    stored = "Fill it in, or say that a blank cell keeps what is stored."
    cleared = {} if blank == "keep" else {(2, "treatment_started_on"): stored}
    assert told == new | cleared
    started = FormEntry.objects.get(patient__pseudonym="P001").values["treatment_started_on"]
    assert started["v"] == "2021-03-01"
