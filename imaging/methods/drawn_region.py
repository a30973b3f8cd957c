"""Regions drawn on a PET: threshold in a sphere, growing from a seed, brush."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label

from imaging.methods.volume import Grid, Triple, Volume
from studies.methods.problems import Notice, refuse
from studies.methods.wording import say

SHARES = {"41_percent": 0.41}
LEVELS = {"suv_2_5": 2.5, "suv_4_0": 4.0}
PERCIST = "percist"
RULES = (*SHARES, *LEVELS, PERCIST)
LARGEST_RADIUS_MM = 200.0

Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Sphere:
    """``centre_mm`` in patient coordinates LPS (left, posterior, superior grow), radius in mm."""

    centre_mm: Triple
    radius_mm: float


@dataclass(frozen=True)
class Stroke:
    """A ball that the brush left, or took away."""

    ball: Sphere
    erase: bool = False


@dataclass(frozen=True)
class DrawnRegion:
    """A region and the SUV level (g/mL) at or above which its voxels are; None for a brush."""

    mask: Volume
    level: float | None
    notices: tuple[Notice, ...] = ()


def draw_sphere(grid: Grid, sphere: Sphere) -> Mask:
    """Voxels (z, y, x) whose centres lie within a sphere; a centre on the surface counts.

    Raises
    ------
    DataProblem
        A radius that is not above 0 or beyond 200 mm, or a sphere without a voxel.

    References
    ----------
    Ours: a voxel belongs to a sphere when its centre does.
    """
    if not 0 < sphere.radius_mm <= LARGEST_RADIUS_MM:
        raise refuse(
            "radius",
            say("{radius_mm:g} mm", radius_mm=sphere.radius_mm),
            say(
                "above 0 and at most {largest_radius_mm:g} mm", largest_radius_mm=LARGEST_RADIUS_MM
            ),
            "Give the radius of the sphere in mm.",
            column="radius_mm",
        )
    centre = grid.indices_of(np.array([sphere.centre_mm]))[0]
    reach = np.array([sphere.radius_mm / step for step in grid.spacing])
    low = np.maximum(np.ceil(centre - reach - 1e-9), 0).astype(int)
    high = np.minimum(np.floor(centre + reach + 1e-9), np.array(grid.size) - 1).astype(int)
    mask = np.zeros(grid.shape, bool)
    if (low <= high).all():
        x, y, z = (
            (np.arange(a, b + 1) - c) * step
            for a, b, c, step in zip(low, high, centre, grid.spacing, strict=True)
        )
        far = z[:, None, None] ** 2 + y[None, :, None] ** 2 + x[None, None, :] ** 2
        box = tuple(slice(a, b + 1) for a, b in zip(low[::-1], high[::-1], strict=True))
        mask[box] = far <= sphere.radius_mm**2 * (1 + 1e-9)
    if not mask.any():
        raise refuse(
            "sphere",
            say("no voxel of the scan"),
            "a sphere on the scan",
            "Move the centre onto the scan, or make the sphere larger.",
            column="x",
        )
    return mask


def threshold_level(suv: Volume, sphere: Sphere, rule: str, liver: Sphere | None = None) -> float:
    """SUV level, g/mL, of a rule.

    Parameters
    ----------
    suv : Volume (z, y, x), g/mL
    rule : "41_percent" (of the highest SUV in the sphere), "suv_2_5", "suv_4_0" or "percist"
    liver : Sphere or None
        Where "percist" measures: 1.5 × mean + 2 SD (n − 1) of its voxels.

    References
    ----------
    Boellaard R et al. EJNMMI 2015;42:328 (41 %); Wahl RL et al. JNM 2009;50:122S (PERCIST, there
    by lean body mass; here on SUV by body weight, as everything else).
    """
    if rule in SHARES:
        return SHARES[rule] * float(suv.array[draw_sphere(suv.grid, sphere)].max())
    if rule in LEVELS:
        return LEVELS[rule]
    if rule != PERCIST:
        raise refuse(
            "rule",
            rule,
            say("one of {known}", known=", ".join(RULES)),
            "Choose a rule.",
            column="rule",
        )
    if liver is None:
        raise refuse(
            "liver",
            say("no sphere in the liver"),
            "a sphere in healthy liver, as PERCIST wants it",
            "Give its centre and radius.",
            column="liver_x",
        )
    inside = suv.array[draw_sphere(suv.grid, liver)].astype(np.float64)
    if inside.size < 2:
        raise refuse(
            "liver",
            say("one voxel"),
            "voxels enough for an SD",
            "Make it larger.",
            column="liver_radius",
        )
    return 1.5 * float(inside.mean()) + 2 * float(inside.std(ddof=1))


def draw_threshold(
    suv: Volume, sphere: Sphere, rule: str, liver: Sphere | None = None
) -> DrawnRegion:
    """Voxels in a sphere at or above a rule's level, connected by faces to the hottest of them.

    Raises
    ------
    DataProblem
        No voxel of the sphere reaches the level.

    References
    ----------
    As ``threshold_level``; connected by faces.
    """
    inside = draw_sphere(suv.grid, sphere)
    level = threshold_level(suv, sphere, rule, liver)
    hottest = np.where(inside, suv.array, -np.inf)
    seed = np.unravel_index(int(hottest.argmax()), hottest.shape)
    return _grown(suv, inside, level, seed, say("the sphere"))


def draw_growing(
    suv: Volume, seed_mm: Triple, level: float, radius_mm: float = 100.0
) -> DrawnRegion:
    """Voxels at or above ``level`` (g/mL), connected by faces to the seed's voxel.

    Nothing farther from the seed than ``radius_mm`` is taken.

    Parameters
    ----------
    suv : Volume (z, y, x), g/mL
    seed_mm : x, y, z in mm, patient coordinates LPS
    level : float
        g/mL.
    radius_mm : float

    Raises
    ------
    DataProblem
        The seed's own voxel lies below the level, or outside the scan.

    References
    ----------
    Adams R., Bischof L. IEEE Trans Pattern Anal 1994;16:641 (seeded region growing), here by a
    fixed level.
    """
    inside = draw_sphere(suv.grid, Sphere(seed_mm, radius_mm))
    x, y, z = np.rint(suv.grid.indices_of(np.array([seed_mm]))[0]).astype(int)
    if not all(0 <= n < size for n, size in zip((x, y, z), suv.grid.size, strict=True)):
        raise refuse(
            "seed", say("a place outside the scan"), "a place on it", "Move it.", column="x"
        )
    return _grown(suv, inside, level, (z, y, x), say("the largest distance"))


def _grown(
    suv: Volume, inside: Mask, level: float, seed: Sequence[int | np.intp], border: str
) -> DrawnRegion:
    z, y, x = (int(n) for n in seed)
    found = float(suv.array[z, y, x])
    if not found >= level:
        raise refuse(
            "level",
            say("SUV {found:.2f} at the seed", found=found),
            say("at least the level, {level:.2f}", level=level),
            "Choose a hotter place or a lower level.",
            column="level",
        )
    parts, _ = label(inside & (suv.array >= level))
    mask = parts == parts[z, y, x]
    notices: tuple[Notice, ...] = ()
    if _touches(mask, inside, suv.array >= level):
        notices = (
            Notice(
                "region_cut",
                say("the region reaches {border}: what lies beyond is not in it", border=border),
            ),
        )
    return DrawnRegion(Volume(mask, suv.grid), level, notices)


def _touches(mask: Mask, inside: Mask, above: Mask) -> bool:
    """Does the region go on, by a face, outside the place it was kept to."""
    beyond = above & ~inside
    for axis in range(3):
        ahead, behind = [slice(None)] * 3, [slice(None)] * 3
        ahead[axis], behind[axis] = slice(1, None), slice(None, -1)
        one, two = tuple(ahead), tuple(behind)
        if (mask[one] & beyond[two]).any() or (mask[two] & beyond[one]).any():
            return True
    return False


def draw_brush(grid: Grid, strokes: Sequence[Stroke], start: Mask | None = None) -> DrawnRegion:
    """What balls, one after the other, add to a region or take from it.

    Raises
    ------
    DataProblem
        No stroke, or nothing left.
    """
    mask = np.zeros(grid.shape, bool) if start is None else start.copy()
    for stroke in strokes:
        ball = draw_sphere(grid, stroke.ball)
        mask = mask & ~ball if stroke.erase else mask | ball
    if not mask.any() or not strokes:
        raise refuse(
            "strokes",
            say("nothing") if strokes else say("no stroke"),
            "a region with at least one voxel",
            "Paint on the PET, or give balls as lines: x y z radius.",
            column="strokes",
        )
    return DrawnRegion(Volume(mask, grid), None)
