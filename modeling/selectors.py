"""Reads that join what imaging, genomics and the clinic know into rows for a question."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

import numpy as np
import pandas as pd
from django.db.models import QuerySet

from genomics.models import Phenotype, PhenotypeFit
from genomics.selectors import phenotype_table
from imaging.models import FeatureSet, Immunoscore, ImmunoscoreRule, RoiChoice
from imaging.selectors import extractor_newest, feature_vectors, uptake_of
from imaging.selectors.scans import TARGET_RULE
from modeling.models import (
    Basis,
    DatasetSnapshot,
    Evaluation,
    ModelRun,
    ModelVersion,
    VersionEvent,
    VersionKind,
    VersionState,
)
from studies.consents import GENOMICS, IMAGING, refusals, usable
from studies.methods.endpoints import is_responder
from studies.methods.problems import refuse
from studies.models import Cohort, CohortRole, CohortUse, Derivation, Study, Treatment
from studies.selectors import endpoint_table, members_left_out, members_table

# METHODS section 4, "What is predicted where": the first target is the one that must be known.
TARGETS_OF_ROLE: dict[str, tuple[str, ...]] = {
    CohortRole.TRAINING: ("rna",),
    CohortRole.INTERNAL_VALIDATION: ("rna",),
    CohortRole.EXTERNAL_PHENOTYPE: ("ihc", "rna"),
    CohortRole.EXTERNAL_RESPONSE: ("response",),
}
RESPONSE = "response_at_6_months"
MODALITIES = {"PT": "pet", "CT": "ct"}
UPTAKE = ("suv_max", "volume_ml", "mtv_41_percent_ml")
_MISSING_TARGET = {
    "rna": "no RNA phenotype",
    "ihc": "no phenotype by IHC (no Immunoscore)",
    "response": "no response assessment at 6 months",
}


@dataclass(frozen=True)
class RadScoreRows:
    """A row per member of a cohort with a target; ``reason`` is empty for those complete.

    ``parents`` are the digests of everything the table was made of.
    """

    table: pd.DataFrame
    features: list[str]
    parents: list[str]


def rad_score_rows(study: Study, missing_features: bool = False) -> RadScoreRows:
    """Features, uptake, phenotypes and response of everybody the question asks about."""
    members = members_table(study)
    members = members[members["role"].isin(TARGETS_OF_ROLE)].reset_index(drop=True)
    features, from_images = _features(study)
    targets, from_labels = _targets(study)
    uptake, from_uptake = _uptake(study)
    table = members.join(targets, on="patient_id").join(uptake, on="patient_id")
    table = table.join(_dates(study), on="patient_id").join(features, on="patient_id")
    table["reason"] = [
        _reason(row, list(features.columns), missing_features) for _, row in table.iterrows()
    ]
    table["reason"] = _with_consents(study, table)
    table = _with_left_out(study, table)
    known = set(table.loc[table["reason"] == "", "patient_id"])
    sources = (from_images, from_labels, from_uptake)
    parents = {digest for source in sources for i in known for digest in source.get(i, ())}
    return RadScoreRows(table, sorted(features.columns), sorted(parents))


def _with_consents(study: Study, table: pd.DataFrame) -> pd.Series:
    """Whoever is incomplete because something may not be used is told so."""
    reasons = table["reason"].astype(object)
    for scope in (IMAGING, GENOMICS):
        refused = table["patient_id"].map(refusals(study, scope))
        both = (reasons != "") & refused.notna()
        reasons = reasons.mask(both, refused.astype(object) + "; " + reasons)
    return reasons


def _with_left_out(study: Study, table: pd.DataFrame) -> pd.DataFrame:
    """Below the others: members of whom nothing may be used, listed with the reason."""
    gone = members_left_out(study)
    gone = gone[gone["role"].isin(TARGETS_OF_ROLE)]
    if gone.empty:
        return table
    return pd.concat([table, gone.reindex(columns=table.columns)], ignore_index=True)


def _features(study: Study) -> tuple[pd.DataFrame, dict[int, list[str]]]:
    """Columns ``pet.…`` and ``ct.…`` by patient id."""
    rows: dict[int, dict[str, float]] = {}
    digests: dict[int, list[str]] = {}
    for patient, sets in feature_vectors(study).items():
        for modality, found in sets.items():
            prefix = MODALITIES[str(modality)]
            named = zip(found.names, found.vector, strict=True)
            rows.setdefault(patient, {}).update({f"{prefix}.{name}": v for name, v in named})
            digests.setdefault(patient, []).append(found.inputs_digest)
    return _by_patient(pd.DataFrame.from_dict(rows, orient="index", dtype=float)), digests


def _targets(study: Study) -> tuple[pd.DataFrame, dict[int, list[str]]]:
    rna, ihc = phenotype_table(study, "rna"), phenotype_table(study, "ihc")
    response = endpoint_table(study, RESPONSE)
    columns = {
        "target_rna": rna["label"].map(_hot),
        "target_ihc": ihc["label"].map(_hot),
        "target_response": response["label"].map(_responder),
        "rna_label": rna["label"],
        "rna_margin": rna["margin"],
        "rna_stability": rna["stability"],
        "response_label": response["label"],
    }
    table = _by_patient(pd.DataFrame(columns))
    digests: dict[int, list[str]] = {}
    for column in (rna["digest"], ihc["digest"], response["inputs_digest"]):
        for patient, digest in column.items():
            digests.setdefault(int(patient), []).append(digest)
    return table, digests


def _by_patient(table: pd.DataFrame) -> pd.DataFrame:
    """An empty table has an index of no type, which joins with nothing."""
    return table.set_axis(table.index.astype("int64"), axis=0)


def _hot(label: str) -> float:
    return {"hot": 1.0, "cold": 0.0}.get(label, np.nan)


def _responder(label: str) -> float:
    found = is_responder(label)
    return np.nan if found is None else float(found)


def _uptake(study: Study) -> tuple[pd.DataFrame, dict[int, list[str]]]:
    found = uptake_of(study)
    rows = {patient: {name: values[name] for name in UPTAKE} for patient, values in found.items()}
    table = pd.DataFrame.from_dict(rows, orient="index", columns=list(UPTAKE), dtype=float)
    digests = {patient: [values["inputs_digest"]] for patient, values in found.items()}
    return _by_patient(table), digests


def _dates(study: Study) -> pd.DataFrame:
    """Day of the chosen scan and first day of the index treatment, by patient id."""
    scans = _choices(study)
    starts = Treatment.objects.filter(study=study, is_index=True)
    return _by_patient(pd.DataFrame({
        "scanned_on": pd.Series(
            dict(scans.values_list("patient_id", "roi__series__dicom_study__scanned_on")),
            dtype=object,
        ),
        "treated_on": pd.Series(dict(starts.values_list("patient_id", "date")), dtype=object),
    }))  # fmt: skip


def _choices(study: Study) -> QuerySet[RoiChoice]:
    return usable(RoiChoice.objects.filter(study=study, rule=TARGET_RULE), study, IMAGING)


def _reason(row: pd.Series, features: list[str], missing_features: bool) -> str:
    """Why a patient cannot be used, or nothing."""
    reasons = []
    for prefix, name in (("pet.", "PET"), ("ct.", "CT")):
        values = [row[column] for column in features if column.startswith(prefix)]
        if not values or np.isnan(values).all():
            reasons.append(f"no {name} features of a baseline scan")
        elif np.isnan(values).any() and not missing_features:
            reasons.append(f"{name} features incomplete")
    if row["use"] == CohortUse.DEVELOPMENT and (unknown := _unjudged(row)):
        reasons.append(unknown)
    return "; ".join(reasons)


def unjudged_reasons(table: pd.DataFrame) -> pd.Series:
    """Per row why its leading target is unknown, or nothing.

    Outside the fitting cohort such a patient has a score, and follow-up that counts, but stands
    in no AUC: left out of survival, too, those who died before an assessment would be missing.
    """
    return pd.Series([_unjudged(row) for _, row in table.iterrows()], index=table.index, dtype=str)


def _unjudged(row: pd.Series) -> str:
    target = TARGETS_OF_ROLE[row["role"]][0]
    return _missing_target(row, target) if np.isnan(row[f"target_{target}"]) else ""


def _missing_target(row: pd.Series, target: str) -> str:
    if target == "response" and row["response_label"] == "NE":
        return "response not evaluable (NE)"
    if target == "rna" and isinstance(row["rna_label"], str):
        return f"RNA phenotype {row['rna_label']}, neither hot nor cold"
    return _MISSING_TARGET[target]


def targets_of(table: pd.DataFrame) -> dict[str, list[str]]:
    """Targets by cohort, the leading one first."""
    roles = table.drop_duplicates("cohort").set_index("cohort")["role"]
    return {cohort: list(TARGETS_OF_ROLE[role]) for cohort, role in sorted(roles.items())}


def uses_of_cohorts(table: pd.DataFrame) -> dict[str, str]:
    uses = table.drop_duplicates("cohort").set_index("cohort")["use"]
    return {str(cohort): str(use) for cohort, use in uses.items()}


def is_development(table: pd.DataFrame) -> Any:
    return table["use"] == CohortUse.DEVELOPMENT


def parents_of(snapshot: DatasetSnapshot) -> set[str]:
    """Digests that went into a snapshot."""
    rows = Derivation.objects.filter(study=snapshot.study, child_digest=snapshot.sha256)
    return set(rows.values_list("parent_digest", flat=True))


def label_notices(snapshot: DatasetSnapshot) -> list[tuple[str, list[dict[str, str]]]]:
    """What was noted when the labels of a snapshot came about: clusters, and cuts of slides."""
    digests = parents_of(snapshot)
    study = snapshot.study
    fits = Phenotype.objects.filter(study=study, inputs_digest__in=digests, fit__isnull=False)
    found: list[Any] = list(PhenotypeFit.objects.filter(pk__in=fits.values("fit")).order_by("pk"))
    behind = Derivation.objects.filter(study=study, child_digest__in=digests)
    scores = Immunoscore.objects.filter(
        study=study, inputs_digest__in=behind.values("parent_digest")
    )
    rules = ImmunoscoreRule.objects.filter(pk__in=scores.values("rule"))
    return [(str(row), row.notices) for row in [*found, *rules.order_by("pk")]]


def current_digests(study: Study) -> set[str]:
    """Digests of all that would go into a Rad-Score's snapshot today."""
    versions = [extractor_newest(study, modality) for modality in MODALITIES]
    sets = FeatureSet.objects.filter(
        extractor_version__in=[version for version in versions if version],
        roi__in=_choices(study).values("roi_id"),
    )
    found = set(sets.values_list("inputs_digest", flat=True))
    found |= {values["inputs_digest"] for values in uptake_of(study).values()}
    for labels in (phenotype_table(study, "rna"), phenotype_table(study, "ihc")):
        found |= set(labels["digest"])
    return found | set(endpoint_table(study, RESPONSE)["inputs_digest"])


