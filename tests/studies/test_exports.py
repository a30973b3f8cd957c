"""What leaves as a file comes back as it was, holds what its maker may see, and stays said."""

from __future__ import annotations

import csv
import io
import json
import re
from datetime import date, timedelta
from typing import Any

import openpyxl
import pytest
from django.db import DatabaseError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.http import urlencode
from django.utils.translation import override
from hypothesis import given, settings
from hypothesis import strategies as st

from studies import services
from studies.access import acting_as
from studies.figures.example import draw_example
from studies.jobs import run_inline
from studies.methods.cells import mangled
from studies.methods.cohort_table import TableCheck, check_table
from studies.methods.dictionary import MISSING_CODES, VariableSpec
from studies.methods.problems import DataProblem
from studies.methods.table_columns import plan_by_name
from studies.methods.table_export import export_cells, export_header
from studies.methods.table_file import open_table
from studies.methods.table_lines import TableOptions
from studies.models import Cohort, Consent, Drawing, Export, ImportBatch, Job, Patient, ReadRecord
from studies.services import consent_policy_set, export_start, exports_expire, table_check
from tests.people import People
from tests.studies.study_made import make_study
from tests.studies.test_cohort_import import GOOD, handed_in, table

TODAY = date(2026, 1, 1)
CODES = {"1": "one", "IV": "four", "=x": "a formula", "-3": "a number"}
SPECS = (
    VariableSpec("number", "Number", "number", "ng/mL", -1e6, 1e6),
    VariableSpec("day", "Day", "date"),
    VariableSpec("code", "Code", "category", codes=CODES),
    VariableSpec("word", "Word", "text"),
)
MISSING = st.sampled_from(MISSING_CODES).map(lambda code: {"missing": code})
TEXTS = st.text(
    st.characters(exclude_categories=("Cc", "Cs", "Co", "Cn", "Zl", "Zp")), min_size=1, max_size=20
)


def _day(days: int, precision: str) -> dict[str, Any]:
    day = date(1950, 1, 1) + timedelta(days=days)
    day = day.replace(day=1) if precision != "day" else day
    day = day.replace(month=1) if precision == "year" else day
    return {"v": day.isoformat(), "precision": precision}


NUMBERS = st.builds(
    lambda number, sign: (
        {"v": number, "unit_as_entered": "ng/mL"} | ({"comparator": sign} if sign else {})
    ),
    st.floats(-1e6, 1e6, allow_subnormal=False),
    st.sampled_from(["", "<", ">", "<=", ">="]),
)
VALUES = st.fixed_dictionaries(
    {},
    optional={
        "number": NUMBERS | MISSING,
        "day": st.builds(_day, st.integers(0, 27_000), st.sampled_from(["day", "month", "year"]))
        | MISSING,
        "code": st.sampled_from(list(CODES)).map(lambda code: {"v": code}) | MISSING,
        "word": TEXTS.filter(
            lambda t: t == t.strip() and t not in MISSING_CODES and not mangled(t)
        ).map(lambda text: {"v": text}),
    },
)


