"""Reads for the pages of screening and consent: counts and who is left out of what."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from django.db.models import Count

from studies import access, consents, eligibility
from studies.models import Completeness, Patient, PatientStatus, Study
from studies.registry import completeness_columns

SHOWN = 100


@dataclass(frozen=True)
class ScopeCount:
    scope: str
    title: str
    usable: int
    left_out: dict[str, int]


@dataclass(frozen=True)
class LeftOut:
    """A patient and, scope by scope, why they may not be used; empty where they may."""

    patient: Patient
    reasons: list[str]


def status_counts(user: Any, study: Study) -> list[tuple[str, int]]:
    """Patients by status, those without anybody too."""
    mine = access.visible(Patient.objects.all(), user, study)
    counted = dict(mine.order_by().values_list("status").annotate(Count("id")))
    return [(status, counted.get(status, 0)) for status in PatientStatus.values]


def exclusion_reasons(user: Any, study: Study, number: int = 12) -> list[tuple[str, int]]:
    """Why patients were excluded or withdrew, the commonest first."""
    mine = access.visible(Patient.objects.all(), user, study).filter(status__in=consents.GONE)
    counted = mine.order_by().values_list("status_reason").annotate(n=Count("id"))
    return list(counted.order_by("-n", "status_reason")[:number])


def scope_counts(user: Any, study: Study) -> list[ScopeCount]:
    """How many may be used for each scope, and why the others may not."""
    mine = access.visible(Patient.objects.all(), user, study)
    total, found = mine.count(), []
    for scope, title in consents.SCOPES.items():
        said = Counter(consents.refusals(study, scope, mine).values())
        found.append(ScopeCount(scope, title, total - said.total(), dict(said.most_common())))
    return found


def left_out(user: Any, study: Study, limit: int | None = SHOWN) -> list[LeftOut]:
    """Patients who may not be used for some scope, by pseudonym."""
    mine = access.visible(Patient.objects.all(), user, study)
    by_scope = [consents.refusals(study, scope, mine) for scope in consents.SCOPES]
    ids = set().union(*by_scope)
    rows = mine.filter(pk__in=ids).select_related("site").order_by("pseudonym")
    return [LeftOut(row, [said.get(row.pk, "") for said in by_scope]) for row in rows[:limit]]


def there_of(patient: Patient) -> list[str]:
    """What is there of a patient, by the columns of the completeness grid."""
    kept = Completeness.objects.filter(patient=patient).first()
    present = set(kept.present) if kept else set()
    return [column.title for column in completeness_columns() if column.key in present]


def panel(patient: Patient) -> dict[str, Any]:
    """What the patient's page shows of it."""
    return {"patient": patient, "row": eligibility.evaluated(patient.study, [patient])[0]}
