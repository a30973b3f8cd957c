"""Where a Rad-Score can be validated or recalibrated, and beside the other cohorts why not.

What is told here is what can be seen without reading an image: the job that is started asks again.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from genomics.selectors import phenotype_table
from imaging.models import FeatureSet
from modeling.methods.recalibration import SMALLEST_CLASS
from modeling.models import ModelVersion
from modeling.selectors.rows import TARGETS_OF_ROLE
from modeling.services.version_life import ancestry_of
from studies.consents import IMAGING, usable
from studies.kept_stages import kept_states
from studies.methods.wording import marked, say
from studies.models import Cohort, CohortMember, CohortUse, Study
from studies.registry import Stage, StageState

TARGETS = ("rna", "ihc")  # a score is recalibrated to the first that is known
NO_TARGET = marked("no role that says what is predicted there")
NO_PHENOTYPE = marked("no phenotype by RNA or IHC: the score is a probability of the phenotype, "
                      "not of response")  # fmt: skip


@dataclass(frozen=True)
class Offered:
    """A cohort with what is said of it: who it holds, or why it cannot be."""

    name: str
    said: str


def cohorts_offered(version: ModelVersion, user: Any) -> dict[str, dict[str, list[Offered]]]:
    """For validating and recalibrating: the cohorts that are possible, and the others."""
    fitted = {(v.content.get("recalibration") or {}).get("cohort") for v in ancestry_of(version)}
    counts = _counts(version.study, user)
    validate, recalibrate = ways = ({"possible": [], "others": []}, {"possible": [], "others": []})
    for cohort in Cohort.objects.filter(study=version.study, use=CohortUse.VALIDATION):
        found = counts.get(cohort.name, {})
        no = _not_validated(cohort, found, cohort.name in fitted)
        validate["others" if no else "possible"].append(Offered(cohort.name, no or _size(found)))
        no = _not_recalibrated(found)
        said = no or say("{hot} hot, {cold} cold", **_classes(found))
        recalibrate["others" if no else "possible"].append(Offered(cohort.name, said))
    return dict(zip(("validate", "recalibrate"), ways, strict=True))


def _size(found: dict[str, Any]) -> str:
    return say("{n} with features", n=found["n"])


def _not_validated(cohort: Cohort, found: dict[str, Any], is_fitted: bool) -> str:
    if is_fitted:
        return say("this version was recalibrated to it")
    if cohort.role not in TARGETS_OF_ROLE:
        return say(NO_TARGET)
    return "" if found.get("n") else say("nobody with features of PET and CT")


def _not_recalibrated(found: dict[str, Any]) -> str:
    if not found.get("n"):
        return say("nobody with features of PET and CT")
    if not any(found[target] != [0, 0] for target in TARGETS):
        return say(NO_PHENOTYPE)
    classes = _classes(found)
    if min(classes.values()) < SMALLEST_CLASS:
        return say("{hot} hot and {cold} cold with features; at least {least} of each are needed",
                   **classes, least=SMALLEST_CLASS)  # fmt: skip
    return ""


def _classes(found: dict[str, Any]) -> dict[str, int]:
    """Hot and cold by the target that a recalibration takes."""
    hot, cold = next(found[t] for t in TARGETS if found[t] != [0, 0])
    return {"hot": hot, "cold": cold}


def _counts(study: Study, user: Any) -> dict[str, Any]:
    """By cohort: usable members with features, and hot and cold among them by each target."""
    [(_stage, state)] = kept_states(user, study, [COUNTS])
    return json.loads(state.detail)


def _read(study: Study, user: Any) -> StageState:
    labels = {target: phenotype_table(study, target)["label"].to_dict() for target in TARGETS}
    sets = usable(FeatureSet.objects.filter(study=study), study, IMAGING)
    featured = set(sets.order_by().values_list("patient_id", flat=True).distinct())
    members = CohortMember.objects.filter(study=study, use=CohortUse.VALIDATION)
    found: dict[str, dict[str, Any]] = {}
    for cohort, patient in usable(members, study).values_list("cohort__name", "patient_id"):
        counts = found.setdefault(cohort, {"n": 0, **{target: [0, 0] for target in TARGETS}})
        if patient in featured:
            counts["n"] += 1
            for target in TARGETS:
                label = labels[target].get(patient)
                counts[target][0] += label == "hot"
                counts[target][1] += label == "cold"
    return StageState("ready", COUNTS.title, json.dumps(found))


COUNTS = Stage("cohorts_elsewhere", marked("cohorts elsewhere"), 0, _read)
