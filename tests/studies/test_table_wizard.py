"""A table from its columns to its result and back, on pages, for any dictionary."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.problems import DataProblem
from studies.models import (
    Cohort,
    CohortMember,
    EndpointValue,
    FormEntry,
    ImportBatch,
    Job,
    JobState,
    Patient,
    Specimen,
)
from studies.selectors import clinical_table
from studies.services import (
    dictionary_create,
    dictionary_current,
    dictionary_freeze,
    dictionary_specs,
    table_commit,
)
from tests.people import People
from tests.studies.test_cohort_import import GOOD, handed_in, table

FOREIGN = "Pat;Klinik;Geschlecht;CEA;Start\nA1;Nord;female;12,5;03.04.2021\n".encode("utf-16")


class Wizard:
    """One person at the pages; every queued job is run at once."""

    def __init__(self, people: People, client: Client):
        self.people, self.client = people, client
        client.force_login(people.coordinator)

    def url(self, name: str, *parts: object) -> str:
        return reverse(f"studies:{name}", args=[self.people.study.uid, *parts])

    def upload(self, data: bytes, name: str = "table.csv") -> ImportBatch:
        file = SimpleUploadedFile(name, data)
        self.client.post(self.url("upload", "cohort_table"), {"file": file})
        return self.worked()

    def worked(self) -> ImportBatch:
        """The newest batch once no job is left."""
        with acting_as(self.people.coordinator):
            for job in Job.objects.filter(study=self.people.study, state=JobState.QUEUED):
                run_inline(job)
            return ImportBatch.objects.filter(study=self.people.study).latest("id")

    def describe(self, batch: ImportBatch, **said: str) -> ImportBatch:
        """The columns page as it comes, with what is said otherwise."""
        page = self.client.get(self.url("table_columns", batch.uid))
        form = page.context["form"]
        sent = {bound.name: bound.value() or "" for bound in form} | said
        answer = self.client.post(self.url("table_columns", batch.uid), sent)
        assert answer.status_code == 302, answer.context["form"].errors
        return self.worked()

    def press(self, name: str, batch: ImportBatch, **sent: str) -> ImportBatch:
        self.client.post(self.url(name, batch.uid), sent)
        return self.worked()

    def page(self, batch: ImportBatch) -> str:
        return self.client.get(self.url("batch", batch.uid)).content.decode()


@pytest.fixture
def wizard(people: People, client: Client) -> Wizard:
    return Wizard(people, client)


def test_a_foreign_table_is_described_checked_and_stored(wizard: Wizard) -> None:
    batch = wizard.upload(FOREIGN)
    assert batch.state == "looked"
    assert batch.look["asks"] == {"decimal": ["12,5"], "date_order": ["03.04.2021"]}
    columns = dict(zip(("column_0", "column_1", "column_2", "column_3", "column_4"),
                       ("patient_id", "site", "sex", "cea_ng_ml", "treatment_started_on"),
                       strict=True))  # fmt: skip
    page = wizard.client.post(wizard.url("table_columns", batch.uid), columns)
    assert {"decimal", "date_order"} <= set(page.context["form"].errors), "asked, never guessed"
    batch = wizard.describe(batch, **columns, decimal="comma", date_order="dmy")
    new = {"name": "Nord", "lines": 1, "first_row": 2, "nearest": "North", "confirmed": False}
    assert (batch.problem_count, batch.difference["new_sites"]) == (1, [new])
    page = wizard.page(batch)
    assert "1 site that this study does not have yet" in page
    assert "take in the others" not in page, "no line is left to take in"
    refused = wizard.press("table_sites", batch, new_site="Nrod")
    assert refused.problem_count == 1, "only what the check asked about is confirmed"
    batch = wizard.press("table_sites", batch, new_site="Nord")
    assert (batch.state, batch.problem_count) == ("checked", 0), batch.problems
    assert (batch.summary["new"], batch.difference["new"]) == (1, ["A1"])
    with acting_as(wizard.people.coordinator):
        assert not Patient.objects.exists(), "a check writes nothing"
    batch = wizard.press("table_commit", batch)
    assert batch.state == "ready"
    with acting_as(wizard.people.coordinator):
        entry = FormEntry.objects.get()
        assert entry.values["cea_ng_ml"]["v"] == 12.5
        assert entry.values["treatment_started_on"]["v"] == "2021-04-03"
        assert not CohortMember.objects.exists(), "no cohort was said"
    again = wizard.upload(FOREIGN + b" \0")  # other bytes, the same cells
    form = wizard.client.get(wizard.url("table_columns", again.uid)).context["form"]
    assert [row["why"] for row in form.rows()] == ["as last time"] * 5
    again = wizard.describe(again, decimal="comma", date_order="dmy")
    assert (again.summary["new"], again.summary["changed"], again.summary["same"]) == (0, 0, 1)
    assert "nothing would change" in wizard.page(again)


def test_bad_lines_stay_out_only_when_a_person_says_so(wizard: Wizard) -> None:
    bad = GOOD | {"patient_id": "P002", "age_years": "abc", "sex": "f"}
    batch = wizard.describe(wizard.upload(table(GOOD, bad)))
    assert (batch.problem_count, batch.summary["bad_lines"], batch.summary["new"]) == (2, 1, 1)
    answer = wizard.client.get(wizard.url("batch_problems", batch.uid))
    told = b"".join(answer.streaming_content).decode("utf-8-sig")  # type: ignore[attr-defined]
    rows = list(csv.DictReader(io.StringIO(told)))
    assert {(row["row"], row["column"]) for row in rows} == {("3", "sex"), ("3", "age_years")}
    assert all(row["found"] and row["expected"] and row["remedy"] for row in rows)
    refused = wizard.press("table_commit", batch)
    assert refused.state == "checked"
    batch = wizard.press("table_commit", batch, skip_bad="yes")
    assert (batch.state, batch.summary["left_out"]) == ("ready", 1)
    with acting_as(wizard.people.coordinator):
        assert [p.pseudonym for p in Patient.objects.all()] == ["P001"]


def test_the_difference_names_every_value_and_blanks_do_as_they_are_told(wizard: Wizard) -> None:
    with acting_as(wizard.people.coordinator):
        handed_in(wizard.people, table(GOOD))
    changed = table(GOOD | {"age_years": "62", "cea_ng_ml": ""})
    keeps = wizard.describe(wizard.upload(changed))
    assert [(c["name"], c["before"], c["after"]) for c in keeps.difference["first"]] == [
        ("age_years", "61", "62")
    ]
    clears = wizard.describe(keeps, blank="clear")
    assert {f["name"]: f["cleared"] for f in clears.difference["fields"]} == {
        "age_years": 0, "cea_ng_ml": 1,
    }  # fmt: skip
    page = wizard.page(clears)
    assert "1 cleared" in page
    told = wizard.client.get(wizard.url("batch_difference", clears.uid))
    assert b"P001,cea_ng_ml,<0.5," in b"".join(told.streaming_content)  # type: ignore[attr-defined]


def test_a_commit_goes_on_from_the_checked_lines(
    wizard: Wizard, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is read once; another reading or dictionary refuses what an earlier one kept."""
    batch = wizard.describe(wizard.upload(table(GOOD)))
    with acting_as(wizard.people.coordinator):
        kept = batch.checked_file
        batch.options["blank"] = "clear"
        with pytest.raises(DataProblem, match="as it was checked"):
            table_commit(batch)
        batch.refresh_from_db()
        dictionary_create(batch.study, dictionary_specs(dictionary_current(batch.study)), "again")
        with pytest.raises(DataProblem, match="as it was checked"):
            table_commit(batch)
        assert not Patient.objects.exists()
    batch = wizard.describe(batch)
    monkeypatch.setattr("studies.services.table_reading.open_table", None)
    batch = wizard.press("table_commit", batch)
    assert (batch.state, batch.checked_file) == ("ready", None)
    with acting_as(wizard.people.coordinator):
        assert FormEntry.objects.get().values["age_years"]["v"] == 61
        kept.refresh_from_db()
        assert not kept.uses.exists(), "nothing is kept once it was stored"