def version_to_reproduce(study: Study, uid: str = "", run_uid: str = "") -> ModelVersion:
    """The version of that uid, the first of a run, or the newest Rad-Score.

    Raises
    ------
    DataProblem
        There is none.
    """
    if not run_uid:
        return version_named(study, uid, "" if uid else VersionKind.RAD_SCORE)
    runs = ModelRun.objects.filter(study=study, uid=run_uid) if _is_uuid(run_uid) else []
    versions = ModelVersion.objects.filter(run__in=runs).order_by("id")
    first = versions.select_related("run", "fitting_snapshot", "file", "study").first()
    if first is None:
        raise refuse("run", run_uid, "the uid of a run", "Name a run of this study.")
    return first


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def version_named(study: Study, uid: str = "", kind: str = "") -> ModelVersion:
    """The version of that uid, or the newest of its kind.

    Raises
    ------
    DataProblem
        There is none.
    """
    versions = ModelVersion.objects.filter(study=study).select_related(
        "run__produced_by", "fitting_snapshot", "file", "study", "produced_by"
    )
    if kind:
        versions = versions.filter(kind=kind)
    if uid:
        versions = versions.filter(uid=uid) if _is_uuid(uid) else versions.none()
    version = versions.order_by("-id").first()
    if version is None:
        raise refuse(
            "version",
            uid or "no version in the study",
            "the uid of a model version",
            "Run the models first, or name another version.",
            column="version",
        )
    return version


