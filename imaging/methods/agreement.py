"""How two contours of one lesion agree: overlap, surface distances, shift."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_erosion
from scipy.spatial import KDTree

from imaging.methods.geometry import estimate_dice, resample_mask
from imaging.methods.volume import Volume
from studies.methods.problems import refuse
from studies.methods.wording import say


@dataclass(frozen=True)
class Agreement:
    """Agreement of two masks.

    Parameters
    ----------
    dice : float
        0 (apart) to 1 (equal).
    hausdorff_mm, hausdorff_95_mm : float
        Largest distance from a surface to the other, either way; its 95th percentile.
    mean_surface_mm : float
        Mean over both surfaces of the distance to the other.
    shift_mm : float
        Distance of the centres of mass.
    """

    dice: float
    hausdorff_mm: float
    hausdorff_95_mm: float
    mean_surface_mm: float
    shift_mm: float


def compare_masks(first: Volume, second: Volume, name: str) -> Agreement:
    """Agreement of two contours; the first is brought to the second's grid by nearest neighbour.

    Parameters
    ----------
    first, second : Volume of bool
        Of one patient space, on one grid or on two (PET and CT).
    name : str
        What the user calls the lesion.

    Raises
    ------
    DataProblem
        A mask that is empty, or lies wholly outside the other's grid.

    References
    ----------
    Dice LR. Ecology 1945;26:297; Huttenlocher DP et al. IEEE PAMI 1993;15:850.
    """
    moved = first if first.grid == second.grid else resample_mask(first, second.grid)
    if not moved.array.any() or not second.array.any():
        raise refuse(
            name,
            say("a region outside the other scan"),
            "two regions in one place",
            "Check that both are of one patient and visit.",
        )
    surfaces = [_surface_mm(volume) for volume in (moved, second)]
    there = KDTree(surfaces[1]).query(surfaces[0])[0]
    back = KDTree(surfaces[0]).query(surfaces[1])[0]
    centres = [_centre_mm(volume) for volume in (first, second)]
    return Agreement(
        estimate_dice(moved, second),
        float(max(there.max(), back.max())),
        float(max(np.percentile(there, 95), np.percentile(back, 95))),
        float(np.concatenate([there, back]).mean()),
        float(np.linalg.norm(centres[0] - centres[1])),
    )


def _surface_mm(volume: Volume) -> NDArray[np.float64]:
    """Centres, mm, of the voxels that touch the outside by a face."""
    inner = binary_erosion(volume.array)
    return _points(volume, volume.array & ~inner)


def _centre_mm(volume: Volume) -> NDArray[np.float64]:
    return _points(volume, volume.array).mean(axis=0)


def _points(volume: Volume, array: NDArray[np.bool_]) -> NDArray[np.float64]:
    return volume.grid.points_of(np.argwhere(array)[:, ::-1].astype(float))
