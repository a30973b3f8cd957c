"""A cube around a lesion, cut from PET or CT and resampled to isotropic voxels."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its customary name)
from numpy.typing import NDArray

from imaging.methods.spline import interpolate, interpolate_nearest, is_axis_parallel
from imaging.methods.volume import Box, Grid, Volume, as_sitk, crop, resample
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

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


@dataclass(frozen=True)
class Cube:
    """Where the cube around a region stands, whatever scan is cut by it.

    Parameters
    ----------
    grid : Grid
        Upright.
    mask : array (n, n, n) bool
        The region in it.
    notices : tuple of Notice
    """

    grid: Grid
    mask: NDArray[np.bool_]
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
        PET in SUV or CT in HU, whole or the part of it that ``cube_box`` names. Only that part is
        touched: the spline's coefficients of a whole scan would cost some fifty times as much.
    mask : Volume of bool
        On any grid of the same patient space (a PET region cuts the CT too); nearest neighbour.
    modality : "PT" or "CT"
    size, spacing_mm : voxels along each edge and their distance

    Raises
    ------
    DataProblem
        The cube does not touch the scan.

    References
    ----------
    As ``spline.interpolate`` for the image and the nearest voxel for the mask.
    """
    return cut_cube(scan, place_cube(mask, size, spacing_mm, name), modality, name)


def cut_cube(scan: Volume, cube: Cube, modality: str, name: str = "lesion") -> Patch:
    """The part of a scan, whole or cropped, that a cube holds.

    Raises
    ------
    DataProblem
        The cube does not touch the scan.
    """
    box = cube_box(scan.grid, cube.grid, name)
    image = _image_of(crop(scan, box), cube.grid, OUTSIDE[modality])
    return Patch(image, cube.mask, cube.grid.spacing[0], modality, cube.notices)


def place_cube(mask: Volume, size: int, spacing_mm: float, name: str = "lesion") -> Cube:
    """The cube around a region, centred on its centre of mass, and the region in it.

    Parameters
    ----------
    mask : Volume (z, y, x)
    size : int
        Voxels along an edge.
    spacing_mm : float
    name : str
        Of the region, for a refusal.
    """
    low, part = _bounding(mask)
    voxels = np.argwhere(part)[:, ::-1] + low
    centre = mask.grid.points_of(voxels.mean(axis=0)[None])[0]
    origin = centre - (size - 1) / 2 * spacing_mm
    grid = Grid(
        (size,) * 3, (float(origin[0]), float(origin[1]), float(origin[2])), (spacing_mm,) * 3
    )
    region = crop(mask, (_whole(low), _whole(low + part.shape[::-1])))
    cube = _mask_of(region, grid)
    if not cube.any():
        cube[size // 2, size // 2, size // 2] = True  # smaller than a voxel of the cube
    return Cube(grid, cube, _cut_off(cube, region, spacing_mm, name))


def cube_box(scan: Grid, target: Grid, name: str = "lesion") -> Box:
    """The part of a scan that the cube and the spline around it need.

    Returns
    -------
    first voxel (x, y, z), and the one after the last

    Raises
    ------
    DataProblem
        The cube does not touch the scan.
    """
    size = np.array(target.size)
    corners = np.array(np.meshgrid(*[(0.0, n - 1.0) for n in size])).reshape(3, -1).T
    indices = scan.indices_of(target.points_of(corners))
    low = np.clip(np.floor(indices.min(axis=0)).astype(int) - MARGIN, 0, scan.size)
    high = np.clip(np.ceil(indices.max(axis=0)).astype(int) + MARGIN + 1, 0, scan.size)
    if (high - low < 2).any():
        raise refuse(
            name,
            say("a region outside the scan"),
            "a region inside PET and CT",
            "Upload the CT that belongs to this PET.",
        )
    return _whole(low), _whole(high)


def _whole(values: NDArray) -> tuple[int, int, int]:
    return int(values[0]), int(values[1]), int(values[2])


def _bounding(mask: Volume) -> tuple[NDArray[np.int_], NDArray[np.bool_]]:
    """First voxel (x, y, z) of the box around a region, and the box (z, y, x)."""
    spans = [np.flatnonzero(mask.array.any(axis=axes)) for axes in ((1, 2), (0, 2), (0, 1))]
    part = mask.array[tuple(slice(span[0], span[-1] + 1) for span in spans)]
    return np.array([span[0] for span in spans[::-1]]), part


def _image_of(part: Volume, target: Grid, outside: float) -> NDArray[np.float32]:
    if is_axis_parallel(part.grid):
        return interpolate(part, target, outside)
    given = as_sitk(Volume(part.array.astype(np.float32, copy=False), part.grid))
    image = resample(given, _empty(target), sitk.sitkBSpline, outside, sitk.sitkFloat32)
    return sitk.GetArrayFromImage(image)


def _mask_of(part: Volume, target: Grid) -> NDArray[np.bool_]:
    if is_axis_parallel(part.grid):
        return interpolate_nearest(part, target)
    found = resample(as_sitk(part), _empty(target), sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)
    return sitk.GetArrayFromImage(found).astype(bool)


def _empty(target: Grid) -> sitk.Image:
    image = sitk.Image(list(target.size), sitk.sitkUInt8)
    image.SetSpacing(target.spacing)
    image.SetOrigin(target.origin)
    return image


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
            say(
                "{name}: the region reaches beyond the cube of {shape:g} mm; {kept:.0%} of it "
                "lies inside",
                name=name,
                shape=cube.shape[0] * spacing_mm,
                kept=min(kept, 1),
            ),
        ),
    )


def shuffle_inside(patch: Patch, seed: int) -> Patch:
    """The control: the region's voxels in another order, drawn by ``seed``.

    Its values, its shape and all around it stay; what is lost is where in the lesion they were.

    References
    ----------
    Ours: the control that keeps every voxel's value and none of its places.
    """
    image = patch.image.copy()
    image[patch.mask] = np.random.default_rng(seed).permutation(image[patch.mask])
    return replace(patch, image=image)
