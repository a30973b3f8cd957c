"""Baselines: plain statistics, by name."""

import numpy as np
import pytest

from imaging.methods.handmade_features import patch_features, uptake_features
from imaging.methods.patch import Patch
from imaging.methods.uptake import Uptake


def test_uptake_becomes_named_columns():
    keys = ("41_percent", "suv_2_5", "suv_4_0")
    uptake = Uptake(12.0, 5.0, 10.0, 31.0, dict.fromkeys(keys, 7.0), dict.fromkeys(keys, 63.0))
    assert uptake_features(uptake) == {
        "hand_log2_volume": 5.0,
        "hand_suv_max": 12.0,
        "hand_suv_mean": 5.0,
        "hand_suv_peak": 10.0,
        "hand_log2_mtv": 3.0,
        "hand_log2_tlg": 6.0,
    }


@pytest.mark.parametrize(("modality", "prefix"), [("PT", "hand_pet"), ("CT", "hand_ct")])
def test_patch_statistics_equal_numpy(modality, prefix):
    image = np.random.default_rng(2).normal(40, 9, (16, 16, 16)).astype(np.float32)
    mask = np.zeros(image.shape, bool)
    mask[5:10, 5:10, 5:10] = True
    found = patch_features(Patch(image, mask, 3.0, modality))
    assert found[f"{prefix}_mean"] == pytest.approx(image[mask].astype(float).mean())
    assert found[f"{prefix}_sd"] == pytest.approx(image[mask].astype(float).std())
    assert found[f"{prefix}_p10"] == pytest.approx(np.quantile(image[mask], 0.1), rel=1e-5)
    assert len(found) == 6
