"""Reads: who meets a study's criteria and why not, and the way from screened to analysed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from studies import access, consents, registry
from studies.methods.attrition import AttritionStep, count_attrition
from studies.methods.eligibility import (
    DEFAULT_CRITERIA,
    Criterion,
    Finding,
    Overall,
    PatientFacts,
    evaluate_eligibility,
    overall_eligibility,
    read_criteria,
)
from studies.methods.wording import Wording, listed, marked, say
from studies.models import (
    Cohort,
    CohortMember,
    Completeness,
    EligibilityOverride,
    EligibilityVersion,
    FormEntry,
    Patient,
    PatientStatus,
    Study,
)
from studies.value_words import word_of

DATA_STEPS = (
    ("pet", "PET", ("pet",)),
    ("ct", "CT", ("ct",)),
    ("rna", "RNA-seq", ("rna",)),
    (
        "ihc",
        "IHC",
        ("cd3_tumor_center", "cd3_invasive_margin", "cd8_tumor_center", "cd8_invasive_margin"),
    ),
)
STEPS = (
    ("eligible", marked("Eligible")),
    ("consented", marked("Consented")),
    *((key, title) for key, title, _ in DATA_STEPS),
    ("analysed", marked("Analysed")),
)

CHUNK = 5000


@dataclass(frozen=True)
class Evaluated:
    """One patient against the criteria; ``facts`` is what they were judged on."""

    patient: Patient
    findings: tuple[Finding, ...]
    facts: PatientFacts

    @property
    def overall(self) -> Overall:
        return overall_eligibility(self.findings)

    @property
    def failing(self) -> list[Finding]:
        return [finding for finding in self.findings if not finding.passes]

    @property
    def overridden(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.overridden]


def version_of(study: Study) -> EligibilityVersion | None:
    """The newest criteria of the study's own; none: the default of the published study."""
    return EligibilityVersion.objects.filter(study=study).order_by("-number").first()


def criteria_of(study: Study) -> tuple[Criterion, ...]:
    version = version_of(study)
    return read_criteria(version.criteria) if version else DEFAULT_CRITERIA


def data_titles() -> dict[str, str]:
    return {column.key: column.title for column in registry.completeness_columns()}


def evaluated(
    study: Study, patients: Sequence[Patient], criteria: Sequence[Criterion] | None = None
) -> list[Evaluated]:
    """These patients against the criteria, in a few queries however many they are."""
    used = criteria_of(study) if criteria is None else criteria
    titles, facts = data_titles(), _facts(study, patients)
    return [
        Evaluated(patient, evaluate_eligibility(used, facts[patient.pk], titles), facts[patient.pk])
        for patient in patients
    ]


def _facts(study: Study, patients: Sequence[Patient]) -> dict[int, PatientFacts]:
    ids = [patient.pk for patient in patients]
    policy = consents.policy_of(study)
    waived = policy.reason if policy and not policy.required else ""
    entries = FormEntry.objects.filter(patient_id__in=ids, form="baseline", occasion="baseline")
    values = dict(entries.values_list("patient_id", "values"))
    present = dict(
        Completeness.objects.filter(patient_id__in=ids).values_list("patient_id", "present")
    )
    scopes, roles = defaultdict(set), defaultdict(list)
    given = consents.consents_in_force().filter(patient_id__in=ids)
    for patient, scope in given.values_list("patient_id", "scope"):
        scopes[patient].add(scope)
    members = CohortMember.objects.filter(patient_id__in=ids).order_by("cohort_id")
    for patient, role in members.values_list("patient_id", "cohort__role"):
        roles[patient].append(role)
    overrides = _overrides(ids)
    return {
        pk: PatientFacts(
            values.get(pk, {}), present.get(pk, ()), scopes[pk], roles[pk], overrides[pk], waived
        )
        for pk in ids
    }


