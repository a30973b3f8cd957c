"""A label-free convolutional encoder of PET or CT cubes, fitted on training patients only.

Network: three convolutions (3 × 3 × 3, the second and third halving each edge), leaky rectifiers,
and a decoder that gives the cube back. What is kept are the feature maps of the three stages.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from studies.methods.problems import refuse
from studies.methods.wording import say

Progress = Callable[[int, int, str], None]
Cubes = Sequence[NDArray[np.float32]]
SLOPE = 0.1  # of the rectifiers below zero
FEWEST_TO_HOLD_OUT = 5  # one patient in so many tells when to stop
SHOWN = 4


@dataclass(frozen=True)
class Preset:
    """A named, recorded way to fit: cube, channels of the three stages, training.

    Training stops when the held-out loss has not fallen for ``patience`` epochs, and the weights of
    the best epoch are kept. ``window`` is the edge of the part of a cube that a training step sees,
    drawn anew each time: a convolution learns the same from it at a third of the cost.
    """

    name: str
    size: int
    spacing_mm: float
    channels: tuple[int, int, int] = (8, 16, 32)
    window: int = 24
    epochs: int = 20
    learning_rate: float = 2e-3
    patience: int = 5


PRESETS = {
    "demo": Preset("demo", 32, 3.0),
    "full": Preset("full", 64, 1.5, window=48, epochs=40),
    "untrained": Preset("untrained", 32, 3.0, epochs=0),
}


@dataclass(frozen=True)
class EncoderFit:
    """A fitted encoder as data.

    Parameters
    ----------
    modality : "PT" or "CT"
    preset : Preset
    seed : int
    weights : bytes
        safetensors.
    sha256 : str
        Of ``weights``; checked whenever they are used.
    n_training : int
        Patients it was fitted on.
    losses : tuple of float
        Mean squared error of the parts given back, over each epoch.
    held_out_losses : tuple of float
        The same of whole cubes of training patients that no step saw, after each epoch; empty
        for fewer than 5 patients, where none is held out.
    reconstructions : tuple of pairs of arrays (n, n, n)
        Cubes as the network sees them and as it gives them back: held-out ones where there are.
    versions : dict
        Packages and threads, which reproduce the bytes.
    """

    modality: str
    preset: Preset
    seed: int
    weights: bytes
    sha256: str
    n_training: int
    losses: tuple[float, ...]
    held_out_losses: tuple[float, ...]
    reconstructions: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]
    versions: dict[str, str]


def scale_cube(cube: NDArray[np.float32], modality: str) -> NDArray[np.float32]:
    """Voxels as the network sees them, about −2 to 2.

    PET: ln(1 + SUV) − 1, SUV clipped to 0-50; CT: HU clipped to −160-240, (HU − 40)/100.

    Parameters
    ----------
    cube : array (n, n, n)
        SUV in g/mL, or HU.
    modality : {"PT", "CT"}

    References
    ----------
    Ours: limits that hold soft tissue (CT) and tumours (PET).
    """
    low, high, shift, scale = (0, 50, 1, 1) if modality == "PT" else (-160, 240, 40, 100)
    scaled = np.clip(cube, low, high)
    if modality == "PT":
        np.log1p(scaled, out=scaled)
    scaled -= np.float32(shift)
    scaled /= np.float32(scale)
    return scaled


def fit_encoder(
    cubes: Cubes, modality: str, preset: Preset, seed: int, progress: Progress | None = None
) -> EncoderFit:
    """Fit the encoder to give back the cubes of the training patients; no label is seen.

    Parameters
    ----------
    cubes : arrays (n, n, n) float32 as z, y, x
        SUV in g/mL or HU, of patients of the development cohort and nobody else.
    modality : "PT" or "CT"
    preset : Preset
    seed : int
        Of initial weights and order; equal seeds give equal bytes (one thread, float32).
    progress : callable (done, total, message)

    Raises
    ------
    DataProblem
        Fewer than two cubes.

    References
    ----------
    Masci J et al. ICANN 2011:52 (stacked convolutional auto-encoders).
    """
    import torch

    if len(cubes) < 2:
        raise refuse(
            "encoder",
            say("{n} patients with a region", n=len(cubes)),
            "at least 2",
            "Upload PET/CT and regions of the development cohort first.",
        )
    torch.set_num_threads(1)
    network = _network(preset)
    generator = torch.Generator().manual_seed(seed)
    _initialise(network, generator)
    inputs = [_tensor(scale_cube(cube, modality)) for cube in cubes]
    seen, held_out = _hold_out(inputs, preset, generator)
    losses, held = _train(network, seen, held_out, preset, generator, progress, modality)
    weights = _as_bytes(network)
    return EncoderFit(
        modality,
        preset,
        seed,
        weights,
        hashlib.sha256(weights).hexdigest(),
        len(cubes),
        losses,
        held,
        _reconstructions(network, held_out or seen),
        _versions(),
    )


def read_encoder(weights: bytes, sha256: str, preset: Preset) -> Any:
    """The network of stored weights, refused when their digest differs."""
    import torch
    from safetensors.torch import load

    found = hashlib.sha256(weights).hexdigest()
    if found != sha256:
        raise refuse(
            say("encoder weights"),
            say("digest {found}", found=found[:12]),
            say("digest {sha256}", sha256=sha256[:12]),
            "Restore the file from a backup: the stored weights were changed.",
        )
    torch.set_num_threads(1)
    network = _network(preset)
    network.load_state_dict(load(weights))
    return network.eval().to(device_name(), memory_format=torch.channels_last_3d)


def apply_encoder(
    network: Any, cube: NDArray[np.float32], modality: str
) -> list[NDArray[np.float32]]:
    """Feature maps of one cube, stage by stage.

    Parameters
    ----------
    network : torch module of ``read_encoder``
    cube : array (n, n, n) as z, y, x
        SUV in g/mL, or HU; n is a multiple of 4.
    modality : {"PT", "CT"}

    Returns
    -------
    list of arrays (channels, n, n, n)
        n is the cube's edge, then a half and a quarter of it.

    References
    ----------
    Masci J et al. ICANN 2011:52; features from the inner maps, not the code alone, are ours.
    """
    import torch

    device = next(network.parameters()).device
    maps, value = [], _tensor(scale_cube(cube, modality)).to(device)
    with torch.inference_mode():
        for stage in network["encoder"]:
            value = stage(value)
            maps.append(value[0].contiguous().cpu().numpy())
    return maps


def device_name() -> str:
    """The GPU when there is one."""
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def _network(preset: Preset) -> Any:
    from torch import nn

    a, b, c = preset.channels
    encoder = nn.ModuleList(
        [
            nn.Sequential(nn.Conv3d(1, a, 3, padding=1), nn.LeakyReLU(SLOPE)),
            nn.Sequential(nn.Conv3d(a, b, 3, stride=2, padding=1), nn.LeakyReLU(SLOPE)),
            nn.Sequential(nn.Conv3d(b, c, 3, stride=2, padding=1), nn.LeakyReLU(SLOPE)),
        ]
    )
    decoder = nn.Sequential(
        nn.ConvTranspose3d(c, b, 2, stride=2),
        nn.LeakyReLU(SLOPE),
        nn.ConvTranspose3d(b, 1, 2, stride=2),  # a 3 × 3 × 3 to one channel costs 40 × as much
    )
    return nn.ModuleDict({"encoder": encoder, "decoder": decoder})


def _initialise(network: Any, generator: Any) -> None:
    """Weights of a generator of our own: the global one is shared between threads."""
    from torch import nn

    for parameter in network.parameters():
        if parameter.dim() > 1:
            nn.init.kaiming_uniform_(parameter, a=SLOPE, generator=generator)
        else:
            nn.init.zeros_(parameter)


def _tensor(cube: NDArray[np.float32]) -> Any:
    import torch

    tensor = torch.from_numpy(np.ascontiguousarray(cube, np.float32))[None, None]
    return tensor.contiguous(memory_format=torch.channels_last_3d)


def _hold_out(inputs: list[Any], preset: Preset, generator: Any) -> tuple[list[Any], list[Any]]:
    """A fifth of the training patients, drawn by the generator, tells when to stop."""
    import torch

    if len(inputs) < FEWEST_TO_HOLD_OUT or not preset.epochs:
        return inputs, []
    order = torch.randperm(len(inputs), generator=generator).tolist()
    count = len(inputs) // FEWEST_TO_HOLD_OUT
    return [inputs[i] for i in order[count:]], [inputs[i] for i in order[:count]]


def _train(
    network: Any,
    inputs: list[Any],
    held_out: list[Any],
    preset: Preset,
    generator: Any,
    progress: Progress | None,
    modality: str,
) -> tuple[tuple[float, ...], tuple[float, ...]]:
    import torch

    network.train().to(memory_format=torch.channels_last_3d)
    optimiser = torch.optim.Adam(network.parameters(), lr=preset.learning_rate)
    total = preset.epochs * len(inputs)
    losses: list[float] = []
    held: list[float] = []
    best: dict[str, Any] = {}
    for epoch in range(preset.epochs):
        summed = 0.0
        order = torch.randperm(len(inputs), generator=generator).tolist()
        for step, index in enumerate(order, start=1):
            part = _window(inputs[index], preset.window, generator)
            summed += _step(network, part, optimiser)
            if progress:
                progress(
                    epoch * len(inputs) + step,
                    total,
                    say(
                        "{modality} encoder, epoch {epoch} of {epochs}",
                        modality=modality,
                        epoch=epoch + 1,
                        epochs=preset.epochs,
                    ),
                )
        losses.append(summed / len(inputs))
        if not held_out:
            continue
        held.append(_held_out_loss(network, held_out))
        if held[-1] == min(held):
            best = {name: value.clone() for name, value in network.state_dict().items()}
        elif epoch - int(np.argmin(held)) >= preset.patience:
            break
    if best:
        network.load_state_dict(best)
    return tuple(losses), tuple(held)


def _held_out_loss(network: Any, cubes: list[Any]) -> float:
    import torch

    with torch.inference_mode():
        found = [((_given_back(network, cube) - cube) ** 2).mean() for cube in cubes]
    return float(sum(float(loss) for loss in found) / len(found))


def _given_back(network: Any, value: Any) -> Any:
    for stage in network["encoder"]:
        value = stage(value)
    return network["decoder"](value)


def _reconstructions(
    network: Any, cubes: list[Any]
) -> tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]:
    import torch

    with torch.inference_mode():
        return tuple(
            (cube[0, 0].numpy().copy(), _given_back(network, cube)[0, 0].numpy().copy())
            for cube in cubes[:SHOWN]
        )


def _window(cube: Any, edge: int, generator: Any) -> Any:
    """A part of a cube at a place drawn by the generator."""
    import torch

    room = max(cube.shape[-1] - edge, 0) + 1
    z, y, x = torch.randint(room, (3,), generator=generator).tolist()
    part = cube[..., z : z + edge, y : y + edge, x : x + edge]
    return part.contiguous(memory_format=torch.channels_last_3d)


def _step(network: Any, cube: Any, optimiser: Any) -> float:
    loss = ((_given_back(network, cube) - cube) ** 2).mean()
    optimiser.zero_grad()
    loss.backward()
    optimiser.step()
    return float(loss.detach())


def _as_bytes(network: Any) -> bytes:
    from safetensors.torch import save

    return save({name: value.detach().contiguous() for name, value in network.state_dict().items()})


def _versions() -> dict[str, str]:
    import safetensors
    import torch

    return {
        "torch": torch.__version__,
        "numpy": np.__version__,
        "safetensors": safetensors.__version__,
        "threads": str(torch.get_num_threads()),
    }
