"""A control: the same encoders on regions whose voxels were shuffled, so no pattern is left."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from imaging.methods.encoder import Preset, apply_encoder, read_encoder
from imaging.methods.pooled_features import pool_features
from imaging.models import ExtractorVersion
from imaging.selectors import extractor_newest, roi_inputs
from studies.jobs import Progress, no_progress
from studies.methods.problems import refuse
from studies.methods.wording import say
from studies.models import Study
from studies.services import file_read

from .extractors import MODALITIES
from .patches import patches_of


def features_shuffled(
    study: Study, names: Mapping[int, str], seed: int = 0, progress: Progress = no_progress
) -> dict[str, dict[str, NDArray[np.float64]]]:
    """Features by name and modality after the voxels inside each region were shuffled.

    ``names`` are those of the rows by patient id. What an AUC on them keeps, it owes to size and
    mean uptake alone; nothing of it is stored.

    Raises
    ------
    DataProblem
        No encoder of a modality.
    """
    versions = {modality: _version(study, modality) for modality in MODALITIES}
    networks = {
        modality: read_encoder(
            file_read(version.weights), version.weights.sha256, Preset(**_settings(version))
        )
        for modality, version in versions.items()
    }
    wanted = [i for i in roi_inputs(study).values() if i.roi.patient_id in names]
    found: dict[str, dict[str, NDArray[np.float64]]] = {}
    settings = versions[MODALITIES[0]].settings
    for done, one in enumerate(sorted(wanted, key=lambda i: names[i.roi.patient_id])):
        name = names[one.roi.patient_id]
        progress(done, len(wanted), "Shuffling voxels")
        for modality, patch in patches_of(one, settings["size"], settings["spacing_mm"]).items():
            rng = np.random.default_rng([seed, done, MODALITIES.index(modality)])
            image = patch.image.copy()
            image[patch.mask] = rng.permutation(image[patch.mask])
            maps = apply_encoder(networks[modality], image, modality)
            vector = pool_features(maps, patch.mask, patch.spacing_mm, name)
            found.setdefault(name, {})[modality] = vector
    return found


def _version(study: Study, modality: str) -> ExtractorVersion:
    version = extractor_newest(study, modality)
    if version is None:
        raise refuse(
            "encoder",
            say("none for {modality}", modality=modality),
            "a fitted encoder",
            "Fit it first.",
        )
    return version


def _settings(version: ExtractorVersion) -> dict[str, object]:
    return {**version.settings, "channels": tuple(version.settings["channels"])}
