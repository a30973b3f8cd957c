"""The dated facts of a patient's course: what each is made of, and what they decide."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .dates import ClinicalDate
from .dictionary import VariableSpec
from .endpoints import SIX_MONTHS_DAYS
from .recist import FINDINGS, ROLES
from .wording import marked

NO_DRUG = "not recorded"  # of a treatment: a table gave its start and no drug
CONSENT_SCOPES = ("imaging", "genomics", "sharing")
_RESULTS = {
    "CR": marked("complete response"),
    "PR": marked("partial response"),
    "SD": marked("stable disease"),
    "PD": marked("progressive disease"),
    "NE": marked("not evaluable"),
}


def _spec(name: str, label: str, type: str, **more: Any) -> VariableSpec:
    return VariableSpec(name, label, type, missing_codes=(), **more)


def _choice(name: str, label: str, codes: Mapping[str, str]) -> VariableSpec:
    return _spec(name, label, "category", codes=codes, required_for=("complete",))


@dataclass(frozen=True)
class FactKind:
    """One kind of dated fact: its title and the parts of a row; the first part is its date."""

    name: str
    title: str
    parts: tuple[VariableSpec, ...]
    most: int = 500
    whole: tuple[str, ...] = ()
    longest: Mapping[str, int] = field(default_factory=dict)


def _date(label: str) -> VariableSpec:
    return _spec("date", label, "date", required_for=("complete",))


FACT_KINDS: dict[str, FactKind] = {
    kind.name: kind
    for kind in (
        FactKind(
            "treatment",
            marked("Treatment"),
            (
                _date(marked("Started")),
                _spec("drug", marked("Drug"), "text", required_for=("complete",)),
                _spec(
                    "line",
                    marked("Line"),
                    "number",
                    minimum=1,
                    maximum=9,
                    required_for=("complete",),
                ),
                _spec("stopped_on", marked("Stopped"), "date"),
                _choice("is_index", marked("Study treatment"), {"yes": "yes", "no": "no"}),
            ),
            whole=("line",),
            longest={"drug": 80},
        ),
        FactKind(
            "response",
            marked("Response assessments"),
            (
                _date(marked("Assessed")),
                _choice("result", marked("Result"), _RESULTS),
                _spec("method", marked("Method"), "text", required_for=("complete",)),
            ),
            longest={"method": 40},
        ),
        FactKind(
            "lesion",
            marked("Lesion measurements"),
            (
                _date(marked("Assessed")),
                _spec("lesion", marked("Lesion"), "text", required_for=("complete",)),
                _choice("role", marked("Role"), ROLES),
                _spec("organ", marked("Organ"), "text"),
                _spec(
                    "diameter_mm", marked("Diameter"), "number", unit="mm", minimum=0, maximum=500
                ),
                _choice("finding", marked("Finding"), FINDINGS),
            ),
            longest={"lesion": 20, "organ": 60},
        ),
        FactKind("progression", marked("Progression"), (_date(marked("Progressed")),)),
        FactKind(
            "death",
            marked("Death"),
            (_date(marked("Died")), _spec("cause", marked("Cause"), "text")),
            most=1,
            longest={"cause": 120},
        ),
        FactKind(
            "contact",
            marked("Follow-up"),
            (
                _date(marked("On")),
                _choice(
                    "kind",
                    marked("What"),
                    {"alive": marked("known alive"), "assessed": marked("adequate imaging")},
                ),
            ),
        ),
        FactKind(
            "surgery",
            marked("Surgery"),
            (
                _date(marked("Operated")),
                _choice(
                    "margin",
                    marked("Margin"),
                    {"R0": "R0", "R1": "R1", "R2": "R2", "unknown": "unknown"},
                ),
            ),
        ),
        FactKind(
            "lab",
            marked("Laboratory"),
            (
                _date(marked("Drawn")),
                _spec("analyte", marked("Analyte"), "text", required_for=("complete",)),
                _spec(
                    "value",
                    marked("Value"),
                    "number",
                    minimum=0,
                    maximum=1e9,
                    required_for=("complete",),
                ),
                _spec("unit", marked("Unit"), "text", required_for=("complete",)),
            ),
            longest={"analyte": 40, "unit": 40},
        ),
        FactKind(
            "consent",
            marked("Consent"),
            (
                _date(marked("Given")),
                _choice("scope", marked("Scope"), {scope: scope for scope in CONSENT_SCOPES}),
                _spec("withdrawn_on", marked("Withdrawn"), "date"),
            ),
        ),
    )
}


@dataclass(frozen=True)
class Fact:
    """One dated fact: kind, key of its row, day, and its other parts as stored values."""

    kind: str
    key: str
    day: ClinicalDate
    parts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def identity(self) -> tuple[Any, ...]:
        """What a patient has once."""
        extra = {
            "contact": "kind",
            "response": "method",
            "lab": "analyte",
            "consent": "scope",
            "lesion": "lesion",
        }
        return (self.kind, self.day.earliest, self.parts.get(extra.get(self.kind, "")))


def treatment_start(facts: Iterable[Fact]) -> ClinicalDate | None:
    """The day from which the endpoints count: the start of the study treatment."""
    for fact in facts:
        if fact.kind == "treatment" and fact.parts.get("is_index") == "yes":
            return fact.day
    return None


def read_course(facts: Sequence[Fact]) -> dict[str, dict[str, Any]]:
    """Baseline variables that the dated facts decide, as stored values (``{"v": ...}``).

    Of several response assessments the one nearest six months speaks, of progressions and
    operations the first, of contacts the last.
    """
    found: dict[str, Any] = {}
    start = treatment_start(facts)
    index = next((f for f in facts if f.day == start and f.parts.get("is_index") == "yes"), None)
    if index:
        found |= {
            "treatment_started_on": index.day,
            "drug": None if index.parts.get("drug") == NO_DRUG else index.parts.get("drug"),
            "treatment_line": index.parts.get("line"),
        }
    for kind, variable in (("progression", "progressed_on"), ("death", "died_on")):
        if rows := _of_kind(facts, kind):
            found[variable] = rows[0].day
    if rows := _of_kind(facts, "surgery"):
        margin = rows[0].parts.get("margin")
        found |= {"surgery_on": rows[0].day}
        found |= {"resection_margin": margin} if margin != "unknown" else {}
    for contact, variable in (("alive", "last_known_alive_on"), ("assessed", "last_assessed_on")):
        if rows := [
            fact for fact in _of_kind(facts, "contact") if fact.parts.get("kind") == contact
        ]:
            found[variable] = rows[-1].day
    for scope in CONSENT_SCOPES:
        given = [fact for fact in _of_kind(facts, "consent") if fact.parts.get("scope") == scope]
        found |= {f"consent_{scope}_on": given[0].day} if given else {}
    if rows := _of_kind(facts, "response"):
        spoken = min(rows, key=lambda fact: _from_landmark(start, fact.day))
        found |= {"response_assessed_on": spoken.day, "response": spoken.parts.get("result")}
    return {name: _stored(value) for name, value in found.items() if value not in (None, "")}


MIRRORED: dict[str, str] = {
    "treatment_started_on": "treatment",
    "drug": "treatment",
    "treatment_line": "treatment",
    "response_assessed_on": "response",
    "response": "response",
    "surgery_on": "surgery",
    "resection_margin": "surgery",
    "progressed_on": "progression",
    "died_on": "death",
    "last_assessed_on": "contact",
    "last_known_alive_on": "contact",
    **{f"consent_{scope}_on": "consent" for scope in CONSENT_SCOPES},
}


def _of_kind(facts: Sequence[Fact], kind: str) -> list[Fact]:
    """The earliest first."""
    rows = (fact for fact in facts if fact.kind == kind)
    return sorted(rows, key=lambda fact: fact.day.earliest)


def _from_landmark(start: ClinicalDate | None, day: ClinicalDate) -> int:
    return abs((day.earliest - start.earliest).days - SIX_MONTHS_DAYS) if start else 0


def _stored(value: Any) -> dict[str, Any]:
    if isinstance(value, ClinicalDate):
        return {"v": value.earliest.isoformat(), "precision": value.precision}
    return {"v": value}
