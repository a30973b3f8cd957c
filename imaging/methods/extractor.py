"""From a lesion's cube to a feature vector, whatever network gives the maps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.methods.encoder import Preset, apply_encoder, device_name, read_encoder
from imaging.methods.patch import Patch
from imaging.methods.pooled_features import pool_features
from imaging.methods.resnet import BLOCKS, apply_resnet, feature_count, read_resnet
from studies.methods.wording import marked

ENCODER = "encoder"
STATISTICS = 4  # mean and SD inside the lesion and in the ring
RESNET_CUBE = {"size": 96, "spacing_mm": 1.0}
CUT = marked("separable spline/2")  # how cubes are cut: a number of its own for each change
METHOD_VERSION = 1  # raised when the same weights and region may give other features
PREPROCESSING = {
    "interpolation": marked("cubic B-spline of the cropped scan; mask by nearest neighbour"),
    "scale": marked("PET ln(1 + SUV) - 1, SUV 0 to 50; CT (HU - 40)/100, HU -160 to 240"),
    "pooling": marked("mean and SD inside the lesion and in a 9 mm ring"),
    "precision": marked("float32, channels last"),
}


def preprocessing() -> dict[str, Any]:
    """How every extractor's input is made today, as its settings keep it (1 said no number)."""
    said = {} if METHOD_VERSION == 1 else {"method": METHOD_VERSION}
    return {**PREPROCESSING, **said}


def is_of_today(settings: dict[str, Any]) -> bool:
    """Whether an extractor of these settings was stated for the method as it is today."""
    return bool(settings.get("method", 1) == METHOD_VERSION)


def features_per_modality(architecture: str, settings: dict[str, Any]) -> int:
    """Features per modality."""
    if architecture in BLOCKS:
        return STATISTICS * feature_count(architecture)
    return STATISTICS * sum(settings["channels"])


def read_extractor(weights: bytes, sha256: str, architecture: str, settings: dict[str, Any]) -> Any:
    """The network of stored weights, refused when their digest differs."""
    if architecture in BLOCKS:
        return read_resnet(weights, sha256, architecture)
    return read_encoder(weights, sha256, extractor_preset(settings))


def extractor_preset(settings: dict[str, Any]) -> Preset:
    """The preset that an encoder's settings hold beside the preprocessing."""
    known = {key: settings[key] for key in Preset.__dataclass_fields__ if key in settings}
    return Preset(**{**known, "channels": tuple(settings["channels"])})


def extract_features(
    network: Any, architecture: str, patch: Patch, name: str
) -> NDArray[np.float64]:
    """The feature vector of one lesion on one scan.

    Parameters
    ----------
    network : as ``read_extractor`` gives it
    patch : Patch
        Of the size and spacing of the extractor.
    name : str
        What the user calls the patient.

    Returns
    -------
    array (4 × maps,)

    Raises
    ------
    DataProblem
        No lesion or no ring in the cube.
    """
    if architecture in BLOCKS:
        maps = apply_resnet(network, {patch.modality: patch.image})
    else:
        maps = apply_encoder(network, patch.image, patch.modality)
    return pool_features(maps, patch.mask, patch.spacing_mm, name)


def one_thread() -> None:
    """What the calling thread computes from now on, it computes alone."""
    import torch

    torch.set_num_threads(1)


def computed_with() -> dict[str, str]:
    """Device, threads and version: what equal numbers need."""
    import torch

    return {
        "device": device_name(),
        "threads": "1",
        "cut": CUT,
        "torch": torch.__version__,
    }
