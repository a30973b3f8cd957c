"""Extractors: fitted on development patients, supplied by users, drawn by a seed."""

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
)
from imaging.methods.extractor import (
    ENCODER,
    METHOD_VERSION,
    RESNET_CUBE,
    features_per_modality,
    preprocessing,
)
from imaging.methods.pooled_features import feature_names
from imaging.methods.resnet import BLOCKS, read_weights, seeded_weights
from imaging.methods.slice_picture import draw_reconstructions
from imaging.models import ExtractorRole, ExtractorVersion, Modality
from imaging.selectors import roi_inputs
from imaging.selectors.features import RoiInput, members_digest
from imaging.storage import png_bytes
from studies.jobs import Progress, no_progress
from studies.methods.problems import DataProblem, Problem, refuse
from studies.methods.wording import say
from studies.models import ImportBatch, Job, Partition, Patient, Study
from studies.services import (
    derivation_record,
    file_read,
    file_store,
    file_use,
    inputs_digest,
    of_method,
)

from .encoder_fitting import fit_side_by_side
from .patches import patches_of
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
        progress(
            CUTTING * done / len(inputs),
            1,
            say("cutting cubes: {done} of {n}", done=done, n=len(inputs)),
        )
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
        raise refuse(
            "preset", name, say("one of {known}", known=", ".join(PRESETS)), "Choose a preset."
        )
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
                say("a patient who is not of a development cohort"),
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
            say("development cohort"),
            say("{n} patients with a region on a baseline PET/CT", n=len(inputs)),
            "at least 2",
            "Upload the cohort table and PET/CT first.",
        )
    return inputs


def _fit_digest(inputs: dict[int, RoiInput], modality: str, preset: Preset, seed: int) -> str:
    members = [f"{i.series[modality].stored.sha256}:{i.roi.mask.sha256}" for i in inputs.values()]
    said = of_method("features", METHOD_VERSION)
    return inputs_digest("encoder/2", *said, modality, asdict(preset), seed, *sorted(members))


def _keep(
    study: Study, fit: EncoderFit, digest: str, inputs: dict[int, RoiInput], job: Job | None
) -> ExtractorVersion:
    weights = file_store(study, fit.weights, "weights", f"{fit.modality}_encoder.safetensors")
    settings = {**asdict(fit.preset), **preprocessing()}
    role = ExtractorRole.PRIMARY if fit.preset.epochs else ExtractorRole.ABLATION
    pairs = [pair for pair in fit.reconstructions if fit.preset.epochs]
    picture = None
    if pairs:
        png = png_bytes(draw_reconstructions(pairs))
        picture = file_store(study, png, "picture", f"{fit.modality}_reconstructions.png")
    version, _ = ExtractorVersion.objects.get_or_create(
        study=study, modality=fit.modality, inputs_digest=digest,
        defaults={
            "preset": fit.preset.name, "seed": fit.seed, "weights": weights, "role": role,
            "picture": picture, "held_out_losses": list(fit.held_out_losses),
            "fitted_on": fit.n_training,
            "members_digest": members_digest(i.roi.patient.uid for i in inputs.values()),
            "feature_names": list(
                feature_names(fit.modality, features_per_modality(ENCODER, settings))
            ),
            "losses": list(fit.losses), "settings": settings,
            "versions": fit.versions, "produced_by": job,
        },
    )  # fmt: skip
    file_use(weights, version)
    if picture is not None:
        file_use(picture, version)
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


def extractor_seed(
    study: Study, params: dict[str, Any] | None = None, job: Job | None = None
) -> dict[str, Any]:
    """Register a residual network drawn by a seed: a random baseline, and so labelled.

    Raises
    ------
    DataProblem
        An unknown architecture, or a seed that is no whole number.
    """
    asked = params or {}
    architecture = str(asked.get("architecture", "resnet10"))
    if architecture not in BLOCKS:
        raise refuse("architecture", architecture, " or ".join(BLOCKS), "Choose one of them.")
    _, seed = _recipe({"seed": asked.get("seed", 1)})
    weights = seeded_weights(architecture, 1, seed)
    name = f"seeded-{architecture}"
    return _register(study, weights, name, architecture, ExtractorRole.BASELINE, seed, job)


def weights_import(
    batch: ImportBatch, progress: Progress = no_progress, job: Job | None = None
) -> dict[str, Any]:
    """Register a user's weights of a 3D ResNet for PET and for CT; code in the file is refused.

    Raises
    ------
    DataProblem
        No weights of a 3D ResNet-10, 18 or 50 of one channel.
    """
    with transaction.atomic():
        weights, architecture, channels = read_weights(file_read(batch.file), batch.filename)
        if channels != 1:
            raise refuse(
                say("{filename}: conv1.weight", filename=batch.filename),
                say("{channels} channels", channels=channels),
                "one channel: PET and CT are read by a network each",
                "Upload weights of one channel.",
            )
        name = batch.filename.rsplit("/", 1)[-1].rsplit(".", 1)[0][:80]
        role = ExtractorRole.PRIMARY
        result = _register(batch.study, weights, name, architecture, role, 0, job)
        batch.mark_ready(result, [])
    progress(1, 1, "done")
    return result


def _register(
    study: Study,
    weights: bytes,
    name: str,
    architecture: str,
    role: ExtractorRole,
    seed: int,
    job: Job | None,
) -> dict[str, Any]:
    """One version per modality of a network that was not fitted here."""
    stored = file_store(study, weights, "weights", f"{name}.safetensors")
    settings = {**RESNET_CUBE, **preprocessing()}
    rows = {}
    for modality in MODALITIES:
        names = feature_names(modality, features_per_modality(architecture, settings))
        digest = inputs_digest("network/1", modality, architecture, stored.sha256, settings)
        rows[modality], made = ExtractorVersion.objects.get_or_create(
            study=study, modality=modality, inputs_digest=digest,
            defaults={
                "name": name, "architecture": architecture, "role": role, "preset": architecture,
                "seed": seed, "weights": stored, "fitted_on": 0, "members_digest": "",
                "feature_names": list(names), "losses": [], "settings": settings,
                "produced_by": job,
            },
        )  # fmt: skip
        file_use(stored, rows[modality])
        if not made:
            rows[modality].stated_at = timezone.now()
            rows[modality].save(update_fields=["stated_at"])
    return {"name": name, "architecture": architecture, "sha256": stored.sha256, "role": str(role),
            "extractors": {m: str(row.uid) for m, row in rows.items()}}  # fmt: skip


def control_of(version: ExtractorVersion, job: Job | None) -> ExtractorVersion:
    """The version that stands for the same network on shuffled voxels."""
    row, _ = ExtractorVersion.objects.get_or_create(
        study=version.study, modality=version.modality,
        inputs_digest=inputs_digest("control/1", str(version.uid)),
        defaults={
            "name": f"{version.name}, shuffled"[:80], "architecture": version.architecture,
            "role": ExtractorRole.CONTROL, "preset": version.preset, "seed": version.seed,
            "weights": version.weights, "fitted_on": version.fitted_on,
            "members_digest": version.members_digest, "feature_names": version.feature_names,
            "losses": version.losses, "settings": {**version.settings, "shuffled": True},
            "versions": version.versions, "produced_by": job,
        },
    )  # fmt: skip
    file_use(version.weights, row)
    return row
