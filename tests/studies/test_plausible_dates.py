"""Days that cannot be, and unlikely ones: the same answer from a file, a form, a step, the API."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from studies.methods.course import Fact
from studies.methods.course_checks import check_course, notice_course
from studies.methods.dates import ClinicalDate, read_date
from studies.methods.dictionary import VariableSpec
from studies.methods.plausible_dates import check_lifetime, impossible_day, unlikely_day
from studies.methods.problems import DataProblem
from studies.methods.units import readable_unit
from studies.models import Patient
from studies.services import consent_record, patient_screen, record_check, record_read
from tests.people import People
from tests.studies.test_cohort_import import GOOD, handed_in, table

TODAY = date(2026, 1, 15)
BORN = VariableSpec("born_on", "Born", "date")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("1890-05-02", "a day from 1900 on"),
        ("1899", "a day from 1900 on"),
        ("2026-01-16", "a day up to today, 2026-01-15"),
        ("2026-02", "a day up to today, 2026-01-15"),
        ("1900", ""),
        ("2026-01", ""),
        ("2026-01-15", ""),
    ],
)
def test_what_cannot_be_is_said(text: str, said: str) -> None:
    assert impossible_day(read_date(text), TODAY) == said
    fact = Fact("progression", "p", read_date(text), {})
    assert [p.expected for p in check_course([fact], TODAY)] == ([said] if said else [])


def test_what_is_unlikely_goes_on_with_a_notice() -> None:
    assert unlikely_day("surgery_on", read_date("1989-12")) == "plausible is 1990 or later"
    assert not unlikely_day("born_on", read_date("1931-05-02"))
    (notice,) = notice_course([Fact("surgery", "s", read_date("1985"), {})])
    assert (notice.code, "1985" in notice.text) == ("implausible_value", True)


def test_a_life_has_a_beginning_and_an_end() -> None:
    dates = {"born_on": read_date("1950"), "a": read_date("1949-12"), "b": ClinicalDate(TODAY),
             "c": read_date("2071")}  # fmt: skip
    assert [name for name, *_ in check_lifetime(dates)] == ["a", "c"]


def test_the_same_day_is_refused_at_every_door(as_coordinator: People, client: Client) -> None:
    people, old = as_coordinator, date(1890, 5, 2)
    study, user = people.study, people.coordinator
    with pytest.raises(DataProblem, match="a day from 1900 on"):
        patient_screen(study, user, people.here, old)
    patient = patient_screen(study, user, people.here, timezone.localdate(), "N-1")
    with pytest.raises(DataProblem, match="a day from 1900 on"):
        consent_record(patient, user, "imaging", old)
    batch = handed_in(people, table(GOOD | {"treatment_started_on": str(old)}))
    assert [p["expected"] for p in batch.problems] == ["a day from 1900 on"]
    typed: dict[str, Any] = {"surgery": [{"date": str(old), "margin": "R0"}]}
    client.force_login(user)
    answer = client.patch(
        reverse("api:record-detail", args=[study.uid, patient.uid]),
        {"row_version": 0, "facts": typed, "complete": False}, "application/json",
    )  # fmt: skip
    assert (answer.status_code, "a day from 1900 on" in str(answer.json())) == (422, True)


def test_treatment_before_birth_is_found_in_a_form(as_coordinator: People) -> None:
    """The birth is a field, the treatment a row."""
    people = as_coordinator
    patient = Patient.objects.create(study=people.study, site=people.here, pseudonym="N-1")
    record = record_read(patient, "baseline")
    asked = replace(record, specs=(*record.specs, BORN))
    rows = {"progression:new1": '["1979-01-01"]', "surgery:new2": '["1981-01-01", "R0"]'}
    cells = {"born_on": "1980-05-02", **rows}
    told = [p for p in record_check(asked, cells, False).problems if "birth" in p.expected]
    assert [p.column for p in told] == ["progression:new1:date"]


def test_years_of_age_are_not_years_passed() -> None:
    units = [readable_unit("a", name) for name in ("age_years", "Age at surgery", "stage", "")]
    assert [getattr(unit, "pattern", unit) for unit in units] == [
        "years{of_age}", "years{of_age}", "years", "years",
    ]  # fmt: skip
