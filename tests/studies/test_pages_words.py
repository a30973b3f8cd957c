"""How pages say lengths of time, sizes, states and values."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from studies.courses import readable_unit, value_row
from studies.models import Job, JobState, Variable
from studies.templatetags import studies_ui as ui


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (None, "–"),
        (0.04, "under 0.1 s"),
        (4.23, "4.2 s"),
        (42, "42 s"),
        (185, "3 min 05 s"),
        (timedelta(hours=2, minutes=10), "2 h 10 min"),
    ],
)
def test_a_length_of_time_reads_as_a_person_says_it(seconds: float, said: str):
    assert ui.elapsed(seconds) == said


@pytest.mark.parametrize(
    ("size", "said"), [(None, "–"), (12, "12 B"), (18_700, "18.7 kB"), (3_100_000_000, "3.1 GB")]
)
def test_a_size_reads_in_its_own_unit(size: int, said: str):
    assert ui.file_size(size) == said


def test_every_state_has_a_word_beside_its_colour():
    for value in [*JobState.values, "received", "ready", "empty", "stale"]:
        assert ui.state(value).count("<svg") == 1
        assert ui.STATES[value][1] in ui.state(value)
    assert "Something new" in ui.state("something_new")


def test_time_left_is_said_once_it_means_something():
    started = timezone.now() - timedelta(seconds=30)
    job = Job(state=JobState.RUNNING, started_at=started, progress_done=1, progress_total=4)
    left = ui.remaining(job)
    assert left is not None
    assert left.total_seconds() == pytest.approx(90, abs=2)
    job.progress_done = 0.1
    assert ui.remaining(job) is None


@pytest.mark.parametrize(
    ("value", "text", "missing"),
    [
        ({"v": 0.5, "comparator": "<"}, "< 0.5", ""),
        ({"v": 61.0}, "61", ""),
        ({"missing": "not_done"}, "", "not_done"),
        (None, "", "blank"),
    ],
)
def test_a_value_keeps_its_comparator_and_says_why_it_is_missing(
    value: dict[str, object] | None, text: str, missing: str
):
    row = value_row(Variable(name="cea", label="CEA", type="number", unit="ng/mL"), value)
    assert (row.text, row.missing) == (text, missing)


def test_units_read_as_people_write_them():
    assert [readable_unit(unit) for unit in ("a", "mo", "[U]/mL", "mg/dL")] == [
        "years",
        "months",
        "U/mL",
        "mg/dL",
    ]
