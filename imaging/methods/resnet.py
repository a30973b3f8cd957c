"""3D residual networks of 10, 18 and 50 layers: a slot for weights learned elsewhere.

Layout and names of the parameters are those under which pretrained 3D ResNets are commonly passed
on (Med3D): a 7³ stem of stride 2, max pooling, four stages of which the last two are dilated
instead of strided, so that the maps stay at an eighth of the cube.
"""

from __future__ import annotations

import hashlib
import io
import pickle
import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from imaging.methods.encoder import device_name, scale_cube
from studies.methods.problems import refuse
from studies.methods.wording import listed, marked, say

BLOCKS = {"resnet10": (1, 1, 1, 1), "resnet18": (2, 2, 2, 2), "resnet50": (3, 4, 6, 3)}
WIDTHS = (64, 128, 256, 512)
STRIDES = (1, 2, 1, 1)
DILATIONS = (1, 1, 2, 4)
EXPANSION = {"resnet10": 1, "resnet18": 1, "resnet50": 4}
HEADS = ("fc.", "conv_seg.")
MOST_CHANNELS = 2


def feature_count(architecture: str) -> int:
    """Maps of the last stage."""
    return WIDTHS[-1] * EXPANSION[architecture]


def seeded_weights(architecture: str, channels: int, seed: int) -> bytes:
    """Weights drawn by a seed and never trained: a random baseline, as safetensors."""
    import torch
    from safetensors.torch import save

    network = _network(architecture, channels, True)
    generator = torch.Generator().manual_seed(seed)
    for name, parameter in network.named_parameters():
        if parameter.dim() > 1:
            torch.nn.init.kaiming_normal_(parameter, mode="fan_out", generator=generator)
        else:
            torch.nn.init.constant_(parameter, float(name.endswith("weight")))
    return save({key: value.contiguous() for key, value in network.state_dict().items()})


def read_weights(data: bytes, name: str) -> tuple[bytes, str, int]:
    """User-supplied weights as safetensors, which network they are of, how many channels they take.

    Parameters
    ----------
    data : bytes
        A .safetensors file, or a .pth of tensors only: it is read without unpickling anything
        else. A classification or segmentation head is left out.
    name : str
        What the user calls the file.

    Returns
    -------
    bytes, "resnet10", "resnet18" or "resnet50", 1 or 2

    Raises
    ------
    DataProblem
        A file that is neither or that holds code, parameters that are missing, left over or of
        another shape.
    """
    from safetensors.torch import save

    found = _plain_names(_tensors(data, name))
    architecture = _architecture(found)
    stem = found.get("conv1.weight")
    channels = int(stem.shape[1]) if stem is not None and stem.dim() == 5 else 0
    if not 1 <= channels <= MOST_CHANNELS:
        said, wanted = (
            say("{channels} channels", channels=channels),
            say("1 to {most_channels} channels", most_channels=MOST_CHANNELS),
        )
        raise refuse(
            say("{name}: conv1.weight", name=name), said, wanted, "Upload weights of a 3D ResNet."
        )
    network = _network(architecture, channels, _has_projection(found))
    _check_parameters(network.state_dict(), found, architecture, name)
    kept = {key: found[key].contiguous() for key in sorted(network.state_dict())}
    return save(kept), architecture, channels


def _architecture(state: Mapping[str, Any]) -> str:
    """By bottlenecks and by how many blocks the first stage has."""
    if "layer1.0.conv3.weight" in state:
        return "resnet50"
    return "resnet18" if "layer1.1.conv1.weight" in state else "resnet10"


def read_resnet(weights: bytes, sha256: str, architecture: str) -> Any:
    """The network of stored weights, refused when their digest differs."""
    from safetensors.torch import load

    found = hashlib.sha256(weights).hexdigest()
    if found != sha256:
        remedy = say("Restore the file from a backup: the stored weights were changed.")
        raise refuse(
            say("extractor weights"),
            say("digest {found}", found=found[:12]),
            say("digest {sha256}", sha256=sha256[:12]),
            remedy,
        )
    import torch

    state = load(weights)
    network = _network(architecture, int(state["conv1.weight"].shape[1]), _has_projection(state))
    network.load_state_dict(state)
    network.eval().to(device_name(), memory_format=torch.channels_last_3d)
    return network


def apply_resnet(
    network: Any, cubes: Mapping[str, NDArray[np.float32]]
) -> list[NDArray[np.float32]]:
    """The last stage's maps of one lesion.

    Parameters
    ----------
    cubes : dict of modality to array (n, n, n) as z, y, x
        SUV in g/mL, HU; one cube, or PET and CT for a network of two channels. ``n`` is a
        multiple of 8.

    Returns
    -------
    list of one array (maps, n / 8, n / 8, n / 8)
    """
    import torch

    scaled = [scale_cube(cube, modality) for modality, cube in cubes.items()]
    value = torch.from_numpy(np.ascontiguousarray(np.stack(scaled), np.float32))[None]
    value = value.to(device_name(), memory_format=torch.channels_last_3d)
    with torch.inference_mode():
        maps = forward(network, value)
    return [maps[0].contiguous().cpu().numpy()]


