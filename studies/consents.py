"""The one gate: whose data a job, a model or a file may use, and why not the others'.

A study requires a consent recorded here, scope by scope, unless its administrator has decided
otherwise with a reason (``ConsentPolicy``). Withdrawn and excluded patients are used in nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet, Value, When
from django.utils import timezone

from studies.methods.wording import marked, say
from studies.models import Consent, ConsentPolicy, Patient, PatientStatus, Study
from studies.remembered import once

IMAGING, GENOMICS, SHARING = "imaging", "genomics", "sharing"
SCOPES = {
    IMAGING: say("Imaging: PET/CT, regions and features"),
    GENOMICS: say("Tissue: RNA, slides and densities"),
    SHARING: say("Sharing: rows in a file that leaves the platform"),
}
ANY = ""  # some scope: what clinical data need
GONE = (PatientStatus.EXCLUDED, PatientStatus.WITHDRAWN)


def policy_of(study: Study) -> ConsentPolicy | None:
    """The newest decision; none means that consent is required."""
    newest = ConsentPolicy.objects.filter(study=study).order_by("-id")
    return once(("consent policy", study.pk), newest.first)


def is_required(study: Study) -> bool:
    policy = policy_of(study)
    return policy is None or policy.required


def in_force() -> Q:
    """Consents that hold today."""
    today = timezone.localdate()
    return Q(date__lte=today) & (Q(withdrawn_on__isnull=True) | Q(withdrawn_on__gt=today))


def consents_in_force() -> QuerySet[Consent]:
    return Consent.objects.filter(in_force())


def usable(rows: QuerySet, study: Study, scope: str = ANY, patient: str = "patient") -> QuerySet:
    """``rows`` of the study whose patient may be used for ``scope``.

    ``patient`` is the path from a row to its patient; empty when the rows are patients.
    """
    status = f"{patient}__status" if patient else "status"
    rows = rows.exclude(**{f"{status}__in": GONE})
    if not is_required(study):
        return rows
    owner = OuterRef(f"{patient}_id" if patient else "pk")
    return rows.filter(Exists(_consents(scope).filter(patient_id=owner)))


def usable_ids(study: Study, scope: str = ANY) -> set[int]:
    patients = usable(Patient.objects.filter(study=study), study, scope, patient="")
    return set(patients.values_list("pk", flat=True))


def shared(rows: Iterable[Any], study: Study) -> list[Any]:
    """Of rows below a patient those that may stand in a file: with the consent to sharing."""
    allowed = usable_ids(study, SHARING)
    return [row for row in rows if row.patient.pk in allowed]


def refusals(study: Study, scope: str = ANY, patients: QuerySet | None = None) -> dict[int, str]:
    """Why a patient may not be used for ``scope``, by patient id; the usable are not in it."""
    if patients is not None:
        return _refusals(study, scope, patients)
    everybody = Patient.objects.filter(study=study)
    found = once(("refusals", study.pk, scope), lambda: _refusals(study, scope, everybody))
    return dict(found)


def refused_because(study: Study, scope: str) -> list[When]:
    """The same reasons as cases of a query over patients, in their order."""
    withdrawn, missing = _OF_SCOPE[scope]
    told = [When(status=status, then=Value(reason)) for status, reason in _OF_STATUS.items()]
    if not is_required(study):
        return told
    mine = Consent.objects.filter(patient_id=OuterRef("pk"))
    ended = mine.filter(withdrawn_on__isnull=False, **({"scope": scope} if scope else {}))
    lacks = ~Exists(_consents(scope).filter(patient_id=OuterRef("pk")))
    return [
        *told,
        When(lacks & Exists(ended), then=Value(withdrawn)),
        When(lacks, then=Value(missing)),
    ]


def _refusals(study: Study, scope: str, asked: QuerySet) -> dict[int, str]:
    allowed = usable(asked, study, scope, patient="").values("pk")
    ended: dict[int, Any] = dict(
        Consent.objects.filter(study=study, withdrawn_on__isnull=False)
        .filter(**({"scope": scope} if scope else {}))
        .order_by("withdrawn_on")
        .values_list("patient_id", "withdrawn_on")
    )
    left = asked.exclude(pk__in=allowed).order_by("pk")
    return {
        pk: _reason(status, scope, ended.get(pk)) for pk, status in left.values_list("pk", "status")
    }


def left_out_counts(study: Study, scope: str = ANY) -> dict[str, int]:
    """How many may not be used for ``scope``, by reason: what a job says of those it left out."""
    return dict(sorted(Counter(refusals(study, scope).values()).items()))


def _reason(status: str, scope: str, ended: Any) -> str:
    withdrawn, missing = _OF_SCOPE[scope]
    return _OF_STATUS.get(status) or (withdrawn if ended else missing)


_OF_STATUS: dict[str, str] = {
    PatientStatus.WITHDRAWN: marked("withdrawn from the study"),
    PatientStatus.EXCLUDED: marked("excluded from the study"),
}
_OF_SCOPE = {
    ANY: (marked("consent to any use withdrawn"), marked("no consent to any use on record")),
    IMAGING: (
        marked("consent to imaging withdrawn"), marked("no consent to imaging on record"),
    ),
    GENOMICS: (
        marked("consent to genomics withdrawn"), marked("no consent to genomics on record"),
    ),
    SHARING: (
        marked("consent to sharing withdrawn"), marked("no consent to sharing on record"),
    ),
}  # fmt: skip


def _consents(scope: str) -> QuerySet[Consent]:
    rows = consents_in_force()
    return rows.filter(scope=scope) if scope else rows.filter(scope__in=SCOPES)
