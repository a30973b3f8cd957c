"""RECIST 1.1: tables 1 and 2, the examples of the guideline, and what must always hold."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from studies.access import acting_as
from studies.jobs import run_inline
from studies.methods.dates import ClinicalDate
from studies.methods.endpoint_rules import PatientCourse, derive_endpoint
from studies.methods.recist import (
    NEITHER,
    LesionFinding,
    MeasuredCourse,
    assess_lesions,
    combine_responses,
    compare_responses,
)
from studies.models import (
    Consent,
    EndpointValue,
    Export,
    FormEntry,
    ImportBatch,
    LesionMeasurement,
    Patient,
)
from studies.services import (
    batch_job,
    batch_receive,
    batch_revert_start,
    export_start,
    file_read,
)
from tests.studies.test_cohort_import import GOOD, handed_in, table

START = ClinicalDate(date(2020, 1, 10))
BASELINE = date(2020, 1, 1)


def day(number: int) -> date:
    return START.earliest + timedelta(days=number)


def target(when: date, name: str, mm: float | None, finding: str = "measured", role="target"):
    return LesionFinding(when, name, role, finding, mm)


def sums(*series: list[float], role: str = "target") -> list[LesionFinding]:
    """One lesion each: its diameters at baseline and every eight weeks."""
    return [
        target(BASELINE if n == 0 else day(56 * n), f"T{lesion}", mm,
               "absent" if mm == 0 else "measured", role)
        for lesion, diameters in enumerate(series)
        for n, mm in enumerate(diameters)
    ]  # fmt: skip


def labels(course: MeasuredCourse) -> list[str]:
    return [point.response for point in course.points]


# Table 1: patients with target (with or without non-target) disease.
TABLE_1 = [
    ("CR", "CR", False, "CR"),
    ("CR", NEITHER, False, "PR"),
    ("CR", "NE", False, "PR"),
    *(("PR", other, False, "PR") for other in ("CR", NEITHER, "NE")),
    *(("SD", other, False, "SD") for other in ("CR", NEITHER, "NE")),
    *(("NE", other, False, "NE") for other in ("CR", NEITHER)),
    *(("PD", other, new, "PD") for other in ("CR", NEITHER, "NE", "PD") for new in (True, False)),
    *((any_, "PD", new, "PD") for any_ in ("CR", "PR", "SD", "NE") for new in (True, False)),
    *((any_, other, True, "PD") for any_ in ("CR", "PR", "SD", "NE") for other in ("CR", NEITHER)),
]
# Table 2: patients with non-target disease only.
TABLE_2 = [
    ("", "CR", False, "CR"),
    ("", NEITHER, False, NEITHER),
    ("", "NE", False, "NE"),
    ("", "PD", False, "PD"),
    ("", "PD", True, "PD"),
    *(("", any_, True, "PD") for any_ in ("CR", NEITHER, "NE")),
]


@pytest.mark.parametrize(("targets", "others", "new", "overall"), [*TABLE_1, *TABLE_2])
def test_overall_response_is_that_of_tables_1_and_2(
    targets: str, others: str, new: bool, overall: str
) -> None:
    assert combine_responses(targets, others, new) == overall
    found = assess_lesions(START, _lesions_of(targets, others, new))
    assert labels(found) == [overall], "and so do the measurements that stand for it"
    assert (found.points[0].target, found.points[0].non_target) == (targets, others)


def _lesions_of(targets: str, others: str, new: bool) -> list[LesionFinding]:
    """A course of one follow-up whose parts have these responses."""
    rows = []
    if targets:
        mm = {"CR": 0.0, "PR": 35.0, "SD": 50.0, "PD": 60.0, "NE": None}[targets]
        finding = {"CR": "absent", "NE": "not_evaluable"}.get(targets, "measured")
        rows = [target(BASELINE, "T1", 50), target(day(56), "T1", mm or None, finding)]
    if others:
        finding = {"CR": "absent", NEITHER: "present", "PD": "progressed", "NE": "not_evaluable"}
        rows += [target(BASELINE, "N1", None, "present", "non_target"),
                 target(day(56), "N1", None, finding[others], "non_target")]  # fmt: skip
    return rows + [target(day(56), "new 1", None, "present", "new")] * new


@pytest.mark.parametrize(
    ("series", "expected"),
    [
        ([70, 49], ["PR"]),  # exactly 30 % less, which binary fractions miss
        ([70, 49.1], ["SD"]),
        ([50, 60], ["PD"]),  # exactly 20 % more
        ([50, 59.9], ["SD"]),
        ([20, 24.9], ["SD"]),  # a quarter more, but not by 5 mm
        ([20, 25], ["PD"]),
        ([100, 40, 47, 50], ["PR", "PR", "PD"]),  # against the nadir of 40, not baseline
        ([100, 40, 47, 45], ["PR", "PR", "PR"]),
        ([50, 0, 6], ["CR", "PD"]),  # back after a complete response
        ([50, 0, 3], ["CR", "PD"]),
    ],
)
def test_target_response_goes_by_baseline_nadir_and_five_millimetres(
    series: list[float], expected: list[str]
) -> None:
    assert labels(assess_lesions(START, sums(series))) == expected


def test_a_lesion_that_comes_back_beside_others_adds_to_the_sum() -> None:
    """Appendix IV: that alone is no progression unless the response was complete."""
    found = assess_lesions(START, sums([20, 0, 3], [40, 38, 38]))
    assert labels(found) == ["PR", "PR"]
    assert [point.sum_mm for point in found.points] == [38, 41]


def test_nodes_below_ten_millimetres_are_a_complete_response_with_a_sum_above_zero() -> None:
    node = [target(BASELINE, "L1", 22, role="target_node"),
            target(day(56), "L1", 8, role="target_node"),
            target(day(112), "L1", 9.9, role="target_node"),
            target(day(168), "L1", 10, role="target_node")]  # fmt: skip
    found = assess_lesions(START, [*sums([30, 0, 0, 0]), *node])
    assert labels(found) == ["CR", "CR", "PD"], "10 mm is a lesion again"
    assert [point.sum_mm for point in found.points] == [8, 9.9, 10]
    assert labels(assess_lesions(START, [*sums([30, 31, 31, 31]), *node])) == ["SD", "SD", "SD"]


def test_a_missing_target_leaves_the_response_open_but_for_progression() -> None:
    """Section 4.4.2: a sum of 50 mm in three lesions, then 80 mm in two of them."""
    first = [target(BASELINE, name, mm) for name, mm in (("T1", 20), ("T2", 20), ("T3", 10))]
    grown = [target(day(56), "T1", 50), target(day(56), "T2", 30)]
    small = [target(day(56), "T1", 5), target(day(56), "T2", 5)]
    assert labels(assess_lesions(START, [*first, *grown])) == ["PD"]
    left_open = assess_lesions(START, [*first, *small])
    assert labels(left_open) == ["NE"]
    assert left_open.points[0].sum_mm is None


def test_too_small_counts_five_and_merged_counts_nothing_yet_is_not_gone() -> None:
    first = [target(BASELINE, "T1", 20), target(BASELINE, "T2", 12)]
    later = [
        target(day(56), "T1", None, "too_small"),
        target(day(56), "T2", None, "absent"),
        target(day(112), "T1", None, "absent"),
        target(day(112), "T2", None, "merged"),
    ]
    found = assess_lesions(START, [*first, *later])  # fmt: skip
    assert [(p.sum_mm, p.response) for p in found.points] == [(5, "PR"), (0, "PR")]


def test_what_makes_a_baseline_doubtful_is_said() -> None:
    early = BASELINE - timedelta(days=40)
    first = [LesionFinding(early, f"T{n}", "target", "measured", 20, "Liver") for n in range(3)]
    first += [LesionFinding(early, f"L{n}", "target_node", "measured", 14, "neck") for n in (1, 2)]
    first += [LesionFinding(early, "S", "target", "measured", 9, "lung")]
    codes = [notice.code for notice in assess_lesions(START, first).notices]
    assert codes == ["baseline_early", *["not_measurable"] * 3, "many_targets",
                     "many_targets_of_organ"]  # fmt: skip
    assert [n.code for n in assess_lesions(None, first).notices] == ["no_start"]
    late = [target(day(5), "T1", 20)]
    assert [n.code for n in assess_lesions(START, late).notices] == ["no_baseline"]


def test_a_lesion_that_baseline_does_not_know_is_named_and_decides_nothing() -> None:
    found = assess_lesions(START, [*sums([50, 30]), target(day(56), "T9", 80)])
    assert labels(found) == ["NE"]
    assert [notice.code for notice in found.points[0].notices] == ["not_at_baseline"]


def test_a_disagreement_is_named_by_day_and_changes_nothing() -> None:
    found = assess_lesions(START, sums([50, 30, 60]))
    entered = [(ClinicalDate(day(56)), "SD"), (ClinicalDate(day(112)), "PD")]
    told = compare_responses(START, found, entered, ClinicalDate(day(200)))
    assert [(n.code, n.text) for n in told] == [
        ("response_disagrees", "day 56: entered SD, measured PR"),
        ("progression_disagrees", "measured PD on day 112, progression is dated day 200"),
    ]
    agreed = [(ClinicalDate(day(56)), "PR"), (ClinicalDate(day(112)), "PD")]
    assert not compare_responses(START, found, agreed, ClinicalDate(day(112)))


tenths = st.lists(st.lists(st.integers(10, 900), min_size=3, max_size=3), min_size=1, max_size=4)


def millimetres(series: list[list[int]], factor: int = 1) -> list[list[float]]:
    return [[size * factor / 10 for size in one] for one in series]


@given(tenths.map(millimetres), st.randoms(use_true_random=False))
def test_order_of_rows_and_names_of_lesions_do_not_matter(series, random) -> None:
    rows = sums(*series)
    renamed = [LesionFinding(r.day, f"Z{9 - int(r.lesion[1:])}", r.role, r.finding, r.diameter_mm)
               for r in rows]  # fmt: skip
    random.shuffle(renamed)
    assert labels(assess_lesions(START, rows)) == labels(assess_lesions(START, renamed))


@given(tenths, st.integers(1, 20))
def test_scaling_every_diameter_keeps_the_shares_and_only_the_five_millimetres_notice(
    series, factor
) -> None:
    """Larger units make an increase of less than 5 mm count, and change nothing else."""
    plain = assess_lesions(START, sums(*millimetres(series)))
    scaled = assess_lesions(START, sums(*millimetres(series, factor)))
    for before, after in zip(plain.points, scaled.points, strict=True):
        assert after.from_baseline == pytest.approx(before.from_baseline, abs=1e-9)
        assert after.from_nadir == pytest.approx(before.from_nadir, abs=1e-9)
        if before.target != after.target:
            assert after.target == "PD"
            assert before.from_nadir >= 0.2
            assert before.sum_mm - before.nadir_mm < 5


@given(tenths, st.integers(1, 400))
def test_growth_at_an_assessment_never_betters_its_response(series, more) -> None:
    worse = {label: rank for rank, label in enumerate(("CR", "PR", "SD", "PD"))}
    (first, second, third), *others = series
    both = series, [[first, second + more, third], *others]
    before, after = (labels(assess_lesions(START, sums(*millimetres(one))))[0] for one in both)
    assert worse[after] >= worse[before]


@pytest.mark.django_db
def test_measurements_stand_beside_the_entered_category(people, client) -> None:
    """Typed as rows, checked by role, shown on the timeline; a rule may go by them."""
    client.force_login(people.coordinator)
    with acting_as(people.coordinator):
        patient = Patient.objects.create(study=people.study, site=people.here, pseudonym="L-1")
    api = reverse("api:record-detail", args=[people.study.uid, patient.uid])

    def lesion(day: str, mm: str = "", finding: str = "measured", **more: str) -> dict[str, str]:
        given = {"date": day, "lesion": "T1", "role": "target", "organ": "liver"}
        return {**given, "diameter_mm": mm, "finding": finding, **more}

    def sent(*lesions: dict[str, str], version: int = 0) -> Any:
        facts = {
            "treatment": [
                {"date": "2020-01-10", "drug": "anti-PD-1", "line": "1", "is_index": "yes"}
            ],
            "response": [{"date": "2020-03-06", "result": "SD", "method": "RECIST 1.1"}],
            "lesion": list(lesions),
        }
        body = {"row_version": version, "facts": facts, "complete": False}
        return client.patch(api, body, content_type="application/json")

    wrong = sent(lesion("2020-01-02", "0"), lesion("2020-02", "<8"),
                 lesion("2020-03-06", "9", "absent"), lesion("2020-05-01", "9", role="new"),
                 lesion("2020-01-03", "", "present", lesion="T2"))  # fmt: skip
    assert wrong.status_code == 422, wrong.json()
    told = {problem["column"].rpartition(":")[2] for problem in wrong.json()["problems"]}
    assert told == {"diameter_mm", "role", "finding"}
    saved = sent(lesion("2020-01-02", "50"), lesion("2020-03-06", "30"))
    assert saved.status_code == 200, saved.json()
    assert {n["code"] for n in saved.json()["notices"]} == {"response_disagrees"}
    page = client.get(reverse("studies:patient", args=[people.study.uid, patient.uid]))
    text = page.content.decode()
    assert "Day 56: entered SD, measured PR" in text
    assert ("−40.0 %" in text, "measured PR, day 56" in text) == (True, True)
    listed = client.get(reverse("studies:endpoints", args=[people.study.uid])).content.decode()
    assert "L-1</a>: day 56: entered SD, measured PR" in listed
    past = reverse("studies:field_history",
                   args=[people.study.uid, patient.uid, "baseline", "lesion"])  # fmt: skip
    assert "T1" in client.get(past).content.decode()
    entry = reverse("studies:entry_row", args=[people.study.uid, patient.uid, "baseline", "lesion"])
    again = client.get(entry, {"on": "2020-05-01"}).content.decode()
    assert ('value="T1"' in again, 'value="2020-05-01"' in again) == (True, True)
    with acting_as(people.coordinator):
        best = EndpointValue.objects.get(definition__name="best_overall_response")
        assert best.label == "SD", "what was entered stands"
        assert [notice["code"] for notice in best.notices] == ["response_disagrees"]
        assert LesionMeasurement.objects.count() == 2
        measured = [row.found for row in LesionMeasurement.objects.all()]
    course = PatientCourse(START, responses=[(ClinicalDate(day(56)), "SD")], lesions=measured)
    assert derive_endpoint("best_overall_response", {"responses": "measured"}, course).label == "PR"


HEADER = "patient_id,date,lesion,role,organ,diameter_mm,finding"


def lesion_table(people: Any, *lines: str) -> ImportBatch:
    data = "\n".join([HEADER, *lines]).encode()
    batch = batch_receive(people.study, people.coordinator, "lesion_table", data, "lesions.csv")
    job = batch_job(batch)
    assert job is not None
    if job.state == "queued":
        run_inline(job)
    batch.refresh_from_db()
    return batch


@pytest.mark.django_db
def test_a_table_of_lesions_is_taken_in_whole_or_refused_whole(as_coordinator) -> None:
    people = as_coordinator
    handed_in(people, table(GOOD | {"treatment_started_on": "2020-01-10"}))
    first = [f"P001,2020-{day},T1,target,liver,{mm},measured"
             for day, mm in (("01-02", 50), ("03-06", 60))]  # fmt: skip
    wrong = lesion_table(
        people, first[0], "P001,2020-03-06,T1,non_target,liver,,present",
        "P009,2020-03-06,T1,target,,10,measured", "P001,3/4/2020,T2,target,,10,measured",
        "P001,2020-01-02,T3,target,,,measured", first[0],
    )  # fmt: skip
    assert wrong.state == "failed"
    told = {(problem["row"], problem["column"]) for problem in wrong.problems}
    assert told == {(3, "role"), (4, "patient_id"), (5, "date"), (6, "diameter_mm"), (7, "date")}
    assert not LesionMeasurement.objects.exists()
    taken = lesion_table(people, *first)
    assert (taken.state, taken.summary["written"]) == ("ready", 2), taken.problems
    assert "progression_disagrees" in {notice["code"] for notice in taken.notices}
    again = lesion_table(people, *first, "")  # other bytes, the same lines
    assert again.summary["written"] == 0
    Consent.objects.create(patient=Patient.objects.get(), date="2020-01-01", scope="sharing")
    for user, day in ((people.coordinator, "2020-03-06"), (people.statistician, "56")):
        with acting_as(user):
            export, job = export_start(people.study, user, "lesions")
            assert run_inline(job).state == "done", job.problems
            left = file_read(Export.objects.get(pk=export.pk).file).decode("utf-8-sig")
        assert left.splitlines()[-1] == f"P001,{day},T1,target,liver,60.0,measured"
        if user == people.coordinator:
            back = lesion_table(people, *left.splitlines()[1:])
            assert back.summary["written"] == 0, "what leaves comes back as it was"
    changed = lesion_table(people, first[1].replace("60", "40"))
    assert changed.summary["written"] == 1
    assert sorted(LesionMeasurement.objects.values_list("diameter_mm", flat=True)) == [40, 50]
    taken_back = run_inline(batch_revert_start(changed, people.coordinator))
    assert taken_back.result == {"removed": 0, "restored": 1}, taken_back.problems
    assert sorted(LesionMeasurement.objects.values_list("diameter_mm", flat=True)) == [50, 60]
    newer = lesion_table(people, first[1].replace("60", "45"))
    LesionMeasurement.objects.filter(batch=newer).update(batch=None, diameter_mm=46)
    refused = run_inline(batch_revert_start(newer, people.coordinator))
    assert "T1 of 2020-03-06, changed since" in refused.problems[0]["found"]
    newest = lesion_table(people, first[0].replace("50", "51"), first[1])
    FormEntry.objects.update(state="verified")
    closed = lesion_table(people, first[1].replace("60", "61"))
    assert "verified" in closed.problems[0]["found"]
    refused = run_inline(batch_revert_start(newest, people.coordinator))
    assert "verified" in refused.problems[0]["found"]
    assert newest.state == "ready"
