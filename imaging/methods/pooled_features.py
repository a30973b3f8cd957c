"""Feature maps pooled over a lesion and the ring around it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from studies.methods.problems import refuse
from studies.methods.wording import say

RING_MM = 9.0
PREFIX = {"PT": "pet", "CT": "ct"}
STATISTICS = ("lesion mean", "lesion SD", "ring mean", "ring SD")


def feature_names(modality: str, count: int) -> tuple[str, ...]:
    """Stable names of ``count`` pooled features: pet_dnn_001, pet_dnn_002, …"""
    return tuple(f"{PREFIX[modality]}_dnn_{i:03d}" for i in range(1, count + 1))


def pool_features(
    maps: Sequence[NDArray[np.float32]],
    mask: NDArray[np.bool_],
    spacing_mm: float,
    name: str = "lesion",
) -> NDArray[np.float64]:
    """Mean and standard deviation of each map inside the lesion and in a 9 mm ring around it.

    Parameters
    ----------
    maps : arrays (channels, n, n, n), n the cube's edge or a whole fraction of it
    mask : array of bool (edge, edge, edge)
    spacing_mm : float
        Of the cube's voxels.

    Returns
    -------
    array (4 × channels of all maps,)
        Map by map: lesion mean, lesion SD, ring mean, ring SD. A coarse map's voxel counts by
        the share of it that the region covers, so that no region of a small lesion is empty.

    Raises
    ------
    DataProblem
        No lesion in the cube, or no place left for a ring.

    References
    ----------
    Ours: mean and SD of each map, inside and in a ring (docs/simulation.md says why not the
    code).
    """
    ring = ring_of(mask, spacing_mm)
    if not mask.any() or not ring.any():
        raise refuse(
            name,
            say("a region that is empty or fills the whole cube"),
            "a lesion with its surroundings",
            "Draw the lesion alone.",
        )
    pooled = []
    for stage in maps:
        factor = mask.shape[0] // stage.shape[1]
        stats = [s for region in (mask, ring) for s in _mean_and_sd(stage, _shares(region, factor))]
        pooled.append(np.column_stack(stats).ravel())
    return np.concatenate(pooled)


def ring_of(mask: NDArray[np.bool_], spacing_mm: float) -> NDArray[np.bool_]:
    """Voxels outside the lesion whose centres lie within 9 mm of one of its voxels.

    Parameters
    ----------
    mask : array (z, y, x), bool
    spacing_mm : float
        The same along each axis.

    References
    ----------
    Ours: distances between voxel centres in mm, by an exact Euclidean distance transform.
    """
    ring = np.zeros(mask.shape, bool)
    if mask.any():
        reach = int(RING_MM / spacing_mm) + 1
        near = tuple(_reach(mask, axis, reach) for axis in range(3))
        squared = _squared_distance(mask[near], reach)
        ring[near] = (squared > 0) & (squared * spacing_mm**2 <= RING_MM**2 * (1 + 1e-9))
    return ring


def _squared_distance(mask: NDArray[np.bool_], reach: int) -> NDArray:
    """Squared distance in voxels to the nearest voxel of a mask, right up to ``reach``.

    Axis by axis, the least of what the neighbours along it have plus the square of the way there.
    """
    far = 4 * (reach + 1) ** 2
    narrow = far + reach**2 <= np.iinfo(np.int16).max
    squared = np.where(mask, 0, far).astype(np.int16 if narrow else np.int32)
    for axis in range(3):
        before = np.moveaxis(squared.copy(), axis, 0)
        after = np.moveaxis(squared, axis, 0)
        for step in range(1, min(reach, len(after) - 1) + 1):
            np.minimum(after[step:], before[:-step] + step**2, out=after[step:])
            np.minimum(after[:-step], before[step:] + step**2, out=after[:-step])
    return squared


def _reach(mask: NDArray[np.bool_], axis: int, reach: int) -> slice:
    """Where the lesion and its ring may lie along an axis."""
    others = tuple(other for other in range(3) if other != axis)
    span = np.flatnonzero(mask.any(axis=others))
    return slice(max(span[0] - reach, 0), span[-1] + reach + 1)


def _shares(region: NDArray[np.bool_], factor: int) -> NDArray[np.float64]:
    """Share of each coarse voxel that a region covers, summing to 1."""
    n = region.shape[0] // factor
    counts = region.view(np.uint8).reshape(n, factor, n, factor, n, factor)
    blocks = counts.sum(axis=5, dtype=np.uint16).sum(axis=(1, 3), dtype=np.float64)
    return blocks / blocks.sum()


def _mean_and_sd(
    maps: NDArray[np.float32], shares: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Weighted mean and SD of each map over the voxels with a share."""
    inside = shares > 0
    values, weights = maps[:, inside].astype(np.float64), shares[inside]
    mean = (values * weights).sum(axis=1)  # not a BLAS product: its sums follow the thread count
    return mean, np.sqrt(((values - mean[:, None]) ** 2 * weights).sum(axis=1))
