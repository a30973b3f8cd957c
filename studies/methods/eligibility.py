"""Whether a patient meets the criteria of a study, each with its reason; nobody is dropped here."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from math import inf
from typing import Any, Literal

from .wording import listed, marked, say

Verdict = Literal["met", "not_met", "unknown"]
Overall = Literal["eligible", "not_eligible", "undetermined"]
KINDS = ("range", "code", "data", "consent")
EVERYBODY = ""  # the role of requirements that hold for every cohort


@dataclass(frozen=True)
class Criterion:
    """One criterion as data.

    Parameters
    ----------
    key, title : str
    kind : {"range", "code", "data", "consent"}
        A number within limits, a category among those admitted, data that are there, scopes.
    variable : str
        Variable of the dictionary (``range``, ``code``).
    minimum, maximum : float or None
        Admissible, both included.
    admitted : tuple of str
        Codes that meet the criterion.
    required : mapping of str to tuple of str
        By cohort role (``""``: every role) the data keys or consent scopes that must be there.
    """

    key: str
    title: str
    kind: str
    variable: str = ""
    minimum: float | None = None
    maximum: float | None = None
    admitted: tuple[str, ...] = ()
    required: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)

    def required_of(self, roles: Iterable[str]) -> tuple[str, ...]:
        """What a patient in cohorts of these roles needs, in the order of the criterion."""
        wanted = [name for role in (EVERYBODY, *roles) for name in self.required.get(role, ())]
        return tuple(dict.fromkeys(wanted))


@dataclass(frozen=True)
class PatientFacts:
    """What is known of one patient on the day of asking.

    Parameters
    ----------
    values : mapping
        Form values by variable: ``{"v": ...}`` or ``{"missing": code}``.
    present : collection of str
        Keys of the data that are there.
    scopes : collection of str
        Scopes of the consents in force.
    roles : sequence of str
        Roles of the patient's cohorts.
    overrides : mapping of str to str
        Criterion key to the reason of the person who overrode it.
    consent_waived : str
        Why the study records no consent; empty when it does.
    """

    values: Mapping[str, Mapping[str, Any]]
    present: Collection[str]
    scopes: Collection[str]
    roles: Sequence[str] = ()
    overrides: Mapping[str, str] = field(default_factory=dict)
    consent_waived: str = ""


@dataclass(frozen=True)
class Finding:
    """One criterion of one patient; ``verdict`` before, ``overridden`` why it does not count."""

    key: str
    title: str
    verdict: Verdict
    reason: str
    overridden: str = ""

    @property
    def passes(self) -> bool:
        return self.verdict == "met" or bool(self.overridden)


ROLE_DATA = {
    "training": ("pet", "ct", "roi", "rna"),
    "internal_validation": ("pet", "ct", "roi", "rna"),
    "external_phenotype": (
        "pet", "ct", "roi", "cd3_tumor_center", "cd3_invasive_margin",
        "cd8_tumor_center", "cd8_invasive_margin",
    ),
    "external_response": ("pet", "ct", "roi", "response"),
}  # fmt: skip
ROLE_SCOPES = {
    EVERYBODY: ("imaging",),
    "training": ("genomics",),
    "internal_validation": ("genomics",),
    "external_phenotype": ("genomics",),
    "histology": ("genomics",),
}
DEFAULT_CRITERIA: tuple[Criterion, ...] = (
    Criterion("age", marked("Age 18-75 years"), "range", "age_years", 18, 75),
    Criterion(
        "malignancy",
        marked("No other active malignancy"),
        "code",
        "other_active_malignancy",
        admitted=("no",),
    ),
    Criterion(
        "organ_function",
        marked("No severe organ dysfunction"),
        "code",
        "severe_organ_dysfunction",
        admitted=("no",),
    ),
    Criterion("consent", marked("Consent"), "consent", required=ROLE_SCOPES),
    Criterion(
        "baseline_petct",
        marked("Baseline PET/CT done"),
        "data",
        required={EVERYBODY: ("baseline_petct",)},
    ),
    Criterion(
        "role_data", marked("Data that the cohort's role requires"), "data", required=ROLE_DATA
    ),
)


def read_criteria(stored: Sequence[Mapping[str, Any]]) -> tuple[Criterion, ...]:
    """Criteria back from JSON.

    Raises
    ------
    ValueError
        An unknown kind, or a key that comes twice.
    """
    criteria = tuple(
        Criterion(
            **{
                **row,
                "admitted": tuple(row.get("admitted", ())),
                "required": {k: tuple(v) for k, v in row.get("required", {}).items()},
            }
        )
        for row in stored
    )
    keys = [criterion.key for criterion in criteria]
    if len(set(keys)) < len(keys) or any(c.kind not in KINDS for c in criteria):
        raise ValueError(f"criteria {keys}: each key once, each kind one of {KINDS}")
    return criteria


def evaluate_eligibility(
    criteria: Sequence[Criterion], facts: PatientFacts, titles: Mapping[str, str] | None = None
) -> tuple[Finding, ...]:
    """Every criterion of one patient, in the given order.

    Parameters
    ----------
    titles : mapping of str to str, optional
        How a data key is written in a reason.
    """
    judged = [(criterion, *_judge(criterion, facts, titles or {})) for criterion in criteria]
    return tuple(
        Finding(c.key, c.title, verdict, reason,
                "" if verdict == "met" else facts.overrides.get(c.key, ""))
        for c, verdict, reason in judged
    )  # fmt: skip


def overall_eligibility(findings: Iterable[Finding]) -> Overall:
    """Not eligible as soon as one criterion is not met; undetermined while one is unknown."""
    open_ones = [finding.verdict for finding in findings if not finding.passes]
    if "not_met" in open_ones:
        return "not_eligible"
    return "undetermined" if open_ones else "eligible"


def _judge(
    criterion: Criterion, facts: PatientFacts, titles: Mapping[str, str]
) -> tuple[Verdict, str]:
    if criterion.kind == "data":
        wanted = criterion.required_of(facts.roles)
        return _all_there(wanted, facts.present, titles, say("not there"))
    if criterion.kind == "consent":
        if facts.consent_waived:
            return "met", say("not recorded here: {reason}", reason=facts.consent_waived)
        wanted = criterion.required_of(facts.roles)
        return _all_there(wanted, facts.scopes, titles, say("no consent in force"))
    value = facts.values.get(criterion.variable)
    if not value:
        return "unknown", say("not recorded")
    if "v" not in value:
        return "unknown", say(
            "recorded as {word}", word=say(str(value.get("missing", "")).replace("_", " "))
        )
    if criterion.kind == "range":
        return _within(criterion, value)
    return ("met" if str(value["v"]) in criterion.admitted else "not_met"), str(value["v"])


def _all_there(
    wanted: Sequence[str], found: Collection[str], titles: Mapping[str, str], word: str
) -> tuple[Verdict, str]:
    missing = [say(titles.get(name, name)) for name in wanted if name not in found]
    if missing:
        return "not_met", say("{word}: {missing}", word=word, missing=listed(missing))
    if not wanted:
        return "met", say("nothing required")
    return "met", listed(say(titles.get(name, name)) for name in wanted)


def _within(criterion: Criterion, value: Mapping[str, Any]) -> tuple[Verdict, str]:
    """A number with a comparator (``< 20``) is met or not only when all it may be is."""
    number, comparator = float(value["v"]), str(value.get("comparator", ""))
    low = -inf if criterion.minimum is None else criterion.minimum
    high = inf if criterion.maximum is None else criterion.maximum
    least = -inf if comparator.startswith("<") else number
    most = inf if comparator.startswith(">") else number
    text = f"{comparator}{number:g}"
    if low <= least and most <= high:
        return "met", text
    outside = most < low or least > high
    touching = (most == low and comparator == "<") or (least == high and comparator == ">")
    return ("not_met" if outside or touching else "unknown"), text