@given(st.lists(VALUES, min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_export_then_import_changes_nothing(patients: list[dict[str, Any]]) -> None:
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(export_header(SPECS, dates=True))
    for number, values in enumerate(patients):
        writer.writerow([f"P{number}", "North", "training", *export_cells(values, SPECS, True)])
    opened = open_table(text.getvalue().encode("utf-8-sig"), TableOptions(delimiter=","))
    plan, problems = plan_by_name(opened.header, SPECS)
    assert problems == []
    uses = {"training": "development"}
    lines = check_table(TableCheck(opened, plan, SPECS, uses, TableOptions(), TODAY))
    assert [line.values for line in lines] == patients


def test_days_count_from_the_start_of_treatment() -> None:
    specs = (
        VariableSpec("treatment_started_on", "Start", "date"),
        VariableSpec("died_on", "Death", "date"),
    )
    values = {
        "treatment_started_on": {"v": "2021-03-01", "precision": "day"},
        "died_on": {"v": "2021-03-31", "precision": "day"},
    }
    assert export_header(specs, False)[3:] == ["treatment_started_on__days", "died_on__days"]
    assert export_cells(values, specs, False) == [0, 30]
    values["died_on"] = {"v": "2021-03-01", "precision": "month"}
    assert export_cells(values, specs, False) == [0, "inexact"]


def made(people: People, user: Any, kind: str = "csv", **filters: str) -> Export:
    with acting_as(user):
        export, job = export_start(people.study, user, "patients", kind, filters)
        assert run_inline(job).state == "done", job.problems
        export.refresh_from_db()
    return export


def content(client: Client, people: People, user: Any, export: Export) -> bytes:
    client.force_login(user)
    answer = client.get(reverse("studies:export_file", args=[people.study.uid, export.uid]))
    assert "attachment" in answer["Content-Disposition"]
    return b"".join(answer.streaming_content)  # type: ignore[attr-defined]


@pytest.fixture
def filled(people: People) -> People:
    with acting_as(people.coordinator):
        south = GOOD | {"patient_id": "S1", "site": "South", "cohort": "internal_validation",
                        "cea_ng_ml": "12.25"}  # fmt: skip
        agreed = {"consent_sharing_on": "2021-01-01"}
        batch = handed_in(people, table(GOOD | agreed, south | agreed))
        assert batch.state == "ready", batch.problems
    return people


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_an_export_handed_in_again_changes_nothing(
    filled: People, client: Client, kind: str
) -> None:
    data = content(client, filled, filled.coordinator, made(filled, filled.coordinator, kind))
    with acting_as(filled.coordinator):
        again = handed_in(filled, data, f"again.{kind}")
        assert (again.state, again.problems) == ("ready", [])
        assert (again.summary["new"], again.summary["changed"], again.summary["same"]) == (0, 0, 2)
        batch = ImportBatch.objects.latest("id")
        assert table_check(batch)["same"] == 2


def test_a_workbook_holds_numbers_labels_and_the_dictionary(filled: People, client: Client) -> None:
    data = content(client, filled, filled.coordinator, made(filled, filled.coordinator, "xlsx"))
    book = openpyxl.load_workbook(io.BytesIO(data))
    assert book.sheetnames == ["patients", "dictionary", "about"]
    header, _, south = book["patients"].iter_rows(values_only=True)
    line = dict(zip(header, south, strict=True))
    assert (line["patient_id"], line["cea_ng_ml"]) == ("S1", 12.25)
    assert (line["pathology_type"], line["sex"], line["sex__label"]) == (None, "female", "female")
    assert book["dictionary"]["A2"].value


def test_a_file_holds_what_its_maker_may_see(filled: People, client: Client) -> None:
    statistician = made(filled, filled.statistician)
    text = content(client, filled, filled.statistician, statistician).decode("utf-8-sig")
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["died_on__days"] for row in rows] == ["702", "702"]
    assert "2023-02-01" not in text
    assert "died_on" not in rows[0]
    client.force_login(filled.colleague)
    assert client.get(reverse("studies:exports", args=[filled.study.uid])).status_code == 403
    api = reverse("api:export-list", args=[filled.study.uid])
    assert client.post(api, {}, content_type="application/json").status_code == 403
    client.force_login(filled.coordinator)
    theirs = reverse("studies:export_file", args=[filled.study.uid, statistician.uid])
    assert client.get(theirs).status_code == 404, "a file is its maker's alone"


def test_whose_data_may_not_be_shared_stays_out(filled: People, client: Client) -> None:
    with acting_as(filled.administrator):
        consent_policy_set(filled.study, filled.administrator, True)
        patient = Patient.objects.get(pseudonym="S1")
        Consent.objects.filter(patient=patient).update(withdrawn_on="2022-01-01")
    export = made(filled, filled.coordinator)
    assert (export.row_count, export.left_out) == (1, {"left_out": 1})
    assert b"S1" not in content(client, filled, filled.coordinator, export)


def test_a_link_expires_and_its_bytes_go(filled: People, client: Client) -> None:
    export = made(filled, filled.coordinator)
    with acting_as(filled.coordinator):
        Export.objects.update(expires_at=timezone.now() - timedelta(minutes=1))
        client.force_login(filled.coordinator)
        address = reverse("studies:export_file", args=[filled.study.uid, export.uid])
        assert client.get(address).status_code == 404
    with acting_as(filled.coordinator):
        stored = export.file
        assert exports_expire(filled.study) == 1
        stored.refresh_from_db()
        assert stored.bytes_dropped_at is not None
        assert Export.objects.get().row_count == 2, "what was in it stays said"


def test_every_view_file_and_answer_is_kept_for_the_administrator(
    people: People, client: Client
) -> None:
    study, made_study = people.study, make_study(people)
    client.force_login(people.coordinator)
    client.get(reverse("studies:patients", args=[study.uid]))
    for _ in range(2):  # within ten minutes it is one view
        client.get(reverse("studies:patient", args=[study.uid, made_study.here.uid]))
    client.get(reverse("api:patient-list", args=[study.uid]))
    content(client, people, people.coordinator, made(people, people.coordinator))
    page = reverse("studies:reads", args=[study.uid])
    assert client.get(page).status_code == 403
    client.force_login(people.administrator)
    rows = client.get(page).context["page"].rows
    told = [(row.action, row.page, row.row_count) for row in reversed(rows)]
    assert told[:3] == [("view", "patients", 2), ("view", "patient", None), ("api", "patient", 2)]
    assert told[3:] == [("export", "patients", 2), ("download", "patients", 2)]
    assert [row.subject for row in rows if row.page == "patient" and row.action == "view"] == [
        str(made_study.here.uid)
    ]
    assert "sex" in rows[0].columns
    assert client.post(page).status_code == 302
    with acting_as(people.administrator):
        assert run_inline(Job.objects.latest("id")).state == "done"
        assert Export.objects.latest("id").row_count >= 5
        with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic():
            ReadRecord.objects.all().delete()


def test_an_export_from_the_list_takes_its_whole_query(people: People, client: Client) -> None:
    """Search, status and conditions as the list had them; what cannot be applied is refused."""
    study = people.study
    with acting_as(people.coordinator):
        lines = [GOOD | {"patient_id": who, "age_years": age, "sex": sex}
                 for who, age, sex in (("E1", "40", "male"), ("E2", "70", "male"),
                                       ("E3", "70", "female"), ("F4", "71", "male"))]  # fmt: skip
        assert handed_in(people, table(*lines)).state == "ready"
    client.force_login(people.coordinator)
    said = {"variable1": "age_years", "operator1": "gt", "value1": "50", "variable2": "sex",
            "operator2": "eq", "value2": "male", "status": "enrolled"}  # fmt: skip
    page = reverse("studies:patients", args=[study.uid])
    listed = client.post(f"{page}?{urlencode(said)}", {"search": "E"}, follow=True)
    query = listed.context["request"].GET.urlencode()
    assert len(listed.context["page"].rows) == 1
    exports = reverse("studies:exports", args=[study.uid])
    assert f"{exports}?{escape(query)}" in listed.content.decode()
    by_name = client.get(f"{exports}?cohort=training&site=Nowhere")
    with acting_as(people.coordinator):
        training = Cohort.objects.get(study=study, name="training")
    assert by_name.context["form"]["cohort"].value() == str(training.uid)
    assert by_name.context["unknown"] == ["Site: Nowhere"]
    asked = client.get(f"{exports}?{query}")
    assert "pseudonym begins with E; " in asked.content.decode()
    form = asked.context["form"]
    given = {name: form[name].value() or "" for name in form.fields}
    assert given["search"].startswith("~"), "sealed, as in the address of the list"
    assert client.post(exports, given | {"format": "csv"}).status_code == 302
    with acting_as(people.coordinator):
        assert run_inline(Job.objects.get(kind="studies.export")).state == "done"
        export = Export.objects.get()
        text = services.file_read(export.file).decode("utf-8-sig")
        rows = list(csv.DictReader(io.StringIO(text)))
        assert [row["patient_id"] for row in rows] == ["E2"]
        for wrong in ({"variable1": "nothing", "value1": "1"},
                      {"variable1": "age_years", "operator1": "gt", "value1": "old"},
                      {"variable1": "age_years", "operator1": "is", "value1": "4"}):  # fmt: skip
            with pytest.raises(DataProblem):
                export_start(study, people.coordinator, filters=wrong)


def test_a_figure_that_is_shown_is_its_page_and_one_taken_away_a_download(
    people: People, client: Client
) -> None:
    figure = draw_example()
    with acting_as(people.coordinator):
        content = {name: value for name, value in figure.as_dict().items() if name != "spec"}
        drawing = Drawing.objects.create(
            study=people.study, page="agreement", subject="", site_ids=[people.here.pk],
            inputs_digest="x", figures=[content], specs={figure.key: figure.spec},
            pictures={figure.key: '<svg width="9" height="9" viewBox="0 0 9 9"/>'},
        )  # fmt: skip
    client.force_login(people.coordinator)
    for form in ("svg", "dark.svg", "html", "csv"):
        address = reverse("studies:drawn_figure", args=[people.study.uid, drawing.uid,
                                                        figure.key, form])  # fmt: skip
        assert client.get(address).status_code == 200
    with acting_as(people.administrator):
        told = list(ReadRecord.objects.order_by("id").values_list("action", "page", "subject"))
    assert told == [
        ("view", "drawn", "agreement"),
        ("download", "drawn", "agreement example.csv"),
    ]


LISTED = ("patients", "specimens", "screening", "completeness", "eligibility", "cohorts", "uploads",
          "jobs", "queries")  # fmt: skip
FILES = ("left_out_csv", "glance_csv", "attrition_csv", "table_one_csv", "table_one_html")
CHINESE = re.compile(r"[\u4e00-\u9fff]")


@override("en")  # what the last page spoke does not outlive the test
def test_a_file_is_the_same_whatever_its_taker_reads(filled: People, client: Client) -> None:
    client.force_login(filled.statistician)
    urls = [reverse(f"studies:{name}", args=[filled.study.uid]) for name in FILES]
    urls += [reverse(f"studies:{name}", args=[filled.study.uid]) + "?format=csv" for name in LISTED]
    seen = 0
    for url in urls:
        files = [client.get(url, headers={"Accept-Language": language})
                 for language in ("en", "zh-hans")]  # fmt: skip
        if "attachment" in files[0].get("Content-Disposition", ""):
            seen += 1
            assert files[0].content == files[1].content, url
            assert not CHINESE.search(files[1].content.decode()), url
    assert seen >= len(FILES) + 4
    with acting_as(filled.administrator):
        kept = ReadRecord.objects.filter(study=filled.study).values_list("columns", flat=True)
        assert not CHINESE.search(json.dumps(list(kept), ensure_ascii=False))
