"""Encoders fitted on development patients, and features of everybody's chosen region."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
from django.db import transaction
from django.utils import timezone
from numpy.typing import NDArray

from imaging.methods.encoder import (
    PRESETS,
    EncoderFit,
    Preset,
    apply_encoder,
    read_encoder,
)
from imaging.methods.patch import Patch, cut_patch
from imaging.methods.pooled_features import feature_names, pool_features
from imaging.models import ExtractorVersion, FeatureSet, Modality
from imaging.selectors import extractor_newest, roi_inputs
from imaging.selectors.features import RoiInput, members_digest
from imaging.storage import read_volume
from studies.consents import IMAGING, left_out_counts
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Problem, refuse
from studies.models import Job, Partition, Patient, Study
from studies.services import derivation_record, file_read, file_store, file_use, inputs_digest

from .encoder_fitting import fit_side_by_side
from .targets import pairs_retime

MODALITIES = tuple(str(value) for value in Modality.values)
CUTTING = 0.1  # share of the fitting's progress


def extractor_fit(
    study: Study,
    params: dict[str, Any] | None = None,
    progress: Progress = no_progress,
    job: Job | None = None,
    patients: Iterable[str] | None = None,
) -> dict[str, Any]:
    """Fit the PET and the CT encoder, in parallel, on patients of development cohorts only.

    Parameters
    ----------
    params : preset (demo, full, untrained) and seed
    patients : pseudonyms to fit on; all development patients with a region by default

    Raises
    ------
    DataProblem
        An unknown preset, a patient asked for who is not of a development cohort, or fewer than
        two patients with a region.
    """
    preset, seed = _recipe(params or {})
    pairs_retime(study)
    inputs = _fitting_inputs(study, patients)
    digests = {modality: _fit_digest(inputs, modality, preset, seed) for modality in MODALITIES}
    stored = {
        row.modality: row
        for row in ExtractorVersion.objects.filter(study=study, inputs_digest__in=digests.values())
    }
    if len(stored) == len(MODALITIES):
        ExtractorVersion.objects.filter(pk__in=[row.pk for row in stored.values()]).update(
            stated_at=timezone.now()
        )
        return _fit_result(stored, reused=True)
    cubes: dict[str, list[NDArray[np.float32]]] = {modality: [] for modality in MODALITIES}
    for done, found in enumerate(inputs.values()):
        progress(CUTTING * done / len(inputs), 1, f"cutting cubes: {done} of {len(inputs)}")
        for modality, patch in patches_of(found, preset.size, preset.spacing_mm).items():
            cubes[modality].append(patch.image)
    fits = fit_side_by_side(
        cubes,
        preset,
        seed,
        lambda share, message: progress(CUTTING + (1 - CUTTING) * share, 1, message),
    )
    with transaction.atomic():
        versions = {
            modality: _keep(study, fits[modality], digests[modality], inputs, job)
            for modality in MODALITIES
        }
    return _fit_result(versions, reused=False)


def _recipe(params: dict[str, Any]) -> tuple[Preset, int]:
    name, seed = params.get("preset", "demo"), params.get("seed", 1)
    if name not in PRESETS:
        raise refuse("preset", name, "one of " + ", ".join(PRESETS), "Choose a preset.")
    if isinstance(seed, bool) or not str(seed).lstrip("-").isdigit() or abs(int(seed)) >= 2**62:
        raise refuse("seed", seed, "a whole number", "Choose a seed such as 1.")
    return PRESETS[name], int(seed)


def _fitting_inputs(study: Study, asked: Iterable[str] | None) -> dict[int, RoiInput]:
    """Regions of development patients; nobody who validates, even when asked for."""
    development = Patient.objects.filter(study=study, partition=Partition.DEVELOPMENT)
    if asked is not None:
        names = set(asked)
        allowed = set(development.values_list("pseudonym", flat=True))
        problems = [
            Problem(
                name,
                "a patient who is not of a development cohort",
                "development patients only",
                "Leave the patient out of the fit.",
            )
            for name in sorted(names - allowed)
        ]
        if problems:
            raise DataProblem(problems)
        development = development.filter(pseudonym__in=names)
    ids = set(development.values_list("pk", flat=True))
    inputs = {patient: found for patient, found in roi_inputs(study).items() if patient in ids}
    if len(inputs) < 2:
        raise refuse(
            "development cohort",
            f"{len(inputs)} patients with a region on a baseline PET/CT",
            "at least 2",
            "Upload the cohort table and PET/CT first.",
        )
    return inputs


def _fit_digest(inputs: dict[int, RoiInput], modality: str, preset: Preset, seed: int) -> str:
    members = [f"{i.series[modality].stored.sha256}:{i.roi.mask.sha256}" for i in inputs.values()]
    return inputs_digest("encoder/1", modality, asdict(preset), seed, *sorted(members))


def _keep(
    study: Study, fit: EncoderFit, digest: str, inputs: dict[int, RoiInput], job: Job | None
) -> ExtractorVersion:
    weights = file_store(study, fit.weights, "weights", f"{fit.modality}_encoder.safetensors")
    count = 4 * sum(fit.preset.channels)
    version, _ = ExtractorVersion.objects.get_or_create(
        study=study, modality=fit.modality, inputs_digest=digest,
        defaults={
            "preset": fit.preset.name, "seed": fit.seed, "weights": weights,
            "fitted_on": fit.n_training,
            "members_digest": members_digest(i.roi.patient.uid for i in inputs.values()),
            "feature_names": list(feature_names(fit.modality, count)),
            "losses": list(fit.losses), "settings": asdict(fit.preset),
            "versions": fit.versions, "produced_by": job,
        },
    )  # fmt: skip
    file_use(weights, version)
    parents = [
        sha
        for found in inputs.values()
        for sha in (found.series[fit.modality].stored.sha256, found.roi.mask.sha256)
    ]
    derivation_record(study, parents, weights.sha256, job)
    return version


def _fit_result(versions: dict[str, ExtractorVersion], reused: bool) -> dict[str, Any]:
    return {"reused": reused, **{
        row.get_modality_display(): {
            "uid": str(row.uid), "preset": row.preset, "seed": row.seed,
            "fitted_on": row.fitted_on, "sha256": row.weights.sha256,
            "last_loss": row.losses[-1] if row.losses else None,
        } for row in versions.values()}}  # fmt: skip


def features_extract(
    study: Study,
    params: dict[str, Any] | None = None,
    progress: Progress = no_progress,
    job: Job | None = None,
) -> dict[str, Any]:
    """Feature vectors of every patient's chosen region by the newest extractor versions.

    What is there already is left as it is.

    Raises
    ------
    DataProblem
        No extractor was fitted yet, or a region that cannot be read; all of them at once.
    """
    preset = str((params or {}).get("preset", ""))
    newest = {m: extractor_newest(study, m, preset) for m in MODALITIES}
    versions = {modality: version for modality, version in newest.items() if version}
    if len(versions) < len(MODALITIES):
        raise refuse(
            "extractor",
            f"no fitted encoder {preset}".strip(),
            "one for PET, one for CT",
            "Fit the feature extractor first.",
        )
    pairs_retime(study)
    inputs = roi_inputs(study)
    done_before = set(
        FeatureSet.objects.filter(study=study, extractor_version__in=versions.values()).values_list(
            "roi_id", "modality"
        )
    )
    waiting = {
        patient: found
        for patient, found in inputs.items()
        if {(found.roi.pk, m) for m in MODALITIES} - done_before
    }
    rows = _extract_all(waiting, versions, progress, job)
    with transaction.atomic():
        FeatureSet.objects.bulk_create(rows, ignore_conflicts=True)
        for row in rows:
            parents = _parents(
                row.roi, waiting[row.patient_id].series[row.modality], row.extractor_version
            )
            derivation_record(study, parents, row.inputs_digest, job)
    progress(1, 1, "done")
    without = Patient.objects.filter(study=study).exclude(pk__in=inputs).count()
    return {
        "patients": len(inputs),
        "new": len(rows),
        "without_region": without,
        "left_out": left_out_counts(study, IMAGING),
        "extractors": {m: str(version.uid) for m, version in versions.items()},
    }


def _extract_all(
    waiting: dict[int, RoiInput],
    versions: dict[str, ExtractorVersion],
    progress: Progress,
    job: Job | None,
) -> list[FeatureSet]:
    networks: dict[str, Any] = {}
    for modality, version in versions.items():
        weights = file_read(version.weights)
        networks[modality] = read_encoder(
            weights, version.weights.sha256, Preset(**_settings(version))
        )
    rows: list[FeatureSet] = []
    problems: list[Problem] = []
    for done, found in enumerate(waiting.values()):
        progress(done, len(waiting), f"features of {found.roi.patient.pseudonym}")
        try:
            rows += _extract(found, versions, networks, job)
        except DataProblem as problem:
            problems.extend(problem.problems)
    if problems:
        raise DataProblem(problems)
    return rows


def _settings(version: ExtractorVersion) -> dict[str, Any]:
    return {**version.settings, "channels": tuple(version.settings["channels"])}


def _extract(
    found: RoiInput, versions: dict[str, Any], networks: dict[str, Any], job: Job | None
) -> Iterable[FeatureSet]:
    settings = versions[MODALITIES[0]].settings
    for modality, patch in patches_of(found, settings["size"], settings["spacing_mm"]).items():
        maps = apply_encoder(networks[modality], patch.image, modality)
        vector = pool_features(maps, patch.mask, patch.spacing_mm, found.roi.patient.pseudonym)
        version, series = versions[modality], found.series[modality]
        yield FeatureSet(
            patient=found.roi.patient, roi=found.roi, modality=modality,
            extractor_version=version, vector=vector.tolist(), produced_by=job,
            inputs_digest=inputs_digest("features/1", *_parents(found.roi, series, version)),
        )  # fmt: skip


def _parents(roi: Any, series: Any, version: Any) -> list[str]:
    return [series.stored.sha256, roi.mask.sha256, version.weights.sha256]


def patches_of(found: RoiInput, size: int, spacing_mm: float) -> dict[str, Patch]:
    """The cubes of PET and CT around a patient's region."""
    mask = read_volume(file_read(found.roi.mask))
    name = found.roi.patient.pseudonym
    return {
        modality: cut_patch(
            read_volume(file_read(series.stored)), mask, modality, size, spacing_mm, name
        )
        for modality, series in found.series.items()
    }