def test_a_patient_with_a_bad_line_stays_out_with_all_lines(wizard: Wizard) -> None:
    twice = GOOD | {"cohort": "external_phenotype"}
    batch = wizard.describe(wizard.upload(table(GOOD | {"cohort": "nowhere"}, twice)))
    assert (batch.summary["bad_lines"], batch.summary["new"]) == (1, 0)


def test_what_changed_since_the_check_is_not_overwritten_unseen(wizard: Wizard) -> None:
    with acting_as(wizard.people.coordinator):
        handed_in(wizard.people, table(GOOD))
    batch = wizard.describe(wizard.upload(table(GOOD | {"age_years": "62"})))
    with acting_as(wizard.people.coordinator):
        handed_in(wizard.people, table(GOOD | {"age_years": "63"}))
    wizard.client.post(wizard.url("table_commit", batch.uid))
    wizard.worked()
    with acting_as(wizard.people.coordinator):
        batch.refresh_from_db()
        assert "changed since the check" in batch.problems[0]["found"]
        assert FormEntry.objects.get().values["age_years"]["v"] == 63


def test_a_batch_is_taken_back_whole(wizard: Wizard) -> None:
    with acting_as(wizard.people.coordinator):
        handed_in(wizard.people, table(GOOD))
        before = FormEntry.objects.get().values
        survival = list(EndpointValue.objects.order_by("id").values_list("duration_days", "event"))
    second = GOOD | {"patient_id": "P002"}
    changed = table(GOOD | {"died_on": "2023-03-01"}, second)
    batch = wizard.press("table_commit", wizard.describe(wizard.upload(changed)))
    assert "Take it back" in wizard.page(batch)
    batch = wizard.press("batch_revert", batch)
    assert batch.state == "reverted", Job.objects.latest("id").problems
    with acting_as(wizard.people.coordinator):
        assert [p.pseudonym for p in Patient.objects.all()] == ["P001"]
        assert FormEntry.objects.get().values == before
        newest = EndpointValue.objects.filter(definition__name="overall_survival").latest("id")
        assert (newest.duration_days, newest.event) in survival
    again = wizard.upload(changed)
    assert again != batch, "what was taken back may come again"


