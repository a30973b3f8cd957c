"""DICOM slices to one volume: sorted along the normal, complete, evenly spaced."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import BaseTag

from imaging.methods.dicom_file import stored_values
from imaging.methods.volume import Grid, Volume
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

INT16 = np.iinfo(np.int16)
JITTER_MM = 0.1  # spacing may vary by this much: a notice
SAME_MM = 0.01  # closer slices share a place
SAME_DIRECTION = 1e-4
NEEDED = {
    "ImagePositionPatient": BaseTag(0x00200032),
    "ImageOrientationPatient": BaseTag(0x00200037),
    "PixelSpacing": BaseTag(0x00280030),
    "Rows": BaseTag(0x00280010),
    "Columns": BaseTag(0x00280011),
    "PixelData": BaseTag(0x7FE00010),
}
TEXTS = ("ImageOrientationPatient", "PixelSpacing")


@dataclass(frozen=True)
class SeriesVolume:
    """A series as one volume.

    Parameters
    ----------
    volume : Volume
        float32, stored × slope + intercept of each slice (CT: HU; PET: the unit of its header).
    slices : tuple of Dataset
        Headers in the order of the volume's z axis.
    notices : tuple of Notice
    """

    volume: Volume
    slices: tuple[Dataset, ...]
    notices: tuple[Notice, ...] = ()


def group_series(instances: Iterable[Dataset]) -> dict[str, list[Dataset]]:
    """The instances of each series, by SeriesInstanceUID, in the order met."""
    groups: dict[str, list[Dataset]] = {}
    for dataset in instances:
        groups.setdefault(str(dataset.SeriesInstanceUID), []).append(dataset)
    return groups


def read_series(instances: Sequence[Dataset], name: str) -> SeriesVolume:
    """The volume of one image series.

    Parameters
    ----------
    instances : Dataset of each slice, any order
    name : str
        What the user calls the series; problems are said of this name.

    Raises
    ------
    DataProblem
        One slice only, mixed orientation or size, a gantry tilt, slices that are missing,
        doubled or unevenly spaced by more than 0.1 mm.

    References
    ----------
    DICOM PS3.3 C.7.6.2 (Image Plane Module).
    """
    _check_alike(instances, name)
    axes = _axes(instances[0], name)
    positions = np.array([slice_.ImagePositionPatient for slice_ in instances], float)
    along = positions @ axes[:, 2]
    order = np.argsort(along, kind="stable")
    slices = tuple(instances[i] for i in order)
    spacing_z, notices = _check_spacing(along[order], positions[order] @ axes[:, :2], name)
    row_mm, column_mm = (float(v) for v in slices[0].PixelSpacing)
    rows, columns = int(slices[0].Rows), int(slices[0].Columns)
    grid = Grid(
        (columns, rows, len(slices)),
        _triple(positions[order][0]),
        (column_mm, row_mm, spacing_z),
        tuple(float(v) for v in axes.ravel()),
    )
    whole = _whole_numbers(slices, grid, name)
    array = _rescaled(slices, grid, name) if whole is None else whole
    return SeriesVolume(Volume(array, grid), slices, notices)


def _rescale(slice_: Dataset) -> tuple[float, float]:
    return float(slice_.get("RescaleSlope", 1)), float(slice_.get("RescaleIntercept", 0))


def _rescaled(slices: Sequence[Dataset], grid: Grid, name: str) -> NDArray[np.float32]:
    """Values of every voxel after the slope and intercept of its own slice."""
    array = np.empty(grid.shape, np.float32)
    for z, slice_ in enumerate(slices):
        slope, intercept = _rescale(slice_)
        array[z] = stored_values(slice_, name) * slope + intercept
    return array


def _whole_numbers(slices: Sequence[Dataset], grid: Grid, name: str) -> NDArray[np.int16] | None:
    """The same in 16 bits, as of a CT; none where some value is no whole number of 16 bits."""
    rescale = [_rescale(slice_) for slice_ in slices]
    if any(slope != 1 or not intercept.is_integer() for slope, intercept in rescale):
        return None
    array = np.empty(grid.shape, np.int16)
    for z, slice_ in enumerate(slices):
        values, intercept = stored_values(slice_, name), int(rescale[z][1])
        low, high = int(values.min()) + intercept, int(values.max()) + intercept
        if low < INT16.min or high > INT16.max:
            return None
        np.add(values, intercept, out=array[z], casting="unsafe", dtype=np.int32)
    return array


def _triple(values: NDArray[np.float64]) -> tuple[float, float, float]:
    return float(values[0]), float(values[1]), float(values[2])


def _check_alike(instances: Sequence[Dataset], name: str) -> None:
    """Every slice has a place, and all share orientation, size and pixel spacing."""
    if len(instances) < 2:
        raise refuse(
            name,
            say("{n} slice", n=len(instances)),
            "a volume of at least two slices",
            "Upload every slice of the series.",
        )
    found = {key: [_given(slice_, key) for slice_ in instances] for key in NEEDED}
    problems = []
    for key, values in found.items():
        lacking = sum(not value for value in values)
        if lacking:
            problems.append(
                Problem(
                    f"{name}: {key}",
                    say("missing in {lacking} of {n} slices", lacking=lacking, n=len(instances)),
                    "present in each slice",
                    "Export the series again.",
                )
            )
    if problems:
        raise DataProblem(problems)
    for key, tolerance in (
        ("ImageOrientationPatient", SAME_DIRECTION),
        ("PixelSpacing", 1e-4),
        ("Rows", 0),
        ("Columns", 0),
    ):
        if found[key].count(found[key][0]) == len(instances):
            continue
        values = [_value(slice_, key) for slice_ in instances]
        numbers = np.array([np.atleast_1d(value) for value in values], float)
        if np.ptp(numbers, axis=0).max() > tolerance:
            raise refuse(
                f"{name}: {key}",
                say("different values in one series"),
                "one value",
                "Upload localisers and reformats as series of their own, or leave them out.",
            )


def _given(slice_: Dataset, keyword: str) -> Any:
    """What says whether slices are alike: of numbers that are texts the text itself, as it lies."""
    element = slice_.get_item(NEEDED[keyword]) if keyword in TEXTS else None
    if isinstance(element, RawDataElement):
        return (element.value or b"").strip(b" \0")
    return _value(slice_, keyword)


def _value(slice_: Dataset, keyword: str) -> Any:
    """An element's value; of the pixels only their bytes."""
    element = slice_.get(NEEDED[keyword])
    return None if element is None else element.value


