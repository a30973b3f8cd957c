"""Tables that join the records of a study, one row per patient."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import numpy as np
import pandas as pd
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import OuterRef, QuerySet

from studies.access import visible
from studies.consents import refusals, usable
from studies.methods.clinical_risk_score import clinical_risk_score
from studies.methods.problems import Notice
from studies.methods.wording import say
from studies.models import (
    CohortMember,
    EndpointValue,
    EntryState,
    FormEntry,
    FormerPseudonym,
    Patient,
    Study,
)

_MEMBER_FIELDS = {
    "patient_id": "patient_id",
    "patient__pseudonym": "pseudonym",
    "site__name": "site",
    "cohort_id": "cohort_id",
    "cohort__name": "cohort",
    "cohort__role": "role",
    "use": "use",
}


def members_table(study: Study) -> pd.DataFrame:
    """Members of cohorts: patient_id, pseudonym, site, cohort_id, cohort, role, use.

    A patient of two validating cohorts has two lines; who is excluded, has withdrawn or has no
    consent on record has none (``members_left_out``).
    """
    return _members(usable(CohortMember.objects.filter(study=study), study))


def members_left_out(study: Study) -> pd.DataFrame:
    """The other members, with the ``reason`` why nothing of them may be used."""
    reasons = refusals(study)
    table = _members(CohortMember.objects.filter(study=study, patient_id__in=reasons))
    return table.assign(reason=table["patient_id"].map(reasons).astype(object))


def _members(rows: QuerySet) -> pd.DataFrame:
    values = rows.order_by("cohort_id", "patient__pseudonym").values(*_MEMBER_FIELDS)
    table = pd.DataFrame(list(values), columns=list(_MEMBER_FIELDS))
    return table.rename(columns=_MEMBER_FIELDS)


def clinical_table(study: Study) -> pd.DataFrame:
    """Baseline values by patient id, one column per variable; missing-codes and blanks are NaN.

    A draft is not stated yet: its patient has no line.

    The clinical risk score (0-5) is computed beside them.
    """
    entries = FormEntry.objects.filter(study=study, form="baseline", occasion="baseline")
    entries = entries.exclude(state=EntryState.DRAFT)
    names: dict[str, None] = {}
    rows: dict[int, dict[str, Any]] = {}
    for patient_id, values in entries.order_by("patient_id").values_list("patient_id", "values"):
        names |= dict.fromkeys(values)
        rows[patient_id] = {name: value.get("v") for name, value in values.items()}
    columns = {name: [row.get(name, np.nan) for row in rows.values()] for name in sorted(names)}
    table = pd.DataFrame(columns, index=pd.Index(list(rows), name="patient_id"))
    table["clinical_risk_score"] = [_risk_score(row) for row in rows.values()]
    return table


def endpoint_table(study: Study, name: str) -> pd.DataFrame:
    """An endpoint by patient id: duration_days, event, label, digest; the newest value speaks."""
    values = (
        EndpointValue.objects.filter(study=study, definition__name=name)
        .order_by("patient_id", "-definition__version", "-id")
        .distinct("patient_id")
        .values_list("patient_id", "duration_days", "event", "label", "inputs_digest")
    )
    columns = ["patient_id", "duration_days", "event", "label", "inputs_digest"]
    return pd.DataFrame(list(values), columns=columns).set_index("patient_id")


def unrecorded(study: Study, patients: Collection[int], name: str) -> set[int]:
    """Of these patients those without a value of a baseline variable: blank, or a missing-code."""
    entries = FormEntry.objects.filter(
        study=study, patient_id__in=patients, form="baseline", occasion="baseline"
    ).exclude(state=EntryState.DRAFT)
    known = entries.filter(**{f"values__{name}__v__isnull": False})
    return set(patients) - set(known.values_list("patient_id", flat=True))


def patients_by_pseudonym(study: Study) -> dict[str, Patient]:
    """Every patient of the study that the acting user's rows include."""
    return {patient.pseudonym: patient for patient in Patient.objects.filter(study=study)}


def patients_by_former(study: Study, reader: Any = None) -> dict[str, Patient]:
    """By a former pseudonym, not freed, the patient whom it still means.

    ``reader``: of those patients alone whose rows this person reads.
    """
    rows = FormerPseudonym.objects.filter(study=study, freed_at__isnull=True)
    if reader is not None:
        rows = visible(rows, reader, study)
    return {row.pseudonym: row.patient for row in rows.select_related("patient__site")
            if row.pseudonym != row.patient.pseudonym}  # fmt: skip


def patients_carried(study: Study) -> dict[str, Patient]:
    """By every pseudonym that files of scans, RNA and slides may carry: the present ones, and
    former ones that were not freed.
    """
    return patients_by_former(study) | patients_by_pseudonym(study)


def former_names(patient: Patient) -> list[str]:
    """Former pseudonyms that still mean the patient."""
    rows = patient.former_pseudonyms.filter(freed_at__isnull=True)
    return [name for name in rows.values_list("pseudonym", flat=True) if name != patient.pseudonym]


def with_former_names(patients: QuerySet[Patient]) -> QuerySet[Patient]:
    """Each with ``former``, as ``former_names``, in the same query."""
    rows = FormerPseudonym.objects.filter(patient=OuterRef("pk"), freed_at__isnull=True)
    others = rows.exclude(pseudonym=OuterRef("pseudonym"))
    return patients.annotate(former=ArraySubquery(others.values("pseudonym")))


def said_former(pseudonym: str, patient: Patient) -> str:
    """``PAT-0170, the former pseudonym of PAT-0107``."""
    return say(
        "{former}, the former pseudonym of {pseudonym}",
        former=pseudonym,
        pseudonym=patient.pseudonym,
    )


def notice_former(pseudonym: str, patient: Patient) -> Notice:
    """What was taken in under a former pseudonym."""
    text = say(
        "{former} is the former pseudonym of {pseudonym}, whose files these are.",
        former=pseudonym,
        pseudonym=patient.pseudonym,
    )
    return Notice("former_pseudonym", text)


def _risk_score(row: dict[str, Any]) -> int | None:
    return clinical_risk_score(
        _truth(row.get("node_positive")),
        _truth(row.get("synchronous_metastases")),
        row.get("disease_free_interval_months"),
        row.get("cea_ng_ml"),
        row.get("liver_metastasis_count"),
        row.get("largest_metastasis_cm"),
    )


def _truth(text: str | None) -> bool | None:
    return None if text is None else text == "yes"