@pytest.mark.parametrize("since", ["specimen", "file", "frozen"])
def test_a_batch_on_which_something_depends_stays(wizard: Wizard, since: str) -> None:
    batch = wizard.press("table_commit", wizard.describe(wizard.upload(table(GOOD))))
    with acting_as(wizard.people.coordinator):
        if since == "specimen":
            Specimen.objects.create(patient=Patient.objects.get(), label="S1")
        elif since == "file":
            handed_in(wizard.people, table(GOOD | {"age_years": "62"}))
        else:
            Cohort.objects.update(frozen_at="2026-01-01T00:00Z")
    wizard.press("batch_revert", batch)
    with acting_as(wizard.people.coordinator):
        batch.refresh_from_db()
        assert batch.state == "ready"
        assert Patient.objects.exists()
        [problem, *_] = Job.objects.latest("id").problems
    assert problem["where"] == "P001"
    assert "It was not taken back" in wizard.page(batch)


def test_what_the_file_does_not_say_is_asked_with_its_own_words(wizard: Wizard) -> None:
    text = "patient_id,site,sex,treatment_started_on\nP1,Köln,female,2021-01-01\n"
    batch = wizard.upload(text.encode("cp1252"))
    [question] = batch.look["questions"]
    assert ("cp1252", "Windows-1252, Western European: Köln") in map(tuple, question["choices"])
    assert "Köln" in wizard.client.get(wizard.url("table_columns", batch.uid)).content.decode()
    batch = wizard.describe(batch, encoding="cp1252")
    batch = wizard.press("table_sites", wizard.describe(batch), new_site="Köln")
    batch = wizard.press("table_commit", batch)
    with acting_as(wizard.people.coordinator):
        assert Patient.objects.get().site.name == "Köln"


@pytest.mark.parametrize("name", ["colon_os", "colon_rfs", "gbsg", "lung"])
def test_real_tables_become_studies_of_their_own_dictionary(
    wizard: Wizard, shared: Path, name: str
) -> None:
    data = (shared / "reference" / "stats" / name / "input_full.csv").read_bytes()
    given = list(csv.DictReader(io.StringIO(data.decode())))
    batch = wizard.upload(data)
    wizard.client.force_login(wizard.people.administrator)
    answer = wizard.client.post(wizard.url("dictionary_propose", batch.uid), follow=True)
    draft = answer.context["version"]
    with acting_as(wizard.people.administrator):
        dictionary_freeze(draft, wizard.people.administrator, f"as {name} has it")
        specs = {s.name: s for s in dictionary_specs(dictionary_current(wizard.people.study))}
    assert len(specs) == len(given[0]) - 1
    wizard.client.force_login(wizard.people.coordinator)
    batch = wizard.describe(batch, new_site="North Central")
    assert (batch.problem_count, batch.summary["new"]) == (0, len(given)), batch.problems[:3]
    batch = wizard.press("table_commit", batch)
    with acting_as(wizard.people.coordinator):
        assert Patient.objects.count() == len(given)
        stored = clinical_table(wizard.people.study)
        missing = FormEntry.objects.filter(values__contains={"ph_ecog": {"missing": "NA"}}).count()
    for column in given[0]:
        if column == "id":
            continue
        values = [row[column] for row in given if row[column] != "NA"]
        kept = stored[column.replace(".", "_")].dropna()
        assert len(kept) == len(values), column
        if specs[column.replace(".", "_")].type == "number":
            assert sorted(kept) == sorted(map(float, values)), column
    assert missing == sum(row.get("ph.ecog") == "NA" for row in given)


def test_the_api_walks_the_same_way(people: People, client: Client) -> None:
    client.force_login(people.coordinator)
    walk = Wizard(people, client)
    address = reverse("api:import-list", args=[people.study.uid])
    sent = {
        "kind": "cohort_table",
        "file": SimpleUploadedFile("c.csv", table(GOOD | {"site": "Süd"})),
    }
    made: Any = client.post(address, sent | {"confirm": "true"}).json()
    one = f"{address}{made['uid']}/"
    walk.worked()
    suggested = client.get(f"{one}suggestion/").json()
    assert suggested["columns"]["sex"] == "sex"
    as_json = {"content_type": "application/json"}
    early = client.post(f"{one}commit/", {}, **as_json)
    assert early.status_code == 422
    for new in (["Sud"], ["Süd"]):
        said = {"mapping": suggested, "new_sites": new}
        assert client.post(f"{one}describe/", said, **as_json).status_code == 202
        assert walk.worked().problem_count == (new == ["Sud"])
    assert client.get(one).json()["summary"]["new"] == 1
    assert client.post(f"{one}commit/", {}, **as_json).status_code == 202
    assert walk.worked().state == "ready"
    assert client.post(f"{one}revert/", {}, **as_json).status_code == 202
    assert walk.worked().state == "reverted"
    client.force_login(people.colleague)
    assert client.get(one).status_code == 404, "brought by one who sees all sites"
    assert client.post(f"{one}commit/", {}, **as_json).status_code == 404