def _axes(dataset: Dataset, name: str) -> NDArray[np.float64]:
    """Unit vectors of the x, y and z axis as columns; z along the normal."""
    cosines = np.array(dataset.ImageOrientationPatient, float)
    x, y = cosines[:3], cosines[3:]
    lengths = abs(x @ x - 1) + abs(y @ y - 1)
    if lengths > 1e-3 or abs(x @ y) > 1e-3:
        raise refuse(
            say("{name}: ImageOrientationPatient (0020,0037)", name=name),
            cosines.tolist(),
            "two unit vectors at a right angle",
            "Export the series again.",
        )
    return np.column_stack([x, y, np.cross(x, y)])


def _check_spacing(
    along: NDArray[np.float64], across: NDArray[np.float64], name: str
) -> tuple[float, tuple[Notice, ...]]:
    """Mean slice spacing in mm of sorted positions; refuses gaps, doubles and tilts."""
    gaps = np.diff(along)
    usual = float(np.median(gaps[gaps > SAME_MM])) if (gaps > SAME_MM).any() else 0.0
    doubles, holes = int((gaps <= SAME_MM).sum()), int((gaps > 1.5 * usual).sum())
    where = say("{name}: ImagePositionPatient (0020,0032)", name=name)
    if doubles:
        raise refuse(
            where,
            say("{doubles} slices at the place of another", doubles=doubles),
            "one slice at each place",
            "Upload gated or dynamic frames, and repeated reconstructions, as series of their own.",
        )
    if holes:
        first = float(along[int(np.argmax(gaps > 1.5 * usual))])
        raise refuse(
            where,
            say("{holes} gaps, the first after {first:.2f} mm", holes=holes, first=first),
            say("a slice every {usual:.2f} mm", usual=usual),
            "Upload the missing slices.",
        )
    if np.ptp(across, axis=0).max() > JITTER_MM:
        raise refuse(
            where,
            say("slices shifted sideways (a tilted gantry)"),
            "slices along one line",
            "Correct the tilt, or export an untilted reconstruction.",
        )
    jitter = float(np.abs(gaps - usual).max())
    if jitter > JITTER_MM:
        raise refuse(
            where,
            say("spacing that varies by {jitter:.2f} mm", jitter=jitter),
            say("even spacing (to {jitter_mm} mm)", jitter_mm=JITTER_MM),
            "Resample or export the series again.",
        )
    notices: tuple[Notice, ...] = ()
    if jitter > SAME_MM:
        notices = (
            Notice(
                "slice_jitter",
                say("{name}: slice spacing varies by {jitter:.3f} mm", name=name, jitter=jitter),
            ),
        )
    return float((along[-1] - along[0]) / len(gaps)), notices
