"""The encoder: deterministic, learning, and refused when its bytes were changed."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from imaging.methods.encoder import (
    PRESETS,
    apply_encoder,
    fit_encoder,
    read_encoder,
    scale_cube,
)
from studies.methods.problems import DataProblem

TINY = replace(PRESETS["demo"], size=16, window=12, epochs=6)


def cubes(count=6, seed=0):
    rng = np.random.default_rng(seed)
    return [
        gaussian_filter(rng.gamma(4, 2, (16, 16, 16)), 1).astype(np.float32) for _ in range(count)
    ]


@pytest.fixture(scope="module")
def fit():
    return fit_encoder(cubes(), "PT", TINY, seed=5)


def test_equal_seeds_give_equal_bytes(fit):
    assert fit_encoder(cubes(), "PT", TINY, seed=5).sha256 == fit.sha256
    assert fit_encoder(cubes(), "PT", TINY, seed=6).sha256 != fit.sha256


def test_fit_gives_cubes_back_better_with_every_few_epochs(fit):
    assert fit.losses[-1] < 0.7 * fit.losses[0]
    assert (fit.n_training, fit.modality) == (6, "PT")
    assert fit.versions["threads"] == "1"


def test_training_stops_when_the_held_out_patients_gain_no_more(fit):
    assert len(fit.held_out_losses) == len(fit.losses) <= TINY.epochs
    again = fit_encoder(cubes(), "PT", replace(TINY, epochs=40, learning_rate=0.05, patience=2), 5)
    best = int(np.argmin(again.held_out_losses))
    assert len(again.losses) == best + 3 < 40
    [(cube, back)] = again.reconstructions
    assert float(((cube - back) ** 2).mean()) == pytest.approx(min(again.held_out_losses), rel=1e-5)
    few = fit_encoder(cubes(4), "PT", replace(TINY, epochs=2), 5)
    assert few.held_out_losses == ()
    assert len(few.reconstructions) == 4


def test_maps_equal_a_plain_convolution(fit):
    """First stage recomputed by numpy from the stored weights."""
    network = read_encoder(fit.weights, fit.sha256, fit.preset)
    [cube] = cubes(1, seed=9)
    maps = apply_encoder(network, cube, "PT")
    assert [stage.shape for stage in maps] == [(8, 16, 16, 16), (16, 8, 8, 8), (32, 4, 4, 4)]
    layer = network["encoder"][0][0]
    weight, bias = (p.detach().numpy() for p in (layer.weight, layer.bias))
    around = scale_cube(cube, "PT")[4:7, 7:10, 1:4]
    value = (weight[:, 0] * around).sum(axis=(1, 2, 3)) + bias
    assert maps[0][:, 5, 8, 2] == pytest.approx(np.where(value > 0, value, 0.1 * value), abs=1e-5)


def test_changed_weights_are_refused(fit):
    changed = fit.weights[:-1] + bytes([fit.weights[-1] ^ 1])
    with pytest.raises(DataProblem, match="digest"):
        read_encoder(changed, fit.sha256, fit.preset)


def test_one_patient_is_refused_and_progress_can_stop():
    with pytest.raises(DataProblem, match="1 patients"):
        fit_encoder(cubes(1), "PT", TINY, seed=1)

    def stop(done, total, message):
        if done == 3:
            raise InterruptedError(f"{done}/{total} {message}")

    with pytest.raises(InterruptedError, match="3/30 CT encoder, epoch 1 of 6"):
        fit_encoder(cubes(), "CT", TINY, seed=1, progress=stop)


def test_untrained_encoder_is_the_ablation():
    untrained = fit_encoder(cubes(), "CT", replace(PRESETS["untrained"], size=16), seed=5)
    assert untrained.losses == ()
    assert untrained.preset.name == "untrained"


def test_scaling_keeps_the_order_of_voxels():
    values = np.array([-1000, -160, 40, 240, 900], np.float32)
    assert scale_cube(values, "CT").tolist() == [-2, -2, 0, 2, 2]
    assert scale_cube(np.float32([0, np.e - 1]), "PT") == pytest.approx([-1, 0], abs=1e-6)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_a_gpu_gives_the_same_to_1e_3(fit, monkeypatch):
    gpu = apply_encoder(read_encoder(fit.weights, fit.sha256, TINY), cubes()[0], "PT")
    monkeypatch.setattr("imaging.methods.encoder.device_name", lambda: "cpu")
    cpu = apply_encoder(read_encoder(fit.weights, fit.sha256, TINY), cubes()[0], "PT")
    for one, other in zip(gpu, cpu, strict=True):
        assert np.abs(one - other).max() <= 1e-3 * np.abs(other).max()
