"""A cube around a lesion, cut from PET or CT and resampled to isotropic voxels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its customary name)
from numpy.typing import NDArray

from imaging.methods.volume import Grid, Volume, as_sitk, resample
from studies.methods.problems import Notice, refuse

MARGIN = 6  # voxels around the crop: a cubic spline's reach
OUTSIDE = {"PT": 0.0, "CT": -1000.0}  # value beyond the scan: no uptake, air


@dataclass(frozen=True)
class Patch:
    """A cube of a scan around a region of interest.

    Parameters
    ----------
    image : array (n, n, n) float32 as z, y, x
        SUV in g/mL or HU.
    mask : array (n, n, n) bool
    spacing_mm : float
    modality : "PT" or "CT"
    notices : tuple of Notice
    """

    image: NDArray[np.float32]
    mask: NDArray[np.bool_]
    spacing_mm: float
    modality: str
    notices: tuple[Notice, ...] = ()


def cut_patch(
    scan: Volume,
    mask: Volume,
    modality: str,
    size: int = 32,
    spacing_mm: float = 3.0,
    name: str = "lesion",
) -> Patch:
    """The cube centred on a region, axes along the patient's, cubic spline for the image.

    Parameters
    ----------
    scan : Volume (z, y, x)
        PET in SUV or CT in HU. Only the part around the cube is touched: the spline's
        coefficients of a whole scan would cost some fifty times as much.
    mask : Volume of bool
        On any grid of the same patient space (a PET region cuts the CT too); nearest neighbour.
    modality : "PT" or "CT"
    size, spacing_mm : voxels along each edge and their distance

    Raises
    ------
    DataProblem
        The cube does not touch the scan.
    """
    target = _target(mask, size, spacing_mm)
    crop = _crop(scan, target, name)
    image = resample(crop, target, sitk.sitkBSpline, OUTSIDE[modality], sitk.sitkFloat32)
    inside = resample(as_sitk(mask), target, sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)
    cube = sitk.GetArrayFromImage(inside).astype(bool)
    if not cube.any():
        cube[size // 2, size // 2, size // 2] = True  # smaller than a voxel of the cube
    return Patch(
        sitk.GetArrayFromImage(image),
        cube,
        spacing_mm,
        modality,
        _cut_off(cube, mask, spacing_mm, name),
    )


def _target(mask: Volume, size: int, spacing_mm: float) -> sitk.Image:
    """An empty image of the cube, centred on the region's centre of mass."""
    centre = mask.grid.points_of(np.argwhere(mask.array)[:, ::-1].mean(axis=0)[None])[0]
    target = sitk.Image([size] * 3, sitk.sitkUInt8)
    target.SetSpacing([spacing_mm] * 3)
    target.SetOrigin((centre - (size - 1) / 2 * spacing_mm).tolist())
    return target


def _crop(scan: Volume, target: sitk.Image, name: str) -> sitk.Image:
    """The part of a scan that the cube and the spline around it need."""
    size = np.array(target.GetSize())
    corners = np.array(np.meshgrid(*[(0.0, n - 1.0) for n in size])).reshape(3, -1).T
    points = np.array(target.GetOrigin()) + corners * target.GetSpacing()
    indices = scan.grid.indices_of(points)
    low = np.clip(np.floor(indices.min(axis=0)).astype(int) - MARGIN, 0, scan.grid.size)
    high = np.clip(np.ceil(indices.max(axis=0)).astype(int) + MARGIN + 1, 0, scan.grid.size)
    if (high - low < 2).any():
        raise refuse(
            name,
            "a region outside the scan",
            "a region inside PET and CT",
            "Upload the CT that belongs to this PET.",
        )
    part = scan.array[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
    grid = Grid(
        tuple((high - low).tolist()),
        tuple(scan.grid.points_of(low[None])[0].tolist()),
        scan.grid.spacing,
        scan.grid.direction,
    )
    return as_sitk(Volume(part.astype(np.float32, copy=False), grid))


def _cut_off(
    cube: NDArray[np.bool_], mask: Volume, spacing_mm: float, name: str
) -> tuple[Notice, ...]:
    whole_ml = int(mask.array.sum()) * mask.grid.voxel_ml
    kept = int(cube.sum()) * spacing_mm**3 / 1000 / whole_ml
    edges = any(cube.take(side, axis=axis).any() for axis in range(3) for side in (0, -1))
    if not edges:
        return ()
    return (
        Notice(
            "larger_than_patch",
            f"{name}: the region reaches beyond the cube of "
            f"{cube.shape[0] * spacing_mm:g} mm; {min(kept, 1):.0%} of it lies inside",
        ),
    )


def shuffle_inside(patch: Patch, seed: int) -> Patch:
    """The control: the region's voxels in another order, drawn by ``seed``.

    Its values, its shape and all around it stay; what is lost is where in the lesion they were.
    """
    image = patch.image.copy()
    image[patch.mask] = np.random.default_rng(seed).permutation(image[patch.mask])
    return replace(patch, image=image)
