"""Maximum intensity projection of a scan, seen from all sides."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from imaging.methods.volume import Volume

HOTTEST_SUV = 10.0
PIXEL_MM = 3.0


def project_maximum(scan: Volume, degrees: float) -> NDArray[np.float32]:
    """Highest value along parallel rays in the axial plane.

    Parameters
    ----------
    scan : Volume (z, y, x)
    degrees : float
        0 looks from the front (along the array's y axis), 90 from the side of the highest x,
        turning about the z axis.

    Returns
    -------
    array (rows along z, columns) of voxels along the rays; columns are one voxel (x spacing) apart
    at 0 and 180 degrees, else ``PIXEL_MM``; outside the scan is the scan's lowest value.

    References
    ----------
    Wallis JW et al. IEEE Trans Med Imaging 1989;8:297 (maximum activity projection).
    """
    turned = degrees % 360
    if turned in (0, 180):
        flat = scan.array.max(axis=1)
        return flat if turned == 0 else flat[:, ::-1]
    x_mm, y_mm, _ = scan.grid.spacing
    columns, rows, slices = scan.grid.size
    reach = np.hypot(columns * x_mm, rows * y_mm) / 2
    steps = np.arange(-reach, reach + PIXEL_MM, PIXEL_MM)
    across, along = np.meshgrid(steps, steps, indexing="ij")
    angle = np.deg2rad(turned)
    x = across * np.cos(angle) - along * np.sin(angle)
    y = across * np.sin(angle) + along * np.cos(angle)
    column = np.rint(x / x_mm + (columns - 1) / 2).astype(int)
    row = np.rint(y / y_mm + (rows - 1) / 2).astype(int)
    inside = (column >= 0) & (column < columns) & (row >= 0) & (row < rows)
    flat = np.where(inside, row * columns + column, 0)
    lowest = scan.array.min()
    seen = np.empty((slices, len(steps)), np.float32)
    for z, plane in enumerate(scan.array):
        seen[z] = np.where(inside, plane.ravel()[flat], lowest).max(axis=1)
    return seen


def draw_projection(suv: Volume, degrees: float, height: int = 420) -> NDArray[np.uint8]:
    """The projection as a picture (rows, columns, 3): head up, hot is dark, white is SUV 0.

    Parameters
    ----------
    suv : Volume (z, y, x), g/mL
    degrees : float
        Angle of the view about the patient's axis; 0 looks from the front.
    height : int
        Rows of the picture.
    """
    seen = project_maximum(suv, degrees)[::-1]
    width_mm = seen.shape[1] * (suv.grid.spacing[0] if degrees % 180 == 0 else PIXEL_MM)
    tall_mm = seen.shape[0] * suv.grid.spacing[2]
    width = max(1, round(height * width_mm / tall_mm))
    rows = np.arange(height) * seen.shape[0] // height
    columns = np.arange(width) * seen.shape[1] // width
    grey = 255 - np.clip(seen[rows][:, columns] / HOTTEST_SUV, 0, 1) * 255
    return np.repeat(grey.astype(np.uint8)[..., None], 3, axis=2)
