"""Cubic B-spline interpolation on grids of parallel axes, as three products of matrices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imaging.methods.volume import Grid, Volume

PARALLEL = 1e-6  # cosines closer than this to 0 or 1
TIE = 1e-6  # of a voxel: what lies so close to half-way is half-way


def is_axis_parallel(grid: Grid) -> bool:
    """Whether a grid's axes run along the patient's, in whatever order and sense."""
    cosines = np.abs(grid.axes)
    return bool(np.all((cosines < PARALLEL) | (cosines > 1 - PARALLEL)))


def upright(volume: Volume) -> Volume:
    """The same voxels with axes x, y, z of growing coordinates; a view, nothing is computed."""
    axes = np.round(volume.grid.axes).astype(int)
    order = [int(np.argmax(np.abs(axes[row]))) for row in range(3)]  # patient axis -> grid axis
    signs = [axes[row, order[row]] for row in range(3)]
    array = volume.array.transpose([2 - order[row] for row in (2, 1, 0)])
    array = array[tuple(slice(None, None, signs[row]) for row in (2, 1, 0))]
    corner = np.zeros(3)
    for row in range(3):
        if signs[row] < 0:
            corner[order[row]] = volume.grid.size[order[row]] - 1
    origin = volume.grid.points_of(corner[None])[0]
    size, spacing = volume.grid.size, volume.grid.spacing
    return Volume(array, Grid(
        (size[order[0]], size[order[1]], size[order[2]]),
        (float(origin[0]), float(origin[1]), float(origin[2])),
        (spacing[order[0]], spacing[order[1]], spacing[order[2]]),
    ))  # fmt: skip


def interpolate(scan: Volume, target: Grid, outside: float) -> NDArray[np.float32]:
    """A scan at the voxels of another grid, by cubic B-splines.

    Parameters
    ----------
    scan : Volume (z, y, x)
        Of parallel axes.
    target : Grid
        Upright: its axes are x, y and z.
    outside : float
        Value more than half a voxel beyond the scan's outermost voxel centres.

    Returns
    -------
    array (z, y, x) float32

    References
    ----------
    Unser M. IEEE Signal Process Mag 1999;16:22. The scan is mirrored at its edges.
    """
    given = upright(scan)
    parts = [_weights(given.grid, target, axis) for axis in range(3)]
    x, y, z = (weights for weights, _ in parts)
    array = np.ascontiguousarray(given.array, np.float32)
    along_x = array @ x.T
    along_y = y @ along_x
    flat = along_y.reshape(len(array), -1)
    found = (z @ flat).reshape(target.shape)
    for axis, (_, beyond) in enumerate(parts):
        found[(slice(None),) * (2 - axis) + (beyond,)] = outside
    return found


def interpolate_nearest(mask: Volume, target: Grid) -> NDArray[np.bool_]:
    """A mask at the voxels of another grid, by the nearest voxel; half-way goes up the axis.

    References
    ----------
    Agrees with SimpleITK's nearest neighbour, ties included.
    """
    given = upright(mask)
    inside, places = [], []
    for axis in range(3):
        place = np.floor(_places(given.grid, target, axis) + 0.5 + TIE).astype(int)
        within = (place >= 0) & (place < given.grid.size[axis])
        inside.append(within)
        places.append(place[within])
    found = np.zeros(target.shape, bool)
    found[np.ix_(*inside[::-1])] = given.array[np.ix_(*places[::-1])]
    return found


def _places(grid: Grid, target: Grid, axis: int) -> NDArray[np.float64]:
    """Where the voxels of the target stand along one axis, in voxels of the grid."""
    points = target.origin[axis] + np.arange(target.size[axis]) * target.spacing[axis]
    return np.asarray((points - grid.origin[axis]) / grid.spacing[axis], np.float64)


def _weights(grid: Grid, target: Grid, axis: int) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Interpolation along one axis as a matrix (target, grid), and which rows lie beyond."""
    places, size = _places(grid, target, axis), grid.size[axis]
    beyond = (places < -0.5) | (places >= size - 0.5)
    low = np.floor(places).astype(int)
    t = places - low
    pieces = ((1 - t) ** 3, 3 * t**3 - 6 * t**2 + 4, 3 * (1 - t) ** 3 - 6 * (1 - t) ** 2 + 4, t**3)
    spread = np.zeros((len(places), size))
    for offset, piece in enumerate(pieces, start=-1):
        np.add.at(spread, (np.arange(len(places)), _mirrored(low + offset, size)), piece / 6)
    return np.linalg.solve(_values_of_coefficients(size).T, spread.T).T.astype(np.float32), beyond


def _mirrored(index: NDArray[np.int_], size: int) -> NDArray[np.int_]:
    """Indices folded back at the first and last voxel."""
    folded = np.abs(index) % (2 * (size - 1))
    return np.minimum(folded, 2 * (size - 1) - folded)


def _values_of_coefficients(size: int) -> NDArray[np.float64]:
    """The matrix that gives the values at voxel centres from a spline's coefficients."""
    matrix = np.zeros((size, size))
    rows = np.arange(size)
    for offset, weight in ((-1, 1 / 6), (0, 4 / 6), (1, 1 / 6)):
        np.add.at(matrix, (rows, _mirrored(rows + offset, size)), weight)
    return matrix
