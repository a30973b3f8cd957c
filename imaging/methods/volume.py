"""A scan as numbers in space: the voxels and the grid they stand on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its customary name)
from numpy.typing import NDArray

Triple = tuple[float, float, float]
Box = tuple[tuple[int, int, int], tuple[int, int, int]]  # first voxel x, y, z; one after the last
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class Grid:
    """Where voxels stand in the patient.

    Parameters
    ----------
    size : (x, y, z)
        Number of voxels; an array on the grid has the shape (z, y, x).
    origin : (x, y, z), mm
        Centre of the first voxel, patient coordinates LPS (left, posterior, superior grow).
    spacing : (x, y, z), mm
        Distance between voxel centres.
    direction : 9 numbers, row by row
        Its columns are the unit vectors of the x, y and z axis.
    """

    size: tuple[int, int, int]
    origin: Triple
    spacing: Triple
    direction: tuple[float, ...] = IDENTITY

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.size[2], self.size[1], self.size[0]

    @property
    def voxel_ml(self) -> float:
        """Volume of one voxel, mL."""
        return float(np.prod(self.spacing)) / 1000

    @property
    def axes(self) -> NDArray[np.float64]:
        """3 × 3, its columns the unit vectors of the axes."""
        return np.reshape(self.direction, (3, 3))

    def indices_of(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        """Continuous voxel indices (n, 3) as x, y, z of points (n, 3) in mm."""
        return (np.asarray(points, float) - self.origin) @ self.axes / np.asarray(self.spacing)

    def points_of(self, indices: NDArray[np.float64]) -> NDArray[np.float64]:
        """Points (n, 3) in mm of voxel indices (n, 3) as x, y, z."""
        scaled = np.asarray(indices, float) * np.asarray(self.spacing)
        return np.asarray(self.origin) + scaled @ self.axes.T


@dataclass(frozen=True)
class Volume:
    """Voxels on a grid.

    Parameters
    ----------
    array : array (z, y, x)
        float32 for a scan (SUV in g/mL, CT in HU; a CT read from DICOM may be int16), bool for a
        mask.
    grid : Grid
    """

    array: NDArray
    grid: Grid

    def __post_init__(self) -> None:
        if self.array.shape != self.grid.shape:
            raise TypeError(f"array {self.array.shape} does not fit the grid {self.grid.shape}")


def crop_grid(grid: Grid, box: Box) -> Grid:
    """The grid of a part."""
    low, high = box
    x, y, z = grid.points_of(np.array([low]))[0].tolist()
    size = (high[0] - low[0], high[1] - low[1], high[2] - low[2])
    return Grid(size, (x, y, z), grid.spacing, grid.direction)


def crop(volume: Volume, box: Box) -> Volume:
    """A part of a volume, as a view."""
    low, high = box
    array = volume.array[low[2] : high[2], low[1] : high[1], low[0] : high[0]]
    return Volume(array, crop_grid(volume.grid, box))


def as_sitk(volume: Volume) -> sitk.Image:
    """The volume as a SimpleITK image; a mask becomes 8-bit."""
    array = volume.array.astype(np.uint8) if volume.array.dtype == bool else volume.array
    image = sitk.GetImageFromArray(np.ascontiguousarray(array))
    image.SetOrigin(volume.grid.origin)
    image.SetSpacing(volume.grid.spacing)
    image.SetDirection(volume.grid.direction)
    return image


def from_sitk(image: sitk.Image) -> Volume:
    """The volume of a SimpleITK image, keeping its number type."""
    grid = Grid(image.GetSize(), image.GetOrigin(), image.GetSpacing(), image.GetDirection())
    return Volume(sitk.GetArrayFromImage(image), grid)


def resample(
    image: sitk.Image, target: sitk.Image, interpolator: int, outside: float, pixel: int
) -> sitk.Image:
    """The image at the voxels of ``target``; on one thread, since cubes are small and jobs many."""
    resampler = sitk.ResampleImageFilter()
    resampler.SetReferenceImage(target)
    resampler.SetInterpolator(interpolator)
    resampler.SetDefaultPixelValue(outside)
    resampler.SetOutputPixelType(pixel)
    resampler.SetNumberOfThreads(1)
    return resampler.Execute(image)
