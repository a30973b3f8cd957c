"""Masks in NIfTI and NRRD files to regions on a scan's grid."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from itertools import permutations
from pathlib import Path

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its customary name)
from numpy.typing import NDArray

from imaging.methods.geometry import DIRECTION, check_mask
from imaging.methods.rtstruct import ContouredRoi, check_names
from imaging.methods.volume import Grid, Volume, from_sitk
from studies.methods.problems import refuse
from studies.methods.wording import say

FEWEST_LABELS, MOST_LABELS = 1, 64


def suffix_of(name: str) -> str:
    """``.nii``, ``.nii.gz`` or ``.nrrd``; empty for any other file."""
    return next((end for end in (".nii.gz", ".nii", ".nrrd") if name.lower().endswith(end)), "")


def read_image_file(data: bytes, name: str) -> tuple[Volume, dict[str, str]]:
    """The volume of a NIfTI or NRRD file, in the number type of the file, and its metadata.

    Raises
    ------
    DataProblem
        A file that cannot be read, or that holds no single three-dimensional volume.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"image{suffix_of(name)}"
        path.write_bytes(data)
        try:
            image = sitk.ReadImage(str(path))
        except RuntimeError as error:
            raise refuse(
                name,
                say("a file that cannot be read, or axes that are not at right angles"),
                "a whole NIfTI or NRRD file",
                "Export the file again.",
            ) from error
    if image.GetDimension() == 4 and image.GetSize()[3] == 1:
        image = image[:, :, :, 0]
    if image.GetDimension() != 3 or image.GetNumberOfComponentsPerPixel() != 1:
        raise refuse(
            name,
            say(
                "{getdimension} dimensions of {getnumberofcomponentsperpixel} values",
                getdimension=image.GetDimension(),
                getnumberofcomponentsperpixel=image.GetNumberOfComponentsPerPixel(),
            ),
            "one three-dimensional volume",
            "Export each volume or layer as a file of its own.",
        )
    return from_sitk(image), {key: image.GetMetaData(key) for key in image.GetMetaDataKeys()}


def read_mask_file(
    data: bytes, grid: Grid, name: str, labels: Sequence[str] | None = None
) -> list[ContouredRoi]:
    """The regions of a label map, one per label other than 0, on the scan's grid.

    A file whose axes run along other axes of the same voxels (stored flipped or turned, and saying
    so) is brought into the scan's order, voxel by voxel; nothing is resampled.

    Parameters
    ----------
    data : bytes
        A .nii, .nii.gz or .nrrd file; ``name`` ends accordingly.
    grid : Grid
        Of the scan.
    labels : names to read: "1" for label 1, or the segment's name in an NRRD of segments; all
        when None

    Raises
    ------
    DataProblem
        Another grid (size, spacing, direction, origin), fractions, no label, too many, or one
        asked for that is not there.
    """
    volume, metadata = read_image_file(data, name)
    volume = in_order_of(volume, grid)
    numbers = _labels(volume.array, name)
    names = [_segment_names(metadata).get(number, str(number)) for number in numbers]
    check_names(names, name)
    lacking = [label for label in labels or () if label not in names]
    if lacking:
        raise refuse(
            name,
            say("the labels {names}", names=", ".join(names)),
            ", ".join(lacking),
            "Name a label that the mask holds.",
        )
    rois = []
    for number, label in zip(numbers, names, strict=True):
        if labels is None or label in labels:
            mask = Volume(volume.array == number, volume.grid)
            check_mask(mask, grid, f"{name}: {label}")
            rois.append(ContouredRoi(label, Volume(mask.array, grid)))
    return rois


def in_order_of(volume: Volume, grid: Grid) -> Volume:
    """The same voxels with axes that run as the grid's do; unchanged when they run askew."""
    overlap = volume.grid.axes.T @ grid.axes
    turned = np.abs(np.abs(overlap) - np.abs(overlap).round()).max() > DIRECTION
    axes = np.abs(overlap).round().argmax(axis=0)
    if turned or tuple(axes) not in set(permutations(range(3))):
        return volume
    flip = [float(overlap[axes[i], i]) < 0 for i in range(3)]
    if not any(flip) and tuple(axes) == (0, 1, 2):
        return volume
    corner = [volume.grid.size[axis] - 1 if flip[i] else 0 for i, axis in enumerate(axes)]
    start = np.zeros(3)
    start[axes] = corner
    signs = np.where(flip, -1.0, 1.0)
    array = volume.array.transpose([2 - axis for axis in axes[::-1]])
    array = array[tuple(slice(None, None, -1 if flip[i] else 1) for i in (2, 1, 0))]
    moved = Grid(
        tuple(np.take(volume.grid.size, axes).tolist()),
        tuple(volume.grid.points_of(start[None])[0].tolist()),
        tuple(np.take(volume.grid.spacing, axes).tolist()),
        tuple((volume.grid.axes[:, axes] * signs).ravel().tolist()),
    )
    return Volume(np.ascontiguousarray(array), moved)


def _labels(array: NDArray, name: str) -> list[int]:
    values = np.unique(array)
    if not np.array_equal(values, np.rint(values)) or not np.isfinite(values).all():
        raise refuse(
            say("{name}: labels", name=name),
            say("fractions"),
            "whole numbers: 0 outside, a label inside",
            "Export the mask without interpolation.",
        )
    found = [int(value) for value in values if value != 0]
    if not FEWEST_LABELS <= len(found) <= MOST_LABELS:
        raise refuse(
            say("{name}: labels", name=name),
            say("an empty mask") if not found else say("{n} labels", n=len(found)),
            say(
                "{fewest_labels} to {most_labels} labels",
                fewest_labels=FEWEST_LABELS,
                most_labels=MOST_LABELS,
            ),
            "Upload a mask of the lesions.",
        )
    return found


def _segment_names(metadata: dict[str, str]) -> dict[int, str]:
    """Names of labels as segmentation editors write them into an NRRD's header."""
    found: dict[int, str] = {}
    for key, value in metadata.items():
        if key.startswith("Segment") and key.endswith("_LabelValue"):
            name = metadata.get(key.replace("_LabelValue", "_Name"), "")
            if name and value.strip().isdigit():
                found[int(value)] = name.strip()
    return found
