"""Residual networks: equal to a plain writing of them, to themselves, and closed to code."""

import hashlib
import io
import pickle

import numpy as np
import pytest
import torch
from safetensors.torch import load, save
from torch.nn import functional

from imaging.methods.resnet import (
    apply_resnet,
    feature_count,
    read_resnet,
    read_weights,
    seeded_weights,
)
from studies.methods.problems import DataProblem


def cubes(edge=24, two=False):
    rng = np.random.default_rng(0)
    pet = rng.gamma(2, 2, (edge,) * 3).astype(np.float32)
    ct = rng.normal(40, 60, (edge,) * 3).astype(np.float32)
    return {"PT": pet, "CT": ct} if two else {"PT": pet}


@pytest.fixture(scope="module")
def seeded():
    return seeded_weights("resnet10", 1, 7)


def network_of(weights, architecture="resnet10"):
    return read_resnet(weights, hashlib.sha256(weights).hexdigest(), architecture)


def plain_resnet10(state, value):
    """The same network written out once more, without modules."""

    def unit(value, name, stride=1, spread=1):
        value = functional.conv3d(value, state[f"{name[0]}.weight"], None, stride, spread, spread)
        return norm(value, name[1])

    def norm(value, name):
        parts = ("running_mean", "running_var", "weight", "bias")
        return functional.batch_norm(value, *(state[f"{name}.{part}"] for part in parts))

    value = functional.conv3d(value, state["conv1.weight"], None, 2, 3)
    value = functional.max_pool3d(functional.relu(norm(value, "bn1")), 3, 2, 1)
    for number, stride, spread in ((1, 1, 1), (2, 2, 1), (3, 1, 2), (4, 1, 4)):
        at = f"layer{number}.0."
        out = functional.relu(unit(value, (at + "conv1", at + "bn1"), stride, spread))
        out = unit(out, (at + "conv2", at + "bn2"), 1, spread)
        if f"{at}downsample.0.weight" in state:
            value = functional.conv3d(value, state[f"{at}downsample.0.weight"], None, stride)
            value = norm(value, f"{at}downsample.1")
        value = functional.relu(out + value)
    return value


def test_the_maps_are_those_of_a_plain_writing_of_the_network(seeded):
    [maps] = apply_resnet(network_of(seeded), cubes())
    scaled = np.log1p(np.clip(cubes()["PT"], 0, 50)) - 1
    expected = plain_resnet10(load(seeded), torch.from_numpy(scaled)[None, None])[0].numpy()
    assert maps.shape == (feature_count("resnet10"), 3, 3, 3)
    assert np.abs(maps - expected).max() < 1e-4 * np.abs(expected).max()


def test_a_rerun_is_equal_bit_for_bit_and_threads_change_1e_5_at_most(seeded):
    found = {}
    before = torch.get_num_threads()
    for threads in (1, 1, 2):
        torch.set_num_threads(threads)
        [maps] = apply_resnet(network_of(seeded), cubes())
        found.setdefault(threads, []).append(maps)
    torch.set_num_threads(before)
    assert np.array_equal(*found[1])
    assert np.abs(found[1][0] - found[2][0]).max() <= 1e-5 * np.abs(found[1][0]).max()


def test_equal_seeds_give_equal_bytes(seeded):
    assert seeded_weights("resnet10", 1, 7) == seeded
    assert seeded_weights("resnet10", 1, 8) != seeded


@pytest.mark.skipif(not torch.cuda.is_available(), reason="no GPU on this machine")
def test_a_gpu_gives_the_same_to_1e_3(seeded, monkeypatch):
    [gpu] = apply_resnet(network_of(seeded), cubes())
    monkeypatch.setattr("imaging.methods.resnet.device_name", lambda: "cpu")
    [cpu] = apply_resnet(network_of(seeded), cubes())
    assert np.abs(gpu - cpu).max() <= 1e-3 * np.abs(cpu).max()


@pytest.mark.parametrize("architecture", ["resnet18", "resnet50"])
def test_user_weights_of_each_kind_and_two_channels(architecture):
    weights = seeded_weights(architecture, 2, 1)
    wrapped = {f"module.{key}": value for key, value in load(weights).items()}
    wrapped["module.fc.weight"] = torch.zeros(2, 3)
    file = io.BytesIO()
    torch.save({"state_dict": wrapped, "epoch": 3}, file)
    stored, found, channels = read_weights(file.getvalue(), "w.pth")
    assert (stored, found, channels) == (weights, architecture, 2)
    [maps] = apply_resnet(network_of(stored, architecture), cubes(16, two=True))
    assert maps.shape == (feature_count(architecture), 2, 2, 2)


def test_shortcuts_without_parameters_are_read_too(seeded):
    state = {k: v for k, v in load(seeded).items() if ".downsample." not in k}
    stored, _, _ = read_weights(save(state), "w.safetensors")
    [maps] = apply_resnet(network_of(stored), cubes())
    assert maps.shape == (512, 3, 3, 3)


class Evil:
    def __reduce__(self):
        return print, ("run",)


def pickled(thing):
    file = io.BytesIO()
    torch.save(thing, file)
    return file.getvalue()


def test_code_and_other_parameters_are_refused(seeded, capsys):
    state = load(seeded)
    for data, said in (
        (pickled({"state_dict": Evil()}), "weights without code"),
        (pickle.dumps(Evil()), "weights without code"),
        (b"nothing", "weights without code"),
        (save({k: v for k, v in state.items() if k != "bn1.bias"}), "1 missing (bn1.bias)"),
        (save({**state, "more": torch.zeros(3)}), "1 left over (more)"),
        (save({**state, "bn1.bias": torch.zeros(3)}), "1 of another shape (bn1.bias)"),
        (save({"a": state["bn1.bias"]}), "conv1.weight"),
    ):
        with pytest.raises(DataProblem, match=said.replace("(", r"\(").replace(")", r"\)")):
            read_weights(data, "w")
    assert "run" not in capsys.readouterr().out
    with pytest.raises(DataProblem, match="digest"):
        read_resnet(seeded, "0" * 64, "resnet10")
