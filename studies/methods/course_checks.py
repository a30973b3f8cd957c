"""What the facts of a course must keep: their order, what there is once, and what is notable."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from .adequate_imaging import adequate_imaging, is_entered_earlier, is_under_treatment
from .course import FACT_KINDS, Fact, treatment_start
from .course_endpoints import lesion_found
from .dates import ClinicalDate
from .plausible_dates import CHECK_YEAR, impossible_day, unlikely_day
from .problems import Notice, Problem
from .recist import FINDINGS, FINDINGS_OF, LesionFinding, assess_lesions, compare_responses
from .wording import say


def check_course(facts: Sequence[Fact], today: date, partly: Sequence[Fact] = ()) -> list[Problem]:
    """Everything that cannot be: ``Problem.column`` is ``kind:key:part``.

    A day that cannot be (``plausible_dates``), the same fact twice, an end before its beginning,
    anything after death, progression or death before the study treatment, two deaths, two study
    treatments, a lesion whose parts do not fit together.

    ``partly`` are facts of which something else cannot be read: their days are checked with the
    others', so that whoever entered them is told everything at once.
    """
    dated = [*facts, *partly]
    return [
        *_impossible(dated, today),
        *_twice(facts),
        *_reversed(dated),
        *_singles(dated),
        *_after_death(dated),
        *_before_start(dated),
        *_lesions(facts),
    ]


def notice_course(facts: Sequence[Fact]) -> list[Notice]:
    """What can go on: an unlikely day, a progression that is not dated, imaging that is entered as
    earlier than a response, measurements that say something else.
    """
    return [*_unlikely(facts), *_undated(facts), *_imaged_earlier(facts), *_measured(facts)]


def _unlikely(facts: Sequence[Fact]) -> Iterable[Notice]:
    for fact in facts:
        if why := unlikely_day("date", fact.day):
            title = FACT_KINDS[fact.kind].title
            text = say("{title}: {day}, {why}", title=say(title), day=fact.day, why=why)
            yield Notice("implausible_value", text)


def _undated(facts: Sequence[Fact]) -> list[Notice]:
    start = treatment_start(facts)
    progressive = any(
        result == "PD" and is_under_treatment(day, start) for day, result in _entered(facts)
    )
    if progressive and not any(fact.kind in {"progression", "death"} for fact in facts):
        text = say(
            "assessed as PD, but no progression is dated; progression-free survival stays censored"
        )
        return [Notice("progression_not_dated", text)]
    return []


def _imaged_earlier(facts: Sequence[Fact]) -> Iterable[Notice]:
    recorded = [f.day for f in facts if f.kind == "contact" and f.parts.get("kind") == "assessed"]
    measured = assess_lesions(treatment_start(facts), _lesions_found(facts))
    imaging = adequate_imaging(treatment_start(facts), recorded, _entered(facts), measured.points)
    if is_entered_earlier(recorded, imaging):
        text = say("a response is dated later than the last adequate imaging entered")
        yield Notice("imaging_entered_earlier", text)


def _lesions_found(facts: Sequence[Fact]) -> list[LesionFinding]:
    return [lesion_found(fact) for fact in facts if fact.kind == "lesion"]


def _entered(facts: Sequence[Fact]) -> list[tuple[ClinicalDate, str]]:
    return [(fact.day, fact.parts.get("result", "")) for fact in facts if fact.kind == "response"]


def _measured(facts: Sequence[Fact]) -> Iterable[Notice]:
    """What RECIST 1.1 notes of the measured lesions, and where it and the assessments differ."""
    start = treatment_start(facts)
    course = assess_lesions(start, _lesions_found(facts))
    progressed = min((f.day for f in facts if f.kind == "progression"), default=None)
    yield from course.notices
    for point in course.points:
        yield from point.notices
    yield from compare_responses(start, course, _entered(facts), progressed)


def _at(fact: Fact, part: str, found: str, expected: str, remedy: str) -> Problem:
    title = FACT_KINDS[fact.kind].title
    return Problem(title, found, expected, remedy, column=f"{fact.kind}:{fact.key}:{part}")


def _impossible(facts: Sequence[Fact], today: date) -> Iterable[Problem]:
    for fact in facts:
        for part, day in (("date", fact.day), *_ends(fact)):
            if expected := impossible_day(day, today):
                yield _at(fact, part, str(day), expected, CHECK_YEAR)


def _ends(fact: Fact) -> list[tuple[str, ClinicalDate]]:
    names = ("stopped_on", "withdrawn_on")
    return [(name, fact.parts[name]) for name in names if fact.parts.get(name)]


def _twice(facts: Sequence[Fact]) -> Iterable[Problem]:
    seen: set[tuple[Any, ...]] = set()
    for fact in facts:
        if fact.kind != "treatment" and fact.identity in seen:
            yield _at(
                fact,
                "date",
                say("{day} twice", day=fact.day),
                say("each once"),
                say("Remove one of the rows."),
            )
        seen.add(fact.identity)


def _reversed(facts: Sequence[Fact]) -> Iterable[Problem]:
    for fact in facts:
        for part, end in _ends(fact):
            if end.latest < fact.day.earliest:
                found = say("{end}, before {day}", end=end, day=fact.day)
                yield _at(fact, part, found, say("an end after its beginning"),
                          say("Correct one of the dates."))  # fmt: skip


def _singles(facts: Sequence[Fact]) -> Iterable[Problem]:
    deaths = [fact for fact in facts if fact.kind == "death"]
    index = [f for f in facts if f.kind == "treatment" and f.parts.get("is_index") == "yes"]
    for fact in deaths[1:]:
        yield _at(fact, "date", say("a second death"), say("one"), say("Remove one of the rows."))
    for fact in index[1:]:
        yield _at(fact, "is_index", say("a second study treatment"), say("one"),
                  say("Say 'no' for the treatments that are not the study's."))  # fmt: skip
    treated = [fact for fact in facts if fact.kind == "treatment"]
    if treated and not index and all("is_index" in fact.parts for fact in treated):
        yield _at(treated[0], "is_index", say("no study treatment"), say("one"),
                  say("Say 'yes' for the treatment that the endpoints count from."))  # fmt: skip


def _after_death(facts: Sequence[Fact]) -> Iterable[Problem]:
    died = next((fact.day for fact in facts if fact.kind == "death"), None)
    if died is None:
        return
    for fact in facts:
        if fact.kind not in {"death", "consent"} and fact.day.earliest > died.latest:
            found = say("{day}, after death on {died}", day=fact.day, died=died)
            yield _at(fact, "date", found, say("nothing after death"), say("Check both dates."))


def _before_start(facts: Sequence[Fact]) -> Iterable[Problem]:
    start = treatment_start(facts)
    if start is None:
        return
    for fact in facts:
        if fact.kind in {"progression", "death"} and fact.day.latest < start.earliest:
            found = say("{day}, before treatment start {start}", day=fact.day, start=start)
            yield _at(fact, "date", found, say("a day on or after treatment start"),
                      say("Check both dates."))  # fmt: skip


def _lesions(facts: Sequence[Fact]) -> Iterable[Problem]:
    """Each row as its role admits it, and every lesion in one role."""
    start = treatment_start(facts)
    roles: dict[str, str] = {}
    lesions = sorted((f for f in facts if f.kind == "lesion"), key=lambda f: f.day.earliest)
    for fact in lesions:
        yield from _lesion(fact, start)
        name, role = fact.parts["lesion"], fact.parts["role"]
        if roles.setdefault(name, role) != role:
            expected = say("{role}, as before", role=roles[name].replace("_", " "))
            remedy = say("Correct the role, or give another lesion another name.")
            yield _at(fact, "role", role.replace("_", " "), expected, remedy)


def _lesion(fact: Fact, start: ClinicalDate | None) -> Iterable[Problem]:
    role, finding = fact.parts["role"], fact.parts["finding"]
    size = fact.parts.get("diameter_mm")
    if not fact.day.is_exact:
        yield _at(fact, "date", str(fact.day), say("a day as YYYY-MM-DD"), say("Write the day."))
    if finding not in FINDINGS_OF[role]:
        admitted = ", ".join(FINDINGS[name] for name in FINDINGS_OF[role])
        yield _at(
            fact,
            "finding",
            FINDINGS[finding],
            say("one of {admitted}", admitted=admitted),
            say("Correct it."),
        )
    elif finding == "measured" and not size:
        yield _at(
            fact,
            "diameter_mm",
            say("blank") if size is None else "0",
            say("a diameter above 0 mm"),
            say("Fill it in, or say that the lesion is absent."),
        )
    elif size is not None and finding not in ("measured", "too_small"):
        found = say("{size:g} mm, {finding}", size=size, finding=FINDINGS[finding])
        yield _at(fact, "diameter_mm", found, say("no diameter"),
                  say("Take it out, or say that the lesion was measured."))  # fmt: skip
    if role == "new" and start and fact.day.earliest <= start.earliest:
        yield _at(fact, "role", say("new before treatment"), say("a target or a non-target"),
                  say("What is there before treatment belongs to baseline."))  # fmt: skip
