"""Response by RECIST 1.1 from measured lesions: sums of diameters, nadir, time-point response."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from .dates import ClinicalDate
from .problems import Notice
from .wording import marked, say

ROLES = {
    "target": marked("target"),
    "target_node": marked("target node"),
    "non_target": marked("non-target"),
    "new": marked("new lesion"),
}
FINDINGS = {
    "measured": marked("measured"),
    "absent": marked("absent"),
    "too_small": marked("too small to measure"),
    "present": marked("present"),
    "progressed": marked("unequivocally progressed"),
    "merged": marked("merged into another"),
    "not_evaluable": marked("not evaluable"),
}
TARGETS = ("target", "target_node")
FINDINGS_OF = {
    "target": ("measured", "absent", "too_small", "merged", "not_evaluable"),
    "target_node": ("measured", "absent", "too_small", "merged", "not_evaluable"),
    "non_target": ("present", "absent", "progressed", "not_evaluable"),
    "new": ("measured", "present", "absent"),
}
NORMAL_NODE_MM = 10
MEASURABLE_MM = {"target": 10, "target_node": 15}
TOO_SMALL_MM = 5
LEAST_GROWTH_MM = 5
MOST_TARGETS, MOST_OF_ORGAN = 5, 2
BASELINE_DAYS = 28
NEITHER = "non-CR/non-PD"
DISAGREE = ("response_disagrees", "progression_disagrees")


@dataclass(frozen=True, order=True)
class LesionFinding:
    """One lesion at one assessment.

    Parameters
    ----------
    day : datetime.date
        Of the assessment.
    lesion : str
        What the reader calls it, the same at every assessment.
    role : {"target", "target_node", "non_target", "new"}
    finding : str
        One of ``FINDINGS_OF[role]``.
    diameter_mm : float or None
        Longest diameter; of a node the short axis. Larger is worse.
    organ : str
    """

    day: date
    lesion: str
    role: str
    finding: str = "measured"
    diameter_mm: float | None = None
    organ: str = ""


@dataclass(frozen=True)
class TimePoint:
    """One assessment after baseline.

    ``sum_mm`` is ``None`` when a target was not evaluated, ``nadir_mm`` the smallest sum before.
    ``target``, ``non_target`` and ``response`` are CR, PR, SD, PD, NE or non-CR/non-PD; empty where
    the patient has no such lesion.
    """

    day: date
    sum_mm: float | None
    nadir_mm: float | None
    from_baseline: float | None
    from_nadir: float | None
    target: str
    non_target: str
    new: tuple[str, ...]
    response: str
    notices: tuple[Notice, ...] = ()


@dataclass(frozen=True)
class MeasuredCourse:
    """Every assessment of a patient, set against baseline."""

    baseline: date | None = None
    baseline_mm: float | None = None
    points: tuple[TimePoint, ...] = ()
    notices: tuple[Notice, ...] = ()


def assess_lesions(
    started: ClinicalDate | None, findings: Sequence[LesionFinding]
) -> MeasuredCourse:
    """The response at every assessment under treatment.

    Baseline is the last assessment on or before the start of treatment. A lesion that a later
    assessment does not name was not evaluated there.

    Parameters
    ----------
    started : ClinicalDate or None
        Start of the study treatment, to the day.
    findings : sequence of LesionFinding
        In any order.

    Returns
    -------
    MeasuredCourse
        Without points when there is no start or no baseline; the notices say so.

    References
    ----------
    Eisenhauer 2009, Eur J Cancer 45:228 (RECIST 1.1), sections 3.1, 4.3 and 4.4, tables 1 and 2,
    and its questions (appendix IV) for lesions that come back.
    """
    if not findings:
        return MeasuredCourse()
    if started is None or not started.is_exact:
        return MeasuredCourse(notices=(_NO_START,))
    before = [one.day for one in findings if one.day <= started.earliest and one.role != "new"]
    if not before:
        return MeasuredCourse(notices=(_NO_BASELINE,))
    baseline = max(before)
    first = [one for one in findings if one.day == baseline and one.role != "new"]
    course = _Course(first, baseline)
    later = sorted({one.day for one in findings if one.day > started.earliest})
    points = tuple(course.point(day, [one for one in findings if one.day == day]) for day in later)
    notices = tuple(_baseline_notices(first, (started.earliest - baseline).days))
    return MeasuredCourse(baseline, course.baseline_mm, points, notices)


def compare_responses(
    started: ClinicalDate | None,
    course: MeasuredCourse,
    entered: Iterable[tuple[ClinicalDate, str]],
    progressed: ClinicalDate | None = None,
) -> list[Notice]:
    """Where what was entered and what was measured disagree; neither is changed.

    Days are counted from the start of treatment, so that a notice names no date.
    """
    said = {when.earliest: label for when, label in entered if when.is_exact}
    found = []
    for point in course.points:
        label = said.get(point.day)
        if label is not None and label != category_of(point):
            since = _since(started, point.day)
            text = say("day {day}: entered {entered}, measured {measured}",
                       day=since, entered=label, measured=point.response)  # fmt: skip
            found.append(Notice("response_disagrees", text))
    first = next((point.day for point in course.points if point.response == "PD"), None)
    if first is not None and (progressed is None or progressed.earliest > first):
        found.append(_later_progression(_since(started, first), started, progressed))
    return found


def _later_progression(
    day: int, started: ClinicalDate | None, progressed: ClinicalDate | None
) -> Notice:
    if progressed is None:
        text = say("measured PD on day {day}, no progression is dated", day=day)
    else:
        dated = _since(started, progressed.earliest)
        text = say("measured PD on day {day}, progression is dated day {dated}",
                   day=day, dated=dated)  # fmt: skip
    return Notice("progression_disagrees", text)


def category_of(point: TimePoint) -> str:
    """CR, PR, SD, PD or NE: with non-target disease alone, neither CR nor PD reads as SD."""
    return "SD" if point.response == NEITHER else point.response


def combine_responses(target: str, non_target: str, new: bool) -> str:
    """Overall response at a time point (tables 1 and 2); empty parts are kinds not there.

    References
    ----------
    Eisenhauer 2009, Eur J Cancer 45:228 (RECIST 1.1), tables 1 and 2.
    """
    if new or "PD" in (target, non_target):
        return "PD"
    if not target:
        return non_target or "NE"
    if target == "CR":
        return "CR" if non_target in ("CR", "") else "PR"
    return target


def assess_targets(
    total: Fraction | None, measured: Fraction, gone: bool, baseline: Fraction, nadir: Fraction
) -> str:
    """Response of the target lesions (section 4.3.1); exact, so that -30 % is -30 %.

    Parameters
    ----------
    total : Fraction or None
        Sum of diameters in mm; ``None`` when a target was not evaluated.
    measured : Fraction
        Sum of those that were: enough for progression whatever the missing ones would add (4.4.2).
    gone : bool
        Every target is absent and every node below 10 mm.
    baseline, nadir : Fraction
        Sum at baseline and the smallest sum so far, in mm.

    References
    ----------
    Eisenhauer 2009, Eur J Cancer 45:228 (RECIST 1.1), sections 4.3.1 and 4.4.2.
    """
    if gone:
        return "CR"
    if measured - nadir >= LEAST_GROWTH_MM and 5 * measured >= 6 * nadir:
        return "PD"
    if total is None:
        return "NE"
    return "PR" if 10 * total <= 7 * baseline else "SD"


class _Course:
    """Goes through the assessments in order of time, and remembers the nadir."""

    def __init__(self, first: Sequence[LesionFinding], baseline: date):
        self.roles = {one.lesion: one.role for one in first}
        self.targets = [one.lesion for one in first if one.role in TARGETS]
        self.others = [one.lesion for one in first if one.role == "non_target"]
        sizes = [_size(one) for one in first if one.role in TARGETS]
        known = [size for size in sizes if size is not None]
        self.first = sum(known, Fraction()) if len(known) == len(sizes) else None
        self.nadir = self.first
        self.new: set[str] = set()
        self.last = ""

    @property
    def baseline_mm(self) -> float | None:
        return float(self.first) if self.first is not None and self.targets else None

    def point(self, day: date, rows: Sequence[LesionFinding]) -> TimePoint:
        here = {one.lesion: one for one in rows}
        strange = sorted(
            one.lesion for one in rows if one.role != "new" and one.lesion not in self.roles
        )
        self._note_new(rows)
        total, measured = self._sums(here)
        target = self._target(here, total, measured)
        non_target = self._non_target(here)
        response = combine_responses(target, non_target, bool(self.new))
        notices = [
            Notice("not_at_baseline", say("{lesion} is not of baseline", lesion=name))
            for name in strange
        ]
        if response != "PD" and self.last == "CR" and self._is_back(here):
            response = "PD"
            notices.append(Notice("returned_after_cr", "a lesion is back after complete response"))
        if response != "PD" and strange:
            response = "NE"
        point = TimePoint(
            day, _mm(total), _mm(self.nadir) if self.targets else None,
            _change(total, self.first), _change(total, self.nadir),
            target, non_target, tuple(sorted(self.new)), response, tuple(notices),
        )  # fmt: skip
        if total is not None and self.nadir is not None:
            self.nadir = min(self.nadir, total)
        self.last = response if response != "NE" else self.last
        return point

    def _note_new(self, rows: Sequence[LesionFinding]) -> None:
        """A new lesion stays one until it is said to be absent."""
        for one in rows:
            if one.role == "new":
                (self.new.discard if one.finding == "absent" else self.new.add)(one.lesion)

    def _sums(self, here: dict[str, LesionFinding]) -> tuple[Fraction | None, Fraction]:
        sizes = [_size(here.get(name)) for name in self.targets]
        known = [size for size in sizes if size is not None]
        measured = sum(known, Fraction())
        return (measured if sizes and len(known) == len(sizes) else None), measured

    def _target(
        self, here: dict[str, LesionFinding], total: Fraction | None, measured: Fraction
    ) -> str:
        if not self.targets:
            return ""
        if self.first is None or self.nadir is None:
            return "NE"
        gone = all(_is_gone(here.get(name)) for name in self.targets)
        return assess_targets(total, measured, gone, self.first, self.nadir)

    def _non_target(self, here: dict[str, LesionFinding]) -> str:
        if not self.others:
            return ""
        seen = [here[name].finding if name in here else "not_evaluable" for name in self.others]
        if "progressed" in seen:
            return "PD"
        if "not_evaluable" in seen:
            return "NE"
        return "CR" if set(seen) == {"absent"} else NEITHER

    def _is_back(self, here: dict[str, LesionFinding]) -> bool:
        """After a complete response, whatever of baseline is seen again has come back."""
        targets = [here[name] for name in self.targets if _size(here.get(name)) is not None]
        others = [here[name].finding for name in self.others if name in here]
        return any(not _is_gone(one) for one in targets) or "present" in others


def _size(one: LesionFinding | None) -> Fraction | None:
    """What a target adds to the sum, in mm; ``None`` when it was not evaluated."""
    if one is None or one.finding == "not_evaluable":
        return None
    if one.finding in ("absent", "merged"):
        return Fraction()
    if one.diameter_mm is not None:
        return Fraction(str(one.diameter_mm))
    return Fraction(TOO_SMALL_MM) if one.finding == "too_small" else None


def _is_gone(one: LesionFinding | None) -> bool:
    size = _size(one)
    if one is None or size is None or one.finding == "merged":
        return False
    return size < NORMAL_NODE_MM if one.role == "target_node" else size == 0


def _baseline_notices(first: Sequence[LesionFinding], days_before: int) -> Iterable[Notice]:
    targets = [one for one in first if one.role in TARGETS]
    if days_before > BASELINE_DAYS:
        text = say("measured {days} days before treatment; at most {most} by RECIST 1.1",
                   days=days_before, most=BASELINE_DAYS)  # fmt: skip
        yield Notice("baseline_early", text)
    for one in targets:
        size, least = _size(one), MEASURABLE_MM[one.role]
        if size is None or one.finding != "measured":
            text = say("{lesion} has no diameter at baseline", lesion=one.lesion)
            yield Notice("baseline_not_measured", text)
        elif size < least:
            text = say("{lesion} is {size:g} mm at baseline; a target has at least {least} mm",
                       lesion=one.lesion, size=float(size), least=least)  # fmt: skip
            yield Notice("not_measurable", text)
    if len(targets) > MOST_TARGETS:
        text = say("{number} targets; at most {most}", number=len(targets), most=MOST_TARGETS)
        yield Notice("many_targets", text)
    organs = ["nodes" if one.role == "target_node" else one.organ.lower() for one in targets]
    for organ in sorted({organ for organ in organs if organ}):
        if organs.count(organ) > MOST_OF_ORGAN:
            text = say("{number} targets in {organ}; at most {most}",
                       number=organs.count(organ), organ=organ, most=MOST_OF_ORGAN)  # fmt: skip
            yield Notice("many_targets_of_organ", text)


_NO_START = Notice("no_start", "treatment start is not known to the day: no response is derived")
_NO_BASELINE = Notice("no_baseline", "no lesion was measured before treatment: no response derived")


def _since(started: ClinicalDate | None, day: date) -> int:
    return (day - started.earliest).days if started else 0


def _mm(size: Fraction | None) -> float | None:
    return None if size is None else float(size)


def _change(total: Fraction | None, reference: Fraction | None) -> float | None:
    """As a share of the reference: -0.3 is 30 % less."""
    if total is None or not reference:
        return None
    return float((total - reference) / reference)
