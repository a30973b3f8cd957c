"""Laws of the outcomes and of merging, whatever the dates and whoever typed."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from studies.methods.course import Fact, read_course
from studies.methods.course_checks import check_course
from studies.methods.dates import ClinicalDate
from studies.methods.dictionary import DEFAULT_DICTIONARY
from studies.methods.endpoint_rules import PatientCourse, derive_endpoint
from studies.methods.endpoints import (
    BEST_FIRST,
    RESPONSE_WINDOW_DAYS,
    SIX_MONTHS_DAYS,
    best_overall_response,
    overall_survival,
    progression_free_survival,
    response_at_6_months,
)
from studies.methods.merge import merge_cells
from studies.methods.problems import DataProblem
from studies.methods.values import read_value, write_value

START = date(2020, 1, 1)
TODAY = date(2030, 1, 1)


def on(day: int, precision: str = "day") -> ClinicalDate:
    then = START + timedelta(days=day)
    first = {"day": then, "month": then.replace(day=1), "year": then.replace(month=1, day=1)}
    return ClinicalDate(first[precision], precision)


DAYS = st.integers(0, 2000)
MAYBE = st.none() | DAYS


@given(
    died=MAYBE, progressed=MAYBE, seen=st.lists(DAYS, max_size=5), alive=st.lists(DAYS, max_size=5)
)
def test_progression_free_never_exceeds_overall_survival(
    died: int | None, progressed: int | None, seen: list[int], alive: list[int]
) -> None:
    """With every day that proves life; and what follows death is refused, not derived."""
    start, end = on(0), None if died is None else on(died)
    proofs = [on(day) for day in [*seen, *alive, *([] if progressed is None else [progressed])]]
    late = died is not None and any(day.earliest > on(died).latest for day in proofs)
    try:
        overall = overall_survival(start, end, proofs)
        free = progression_free_survival(
            start, None if progressed is None else on(progressed), end, [on(day) for day in seen]
        )
    except DataProblem:
        assert late
        return
    assert not late
    assert 0 < free.duration_days <= overall.duration_days
    assert overall.event == (died is not None)
    assert free.event == (died is not None or progressed is not None)
    if not proofs and died is None:
        assert overall.duration_days == 0.5
        assert [notice.code for notice in overall.notices] == ["nothing_assessed"]


@given(day=DAYS, precision=st.sampled_from(["month", "year"]))
def test_a_date_not_known_to_the_day_is_left_out_and_said(day: int, precision: str) -> None:
    for found in (
        overall_survival(on(0), on(day, precision), []),
        progression_free_survival(on(0), None, None, [on(day, precision)]),
        overall_survival(on(0, precision), None, [on(day)]),
    ):
        assert (found.duration_days, found.event) == (None, None)
        assert [notice.code for notice in found.notices] == ["inexact_date"]


SEEN = st.lists(st.tuples(DAYS, st.sampled_from(["CR", "PR", "SD", "PD", "NE"])), max_size=8)


@given(seen=SEEN, progressed=MAYBE, died=MAYBE)
def test_response_at_six_months_is_the_nearest_in_its_window_unless_progressed_before(
    seen: list[tuple[int, str]], progressed: int | None, died: int | None
) -> None:
    rows = [(on(day), result) for day, result in seen]
    label = response_at_6_months(
        on(0),
        rows,
        None if progressed is None else on(progressed),
        None if died is None else on(died),
    ).label
    bad = [day for day, result in seen if result == "PD"] + [
        d for d in (progressed, died) if d is not None
    ]
    if any(day < SIX_MONTHS_DAYS for day in bad):
        assert label == "PD"
        return
    inside = [
        (day, result) for day, result in seen if abs(day - SIX_MONTHS_DAYS) <= RESPONSE_WINDOW_DAYS
    ]
    if not inside:
        assert label == ""
        return
    nearest = min(abs(day - SIX_MONTHS_DAYS) for day, _ in inside)
    assert label in {result for day, result in inside if abs(day - SIX_MONTHS_DAYS) == nearest}


@given(seen=SEEN, order=st.randoms())
def test_best_response_is_the_best_in_any_order_and_more_is_never_worse(
    seen: list[tuple[int, str]], order: object
) -> None:
    rows = [(on(day), result) for day, result in seen]
    best = best_overall_response(rows).label
    shuffled = list(rows)
    order.shuffle(shuffled)
    assert best_overall_response(shuffled).label == best
    rank = [*BEST_FIRST, "NE", ""]
    more = best_overall_response([*rows, (on(5), "PR")]).label
    assert rank.index(more) <= rank.index(best)


BLUR = st.sampled_from(["day", "month", "year"])


@given(
    days=st.lists(DAYS, min_size=2, max_size=2).map(sorted),
    has=st.tuples(st.booleans(), st.booleans()),
    blurs=st.tuples(BLUR, BLUR),
    seen=st.lists(st.floats(0, 1), max_size=4),
)
def test_the_middle_of_a_partial_date_keeps_the_order_of_what_happened(
    days: list[int], has: tuple[bool, bool], blurs: tuple[str, str], seen: list[float]
) -> None:
    """Progression, then death, either known roughly; contacts on exact days before death."""
    (progressed, died), (has_progressed, has_died) = days, has
    contacts = [on(int(share * died)) for share in seen]
    course = PatientCourse(
        on(0),
        on(progressed, blurs[0]) if has_progressed else None,
        on(died, blurs[1]) if has_died else None,
        alive=contacts,
        assessed=contacts[:1],
    )
    overall, free = (
        derive_endpoint(name, {"partial_dates": "middle"}, course)
        for name in ("overall_survival", "progression_free_survival")
    )
    assert 0 < free.duration_days <= overall.duration_days
    if has_died:
        low, high = ((end - START).days for end in (course.died.earliest, course.died.latest))
        assert max(low, 0.5) <= overall.duration_days <= max(high, 0.5)
        assert all((day.earliest - START).days <= overall.duration_days for day in contacts)
    exact = blurs == ("day", "day") or not (has_progressed or has_died)
    if exact:
        assert overall == derive_endpoint("overall_survival", {}, course)
        assert free == derive_endpoint("progression_free_survival", {}, course)


CELLS = st.dictionaries(st.sampled_from("abcdef"), st.sampled_from(["", "1", "2", "3"]))


@given(base=CELLS, mine=CELLS, theirs=CELLS)
def test_a_merge_loses_nothing_unseen(
    base: dict[str, str], mine: dict[str, str], theirs: dict[str, str]
) -> None:
    merge = merge_cells(base, mine, theirs)
    for key in {*base, *mine, *theirs}:
        was, own, now = (side.get(key, "") for side in (base, mine, theirs))
        result = merge.cells.get(key, "")
        told = key in merge.clashes or key in merge.theirs
        assert result in (own, now)
        assert result == now or own != was, "what I did not touch is theirs"
        assert now in (was, result) or told, "what they changed is there, or told"
        assert (key in merge.clashes) == (now != was and own != was and own != now)
    assert merge_cells(base, base, theirs).clashes == {}
    assert merge_cells(base, mine, base).theirs == {}


@given(data=st.data())
def test_a_value_written_is_read_back(data: st.DataObject) -> None:
    spec = data.draw(st.sampled_from(DEFAULT_DICTIONARY))
    if spec.type == "number":
        low, high = spec.minimum or 0, spec.maximum or 1e6
        number = data.draw(st.floats(low, high, allow_nan=False))
        text = data.draw(st.sampled_from(["", "<", ">", "<=", ">="])) + repr(number)
    elif spec.type == "date":
        text = str(on(data.draw(DAYS), data.draw(st.sampled_from(["day", "month", "year"]))))
    else:
        text = data.draw(st.sampled_from([*spec.codes, *spec.missing_codes]))
    value = read_value(text, spec)
    assert read_value(write_value(value), spec) == value


def fact(of: str, day: int, /, **parts: object) -> Fact:
    return Fact(of, f"{of}{day}", on(day), parts)


@given(
    died=DAYS,
    later=st.integers(1, 400),
    kind=st.sampled_from(["response", "contact", "lab", "surgery", "progression"]),
)
def test_nothing_follows_death(died: int, later: int, kind: str) -> None:
    course = [fact("treatment", 0, is_index="yes"), fact("death", died), fact(kind, died + later)]
    told = [p.column for p in check_course(course, TODAY) if "after death" in p.found]
    assert told == [f"{kind}:{kind}{died + later}:date"]
    assert not check_course(course[:2], TODAY)


@given(days=st.lists(DAYS, min_size=1, max_size=6, unique=True), order=st.randoms())
def test_what_a_course_says_of_the_baseline_does_not_hang_on_the_order_of_rows(
    days: list[int], order: object
) -> None:
    course = [fact("treatment", 0, is_index="yes", drug="anti-PD-1", line=2.0)]
    course += [fact("progression", day) for day in days]
    course += [fact("contact", day, kind="alive") for day in days]
    shuffled = list(course)
    order.shuffle(shuffled)
    found = read_course(course)
    assert read_course(shuffled) == found
    assert found["progressed_on"]["v"] == str(on(min(days)))
    assert found["last_known_alive_on"]["v"] == str(on(max(days)))
