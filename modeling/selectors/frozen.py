"""A snapshot as it was frozen, whatever cohorts and records have become since."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import pandas as pd
from django.db.models import F

from imaging.models import FeatureSet
from modeling.models import DatasetSnapshot, ModelVersion, SnapshotMember
from studies.models import Cohort, CohortUse, Derivation, StoredFile, Study

from .inputs import parents_of

VOLUME = "volume"


@dataclass(frozen=True)
class FrozenCohort:
    """A cohort under the name, role and use that it had."""

    pk: int
    name: str
    role: str
    use: str


def cohorts_now(study: Study, names: Iterable[str]) -> dict[str, dict[str, str]]:
    """What is frozen of cohorts: uid, role and use by name."""
    rows = Cohort.objects.filter(study=study, name__in=set(names)).order_by("name")
    return {row.name: {"uid": str(row.uid), "role": row.role, "use": row.use} for row in rows}


def frozen_cohorts(snapshot: DatasetSnapshot) -> dict[str, FrozenCohort]:
    """By the name each had; of a snapshot that froze no cohorts, as they are now."""
    rows = Cohort.objects.filter(study=snapshot.study)
    if not snapshot.cohorts:
        members = snapshot.members.order_by().values("cohort_id").distinct()
        rows = rows.filter(pk__in=members)
        return {row.name: FrozenCohort(row.pk, row.name, row.role, row.use) for row in rows}
    keys = dict(rows.values_list("uid", "pk"))
    return {
        name: FrozenCohort(keys[UUID(told["uid"])], name, told["role"], told["use"])
        for name, told in snapshot.cohorts.items()
    }


def frozen_names(snapshot: DatasetSnapshot) -> dict[int, str]:
    """By patient id the pseudonym that each had when it was frozen, under which the rows are."""
    return dict(snapshot.members.order_by().values_list("patient_id", "pseudonym"))


def names_since(snapshot: DatasetSnapshot) -> dict[str, str]:
    """By the pseudonym in the rows the one of today, of those that were corrected since."""
    members = snapshot.members.order_by().exclude(pseudonym=F("patient__pseudonym"))
    return dict(members.values_list("pseudonym", "patient__pseudonym"))


def predicted(
    version: ModelVersion, snapshot: DatasetSnapshot, **narrowed: Any
) -> dict[str, float]:
    """What a version says of the members of a frozen table, by the pseudonym in its rows."""
    names, rows = frozen_names(snapshot), version.predictions.filter(**narrowed)
    values = rows.filter(patient_id__in=snapshot.members.values("patient_id"))
    return {names[pk]: value for pk, value in values.values_list("patient_id", "value")}


def frozen_keys(snapshot: DatasetSnapshot) -> pd.DataFrame:
    """Of those in the table: cohort, pseudonym, patient_id, cohort_id and use."""
    cohorts = {cohort.pk: cohort for cohort in frozen_cohorts(snapshot).values()}
    rows = snapshot.members.filter(included=True, cohort_id__in=cohorts)
    members = rows.values_list("pseudonym", "patient_id", "cohort_id")
    return pd.DataFrame(
        [
            (cohorts[cohort].name, name, patient, cohort, cohorts[cohort].use)
            for name, patient, cohort in members
        ],
        columns=["cohort", "pseudonym", "patient_id", "cohort_id", "use"],
    )


def frozen_left_out(snapshot: DatasetSnapshot) -> pd.DataFrame:
    """Of those out of the table: as ``frozen_keys``, and the reason."""
    cohorts = {cohort.pk: cohort for cohort in frozen_cohorts(snapshot).values()}
    rows = snapshot.members.filter(included=False, cohort_id__in=cohorts)
    members = rows.values_list("pseudonym", "patient_id", "cohort_id", "reason")
    return pd.DataFrame(
        [
            (cohorts[cohort].name, name, patient, cohort, cohorts[cohort].use, reason)
            for name, patient, cohort, reason in members.order_by("cohort_id", "patient_id")
        ],
        columns=["cohort", "pseudonym", "patient_id", "cohort_id", "use", "reason"],
    )


def frozen_uses(snapshot: DatasetSnapshot) -> dict[int, str]:
    """Use by patient id of everybody whom the question asked about, in the table or not."""
    uses = {
        cohort.pk: cohort.use
        for cohort in frozen_cohorts(snapshot).values()
        if cohort.use != CohortUse.DESCRIPTIVE
    }
    members = snapshot.members.filter(cohort_id__in=uses)
    return {patient: uses[c] for patient, c in members.values_list("patient_id", "cohort_id")}


def frozen_images(snapshot: DatasetSnapshot) -> dict[str, set[str]]:
    """By pseudonym the digests of the volumes that the frozen features were extracted from."""
    sets = FeatureSet.objects.filter(
        study=snapshot.study,
        inputs_digest__in=parents_of(snapshot),
        created_at__lte=snapshot.frozen_at,  # the same image may have come again since
    )
    owners: dict[str, set[str]] = {}
    names = frozen_names(snapshot)
    told = sets.values_list("inputs_digest", "patient_id", "patient__pseudonym")
    for digest, patient, name in told:
        owners.setdefault(digest, set()).add(names.get(patient, name))
    volumes = StoredFile.objects.filter(study=snapshot.study, kind=VOLUME).values("sha256")
    lineage = Derivation.objects.filter(
        study=snapshot.study, child_digest__in=owners, parent_digest__in=volumes
    )
    found: dict[str, set[str]] = {}
    for child, image in lineage.values_list("child_digest", "parent_digest"):
        for name in owners[child]:
            found.setdefault(name, set()).add(image)
    return found


def analysed_patients(study: Study) -> dict[int, bool]:
    """The fact ``analysed``: patients in a frozen table that a model was fitted to or judged on."""
    members = SnapshotMember.objects.filter(study=study, included=True)
    members = members.exclude(snapshot__question__purpose="cohorts")
    return dict.fromkeys(members.values_list("patient_id", flat=True), True)