def state_of(version: ModelVersion) -> str:
    """Where the last event left a version; a draft before any."""
    last = version.events.order_by("-number").values_list("to_state", flat=True).first()
    return last or VersionState.DRAFT.value


def states_of(study: Study) -> dict[int, str]:
    """State by version id, of those that ever moved."""
    events = VersionEvent.objects.filter(study=study).order_by("number")
    return dict(events.values_list("version_id", "to_state"))


def scope_of(version: ModelVersion) -> tuple[str, str, str]:
    """What a version is for: kind, endpoint, and the cohort it was recalibrated to."""
    site = (version.content.get("recalibration") or {}).get("cohort", "")
    return version.kind, version.endpoint, site


def active_version(
    study: Study, kind: str, endpoint: str = "", recalibrated_to: str = ""
) -> ModelVersion | None:
    """The released version of a purpose, when there is one."""
    released = [pk for pk, state in states_of(study).items() if state == VersionState.RELEASED]
    versions = ModelVersion.objects.filter(pk__in=released, kind=kind, endpoint=endpoint)
    wanted = (kind, endpoint, recalibrated_to)
    return next((v for v in versions.order_by("-id") if scope_of(v) == wanted), None)


def maker_of(version: ModelVersion) -> int | None:
    """Who ran a version, by the job that made it."""
    job = version.produced_by or version.run.produced_by
    return None if job is None else job.acting_user_id


def looks_at(cohort: Cohort) -> list[list[Evaluation]]:
    """Every look at a validating cohort, the first one first: what one version was shown there.

    A look is a version judged on a frozen table; its targets belong together. Evaluations cannot
    be deleted, so that no look is forgotten.
    """
    rows = Evaluation.objects.filter(cohort=cohort, basis=Basis.APPLIED)
    found: dict[tuple[int, int], list[Evaluation]] = {}
    for row in rows.select_related("version", "snapshot", "cohort").order_by("id"):
        found.setdefault((row.version_id, row.snapshot_id), []).append(row)
    return list(found.values())


def look_numbers(study: Study) -> dict[int, int]:
    """Per evaluation in a validating cohort the number of the look it belongs to."""
    rows = Evaluation.objects.filter(
        study=study, basis=Basis.APPLIED, cohort__use=CohortUse.VALIDATION
    ).order_by("id")
    seen: dict[int, dict[tuple[int, int], int]] = {}
    numbers: dict[int, int] = {}
    for pk, cohort, version, snapshot in rows.values_list(
        "pk", "cohort_id", "version_id", "snapshot_id"
    ):
        looks = seen.setdefault(cohort, {})
        numbers[pk] = looks.setdefault((version, snapshot), len(looks) + 1)
    return numbers
