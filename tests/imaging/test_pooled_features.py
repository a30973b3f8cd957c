"""Pooling: against plain means, on tiny lesions, and laws of size and order."""

import numpy as np
import pytest

from imaging.methods.pooled_features import feature_names, pool_features, ring_of
from studies.methods.problems import DataProblem


def mask(low=12, high=20):
    made = np.zeros((32, 32, 32), bool)
    made[low:high, low:high, low:high] = True
    return made


def test_full_size_maps_pool_to_numpy_means():
    maps = np.random.default_rng(1).normal(size=(3, 32, 32, 32)).astype(np.float32)
    found = pool_features([maps], mask(), 3.0).reshape(3, 4)
    ring = ring_of(mask(), 3.0)
    for row, one in zip(found, maps.astype(float), strict=True):
        inside, around = one[mask()], one[ring]
        assert row == pytest.approx([inside.mean(), inside.std(), around.mean(), around.std()])


def test_ring_is_nine_millimetres_wide():
    flat = np.zeros((32, 32, 32), bool)
    flat[:10] = True
    ring = ring_of(flat, 3.0)
    assert ring[10:13].all()
    assert not ring[13:].any()
    assert not ring[:10].any()


def test_coarse_voxels_count_by_their_share():
    coarse = np.zeros((1, 8, 8, 8), np.float32)
    coarse[0, 3, 3, 3], coarse[0, 4, 3, 3] = 2, 10
    region = np.zeros((32, 32, 32), bool)
    region[12:17, 12:16, 12:16] = True  # one whole coarse voxel, a quarter of the next
    mean, sd = pool_features([coarse], region, 3.0)[:2]
    assert mean == pytest.approx((2 * 4 + 10 * 1) / 5)
    assert sd == pytest.approx(np.sqrt((4 * (2 - 3.6) ** 2 + (10 - 3.6) ** 2) / 5))


def test_one_voxel_has_features_at_every_stage():
    tiny = np.zeros((32, 32, 32), bool)
    tiny[16, 16, 16] = True
    maps = [np.ones((2, n, n, n), np.float32) for n in (32, 16, 8)]
    found = pool_features(maps, tiny, 3.0)
    assert np.isfinite(found).all()
    assert found.reshape(6, 4) == pytest.approx(np.tile([1.0, 0, 1, 0], (6, 1)))


def test_names_are_stable():
    assert feature_names("PT", 224)[0] == "pet_dnn_001"
    assert feature_names("CT", 224)[-1] == "ct_dnn_224"


@pytest.mark.parametrize("region", [np.zeros((32,) * 3, bool), np.ones((32,) * 3, bool)])
def test_empty_or_filling_regions_are_refused(region):
    with pytest.raises(DataProblem, match="empty or fills"):
        pool_features([np.ones((1, 32, 32, 32), np.float32)], region, 3.0)
