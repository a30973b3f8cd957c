"""Uptake of a lesion: SUVmax, SUVmean, SUVpeak, metabolic tumour volume, total glycolysis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from imaging.methods.volume import Grid, Volume
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

METHOD_VERSION = 1  # raised when the same volume and region may give other numbers
PEAK_RADIUS_MM = 6.2  # a sphere of 1 mL
MOST_PLACES, CHUNK = 20_000_000, 1_000_000
THRESHOLDS = {"41_percent": 0.41, "suv_2_5": 2.5, "suv_4_0": 4.0}


@dataclass(frozen=True)
class Uptake:
    """What a lesion took up.

    Parameters
    ----------
    suv_max, suv_mean, suv_peak : float, g/mL
    volume_ml : float
        Of the region as it was drawn.
    mtv_ml : dict of threshold name to mL
        Voxels of the region at or above 41 % of SUVmax, SUV 2.5, SUV 4.0.
    tlg : dict of threshold name to g
        Metabolic tumour volume × mean SUV within it.
    notices : tuple of Notice
    """

    suv_max: float
    suv_mean: float
    suv_peak: float
    volume_ml: float
    mtv_ml: dict[str, float]
    tlg: dict[str, float]
    notices: tuple[Notice, ...] = ()


def estimate_uptake(suv: Volume, mask: Volume, name: str) -> Uptake:
    """Uptake of one region of interest.

    Parameters
    ----------
    suv : Volume (z, y, x), g/mL
    mask : Volume of bool (z, y, x) on the same grid (see ``check_mask``)
    name : str
        What the user calls the region.

    Raises
    ------
    DataProblem
        An empty region, or no uptake above zero in it.

    References
    ----------
    Boellaard R et al. EJNMMI 2015;42:328 (EANM 2.0: SUVpeak, 41 %); Wahl RL et al. JNM
    2009;50:122S (PERCIST: peak in a 1 mL sphere).
    """
    inside = suv.array[mask.array].astype(np.float64)
    if not inside.size:
        raise refuse(name, say("an empty mask"), "at least one voxel inside", "Draw the region.")
    if inside.max() <= 0 or not np.isfinite(inside).all():
        raise refuse(
            name,
            say("a highest SUV of {max:g}", max=inside.max()),
            "uptake above 0 in the region",
            "Check that the region lies on the lesion of this scan.",
        )
    voxel_ml = suv.grid.voxel_ml
    mtv, tlg = {}, {}
    for key, value in THRESHOLDS.items():
        above = inside[inside >= (value * inside.max() if key == "41_percent" else value)]
        mtv[key] = len(above) * voxel_ml
        tlg[key] = float(above.sum()) * voxel_ml
    notices: tuple[Notice, ...] = ()
    if len(inside) < 8:
        notices = (Notice("small_roi", say("{name}: only {n} voxels", name=name, n=len(inside))),)
    return Uptake(
        float(inside.max()),
        float(inside.mean()),
        estimate_suv_peak(suv, mask),
        len(inside) * voxel_ml,
        mtv,
        tlg,
        notices,
    )


def estimate_suv_peak(suv: Volume, mask: Volume) -> float:
    """Highest mean SUV, g/mL, of a 1 mL sphere centred on a voxel of the region.

    A voxel is in the sphere when its centre is; the sphere may reach outside the region, and
    beyond the scan's border it is cut.

    References
    ----------
    Wahl RL et al. JNM 2009;50:122S (PERCIST: a sphere of about 1 mL).
    """
    offsets = sphere_offsets(suv.grid, PEAK_RADIUS_MM)
    centres = np.argwhere(mask.array)
    top = centres[suv.array[mask.array].argmax()][None]
    best = float(_sphere_means(suv.array, top, offsets)[0])
    hotter = np.argwhere(suv.array > best)
    if len(hotter) * len(offsets) < MOST_PLACES:
        # A sphere whose mean is higher holds a hotter voxel: only those around one are tried.
        near = (hotter[:, None] - offsets).reshape(-1, 3)
        near = near[((near >= 0) & (near < suv.array.shape)).all(axis=1)]
        tried = np.zeros(suv.array.shape, bool)
        tried[tuple(near.T)] = True
        centres = np.argwhere(tried & mask.array)
    for start in range(0, len(centres), CHUNK):
        means = _sphere_means(suv.array, centres[start : start + CHUNK], offsets)
        best = max(best, float(means.max()))
    return best


def _sphere_means(
    array: NDArray[np.float32], centres: NDArray[np.int_], offsets: NDArray[np.int_]
) -> NDArray[np.float64]:
    """Mean over the voxels of the sphere around each centre (n, 3) that the scan has."""
    total, count = np.zeros(len(centres)), np.zeros(len(centres), int)
    for offset in offsets:
        places = centres + offset
        known = ((places >= 0) & (places < array.shape)).all(axis=1)
        total[known] += array[tuple(places[known].T)]
        count += known
    return total / count


def sphere_offsets(grid: Grid, radius_mm: float) -> NDArray[np.int_]:
    """Voxel offsets (n, 3) as z, y, x whose centres lie within a sphere around a voxel centre.

    Parameters
    ----------
    grid : Grid
    radius_mm : float

    References
    ----------
    Ours: a voxel belongs to a sphere when its centre does.
    """
    spacing = np.array(grid.spacing[::-1])
    reach = np.floor(radius_mm / spacing).astype(int)
    offsets = np.indices(tuple(2 * reach + 1)).reshape(3, -1).T - reach
    near = ((offsets * spacing) ** 2).sum(axis=1) <= radius_mm**2 + 1e-9
    return offsets[near]