def _overrides(ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """The newest decision per patient and criterion, when it still stands."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    rows = EligibilityOverride.objects.filter(patient_id__in=ids).order_by("id")
    for patient, criterion, granted, reason in rows.values_list(
        "patient_id", "criterion", "granted", "reason"
    ):
        found[patient][criterion] = reason
        if not granted:
            del found[patient][criterion]
    return found


@dataclass(frozen=True)
class Attrition:
    """The diagram of one group; ``beside`` counts the analysed who did not pass all before it."""

    title: str
    steps: tuple[AttritionStep, ...]
    beside: int


def attrition(user: Any, study: Study, cohort: Cohort | None = None) -> Attrition:
    """From screened to analysed, of a cohort or of everybody the user sees."""
    criteria = criteria_of(study)
    analysed = registry.facts("analysed", study)
    lacking, required = [], []
    patients = _group(user, study, cohort).order_by("pk").iterator(CHUNK)
    while chunk := list(islice(patients, CHUNK)):
        rows = evaluated(study, chunk, criteria)
        lacking += [_lacking(row, criteria, analysed) for row in rows]
        required += [_required(row, criteria) for row in rows]
    steps = count_attrition(STEPS, lacking, required)
    used = sum(not reasons.get("analysed") for reasons in lacking)
    title = word_of(cohort.name) if cohort else _("all patients")
    return Attrition(title, steps, used - steps[-1].remaining)


def _group(user: Any, study: Study, cohort: Cohort | None) -> QuerySet[Patient]:
    patients = access.visible(Patient.objects.all(), user, study)
    return patients.filter(cohort_memberships__cohort=cohort) if cohort else patients


def _required(row: Evaluated, criteria: Sequence[Criterion]) -> set[str]:
    """Steps that count: of the data only what the criteria ask of the patient's cohorts."""
    data = [criterion for criterion in criteria if criterion.kind == "data"]
    wanted = {name for criterion in data for name in criterion.required_of(row.facts.roles)}
    steps = {key for key, _, names in DATA_STEPS if wanted & {*names, *_AT_BASELINE.get(key, ())}}
    return {"eligible", "consented", "analysed", *steps}


def _plainly(finding: Finding) -> str:
    """Without the value, so that patients with the same reason count together."""
    why = say("not met") if finding.verdict == "not_met" else finding.reason
    return say("{criterion}: {why}", criterion=criterion_wording(finding.title), why=why)


_AGE = re.compile(r"Age (\S+)-(\S+) years")


def criterion_wording(title: str) -> Wording:
    """The title of a criterion as it is translated; one of the study's own stays as it is."""
    if age := _AGE.fullmatch(title):
        return say("Age {minimum}-{maximum} years", minimum=age[1], maximum=age[2])
    return say(title)


_AT_BASELINE = {"pet": ("baseline_petct",), "ct": ("baseline_petct",)}


def _lacking(
    row: Evaluated, criteria: Sequence[Criterion], analysed: Collection[int]
) -> dict[str, str]:
    """By step why the patient does not pass it; empty when they do."""
    kinds, titles = {criterion.key: criterion.kind for criterion in criteria}, data_titles()
    clinical = [f for f in row.failing if kinds[f.key] in ("range", "code")]
    found = {
        "eligible": _status(row.patient)
        or listed((_plainly(f) for f in clinical), "{first}; {rest}"),
        "consented": listed(
            (f.reason for f in row.failing if kinds[f.key] == "consent"), "{first}; {rest}"
        ),
        "analysed": "" if row.patient.pk in analysed else say("in no frozen table of a model"),
    }
    for key, title, names in DATA_STEPS:
        missing = [titles.get(name, name) for name in names if name not in row.facts.present]
        several = say("{title} incomplete: no {missing}", title=title, missing=listed(missing))
        one = say("no {title}", title=title)
        found[key] = (several if len(names) > 1 else one) if missing else ""
    return found


def _status(patient: Patient) -> str:
    if patient.status in (PatientStatus.EXCLUDED, PatientStatus.WITHDRAWN):
        return say(
            "{status}: {reason}", status=Wording(str(patient.status)), reason=patient.status_reason
        )
    return ""
