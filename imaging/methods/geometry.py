"""Do a mask and a scan stand on the same grid, and how do two masks agree."""

from __future__ import annotations

import numpy as np
import SimpleITK as sitk  # noqa: N813 (its customary name)

from imaging.methods.volume import Grid, Volume, as_sitk, from_sitk, resample
from studies.methods.problems import DataProblem, Notice, Problem
from studies.methods.wording import say

ORIGIN_MM, SPACING, DIRECTION = 0.1, 1e-3, 1e-4
LOW_DICE = 0.80


def check_mask(mask: Volume, scan: Grid, name: str) -> None:
    """Refuses a mask that does not stand on the scan's grid, or marks nothing.

    Parameters
    ----------
    mask : Volume (z, y, x)
        bool, or integers where only 0 and one label may occur.
    scan : Grid
    name : str
        What the user calls the mask.

    Raises
    ------
    DataProblem
        Every difference at once: size, spacing, direction, origin, overlap, labels, emptiness.
    """
    problems = [*_grid_problems(mask.grid, scan, name), *_label_problems(mask, name)]
    if problems:
        raise DataProblem(problems)


def _grid_problems(mask: Grid, scan: Grid, name: str) -> list[Problem]:
    remedy = say("Draw or export the mask on this scan, with all its slices and in its order.")
    problems = []
    for what, found, expected, tolerance in (
        ("size", mask.size, scan.size, 0),
        (say("spacing, mm"), mask.spacing, scan.spacing, SPACING * min(scan.spacing)),
        ("direction", mask.direction, scan.direction, DIRECTION),
        (say("origin, mm"), mask.origin, scan.origin, ORIGIN_MM),
    ):
        if np.abs(np.subtract(found, expected)).max() > tolerance:
            problems.append(
                Problem(
                    say("{name}: {what}", name=name, what=what),
                    _numbers(found),
                    _numbers(expected),
                    remedy,
                )
            )
    if problems and not _overlap(mask, scan):
        problems.append(
            Problem(
                say("{name}: place", name=name),
                say("no overlap with the scan"),
                "a mask inside the scan",
                remedy,
            )
        )
    return problems


def _numbers(values: tuple[float, ...]) -> str:
    return ", ".join(f"{value:g}" for value in values)


def _overlap(first: Grid, second: Grid) -> bool:
    """Do the boxes around two grids share any place."""
    (low_a, high_a), (low_b, high_b) = _box(first), _box(second)
    return bool((low_a <= high_b).all() and (low_b <= high_a).all())


def _box(grid: Grid) -> tuple[np.ndarray, np.ndarray]:
    ends = np.array(np.meshgrid(*[(0, n - 1) for n in grid.size])).reshape(3, -1).T
    points = grid.points_of(ends)
    return points.min(axis=0), points.max(axis=0)


def _label_problems(mask: Volume, name: str) -> list[Problem]:
    labels = np.unique(mask.array)
    if len(labels) > 2 or (len(labels) == 2 and labels[0] != 0):
        return [
            Problem(
                say("{name}: labels", name=name),
                _numbers(tuple(labels[:6])),
                "0 and one label",
                "Upload each region as a mask of its own.",
            )
        ]
    if not mask.array.any():
        return [
            Problem(
                name,
                say("an empty mask"),
                "at least one voxel inside",
                "Draw the region, or leave the mask out.",
            )
        ]
    return []


def resample_mask(mask: Volume, grid: Grid) -> Volume:
    """The mask on another grid by nearest neighbour; outside its own grid it is empty.

    References
    ----------
    SimpleITK's nearest neighbour.
    """
    target = sitk.Image(list(grid.size), sitk.sitkUInt8)
    target.SetOrigin(grid.origin)
    target.SetSpacing(grid.spacing)
    target.SetDirection(grid.direction)
    moved = resample(as_sitk(mask), target, sitk.sitkNearestNeighbor, 0, sitk.sitkUInt8)
    return Volume(from_sitk(moved).array.astype(bool), grid)


def estimate_dice(first: Volume, second: Volume) -> float:
    """Dice overlap of two masks on one grid, 0 (apart) to 1 (equal).

    References
    ----------
    Dice LR. Ecology 1945;26:297.
    """
    if first.grid.shape != second.grid.shape:
        raise TypeError("masks of different grids: resample one first")
    both = int(first.array.sum()) + int(second.array.sum())
    return 2 * int((first.array & second.array).sum()) / both if both else 0.0


def dice_notice(dice: float, name: str) -> tuple[Notice, ...]:
    """A warning when two contours of one lesion agree poorly.

    Parameters
    ----------
    dice : float, 0..1
    name : str
        Of the lesion.
    """
    if dice >= LOW_DICE:
        return ()
    return (
        Notice(
            "low_dice",
            say(
                "{name}: the contours on PET and CT overlap by Dice {dice:.2f} (usually above "
                "{low_dice:.2f}): check that they are of one lesion",
                name=name,
                dice=dice,
                low_dice=LOW_DICE,
            ),
        ),
    )
