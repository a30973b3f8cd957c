"""Segments of a DICOM SEG to masks on a scan's grid."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.methods.rtstruct import ContouredRoi, check_names
from imaging.methods.volume import Grid, Volume
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

SAME_PLACE = 0.05  # voxels: how far a frame may lie from the scan's own


def referenced_series(segmentation: Dataset) -> tuple[str, ...]:
    """SeriesInstanceUIDs of the images a segmentation was made on."""
    return tuple(
        str(item.SeriesInstanceUID) for item in segmentation.get("ReferencedSeriesSequence", [])
    )


def read_seg(
    segmentation: Dataset, grid: Grid, name: str, labels: Sequence[str] | None = None
) -> list[ContouredRoi]:
    """The masks of the segments of a DICOM segmentation, frame by frame at their own place.

    Parameters
    ----------
    segmentation : Dataset
        A Segmentation object, binary or fractional; a fraction of a half or more is inside.
    grid : Grid
        Of the scan; the frames must stand on its voxels, in any order, empty ones left out.
    name : str
        What the user calls the file.
    labels : SegmentLabel values to read; all when None

    Raises
    ------
    DataProblem
        Frames on another grid, a label that occurs twice or that is asked for and not there, a
        kind that is neither binary nor fractional.

    References
    ----------
    DICOM PS3.3 C.8.20.2 (Segmentation Image Module).
    """
    kind = str(segmentation.get("SegmentationType", ""))
    if kind not in ("BINARY", "FRACTIONAL"):
        raise refuse(
            say("{name}: SegmentationType (0062,0001)", name=name),
            kind or say("nothing"),
            "BINARY or FRACTIONAL",
            "Export the segmentation as binary.",
        )
    check_names([str(item.SegmentLabel) for item in segmentation.SegmentSequence], name)
    segments = {str(item.SegmentLabel): item for item in segmentation.SegmentSequence}
    wanted = list(segments) if labels is None else list(labels)
    lacking = [label for label in wanted if label not in segments]
    if lacking:
        raise refuse(
            name,
            say("the segments {segments}", segments=", ".join(segments)),
            ", ".join(lacking),
            "Upload the segmentation with the lesion's segment.",
        )
    frames = _frames(segmentation, kind)
    places = [_place(segmentation, i, grid, name) for i in range(len(frames))]
    numbers = [_segment_number(segmentation, i) for i in range(len(frames))]
    notices = (
        Notice(
            "fractional_seg", say("{name}: fractions of 0.5 and more taken as inside", name=name)
        ),
    )
    rois = []
    for label in wanted:
        array = np.zeros(grid.shape, bool)
        for frame, z, number in zip(frames, places, numbers, strict=True):
            if number == int(segments[label].SegmentNumber):
                array[z] |= frame
        observer = str(segments[label].get("SegmentAlgorithmType") or "")
        rois.append(
            ContouredRoi(
                label, Volume(array, grid), observer, notices if kind == "FRACTIONAL" else ()
            )
        )
    return rois


def _frames(segmentation: Dataset, kind: str) -> NDArray[np.bool_]:
    pixels = np.atleast_3d(segmentation.pixel_array)
    if int(segmentation.get("NumberOfFrames") or 1) == 1:
        pixels = pixels.reshape(1, segmentation.Rows, segmentation.Columns)
    if kind == "BINARY":
        return pixels.astype(bool)
    return pixels >= float(segmentation.MaximumFractionalValue) / 2


def _group(segmentation: Dataset, frame: int, keyword: str) -> Dataset | None:
    """A functional group of one frame, from the frame itself or shared by all."""
    own = segmentation.PerFrameFunctionalGroupsSequence[frame]
    for holder in (own, *segmentation.get("SharedFunctionalGroupsSequence", [])):
        if holder.get(keyword):
            return holder[keyword].value[0]
    return None


def _segment_number(segmentation: Dataset, frame: int) -> int:
    group = _group(segmentation, frame, "SegmentIdentificationSequence")
    return int(group.ReferencedSegmentNumber) if group is not None else 0


def _place(segmentation: Dataset, frame: int, grid: Grid, name: str) -> int:
    """The slice of the grid on which a frame stands, refused unless it stands there exactly."""
    position = _group(segmentation, frame, "PlanePositionSequence")
    orientation = _group(segmentation, frame, "PlaneOrientationSequence")
    measures = _group(segmentation, frame, "PixelMeasuresSequence")
    if position is None or orientation is None or measures is None:
        raise refuse(
            say("{name}: frame {frame}", name=name, frame=frame + 1),
            say("no position, orientation or pixel spacing"),
            "all three for each frame",
            "Export the segmentation again.",
        )
    corner = np.array(position.ImagePositionPatient, float)
    cosines = np.array(orientation.ImageOrientationPatient, float)
    row_mm, column_mm = (float(v) for v in measures.PixelSpacing)
    far = (
        corner
        + cosines[:3] * column_mm * (segmentation.Columns - 1)
        + cosines[3:] * row_mm * (segmentation.Rows - 1)
    )
    first, last = grid.indices_of(np.array([corner, far]))
    z = round(float(first[2]))
    expected = np.array([[0, 0, z], [grid.size[0] - 1, grid.size[1] - 1, z]])
    off = float(np.abs(np.array([first, last]) - expected).max())
    same_size = (segmentation.Columns, segmentation.Rows) == grid.size[:2]
    if off > SAME_PLACE or not same_size or not 0 <= z < grid.size[2]:
        raise refuse(
            say("{name}: frame {frame}", name=name, frame=frame + 1),
            say(
                "{columns} × {rows} voxels from {tolist} mm",
                columns=segmentation.Columns,
                rows=segmentation.Rows,
                tolist=corner.round(2).tolist(),
            ),
            say(
                "the scan's grid: {size} × {size_2} × {size_3} voxels from {value} mm",
                size=grid.size[0],
                size_2=grid.size[1],
                size_3=grid.size[2],
                value=[round(v, 2) for v in grid.origin],
            ),
            "Upload the scan on which the segmentation was made.",
        )
    return z
