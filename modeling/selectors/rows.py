"""Reads that join what imaging, genomics and the clinic know into rows for a question."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from genomics.models import Phenotype, PhenotypeFit
from genomics.selectors import phenotype_table
from imaging.models import (
    DicomStudy,
    ExtractorVersion,
    FeatureSet,
    Immunoscore,
    ImmunoscoreRule,
    Roi,
    Series,
)
from imaging.selectors import (
    control_vectors,
    extractor_newest,
    feature_vectors,
    immunoscore_table,
    target_digests,
    target_digests_that_agree,
    uptake_of,
)
from imaging.selectors.scans import choices_of
from modeling.methods.ablation import CONTROL
from modeling.methods.question import choose_features
from modeling.models import (
    DatasetSnapshot,
    SnapshotMember,
)
from studies.consents import GENOMICS, IMAGING, refusals
from studies.methods.endpoints import is_responder
from studies.methods.problems import refuse
from studies.methods.wording import marked, say
from studies.models import (
    CohortRole,
    CohortUse,
    Derivation,
    Study,
    Treatment,
)
from studies.selectors import (
    clinical_table,
    endpoint_table,
    members_left_out,
    members_table,
)

# METHODS section 4, "What is predicted where": the first target is the one that must be known.
TARGETS_OF_ROLE: dict[str, tuple[str, ...]] = {
    CohortRole.TRAINING: ("rna",),
    CohortRole.INTERNAL_VALIDATION: ("rna",),
    CohortRole.EXTERNAL_PHENOTYPE: ("ihc", "rna"),
    CohortRole.EXTERNAL_RESPONSE: ("response",),
}
RESPONSE = "response_at_6_months"
MODALITIES = {"PT": "pet", "CT": "ct"}
_NO_FEATURES = {"PET": marked("no PET features of a baseline scan"),
                "CT": marked("no CT features of a baseline scan")}  # fmt: skip
_INCOMPLETE = {"PET": marked("PET features incomplete"), "CT": marked("CT features incomplete")}
CLINICAL = ("sex", "age_years")
IMMUNE = ("score", "cd3_high", "cd8_high")
UPTAKE = ("suv_max", "volume_ml", "mtv_41_percent_ml")
_MISSING_TARGET = {
    "rna": marked("no RNA phenotype"),
    "ihc": marked("no phenotype by IHC (no Immunoscore)"),
    "response": marked("no response assessment at 6 months"),
}


@dataclass(frozen=True)
class RadScoreRows:
    """A row per member of a cohort with a target; ``reason`` is empty for those complete.

    ``parents`` are the digests of everything the table was made of; ``targets_by_reader`` counts
    the patients for whom a lesion speaks that a reader chose.
    """

    table: pd.DataFrame
    features: list[str]
    parents: list[str]
    targets_by_reader: int = 0


def rad_score_rows(
    study: Study,
    missing_features: bool = False,
    cohorts: Sequence[str] | None = None,
    wanted: Sequence[str] | None = None,
    encoders: dict[str, ExtractorVersion] | None = None,
) -> RadScoreRows:
    """Features, uptake, phenotypes and response of everybody the question asks about.

    Raises
    ------
    DataProblem
        A cohort or feature that is not there.
    """
    members = members_table(study)
    members = _asked_members(members[members["role"].isin(TARGETS_OF_ROLE)], cohorts)
    features, from_images = _features(study, encoders)
    features = features[choose_features(list(features.columns), wanted)]
    targets, from_labels = _targets(study)
    uptake, from_uptake = _uptake(study)
    table = members.join(targets, on="patient_id").join(uptake, on="patient_id")
    table = table.join(_dates(study), on="patient_id").join(_described(study), on="patient_id")
    table = table.join(features, on="patient_id")
    control, from_control = _control(study, features) if encoders is None else (None, {})
    if control is not None:
        table = table.join(control, on="patient_id")
    table["reason"] = [
        _reason(row, list(features.columns), missing_features, bool(wanted))
        for _, row in table.iterrows()
    ]
    table["reason"] = _with_consents(study, table)
    table = _with_left_out(study, table, cohorts)
    known = set(table.loc[table["reason"] == "", "patient_id"])
    from_readers = target_digests(study)
    sources = (from_images, from_labels, from_uptake, from_control, from_readers)
    parents = {digest for source in sources for i in known for digest in source.get(i, ())}
    by_reader = len(known & set(from_readers))
    return RadScoreRows(table, sorted(features.columns), sorted(parents), by_reader)


def _with_consents(study: Study, table: pd.DataFrame) -> pd.Series:
    """Whoever is incomplete because something may not be used is told so."""
    reasons = table["reason"].astype(object)
    for scope in (IMAGING, GENOMICS):
        refused = table["patient_id"].map(refusals(study, scope))
        both = (reasons != "") & refused.notna()
        reasons = reasons.mask(both, refused.astype(object) + "; " + reasons)
    return reasons


def _with_left_out(
    study: Study, table: pd.DataFrame, cohorts: Sequence[str] | None
) -> pd.DataFrame:
    """Below the others: members of whom nothing may be used, listed with the reason."""
    gone = members_left_out(study)
    gone = gone[gone["role"].isin(TARGETS_OF_ROLE)]
    gone = gone if cohorts is None else gone[gone["cohort"].isin(cohorts)]
    if gone.empty:
        return table
    return pd.concat([table, gone.reindex(columns=table.columns)], ignore_index=True)


def _asked_members(members: pd.DataFrame, cohorts: Sequence[str] | None) -> pd.DataFrame:
    unknown = sorted(set(cohorts or ()) - set(members["cohort"]))
    if unknown:
        known = ", ".join(sorted(set(members["cohort"])))
        raise refuse(
            "question.cohorts",
            ", ".join(unknown),
            say("some of {known}", known=known),
            "Name cohorts of the study that have a target and members.",
        )
    kept = members if cohorts is None else members[members["cohort"].isin(cohorts)]
    return kept.reset_index(drop=True)


def _described(study: Study) -> pd.DataFrame:
    """Sex, age and the Immunoscore with its markers: to describe by, never to fit to."""
    clinical = clinical_table(study).reindex(columns=list(CLINICAL))
    clinical["age_years"] = pd.to_numeric(clinical["age_years"], errors="coerce").astype(float)
    immune = immunoscore_table(study)[list(IMMUNE)].rename(columns={"score": "immunoscore"})
    immune = immune.astype("Float64").astype(float)
    return _by_patient(clinical.join(immune, how="outer"))


def _features(
    study: Study, encoders: dict[str, ExtractorVersion] | None = None
) -> tuple[pd.DataFrame, dict[int, list[str]]]:
    """Columns ``pet.…`` and ``ct.…`` by patient id; of the newest encoders by default."""
    rows: dict[int, dict[str, float]] = {}
    digests: dict[int, list[str]] = {}
    for patient, sets in feature_vectors(study, encoders).items():
        for modality, found in sets.items():
            prefix = MODALITIES[str(modality)]
            named = zip(found.names, found.vector, strict=True)
            rows.setdefault(patient, {}).update({f"{prefix}.{name}": v for name, v in named})
            digests.setdefault(patient, []).append(found.inputs_digest)
    return _by_patient(pd.DataFrame.from_dict(rows, orient="index", dtype=float)), digests


def _control(
    study: Study, features: pd.DataFrame
) -> tuple[pd.DataFrame | None, dict[int, list[str]]]:
    """Columns ``control.pet.…`` and ``control.ct.…``: the same networks on shuffled voxels.

    None unless everybody with features has them: a control on fewer patients compares nothing.
    """
    found = control_vectors(study)
    rows = {
        patient: {
            f"{CONTROL}{MODALITIES[str(modality)]}.{name}": value
            for modality, one in sets.items()
            for name, value in zip(one.names, one.vector, strict=True)
        }
        for patient, sets in found.items()
    }
    table = _by_patient(pd.DataFrame.from_dict(rows, orient="index", dtype=float))
    if table.empty or table.reindex(features.index).isna().to_numpy().any():
        return None, {}
    digests = {p: [one.inputs_digest for one in sets.values()] for p, sets in found.items()}
    return table, digests


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
    chosen = dict(choices_of(study).values_list("patient_id", "roi_id"))
    days = _days_of_scans(set(chosen.values()))
    starts = Treatment.objects.filter(study=study, is_index=True)
    return _by_patient(pd.DataFrame({
        "scanned_on": pd.Series(
            {patient: days[roi] for patient, roi in chosen.items()}, dtype=object
        ),
        "treated_on": pd.Series(dict(starts.values_list("patient_id", "date")), dtype=object),
    }))  # fmt: skip


def _days_of_scans(rois: set[int]) -> dict[int, Any]:
    """Day of the scan that each region was drawn on, by keys: one join over all four tables, each
    with its row policy, is planned badly."""
    series = dict(Roi.objects.filter(pk__in=rois).values_list("pk", "series_id"))
    visits = dict(
        Series.objects.filter(pk__in=set(series.values())).values_list("pk", "dicom_study_id")
    )
    days = dict(
        DicomStudy.objects.filter(pk__in=set(visits.values())).values_list("pk", "scanned_on")
    )
    return {roi: days[visits[drawn_on]] for roi, drawn_on in series.items()}


def _reason(row: pd.Series, features: list[str], missing_features: bool, chosen: bool) -> str:
    """Why a patient cannot be used, or nothing; ``chosen`` columns need one modality only."""
    reasons = []
    for prefix, name in (("pet.", "PET"), ("ct.", "CT")):
        values = [row[column] for column in features if column.startswith(prefix)]
        if chosen and not values:
            continue
        if not values or np.isnan(values).all():
            reasons.append(_NO_FEATURES[name])
        elif np.isnan(values).any() and not missing_features:
            reasons.append(_INCOMPLETE[name])
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
        return marked("response not evaluable (NE)")
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
    versions = [
        extractor_newest(study, modality, control=control)
        for modality in MODALITIES
        for control in (False, True)
    ]
    sets = FeatureSet.objects.filter(
        extractor_version__in=[version for version in versions if version],
        roi__in=choices_of(study).values("roi_id"),
    )
    found = set(sets.values_list("inputs_digest", flat=True))
    found |= {values["inputs_digest"] for values in uptake_of(study).values()}
    found |= target_digests_that_agree(study)
    for labels in (phenotype_table(study, "rna"), phenotype_table(study, "ihc")):
        found |= set(labels["digest"])
    return found | set(endpoint_table(study, RESPONSE)["inputs_digest"])


def analysed_patients(study: Study) -> dict[int, bool]:
    """The fact ``analysed``: patients in a frozen table that a model was fitted to or judged on."""
    members = SnapshotMember.objects.filter(study=study, included=True)
    members = members.exclude(snapshot__question__purpose="cohorts")
    return dict.fromkeys(members.values_list("patient_id", flat=True), True)