def forward(network: Any, value: Any) -> Any:
    """Maps of the last stage of a batch (1, channels, n, n, n).

    References
    ----------
    He K et al. CVPR 2016:770 (residual networks); Chen S et al. arXiv:1904.00625 (3D, Med3D).
    """
    value = network["maxpool"](network["relu"](network["bn1"](network["conv1"](value))))
    for number in range(1, 5):
        for block in network[f"layer{number}"]:
            value = _block(block, value)
    return value


def _block(block: Any, value: Any) -> Any:
    out = value
    convolutions = [name for name in block if name.startswith("conv")]
    for name in convolutions:
        out = block[name.replace("conv", "bn")](block[name](out))
        if name != convolutions[-1]:
            out = out.relu_()
    return (out + _shortcut(block, value, out)).relu_()


def _shortcut(block: Any, value: Any, out: Any) -> Any:
    """The input itself, projected, or strided and padded with empty maps."""
    from torch.nn import functional

    if "downsample" in block:
        return block["downsample"](value)
    if value.shape == out.shape:
        return value
    step = value.shape[-1] // out.shape[-1]
    value = value[:, :, ::step, ::step, ::step]
    return functional.pad(value, (0, 0, 0, 0, 0, 0, 0, out.shape[1] - value.shape[1]))


def _network(architecture: str, channels: int, projection: bool) -> Any:
    from torch import nn

    parts: dict[str, Any] = {
        "conv1": nn.Conv3d(channels, 64, 7, stride=2, padding=3, bias=False),
        "bn1": nn.BatchNorm3d(64),
        "relu": nn.ReLU(),
        "maxpool": nn.MaxPool3d(3, stride=2, padding=1),
    }
    width, factor = 64, EXPANSION[architecture]
    stages = zip(BLOCKS[architecture], WIDTHS, STRIDES, DILATIONS, strict=True)
    for number, (count, planes, stride, dilation) in enumerate(stages, start=1):
        blocks = []
        for index in range(count):
            step = stride if index == 0 else 1
            blocks.append(_block_parts(width, planes, factor, step, dilation, projection))
            width = planes * factor
        parts[f"layer{number}"] = nn.ModuleList(blocks)
    return nn.ModuleDict(parts)


def _block_parts(
    width: int, planes: int, factor: int, stride: int, dilation: int, projection: bool
) -> Any:
    from torch import nn

    kernels: list[tuple[int, int, int, int]]  # channels in, out, kernel, stride
    if factor == 1:
        kernels = [(width, planes, 3, stride), (planes, planes, 3, 1)]
    else:
        kernels = [(width, planes, 1, 1), (planes, planes, 3, stride),
                   (planes, planes * factor, 1, 1)]  # fmt: skip
    parts: dict[str, Any] = {}
    for number, (into, out, kernel, step) in enumerate(kernels, start=1):
        spread = dilation if kernel > 1 else 1
        parts[f"conv{number}"] = nn.Conv3d(
            into, out, kernel, stride=step, padding=spread * (kernel // 2), dilation=spread,
            bias=False,
        )  # fmt: skip
        parts[f"bn{number}"] = nn.BatchNorm3d(out)
    if projection and (stride != 1 or width != planes * factor):
        parts["downsample"] = nn.Sequential(
            nn.Conv3d(width, planes * factor, 1, stride=stride, bias=False),
            nn.BatchNorm3d(planes * factor),
        )
    return nn.ModuleDict(parts)


def _tensors(data: bytes, name: str) -> dict[str, Any]:
    import torch
    from safetensors import SafetensorError
    from safetensors.torch import load

    try:
        return load(data)
    except SafetensorError:
        pass
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of old and new ways to save
            state = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except (RuntimeError, pickle.UnpicklingError, EOFError, ValueError, KeyError) as error:
        said, remedy = (
            say("no safetensors, no .pth of tensors"),
            say("Save the state_dict as safetensors."),
        )
        raise refuse(name, said, "weights without code", remedy) from error
    state = state.get("state_dict", state) if isinstance(state, dict) else {}
    return {key: value for key, value in state.items() if isinstance(value, torch.Tensor)}


def _plain_names(state: dict[str, Any]) -> dict[str, Any]:
    """Names without the wrapper's prefix, heads left out."""
    plain = {key.removeprefix("module."): value for key, value in state.items()}
    return {key: value for key, value in plain.items() if not key.startswith(HEADS)}


def _has_projection(state: Mapping[str, Any]) -> bool:
    return any(".downsample." in key for key in state)


def _check_parameters(
    wanted: Mapping[str, Any], found: Mapping[str, Any], architecture: str, name: str
) -> None:
    missing, extra = sorted(set(wanted) - set(found)), sorted(set(found) - set(wanted))
    other = [key for key in wanted if key in found and wanted[key].shape != found[key].shape]
    if missing or extra or other:
        kinds = (
            (marked("{n} missing ({first})"), missing),
            (marked("{n} left over ({first})"), extra),
            (marked("{n} of another shape ({first})"), other),
        )
        said = [say(text, n=len(keys), first=keys[0]) for text, keys in kinds if keys]
        wanted_said, remedy = (
            say("those of a 3D {architecture}", architecture=architecture),
            say("Choose the architecture they are of."),
        )
        raise refuse(say("{name}: parameters", name=name), listed(said), wanted_said, remedy)
