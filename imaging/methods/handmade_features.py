"""Hand-made features of a lesion: the baselines beside which learned ones are shown."""

from __future__ import annotations

import math

import numpy as np

from imaging.methods.patch import Patch
from imaging.methods.pooled_features import ring_of
from imaging.methods.uptake import Uptake


def uptake_features(uptake: Uptake) -> dict[str, float]:
    """Size and uptake of a lesion by name.

    Returns
    -------
    dict
        ``hand_log2_volume`` (mL), ``hand_suv_max``, ``hand_suv_mean``, ``hand_suv_peak`` (g/mL),
        ``hand_log2_mtv`` (41 %, mL + 1), ``hand_log2_tlg`` (g + 1).
    """
    return {
        "hand_log2_volume": math.log2(uptake.volume_ml + 1),
        "hand_suv_max": uptake.suv_max,
        "hand_suv_mean": uptake.suv_mean,
        "hand_suv_peak": uptake.suv_peak,
        "hand_log2_mtv": math.log2(uptake.mtv_ml["41_percent"] + 1),
        "hand_log2_tlg": math.log2(uptake.tlg["41_percent"] + 1),
    }


def patch_features(patch: Patch) -> dict[str, float]:
    """Plain statistics of the voxels of a lesion and of the 9 mm ring around it.

    Returns
    -------
    dict
        ``hand_pet_…`` or ``hand_ct_…``: mean, SD, 10th and 90th percentile inside; mean and SD
        in the ring; SUV in g/mL or HU.

    References
    ----------
    Plain moments and percentiles (numpy, linear between ranks); the baseline that deep
    features have to beat.
    """
    prefix = "hand_pet" if patch.modality == "PT" else "hand_ct"
    inside = patch.image[patch.mask].astype(float)
    ring = patch.image[ring_of(patch.mask, patch.spacing_mm)].astype(float)
    low, high = np.percentile(inside, (10, 90))
    values = {
        "mean": inside.mean(),
        "sd": inside.std(),
        "p10": low,
        "p90": high,
        "ring_mean": ring.mean(),
        "ring_sd": ring.std(),
    }
    return {f"{prefix}_{key}": float(value) for key, value in values.items()}
