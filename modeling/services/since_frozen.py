"""What has become of a snapshot's patients and inputs since it was frozen: counts, no names.

Told beside the verdict of a reproduction, which rests on the frozen rows alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from modeling.models import DatasetSnapshot
from modeling.selectors import (
    FrozenCohort,
    digests_given,
    frozen_cohorts,
    frozen_fits,
    frozen_names,
    image_digests,
    inputs_read,
    names_since,
    parents_of,
)
from modeling.services.rad_score_guard import cuts_found
from modeling.services.snapshots import snapshot_read
from studies.consents import refusals
from studies.models import Cohort, CohortMember, CohortUse, Patient

OF_IMAGES = ("rad_score", "external_validation")
Change = dict[str, Any]


def changed_since(snapshots: Sequence[DatasetSnapshot]) -> list[Change]:
    """Per snapshot what the records say now that they did not say then."""
    return [
        {"snapshot": snapshot.number, **change}
        for snapshot in snapshots
        for change in _changes(snapshot)
    ]


def _changes(snapshot: DatasetSnapshot) -> Iterator[Change]:
    for cohort in frozen_cohorts(snapshot).values():
        yield from _of_cohort(snapshot, cohort)
    yield from _of_patients(snapshot)
    if snapshot.question.get("purpose") in OF_IMAGES:
        yield from _of_inputs(snapshot)


def _of_cohort(snapshot: DatasetSnapshot, then: FrozenCohort) -> Iterator[Change]:
    now = Cohort.objects.get(pk=then.pk)
    for what in ("name", "role", "use"):
        was, is_now = getattr(then, what), getattr(now, what)
        if was != is_now:
            yield {"what": f"cohort_{what}", "cohort": then.name, "then": was, "now": is_now}
    before = set(snapshot.members.filter(cohort=now).values_list("patient_id", flat=True))
    after = set(CohortMember.objects.filter(cohort=now).values_list("patient_id", flat=True))
    for what, patients in (("members_gone", before - after), ("members_new", after - before)):
        if patients:
            yield {"what": what, "cohort": then.name, "patients": len(patients)}


def _of_patients(snapshot: DatasetSnapshot) -> Iterator[Change]:
    included = snapshot.members.filter(included=True).values("patient_id")
    patients = Patient.objects.filter(pk__in=included)
    if refused := refusals(snapshot.study, patients=patients):
        yield {"what": "not_usable", "patients": len(refused)}
    if renamed := names_since(snapshot):
        yield {"what": "pseudonym", "patients": len(renamed)}
    rows = snapshot_read(snapshot)
    if "site" not in rows:
        return
    then, names = dict(zip(rows["pseudonym"], rows["site"], strict=True)), frozen_names(snapshot)
    now = patients.values_list("pk", "site__name")
    moved = sum(then.get(names[pk], site) != site for pk, site in now)
    if moved:
        yield {"what": "site", "patients": moved}


def _of_inputs(snapshot: DatasetSnapshot) -> Iterator[Change]:
    parents = parents_of(snapshot)
    if gone := parents - digests_given(inputs_read(snapshot.study)):
        yield {"what": "inputs", "inputs": len(gone), "of": len(parents)}
    for fit in frozen_fits(snapshot):
        seen = sum(use == CohortUse.VALIDATION for use in fit.uses.values())
        if seen:
            yield {"what": "fit_saw_validating", "fit": fit.name, "patients": seen}
    if shared := _sharing_an_image(snapshot):
        yield {"what": "shared_images", "patients": shared}
    for problem in cuts_found(snapshot):
        yield {"what": "cuts", "rule": problem.where}


def _sharing_an_image(snapshot: DatasetSnapshot) -> int:
    names = set(snapshot.members.filter(included=True).values_list("patient__pseudonym", flat=True))
    holders: dict[str, set[str]] = {}
    for name, images in image_digests(snapshot.study).items():
        for digest in images if name in names else ():
            holders.setdefault(digest, set()).add(name)
    return len({name for group in holders.values() if len(group) > 1 for name in group})
