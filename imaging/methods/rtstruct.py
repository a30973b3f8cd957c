"""Contours of an RTSTRUCT to masks on a scan's grid."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset

from imaging.methods.volume import Grid, Volume
from studies.methods.problems import DataProblem, Notice, Problem, refuse
from studies.methods.wording import say

OFF_SLICE = 0.2  # of the slice spacing: how far a contour may lie from its slice


@dataclass(frozen=True)
class ContouredRoi:
    """One region of interest as a mask.

    Parameters
    ----------
    name : str
        ROIName as the reader gave it.
    mask : Volume of bool (z, y, x)
    observer : str
        Who or what drew it, when the file says so: MANUAL, SEMIAUTOMATIC, AUTOMATIC or empty.
    notices : tuple of Notice
    """

    name: str
    mask: Volume
    observer: str = ""
    notices: tuple[Notice, ...] = ()


def referenced_series(structures: Dataset) -> tuple[str, ...]:
    """SeriesInstanceUIDs on which the contours of an RTSTRUCT were drawn."""
    return tuple(
        dict.fromkeys(
            str(series.SeriesInstanceUID)
            for frame in structures.get("ReferencedFrameOfReferenceSequence", [])
            for study in frame.get("RTReferencedStudySequence", [])
            for series in study.get("RTReferencedSeriesSequence", [])
        )
    )


def read_rtstruct(
    structures: Dataset, grid: Grid, name: str, roi_names: Sequence[str] | None = None
) -> list[ContouredRoi]:
    """The masks of the contoured regions of an RTSTRUCT.

    A voxel belongs to a region when its centre lies inside an odd number of the region's closed
    contours in that slice: holes drawn as inner contours stay holes.

    Parameters
    ----------
    structures : Dataset
        An RT Structure Set.
    grid : Grid
        Of the scan the contours were drawn on.
    name : str
        What the user calls the file.
    roi_names : names to read; all when None

    Raises
    ------
    DataProblem
        No contours, a contour that lies on no slice of the scan or outside it, a name that occurs
        twice, or one asked for that is not there.

    References
    ----------
    DICOM PS3.3 C.8.8.6 (ROI Contour Module).
    """
    names = {
        str(roi.ROINumber): str(roi.ROIName)
        for roi in structures.get("StructureSetROISequence", [])
    }
    drawn = [
        (names.get(str(item.ReferencedROINumber), str(item.ReferencedROINumber)), item)
        for item in structures.get("ROIContourSequence", [])
        if item.get("ContourSequence")
    ]
    check_names([roi for roi, _ in drawn], name)
    contoured = dict(drawn)
    wanted = list(contoured) if roi_names is None else list(roi_names)
    lacking = [roi for roi in wanted if roi not in contoured]
    if lacking or not wanted:
        raise refuse(
            name,
            say("the contours {value}", value=", ".join(contoured) or "(none)"),
            ", ".join(lacking) or say("at least one contoured region"),
            "Upload the structure set with the lesion's contours.",
        )
    rois: list[ContouredRoi] = []
    problems: list[Problem] = []
    for roi in wanted:
        try:
            mask, notices = _roi_mask(contoured[roi], grid, f"{name}: {roi}")
            rois.append(ContouredRoi(roi, mask, _observer(structures, contoured[roi]), notices))
        except DataProblem as problem:
            problems.extend(problem.problems)
    if problems:
        raise DataProblem(problems)
    return rois


def check_names(names: Sequence[str], where: str) -> None:
    """Refuses two regions of one name: a name is what tells lesions apart."""
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise refuse(
            where,
            say("several regions called {twice}", twice=", ".join(twice)),
            "a name of its own for each region",
            "Name the regions by lesion and export again.",
        )


def _observer(structures: Dataset, contour: Dataset) -> str:
    for roi in structures.get("StructureSetROISequence", []):
        if roi.ROINumber == contour.ReferencedROINumber:
            return str(roi.get("ROIGenerationAlgorithm") or "")
    return ""


def _roi_mask(item: Dataset, grid: Grid, where: str) -> tuple[Volume, tuple[Notice, ...]]:
    planes: dict[int, list[NDArray[np.float64]]] = {}
    problems: list[Problem] = []
    skipped = 0
    for contour in item.ContourSequence:
        if str(contour.get("ContourGeometricType", "")) != "CLOSED_PLANAR":
            skipped += 1
            continue
        corners = grid.indices_of(np.reshape(np.asarray(contour.ContourData, float), (-1, 3)))
        z = round(float(corners[:, 2].mean()))
        problem = _misplaced(corners, z, grid, where)
        if problem:
            problems.append(problem)
        else:
            planes.setdefault(z, []).append(corners[:, :2])
    if problems:
        raise DataProblem(problems[:1] if len(problems) == 1 else [_many(problems, where)])
    array = np.zeros(grid.shape, bool)
    for z, polygons in planes.items():
        array[z] = rasterise(polygons, grid.shape[1:])
    notices = (
        Notice(
            "open_contour",
            say(
                "{where}: {skipped} points or open contours left out", where=where, skipped=skipped
            ),
        ),
    )
    return Volume(array, grid), notices if skipped else ()


def _many(problems: list[Problem], where: str) -> Problem:
    first = problems[0]
    return Problem(
        where,
        say("{n} contours misplaced; the first: {found}", n=len(problems), found=first.found),
        first.expected,
        first.remedy,
    )


def _misplaced(corners: NDArray[np.float64], z: int, grid: Grid, where: str) -> Problem | None:
    off = float(np.abs(corners[:, 2] - z).max())
    columns, rows, slices = grid.size
    remedy = say("Upload the scan on which the contours were drawn, and all of its slices.")
    if off > OFF_SLICE or not 0 <= z < slices:
        height = float(grid.points_of(corners[:1])[0, 2])
        return Problem(
            where,
            say("a contour at z = {height:.2f} mm that lies on no slice", height=height),
            say(
                "contours within {off_slice:.0%} of the spacing of one of {slices} slices",
                off_slice=OFF_SLICE,
                slices=slices,
            ),
            remedy,
        )
    low, high = corners[:, :2].min(axis=0), corners[:, :2].max(axis=0)
    if (low < -1).any() or high[0] > columns or high[1] > rows:
        return Problem(
            where,
            say("a contour that reaches outside the slice"),
            say("contours inside {columns} × {rows} voxels", columns=columns, rows=rows),
            remedy,
        )
    return None


def rasterise(polygons: Sequence[NDArray[np.float64]], shape: tuple[int, int]) -> NDArray[np.bool_]:
    """Pixels whose centre lies inside an odd number of polygons.

    Parameters
    ----------
    polygons : arrays (n, 2) of x, y in pixels; pixel (0, 0) has its centre at 0, 0
    shape : (rows, columns)

    Notes
    -----
    Every edge toggles the first pixel at or right of its crossing with each row; the running
    parity along a row is the inside. Borders are half-open, so that touching polygons share none.

    References
    ----------
    The even-odd rule of filling polygons; ours, half-open at borders.
    """
    rows, columns = shape
    toggles = np.zeros((rows, columns + 1), np.int32)
    for polygon in polygons:
        start, end = polygon, np.roll(polygon, -1, axis=0)
        for (x0, y0), (x1, y1) in zip(start, end, strict=True):
            low, high = sorted((y0, y1))
            crossed = np.arange(max(int(np.ceil(low)), 0), min(int(np.ceil(high)), rows))
            if not crossed.size:
                continue
            x = x0 + (crossed - y0) * (x1 - x0) / (y1 - y0)
            np.add.at(toggles, (crossed, np.clip(np.ceil(x), 0, columns).astype(int)), 1)
    return (np.cumsum(toggles, axis=1)[:, :columns] & 1).astype(bool)
